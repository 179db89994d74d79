// Package policy is the rule book of changes: who has to approve what, when nothing may be changed, and which standard
// changes need nobody. A file is read as a whole or refused as a whole (file.go), and tried by cases that stand in it
// (case.go). Evaluate is pure: the same facts ask for the same approvals. No rule, no group and nobody to ask is never
// an approval.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Policy says who has to approve what. It is read from one file (policyfile.go) and never changes after it was read: a
// newer file is a new Policy.
type Policy struct {
	SHA      string // of the text, which is kept for the auditors
	Text     string
	Defaults Defaults
	Envs     []string // that changes may be about
	Groups   map[string]Group
	Rules    []Rule
	Freezes  []Freeze
	Windows  []Maintenance

	Managers  string // group: may cancel, hold, waive and freeze
	Submitter string // group: may start emergencies before approval
	Breakers  string // group: may break glass
	Templates []Template
}

// Defaults hold where no rule says otherwise.
type Defaults struct {
	Zone        *time.Location
	PendingTTL  time.Duration // an approval has to come within this
	ApprovedTTL time.Duration // and be used within this
	Reject      RejectRule
	KeepOnEdit  bool // votes are carried over an edit that only shrinks
	Duties      Separation
	MaxPerDay   int           // changes on one service on one day, before the card says so
	LeadTime    time.Duration // shorter notice than this makes a change riskier
	// how surely a vote has to be its person's, by the risk of the change; risks that are not there ask for no more than
	// the platform vouches for
	Assurance map[Level]bot.Assurance
}

// RejectRule says how a change is rejected.
type RejectRule struct {
	Quorum    int `json:"quorum"`
	MinReason int `json:"min_reason"`
}

// Forbidding is allow or forbid.
type Forbidding string

const (
	Allow  Forbidding = "allow"
	Forbid Forbidding = "forbid"
)

// Separation is who may not decide what is theirs. The requester never may, whatever the file says.
type Separation struct {
	Implementer Forbidding `json:"implementer"`
	Author      Forbidding `json:"author"`
	Distinct    bool       `json:"distinct_across_stages"`
}

// Group says who is in it: the sum of its sources, and its fallback when they are nobody, or too few for its stage.
type Group struct {
	People   []bot.PersonID `json:"people,omitempty"`
	Roles    []string       `json:"roles,omitempty"`
	Groups   []string       `json:"groups,omitempty"` // of the configuration
	Chat     []string       `json:"chat,omitempty"`   // user groups of platforms, like slack:@sre
	Owners   bool           `json:"owners,omitempty"` // of the services of the change
	Fallback string         `json:"fallback,omitempty"`
}

// Stage is one approval: a number of distinct people of a group, once others are done.
type Stage struct {
	Name   string        `json:"name"`
	From   string        `json:"from"`
	Quorum int           `json:"quorum"`
	After  []string      `json:"after,omitempty"`
	Due    time.Duration `json:"due,omitempty"` // of an approval afterwards
	DueBiz int           `json:"due_business_days,omitempty"`
}

// Require is what a change has to bring along.
type Require struct {
	Maintenance  bool          `json:"maintenance_window,omitempty"`
	NoFreeze     bool          `json:"no_freeze,omitempty"`
	Backout      bool          `json:"backout_plan,omitempty"`
	TestEvidence bool          `json:"test_evidence,omitempty"`
	LeadTime     time.Duration `json:"lead_time,omitempty"`
	Artifact     bool          `json:"artifact,omitempty"`
}

// When is what a rule asks for before it counts: each list that is not empty has to hold one of the change's values.
type When struct {
	Types     []Type
	Risks     []Level
	Envs      []string
	Services  []string
	Tags      []string
	Tiers     []int
	Templates []string
	Active    *bool // the template is
}

