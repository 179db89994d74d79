package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

//go:embed policy.yaml
var DefaultPolicy string

// Default is the text of the policy that ships: it asks the owners of a service, and approvers for what is risky in production.
func Default() string { return DefaultPolicy }

const maxPolicy = 256 << 10

// The file as it is written. Every key is here; an unknown one is refused.
type policyFile struct {
	Version      int                  `yaml:"version"`
	Environments []string             `yaml:"environments"`
	Defaults     fileDefaults         `yaml:"defaults"`
	Groups       map[string]fileGroup `yaml:"groups"`
	Managers     string               `yaml:"managers"`
	Emergency    fileEmergency        `yaml:"emergency"`
	BreakGlass   fileGlass            `yaml:"break_glass"`
	Rules        []fileRule           `yaml:"rules"`
	Freezes      []fileFreeze         `yaml:"freezes"`
	Maintenance  []fileMaintenance    `yaml:"maintenance"`
	Templates    []fileTemplate       `yaml:"templates"`
	Cases        []Case               `yaml:"cases"`
}

type fileDefaults struct {
	Timezone       string            `yaml:"timezone"`
	PendingTTL     string            `yaml:"pending_ttl"`
	ApprovedTTL    string            `yaml:"approved_ttl"`
	Reject         *fileReject       `yaml:"reject"`
	OnEdit         string            `yaml:"on_edit"`
	OnPolicyChange string            `yaml:"on_policy_change"`
	OnEvalError    string            `yaml:"on_eval_error"`
	SoD            fileSoD           `yaml:"sod"`
	Externals      string            `yaml:"externals"`
	Assurance      map[string]string `yaml:"assurance"`
	MaxPerDay      int               `yaml:"max_per_service_and_day"`
	LeadTime       string            `yaml:"lead_time"`
}

type fileReject struct {
	Quorum    int `yaml:"quorum"`
	MinReason int `yaml:"min_reason"`
}

type fileSoD struct {
	Requester   string `yaml:"requester"`
	Implementer string `yaml:"implementer"`
	Author      string `yaml:"author"`
	Distinct    *bool  `yaml:"distinct_across_stages"`
}

type fileGroup struct {
	Static    []string `yaml:"static"`
	Roles     []string `yaml:"roles"`
	Groups    []string `yaml:"groups"`
	Usergroup string   `yaml:"slack_usergroup"`
	Owners    bool     `yaml:"service_owner_team"`
	Fallback  string   `yaml:"fallback"`
}

type fileEmergency struct {
	Submitters string `yaml:"submitters"`
}

type fileGlass struct {
	Who string `yaml:"who"`
}

type fileWhen struct {
	Type          words  `yaml:"type"`
	Risk          words  `yaml:"risk"`
	Env           words  `yaml:"env"`
	Service       words  `yaml:"service"`
	ServiceTag    words  `yaml:"service_tag"`
	Tier          words  `yaml:"tier"`
	Template      words  `yaml:"template"`
	TemplateState string `yaml:"template_state"`
}

type fileStage struct {
	Name   string `yaml:"name"`
	From   string `yaml:"from"`
	Quorum int    `yaml:"quorum"`
	After  words  `yaml:"after"`
	Due    string `yaml:"due"`
}

type fileRequire struct {
	Maintenance bool   `yaml:"maintenance_window"`
	NoFreeze    bool   `yaml:"no_freeze"`
	Backout     bool   `yaml:"backout_plan"`
	Test        bool   `yaml:"test_evidence"`
	LeadTime    string `yaml:"lead_time"`
	Artifact    bool   `yaml:"artifact"`
}

type fileRule struct {
	ID       string      `yaml:"id"`
	When     fileWhen    `yaml:"when"`
	Expr     string      `yaml:"expr"`
	Auto     bool        `yaml:"auto_approve"`
	Start    bool        `yaml:"start_before_approval"`
	Stages   []fileStage `yaml:"stages"`
	Retro    *fileStage  `yaml:"retro"`
	Require  fileRequire `yaml:"require"`
	Risk     string      `yaml:"risk"`
	Fallback bool        `yaml:"fallback"`
}

type fileScope struct {
	Env     words `yaml:"env"`
	Service words `yaml:"service"`
	Tag     words `yaml:"tag"`
	NotTag  words `yaml:"not_tag"`
}

