package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Case is one table test of a policy: a change, and what has to come out.
type Case struct {
	Name   string
	Change CaseChange
	Expect CaseExpect
}

// CaseChange is as much of a change as rules look at.
type CaseChange struct {
	Type      string
	Env       string
	Risk      string
	Services  []string
	Template  string
	Active    bool
	Requester string
	Start     string // local, in the policy's zone
	Lead      string
	Backout   *bool
	Test      *bool
}

// CaseExpect is what has to come out; what is left out is not looked at.
type CaseExpect struct {
	Stages  []string
	Quorums map[string]int
	Retro   []string
	Rules   []string
	Auto    *bool
	Start   *bool
}

// Try evaluates the policy for a case.
func (p *Policy) Try(x CaseChange, k Catalog) Requirement {
	f := Facts{
		Type:           Type(x.Type),
		Env:            x.Env,
		Risk:           Level(x.Risk),
		Services:       x.Services,
		Template:       x.Template,
		TemplateActive: x.Active,
		Requester:      x.Requester,
		Implementers:   []string{x.Requester},
		Lead:           7 * 24 * time.Hour,
		Length:         time.Hour,
		HasBackout:     x.Backout == nil || *x.Backout,
		HasTest:        x.Test == nil || *x.Test,
		Title:          "case",
	}
	if f.Type == "" {
		f.Type = Normal
	}
	if f.Risk == "" {
		f.Risk = Low
	}
	f.Score = map[Level]int{Low: 15, Medium: 45, High: 80}[f.Risk]
	if t, err := parseLocal(x.Start); err == nil {
		f.Start = resolve(t, p.Defaults.Zone, true).In(p.Defaults.Zone)
	} else {
		f.Start = time.Date(2026, 11, 25, 22, 0, 0, 0, p.Defaults.Zone)
	}
	for _, id := range x.Services {
		if s, ok := k.Service(id); ok {
			f.Tags = append(f.Tags, s.Tags...)
			if s.Tier > 0 {
				f.Tiers = append(f.Tiers, s.Tier)
			}
		}
	}
	q, _ := p.Evaluate(f)
	return q
}

// Check says what is different from what a case expects, nothing if all is as expected.
func (p *Policy) Check(x Case, k Catalog) []string {
	q := p.Try(x.Change, k)
	var bad []string
	same := func(what string, want, got []string) {
		want, got = slices.Clone(want), slices.Clone(got)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			expected, found := strings.Join(want, ", "), strings.Join(got, ", ")
			bad = append(bad, fmt.Sprintf("%s: want [%s], got [%s]", what, expected, found))
		}
	}
	if x.Expect.Stages != nil {
		same("stages", x.Expect.Stages, names(q.Stages))
	}
	if x.Expect.Retro != nil {
		same("retro", x.Expect.Retro, names(q.Retro))
	}
	if x.Expect.Rules != nil {
		same("rules", x.Expect.Rules, q.Rules)
	}
	for stage, n := range x.Expect.Quorums {
		got := 0
		for _, s := range q.Stages {
			if s.Name == stage {
				got = s.Quorum
			}
		}
		if got != n {
			bad = append(bad, fmt.Sprintf("quorum of %s: want %d, got %d", stage, n, got))
		}
	}
	if x.Expect.Auto != nil && *x.Expect.Auto != (q.Auto != "") {
		bad = append(bad, fmt.Sprintf("auto_approve: want %v, got %v", *x.Expect.Auto, q.Auto != ""))
	}
	if x.Expect.Start != nil && *x.Expect.Start != q.Start {
		bad = append(bad, fmt.Sprintf("start_before_approval: want %v, got %v", *x.Expect.Start, q.Start))
	}
	return bad
}

func names(stages []Stage) []string {
	var n []string
	for _, s := range stages {
		n = append(n, s.Name)
	}
	return n
}

// Summary is a requirement in one line, for comparing policies.
func (q Requirement) Summary() string {
	if q.Auto != "" {
		return "approved by the rule " + q.Auto
	}
	var parts []string
	for _, s := range q.Stages {
		parts = append(parts, fmt.Sprintf("%s %d of %s", s.Name, s.Quorum, s.From))
	}
	if q.Start {
		parts = append(parts, "starts before approval")
	}
	for _, s := range q.Retro {
		parts = append(parts, fmt.Sprintf("afterwards %d of %s", s.Quorum, s.From))
	}
	if len(parts) == 0 {
		parts = []string{"nobody (so it cannot be submitted)"}
	}
	return strings.Join(append([]string{strings.Join(parts, ", ")}, q.Uncomputed...), "; ")
}

// Holds reports whether a person is in the group by what the directory says of them, and by what. User groups of
// platforms and owners are looked up elsewhere.
func (g Group) Holds(p bot.Person) (source string, ok bool) {
	if !p.Active {
		return "", false
	}
	if slices.Contains(g.People, p.ID) {
		return "named in the policy", true
	}
	for _, r := range g.Roles {
		if p.Has(r) {
			return "role " + r, true
		}
	}
	for _, name := range g.Groups {
		if slices.Contains(p.Groups, name) {
			return "group " + name, true
		}
	}
	return "", false
}