// Rule adds what matching changes need.
type Rule struct {
	ID       string
	When     When
	Cond     string // further condition, in the expression language
	cond     *condition
	Auto     bool // approves by itself, if no other rule asks for people
	Start    bool // an emergency may start before it is approved
	Stages   []Stage
	Retro    *Stage
	Require  Require
	Risk     Level // at least
	Fallback bool  // counts only when no other rule did
}

// Requirement is what policy asked for when a revision was submitted. It is kept with the change, so that a later
// policy does not change a vote that is under way.
type Requirement struct {
	SHA     string   `json:"policy_sha,omitempty"`
	Rules   []string `json:"rules,omitempty"` // that matched
	Stages  []Stage  `json:"stages,omitempty"`
	Retro   []Stage  `json:"retro,omitempty"`
	Require Require  `json:"require,omitzero"`
	// Services are what rules looked at of the services, as it was then; nil where that was not written down.
	Services []ServiceFacts   `json:"services,omitempty"`
	Auto     string           `json:"auto_approve,omitempty"` // the rule that approves
	Start    bool             `json:"start_before_approval,omitempty"`
	Groups   map[string]Group `json:"groups,omitempty"`
	Reject   RejectRule       `json:"reject,omitzero"`
	Duties   Separation       `json:"sod,omitzero"`
	Pending  time.Duration    `json:"pending_ttl,omitempty"`
	Valid    time.Duration    `json:"approved_ttl,omitempty"`
	Keep     bool             `json:"keep_on_shrink,omitempty"`
	Zone     string           `json:"zone,omitempty"`

	Uncomputed []string `json:"uncomputed,omitempty"` // rules whose condition could not be computed, and why
}

// Facts are what rules look at.
type Facts struct {
	Type           Type
	Env            string
	Risk           Level
	Score          int
	Services       []string
	Tags           []string
	Tiers          []int
	Template       string
	TemplateActive bool
	Requester      string
	Implementers   []string
	Lead           time.Duration // from now to the start
	Length         time.Duration
	Start          time.Time // in the policy's zone
	HasBackout     bool
	HasTest        bool
	Artifacts      []string
	Title          string
}

// exprEnv is what expressions see.
type exprEnv struct {
	Change exprChange               `expr:"change"`
	Watch  func() (bool, error)     `expr:"__watch"` // fails when the time is over
	Short  func(v any) (any, error) `expr:"__short"` // fails for a text that is too long
}

type exprChange struct {
	Type         string    `expr:"type"`
	Env          string    `expr:"env"`
	Risk         string    `expr:"risk"`
	Score        int       `expr:"score"`
	Services     []string  `expr:"services"`
	Tags         []string  `expr:"tags"`
	Tiers        []int     `expr:"tiers"`
	Template     string    `expr:"template"`
	Requester    string    `expr:"requester"`
	Implementers []string  `expr:"implementers"`
	LeadHours    float64   `expr:"lead_hours"`
	Hours        float64   `expr:"hours"`
	Start        time.Time `expr:"start"`
	Weekday      string    `expr:"weekday"`
	HasBackout   bool      `expr:"has_backout"`
	HasTest      bool      `expr:"has_test"`
	Artifacts    []string  `expr:"artifacts"`
	Title        string    `expr:"title"`
}

func (f Facts) env() exprEnv {
	return exprEnv{Change: exprChange{
		Type: string(f.Type), Env: f.Env, Risk: string(f.Risk), Score: f.Score, Services: f.Services, Tags: f.Tags,
		Tiers: f.Tiers, Template: f.Template,
		Requester: f.Requester, Implementers: f.Implementers, LeadHours: f.Lead.Hours(), Hours: f.Length.Hours(),
		Start: f.Start, Weekday: strings.ToLower(f.Start.Format("Mon")),
		HasBackout: f.HasBackout, HasTest: f.HasTest, Artifacts: f.Artifacts, Title: f.Title,
	}}
}

// Verdicts of single rules, for /change explain.
type ruleResult struct {
	Rule    *Rule
	Matched bool
	Why     string
	Failed  bool // its condition could not be computed
}