type fileSpan struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

type fileFreeze struct {
	ID        string     `yaml:"id"`
	Mode      string     `yaml:"mode"`
	From      string     `yaml:"from"`
	To        string     `yaml:"to"`
	Weekly    []fileSpan `yaml:"weekly"`
	TZ        string     `yaml:"tz"`
	Reason    string     `yaml:"reason"`
	Owner     string     `yaml:"owner"`
	Scope     fileScope  `yaml:"scope"`
	Allow     fileAllow  `yaml:"allow"`
	Exemption *fileStage `yaml:"exemption"`
}

type fileAllow struct {
	Types words `yaml:"types"`
}

type fileMaintenance struct {
	ID     string     `yaml:"id"`
	From   string     `yaml:"from"`
	To     string     `yaml:"to"`
	Weekly []fileSpan `yaml:"weekly"`
	TZ     string     `yaml:"tz"`
	Scope  fileScope  `yaml:"scope"`
}

type fileTemplate struct {
	Name        string `yaml:"name"`
	Title       string `yaml:"title"`
	Why         string `yaml:"why"`
	Plan        string `yaml:"plan"`
	Test        string `yaml:"test"`
	Backout     string `yaml:"backout"`
	Services    words  `yaml:"services"`
	Env         words  `yaml:"env"`
	MaxDuration string `yaml:"max_duration"`
	Owner       string `yaml:"owner"`
	ReviewBy    string `yaml:"review_by"`
}

// words are one text or a list of texts.
type words []string

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (w *words) UnmarshalYAML(data []byte) error {
	var many []string
	if err := yaml.Unmarshal(data, &many); err == nil {
		if len(many) == 0 {
			return errors.New("this list is empty, so nothing could ever match it: leave the key out, or name something")
		}
		*w = many
		return nil
	}
	var one string
	if err := yaml.Unmarshal(data, &one); err != nil {
		return errors.New("this has to be a text or a list of texts, like prod or [prod, staging]")
	}
	*w = words{one}
	return nil
}

// World of the installation that a policy is held against.
type Catalog struct {
	Services []bot.Service
	People   []bot.Person
}

// Service finds a service by its id.
func (k Catalog) Service(id string) (bot.Service, bool) {
	return bot.ServiceByID(k.Services, id)
}

// Error lists everything that is wrong with a policy file.
type Error struct{ Problems []string }

func (e *Error) Error() string {
	return "The policy is refused:\n- " + strings.Join(e.Problems, "\n- ")
}

// ByteOrderMark is what some editors put before a file. It is no content (YAML 1.2, section 5.2).
const ByteOrderMark = "\uFEFF"

// Parse reads and checks a policy. Against the catalog it checks that what it names exists, so that no stage asks nobody.
func Parse(text []byte, k Catalog) (*Policy, []Case, error) {
	text = bytes.TrimPrefix(text, []byte(ByteOrderMark))
	return ParsePolicy(text, k, string(text) == DefaultPolicy)
}

// ParsePolicy reads a policy. lenient lets it name who and what is not there: the policy that ships has to fit every installation, and one that was in force
// must not be lost because somebody left. Stages that ask nobody are refused when a change is submitted, and never satisfied.
func ParsePolicy(text []byte, k Catalog, lenient bool) (*Policy, []Case, error) {
	if len(text) > maxPolicy {
		return nil, nil, &Error{[]string{fmt.Sprintf("the file has %d bytes, the limit is %d", len(text), maxPolicy)}}
	}
	var f policyFile
	d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := d.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty; watchbell change policy example prints one to start from")
		}
		return nil, nil, &Error{[]string{strings.TrimSpace(yaml.FormatError(err, false, true))}}
	}
	if err := d.Decode(&policyFile{}); !errors.Is(err, io.EOF) {
		return nil, nil, &Error{[]string{"there is a second document in the file; a policy is one document"}}
	}
	c := checker{catalog: k, file: &f, lenient: lenient}
	p := c.policy()
	p.SHA, p.Text = ShaOf(text), string(text)
	if len(c.problems) > 0 {
		return nil, nil, &Error{c.problems}
	}
	return p, f.Cases, nil
}

// checker gathers what is wrong.
type checker struct {
	catalog  Catalog
	file     *policyFile
	lenient  bool
	problems []string
}

// unfit is wrong with this installation only.
func (c *checker) unfit(format string, a ...any) {
	if !c.lenient {
		c.bad(format, a...)
	}
}

func (c *checker) bad(format string, a ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, a...))
}

var policyName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

func (c *checker) name(where, name string) {
	if !policyName.MatchString(name) {
		c.bad("%s: %q is not a name. Write a to z, 0 to 9, - and _, a letter first, like year-end", where, name)
	}
}

func (c *checker) duration(where, raw string, def time.Duration) time.Duration {
	if raw == "" {
		return def
	}
	d, err := value.Duration(raw, time.Minute, 366*24*time.Hour)
	if err != nil {
		c.bad("%s: %v", where, err)
	}
	return d
}

func (c *checker) oneOf(where, raw, def string, allowed ...string) string {
	if raw == "" {
		return def
	}
	if !slices.Contains(allowed, raw) {
		near := value.Nearest(raw, allowed)
		if near != "" {
			near = " Did you mean " + near + "?"
		}
		c.bad("%s: %q is not one of %s.%s", where, raw, strings.Join(allowed, ", "), near)
	}
	return raw
}

func (c *checker) zone(where, raw string, def *time.Location) *time.Location {
	if raw == "" {
		return def
	}
	loc, err := value.Zone(raw)
	if err != nil {
		c.bad("%s: %v", where, err)
		return time.UTC
	}
	return loc
}

func (c *checker) policy() *Policy {
	f := c.file
	if f.Version != 1 {
		c.bad("version: %d is not known. Write version: 1", f.Version)
	}
	p := &Policy{Groups: map[string]Group{}}
	p.Envs = f.Environments
	if len(p.Envs) == 0 {
		p.Envs = []string{"prod", "staging", "test"}
	}
	for _, e := range p.Envs {
		c.name("environments", e)
	}
	p.Defaults = c.defaults(f.Defaults)
	for name, g := range f.Groups {
		c.name("groups", name)
		p.Groups[name] = c.group(name, g)
	}
	c.fallbacks(p)
	p.Managers = c.existing(p, "managers", f.Managers)
	p.Submitter = c.existing(p, "emergency.submitters", f.Emergency.Submitters)
	p.Breakers = c.existing(p, "break_glass.who", f.BreakGlass.Who)
	c.rules(p)
	for i, z := range f.Freezes {
		p.Freezes = append(p.Freezes, c.freeze(p, i, z))
	}
	for i, m := range f.Maintenance {
		p.Windows = append(p.Windows, c.maintenance(p, i, m))
	}
	for i, t := range f.Templates {
		p.Templates = append(p.Templates, c.template(p, i, t))
	}
	c.duplicates("templates", len(p.Templates), func(i int) string { return p.Templates[i].Name })
	c.duplicates("freezes", len(p.Freezes), func(i int) string { return p.Freezes[i].ID })
	c.duplicates("maintenance", len(p.Windows), func(i int) string { return p.Windows[i].ID })
	for i, r := range p.Rules {
		for _, t := range r.When.Templates {
			if !slices.ContainsFunc(p.Templates, func(x Template) bool { return x.Name == t }) {
				c.bad("rules[%d] %s: there is no template %q", i, r.ID, t)
			}
		}
	}
	return p
}

func (c *checker) duplicates(where string, n int, id func(int) string) {
	seen := map[string]bool{}
	for i := range n {
		if seen[id(i)] {
			c.bad("%s: %q is there twice", where, id(i))
		}
		seen[id(i)] = true
	}
}