func (r *Rule) match(f Facts) ruleResult {
	no := func(format string, a ...any) ruleResult {
		return ruleResult{Rule: r, Why: fmt.Sprintf(format, a...)}
	}
	w := r.When
	switch {
	case len(w.Types) > 0 && !slices.Contains(w.Types, f.Type):
		return no("type is %s, not %s", f.Type, value.Listed(w.Types))
	case len(w.Risks) > 0 && !slices.Contains(w.Risks, f.Risk):
		return no("risk is %s, not %s", f.Risk, value.Listed(w.Risks))
	case len(w.Envs) > 0 && !slices.Contains(w.Envs, f.Env):
		return no("env is %s, not %s", f.Env, value.Listed(w.Envs))
	case len(w.Services) > 0 && !value.Shares(w.Services, f.Services):
		return no("it is not about %s", value.Listed(w.Services))
	case len(w.Tags) > 0 && !value.Shares(w.Tags, f.Tags):
		return no("no service has the tag %s", value.Listed(w.Tags))
	case len(w.Tiers) > 0 && !slices.ContainsFunc(w.Tiers, func(t int) bool { return slices.Contains(f.Tiers, t) }):
		return no("no service has tier %s", strings.Trim(fmt.Sprint(w.Tiers), "[]"))
	case len(w.Templates) > 0 && !slices.Contains(w.Templates, f.Template):
		return no("its template is not %s", value.Listed(w.Templates))
	case w.Active != nil && *w.Active != (f.Template != "" && f.TemplateActive):
		return no("its template is not in that state")
	}
	if r.cond == nil {
		return ruleResult{Rule: r, Matched: true, Why: "all of its conditions hold"}
	}
	holds, err := r.cond.holds(f.env())
	if err != nil { // never skip a rule that asks for people, never let one approve, because of a fault in it
		return ruleResult{
			Rule: r, Matched: !r.Auto && !r.Start, Failed: true,
			Why: "its condition could not be computed, so the stricter way counts: " + err.Error(),
		}
	}
	if !holds {
		return no("its condition does not hold: %s", r.Cond)
	}
	return ruleResult{Rule: r, Matched: true, Why: "all of its conditions hold"}
}

// Evaluate says what a change needs. All matching rules add their stages; stages of one name are one, with the larger
// quorum. A rule approves by itself only if no other rule asks for people; the fallback counts only if no rule did
// anything.
func (p *Policy) Evaluate(f Facts) (Requirement, []ruleResult) {
	q := Requirement{
		SHA: p.SHA, Groups: map[string]Group{}, Reject: p.Defaults.Reject, Duties: p.Defaults.Duties,
		Pending: p.Defaults.PendingTTL, Valid: p.Defaults.ApprovedTTL,
		Keep: p.Defaults.KeepOnEdit, Zone: p.Defaults.Zone.String(),
	}
	var results []ruleResult
	auto, start := "", false
	var stages, retro []Stage
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Fallback {
			continue
		}
		res := r.match(f)
		results = append(results, res)
		if res.Failed {
			q.Uncomputed = append(q.Uncomputed, "rule "+r.ID+": "+res.Why)
		}
		if !res.Matched {
			continue
		}
		q.Rules = append(q.Rules, r.ID)
		q.Require = q.Require.and(r.Require)
		if r.Auto && !res.Failed && auto == "" {
			auto = r.ID
		}
		switch {
		case r.Start && f.Type == Emergency:
			start = true
			retro = Merge(retro, r.Stages...)
		case f.Type == Emergency: // what others ask for is owed afterwards
			retro = Merge(retro, r.Stages...)
		default:
			stages = Merge(stages, r.Stages...)
		}
		if r.Retro != nil {
			retro = Merge(retro, *r.Retro)
		}
	}
	if f.Type == Emergency && !start { // nobody said that it may start, so it is approved first
		stages, retro = Merge(stages, retro...), nil
	}
	if f.Type != Emergency {
		retro = nil
	}
	if len(stages) == 0 && auto == "" && !start {
		for i := range p.Rules {
			if r := &p.Rules[i]; r.Fallback {
				q.Rules = append(q.Rules, r.ID)
				q.Require = q.Require.and(r.Require)
				stages = Merge(stages, r.Stages...)
				results = append(results, ruleResult{Rule: r, Matched: true, Why: "no other rule asked for anything"})
			}
		}
	}
	if len(stages) == 0 {
		q.Auto = auto
	}
	q.Stages, q.Retro, q.Start = stages, retro, start
	for _, s := range slices.Concat(stages, retro) {
		p.AddGroup(q.Groups, s.From)
	}
	return q, results
}