func (c *checker) defaults(f fileDefaults) Defaults {
	d := Defaults{
		Zone: c.zone("defaults.timezone", f.Timezone, time.UTC), PendingTTL: c.duration("defaults.pending_ttl", f.PendingTTL, 72*time.Hour),
		ApprovedTTL: c.duration("defaults.approved_ttl", f.ApprovedTTL, 14*24*time.Hour), Reject: RejectRule{1, 10}, MaxPerDay: f.MaxPerDay,
		LeadTime: c.duration("defaults.lead_time", f.LeadTime, 0),
	}
	if f.Reject != nil {
		d.Reject = RejectRule(*f.Reject)
	}
	if d.Reject.Quorum < 1 || d.Reject.MinReason < 0 || d.Reject.MinReason > 500 {
		c.bad("defaults.reject: quorum has to be at least 1, and min_reason from 0 to 500 characters")
	}
	if d.MaxPerDay == 0 {
		d.MaxPerDay = 5
	}
	d.KeepOnEdit = c.oneOf("defaults.on_edit", f.OnEdit, "keep_on_shrink", "keep_on_shrink", "reset_all") == "keep_on_shrink"
	c.oneOf("defaults.on_policy_change", f.OnPolicyChange, "", "revalidate_if_stricter")
	c.oneOf("defaults.on_eval_error", f.OnEvalError, "", "strictest")
	c.oneOf("defaults.externals", f.Externals, "", "deny")
	if r := f.SoD.Requester; r != "" && r != "forbid" {
		c.bad("defaults.sod.requester: %q is not possible: nobody decides what they requested themselves. Write forbid, or leave it out", r)
	}
	for level, how := range f.Assurance {
		c.oneOf("defaults.assurance", level, "", "low", "medium", "high")
		if how != "chat" {
			c.bad("defaults.assurance.%s: %q is not possible yet: the web chat has no login, so chat is all there is", level, how)
		}
	}
	d.Duties = Separation{
		Implementer: Forbidding(c.oneOf("defaults.sod.implementer", f.SoD.Implementer, "allow", "allow", "forbid")),
		Author:      Forbidding(c.oneOf("defaults.sod.author", f.SoD.Author, "forbid", "allow", "forbid")), Distinct: f.SoD.Distinct == nil || *f.SoD.Distinct,
	}
	return d
}

func (c *checker) group(name string, f fileGroup) Group {
	g := Group{Roles: f.Roles, Groups: f.Groups, Owners: f.Owners, Fallback: f.Fallback}
	people := func(ok func(bot.Person) bool) bool { return slices.ContainsFunc(c.catalog.People, ok) }
	for _, id := range f.Static {
		g.People = append(g.People, bot.PersonID(id))
		if !people(func(p bot.Person) bool { return string(p.ID) == id }) {
			c.unfit("groups.%s.static: nobody is called %q", name, id)
		}
	}
	for _, group := range f.Groups {
		if !people(func(p bot.Person) bool { return slices.Contains(p.Groups, group) }) {
			c.unfit("groups.%s.groups: the configuration has no group %q with people in it", name, group)
		}
	}
	if u := f.Usergroup; u != "" {
		if !regexp.MustCompile(`^(@[a-z0-9][a-z0-9._-]*|S[A-Z0-9]+)$`).MatchString(u) {
			c.bad("groups.%s.slack_usergroup: %q is not a user group. Write its handle with an at sign in quotes, like \"@sre\", or its id, like S0123ABC", name, u)
		}
		g.Chat = append(g.Chat, "slack:"+u)
	}
	if len(g.People)+len(g.Roles)+len(g.Groups)+len(g.Chat) == 0 && !g.Owners {
		c.bad("groups.%s is empty. Give it static, roles, groups, slack_usergroup or service_owner_team", name)
	}
	return g
}

func (c *checker) fallbacks(p *Policy) {
	for name, g := range p.Groups {
		seen := map[string]bool{name: true}
		for next := g.Fallback; next != ""; next = p.Groups[next].Fallback {
			if _, ok := p.Groups[next]; !ok {
				c.bad("groups.%s.fallback: there is no group %q", name, next)
				break
			}
			if seen[next] {
				c.bad("groups.%s.fallback leads back to itself", name)
				break
			}
			seen[next] = true
		}
	}
}

func (c *checker) existing(p *Policy, where, group string) string {
	if group == "" {
		return ""
	}
	if _, ok := p.Groups[group]; !ok {
		c.bad("%s: there is no group %q", where, group)
	}
	return group
}

func (c *checker) rules(p *Policy) {
	seen := map[string]bool{}
	fallback := 0
	for i, f := range c.file.Rules {
		where := fmt.Sprintf("rules[%d] %s", i, f.ID)
		c.name(where, f.ID)
		if seen[f.ID] {
			c.bad("%s: there is another rule of this id", where)
		}
		seen[f.ID] = true
		r := c.rule(p, where, f)
		if r.Fallback {
			fallback++
		}
		p.Rules = append(p.Rules, r)
	}
	if fallback != 1 {
		c.bad("rules: there has to be exactly one with fallback: true, which catches what no other rule does. For example: {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}")
	}
	c.cycles(p)
}

func (c *checker) rule(p *Policy, where string, f fileRule) Rule {
	r := Rule{ID: f.ID, Cond: f.Expr, Auto: f.Auto, Start: f.Start, Fallback: f.Fallback, When: c.when(p, where, f.When), Risk: Level(c.oneOf(where+".risk", f.Risk, "", "low", "medium", "high"))}
	for _, s := range f.Stages {
		r.Stages = append(r.Stages, c.stage(p, where+".stages", s, true))
	}
	if f.Retro != nil {
		s := *f.Retro
		if s.Name == "" {
			s.Name = "retro"
		}
		retro := c.stage(p, where+".retro", s, true)
		r.Retro = &retro
	}
	r.Require = Require{Maintenance: f.Require.Maintenance, NoFreeze: f.Require.NoFreeze, Backout: f.Require.Backout, TestEvidence: f.Require.Test, Artifact: f.Require.Artifact,
		LeadTime: c.duration(where+".require.lead_time", f.Require.LeadTime, 0)}
	if f.Expr != "" {
		program, err := compile(f.Expr)
		if err != nil {
			c.bad("%s.expr: %v", where, err)
		}
		r.cond = program
	}
	switch {
	case r.Auto && len(r.Stages) > 0:
		c.bad("%s has auto_approve and stages: it is one or the other", where)
	case r.Auto && !slices.Equal(r.When.Types, []Type{Standard}):
		c.bad("%s has auto_approve without being bound to templates. Write when: {type: standard, template_state: active}", where)
	case r.Auto && (r.When.Active == nil || !*r.When.Active):
		c.bad("%s has auto_approve, so it has to ask for an approved template. Add template_state: active to its when", where)
	case r.Start && !slices.Equal(r.When.Types, []Type{Emergency}):
		c.bad("%s has start_before_approval, which is for emergencies only. Write when: {type: emergency}", where)
	case r.Start && r.Retro == nil && len(r.Stages) == 0:
		c.bad("%s lets changes start before they are approved and never asks for an approval. Add retro: {from: …, quorum: 2, due: 2bd}", where)
	case r.Fallback && (len(r.Stages) == 0 || f.Expr != "" || !emptyWhen(f.When)):
		c.bad("%s: the fallback has no conditions, and at least one stage", where)
	case !r.Fallback && len(r.Stages) == 0 && !r.Auto && r.Retro == nil && r.Require == (Require{}) && r.Risk == "":
		c.bad("%s does nothing. Give it stages, require, risk or auto_approve", where)
	}
	return r
}

func emptyWhen(w fileWhen) bool {
	return len(w.Type)+len(w.Risk)+len(w.Env)+len(w.Service)+len(w.ServiceTag)+len(w.Tier)+len(w.Template) == 0 && w.TemplateState == ""
}

func (c *checker) when(p *Policy, where string, f fileWhen) When {
	w := When{Envs: f.Env, Services: f.Service, Tags: f.ServiceTag, Templates: f.Template}
	for _, t := range f.Type {
		w.Types = append(w.Types, Type(c.oneOf(where+".when.type", t, "", "normal", "standard", "emergency")))
	}
	for _, l := range f.Risk {
		w.Risks = append(w.Risks, Level(c.oneOf(where+".when.risk", l, "", "low", "medium", "high")))
	}
	for _, t := range f.Tier {
		n, err := strconv.Atoi(t)
		if err != nil || n < 1 || n > 4 {
			c.bad("%s.when.tier: %q is not a tier. Write 1, 2, 3 or 4", where, t)
		}
		w.Tiers = append(w.Tiers, n)
	}
	c.scope(p, where+".when", fileScope{Env: f.Env, Service: f.Service, Tag: f.ServiceTag})
	if s := c.oneOf(where+".when.template_state", f.TemplateState, "", "active", "demoted"); s != "" {
		w.Active = new(s == "active")
	}
	return w
}