// AddGroup adds a group, and those it falls back to, to what has to be looked up.
func (p *Policy) AddGroup(to map[string]Group, name string) {
	if _, have := to[name]; have || name == "" {
		return
	}
	to[name] = p.Groups[name]
	p.AddGroup(to, p.Groups[name].Fallback)
}

// Floor is the least level that matching rules give.
func (p *Policy) Floor(f Facts) (Level, string) {
	least, rule := Low, ""
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Risk == "" || r.Risk.Rank() <= least.Rank() {
			continue
		}
		if r.match(f).Matched {
			least, rule = r.Risk, r.ID
		}
	}
	return least, rule
}

func (a Require) and(b Require) Require {
	return Require{
		Maintenance: a.Maintenance || b.Maintenance, NoFreeze: a.NoFreeze || b.NoFreeze, Backout: a.Backout || b.Backout,
		TestEvidence: a.TestEvidence || b.TestEvidence, LeadTime: max(a.LeadTime, b.LeadTime),
		Artifact: a.Artifact || b.Artifact,
	}
}

// Merge adds stages; one of a name that is there already takes the larger quorum and waits for what either waits for.
func Merge(stages []Stage, more ...Stage) []Stage {
	stages = slices.Clone(stages)
	for _, s := range more {
		i := slices.IndexFunc(stages, func(x Stage) bool { return x.Name == s.Name })
		if i < 0 {
			stages = append(stages, s)
			continue
		}
		x := &stages[i]
		x.Quorum = max(x.Quorum, s.Quorum)
		for _, a := range s.After {
			if !slices.Contains(x.After, a) {
				x.After = append(slices.Clone(x.After), a)
			}
		}
		if x.Due == 0 || s.Due > 0 && s.Due < x.Due {
			x.Due = s.Due
		}
		if x.DueBiz == 0 || s.DueBiz > 0 && s.DueBiz < x.DueBiz {
			x.DueBiz = s.DueBiz
		}
	}
	return stages
}

// ShaOf names a policy by its text.
func ShaOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Label is the condition of a rule in words.
func (w When) Label() string {
	var parts []string
	add := func(name, values string) {
		if values != "" {
			parts = append(parts, name+" "+values)
		}
	}
	add("type", value.Listed(w.Types))
	add("env", value.Listed(w.Envs))
	add("risk", value.Listed(w.Risks))
	add("service", value.Listed(w.Services))
	add("tag", value.Listed(w.Tags))
	add("template", value.Listed(w.Templates))
	if len(w.Tiers) > 0 {
		add("tier", strings.Trim(fmt.Sprint(w.Tiers), "[]"))
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, ", ")
}

// WithoutExemptions leaves out the stages that somebody asked for to be let through a freeze.
func (q Requirement) WithoutExemptions() Requirement {
	q.Stages = slices.DeleteFunc(slices.Clone(q.Stages), func(s Stage) bool {
		return strings.HasPrefix(s.Name, "exempt-")
	})
	return q
}

// Location is the zone of the policy that asks.
func (q Requirement) Location() *time.Location {
	if loc, err := value.Zone(q.Zone); err == nil {
		return loc
	}
	return time.UTC
}