func (c *checker) scope(p *Policy, where string, f fileScope) Scope {
	for _, e := range f.Env {
		if !slices.Contains(p.Envs, e) {
			c.bad("%s.env: %q is not one of the environments %s", where, e, strings.Join(p.Envs, ", "))
		}
	}
	for _, s := range f.Service {
		if _, ok := c.catalog.Service(s); !ok {
			c.unfit("%s.service: there is no service %q", where, s)
		}
	}
	for _, t := range slices.Concat(f.Tag, f.NotTag) {
		if !slices.ContainsFunc(c.catalog.Services, func(s bot.Service) bool { return slices.Contains(s.Tags, t) }) {
			c.unfit("%s: no service has the tag %q, so it could never match. Give services tags in the configuration", where, t)
		}
	}
	return Scope{Envs: f.Env, Services: f.Service, Tags: f.Tag, NotTags: f.NotTag}
}

func (c *checker) stage(p *Policy, where string, f fileStage, named bool) Stage {
	s := Stage{Name: f.Name, From: f.From, Quorum: f.Quorum, After: f.After}
	if named {
		c.name(where, f.Name)
	}
	if s.Quorum == 0 {
		s.Quorum = 1
	}
	if s.Quorum < 1 || s.Quorum > 10 {
		c.bad("%s: quorum %d has to be from 1 to 10", where, s.Quorum)
	}
	if f.From == "" {
		c.bad("%s: from is missing, the group that is asked", where)
	} else if c.existing(p, where+".from", f.From) != "" {
		c.enough(p, where, s)
	}
	if days, ok := strings.CutSuffix(f.Due, "bd"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 60 {
			c.bad("%s.due: %q is not a number of business days. Write 2bd", where, f.Due)
		}
		s.DueBiz = n
	} else {
		s.Due = c.duration(where+".due", f.Due, 0)
	}
	return s
}

// enough refuses a quorum that the people of the group, as far as they are known by now, can never reach.
func (c *checker) enough(p *Policy, where string, s Stage) {
	n, known := c.size(p, s.From)
	if known && n < s.Quorum {
		c.unfit("%s: %d of %s are asked, but only %d active people are in it", where, s.Quorum, s.From, n)
	}
}

func (c *checker) size(p *Policy, group string) (n int, known bool) {
	in := map[bot.PersonID]bool{}
	for next := group; next != ""; next = p.Groups[next].Fallback {
		g := p.Groups[next]
		if g.Owners || len(g.Chat) > 0 {
			return 0, false
		}
		for _, person := range c.catalog.People {
			if _, ok := g.Holds(person); ok {
				in[person.ID] = true
			}
		}
		if next == p.Groups[next].Fallback {
			break
		}
	}
	return len(in), true
}

// cycles refuses stages that wait for each other, over all rules together.
func (c *checker) cycles(p *Policy) {
	after := map[string][]string{}
	names := map[string]bool{}
	for _, r := range p.Rules {
		for _, s := range r.Stages {
			names[s.Name] = true
			after[s.Name] = append(after[s.Name], s.After...)
		}
	}
	state := map[string]int{}
	var visit func(string) bool
	visit = func(n string) bool {
		switch state[n] {
		case 1:
			return true
		case 2:
			return false
		}
		state[n] = 1
		for _, a := range after[n] {
			if !names[a] {
				c.bad("stage %s waits for %q, which no rule has", n, a)
				continue
			}
			if visit(a) {
				return true
			}
		}
		state[n] = 2
		return false
	}
	for n := range after {
		if visit(n) {
			c.bad("the stages wait for each other in a circle (%s is in it)", n)
			return
		}
	}
}

func (c *checker) freeze(p *Policy, i int, f fileFreeze) Freeze {
	where := fmt.Sprintf("freezes[%d] %s", i, f.ID)
	c.name(where, f.ID)
	z := Freeze{ID: f.ID, Hard: c.oneOf(where+".mode", f.Mode, "hard", "hard", "soft") == "hard", Reason: f.Reason, Owner: bot.PersonID(f.Owner), Scope: c.scope(p, where+".scope", f.Scope), FromPolicy: true}
	z.Span = c.span(where, f.From, f.To, f.Weekly, c.zone(where+".tz", f.TZ, p.Defaults.Zone), true)
	for _, t := range f.Allow.Types {
		z.Allow = append(z.Allow, Type(c.oneOf(where+".allow.types", t, "", "normal", "standard", "emergency")))
	}
	if f.Exemption != nil {
		s := c.stage(p, where+".exemption", *f.Exemption, false)
		s.Name = ExemptStage(f.ID)
		z.Exempt = &s
	}
	return z
}

func (c *checker) maintenance(p *Policy, i int, f fileMaintenance) Maintenance {
	where := fmt.Sprintf("maintenance[%d] %s", i, f.ID)
	c.name(where, f.ID)
	return Maintenance{ID: f.ID, Scope: c.scope(p, where+".scope", f.Scope), Span: c.span(where, f.From, f.To, f.Weekly, c.zone(where+".tz", f.TZ, p.Defaults.Zone), false)}
}

func (c *checker) span(where, from, to string, weekly []fileSpan, zone *time.Location, wide bool) Span {
	s := Span{Zone: zone, Wide: wide}
	switch {
	case len(weekly) > 0 && (from != "" || to != ""):
		c.bad("%s has from and to, and weekly: it is one or the other", where)
	case len(weekly) == 0 && (from == "" || to == ""):
		c.bad("%s needs from and to, like \"2026-12-18T18:00\", or weekly: [{from: \"fri 18:00\", to: \"mon 08:00\"}]", where)
	}
	for _, w := range weekly {
		a, errA := parseWeekTime(w.From)
		b, errB := parseWeekTime(w.To)
		if err := errors.Join(errA, errB); err != nil {
			c.bad("%s.weekly: %v", where, err)
			continue
		}
		s.Weekly = append(s.Weekly, WeekSpan{a, b})
	}
	if from != "" && to != "" {
		a, errA := parseLocal(from)
		b, errB := parseLocal(to)
		if err := errors.Join(errA, errB); err != nil {
			c.bad("%s: %v", where, err)
			return s
		}
		s.From, s.To = resolve(a, zone, wide), resolve(b, zone, !wide)
		if !s.To.After(s.From) {
			c.bad("%s ends before it starts", where)
		}
	}
	return s
}

func (c *checker) template(p *Policy, i int, f fileTemplate) Template {
	where := fmt.Sprintf("templates[%d] %s", i, f.Name)
	c.name(where, f.Name)
	c.scope(p, where, fileScope{Env: f.Env, Service: f.Services})
	t := Template{Name: f.Name, Title: f.Title, Why: f.Why, Plan: f.Plan, Test: f.Test, Backout: f.Backout, Services: f.Services, Envs: f.Env,
		Longest: c.duration(where+".max_duration", f.MaxDuration, 4*time.Hour), Owner: bot.PersonID(f.Owner)}
	if t.Title == "" || t.Plan == "" || t.Backout == "" || len(t.Services) == 0 || len(t.Envs) == 0 {
		c.bad("%s needs title, plan, backout, services and env: they are what is approved once and for all", where)
	}
	if !slices.ContainsFunc(c.catalog.People, func(x bot.Person) bool { return string(x.ID) == f.Owner }) {
		c.unfit("%s.owner: nobody is called %q", where, f.Owner)
	}
	day, err := time.Parse("2006-01-02", f.ReviewBy)
	if err != nil {
		c.bad("%s.review_by: %q is not a day. Write the day until which it was looked through, at most 180 days ahead, like 2027-03-31", where, f.ReviewBy)
	}
	t.ReviewBy = day
	t.Digest = t.sum()
	return t
}

var localTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)$`)

// parseLocal reads a local time as it is written in the file; it is in UTC only to carry the numbers.
func parseLocal(raw string) (time.Time, error) {
	m := localTime.FindStringSubmatch(raw)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is not a local time. Write it like \"2026-12-18T18:00\"", raw)
	}
	t, err := time.Parse("2006-01-02 15:04", m[1]+" "+m[2])
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not in the calendar", raw)
	}
	return t, nil
}

// Tier is that of the most important service, 0 if none is known.
func (k Catalog) Tier(services []string) int {
	best := 0
	for _, id := range services {
		if s, ok := k.Service(id); ok && s.Tier > 0 && (best == 0 || s.Tier < best) {
			best = s.Tier
		}
	}
	return best
}

// Hop adds the services that depend on these, or that these depend on.
func (k Catalog) Hop(services []string) []string {
	near := slices.Clone(services)
	for _, s := range k.Services {
		if slices.Contains(services, s.ID) {
			near = append(near, s.DependsOn...)
		} else if value.Shares(s.DependsOn, services) {
			near = append(near, s.ID)
		}
	}
	slices.Sort(near)
	return slices.Compact(near)
}
