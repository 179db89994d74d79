package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

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

var (
	userGroup = regexp.MustCompile(`^(@[a-z0-9][a-z0-9._-]*|S[A-Z0-9]+)$`)
	role      = regexp.MustCompile(`^(@[^\pC\pZ](.{0,98}[^\pC\pZ])?|[0-9]{17,20})$`) // of Discord: a name of up to 100
)

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
	for _, g := range f.Groups {
		c.name("groups", g.Name)
		p.Groups[g.Name] = c.group(g.Name, g)
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
		Zone:        c.zone("defaults.timezone", f.Timezone, time.UTC),
		PendingTTL:  c.duration("defaults.pending_ttl", f.PendingTTL, 72*time.Hour),
		ApprovedTTL: c.duration("defaults.approved_ttl", f.ApprovedTTL, 14*24*time.Hour),
		Reject:      RejectRule{1, 10},
		MaxPerDay:   f.MaxPerDay,
		LeadTime:    c.duration("defaults.lead_time", f.LeadTime, 0),
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
	keep := "keep_on_shrink"
	d.KeepOnEdit = c.oneOf("defaults.on_edit", f.OnEdit, keep, keep, "reset_all") == keep
	c.oneOf("defaults.on_policy_change", f.OnPolicyChange, "", "revalidate_if_stricter")
	c.oneOf("defaults.on_eval_error", f.OnEvalError, "", "strictest")
	c.oneOf("defaults.externals", f.Externals, "", "deny")
	if r := f.SoD.Requester; r != "" && r != "forbid" {
		c.bad("defaults.sod.requester: %q is not possible: nobody decides what they requested themselves. Write "+
			"forbid, or leave it out", r)
	}
	d.Assurance = c.assurance(f.Assurance)
	d.Duties = Separation{
		Implementer: Forbidding(c.oneOf("defaults.sod.implementer", f.SoD.Implementer, "allow", "allow", "forbid")),
		Author:      Forbidding(c.oneOf("defaults.sod.author", f.SoD.Author, "forbid", "allow", "forbid")),
		Distinct:    f.SoD.Distinct == nil || *f.SoD.Distinct,
	}
	return d
}

// assurance is how surely a vote has to be its person's. Where nobody can sign in by more than chat gives, nobody could
// vote.
func (c *checker) assurance(f map[string]string) map[Level]bot.Assurance {
	if len(f) == 0 {
		return nil
	}
	asked := map[Level]bot.Assurance{}
	for level, how := range f {
		c.oneOf("defaults.assurance", level, "", "low", "medium", "high")
		how = c.oneOf("defaults.assurance."+level, how, "chat", "chat", string(bot.SignedIn), string(bot.Fresh))
		if how == "chat" {
			continue
		}
		if !c.catalog.SignIn {
			c.bad("defaults.assurance.%s: %q is not possible: nobody can sign in on the web by more than what chat gives "+
				"them. List passkey or oidc under login in the configuration, or write chat", level, how)
		}
		asked[Level(level)] = bot.Assurance(how)
	}
	return asked
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
		if !userGroup.MatchString(u) {
			c.bad("groups.%s.slack_usergroup: %q is not a user group. Write its handle with an at sign in quotes, "+
				"like \"@sre\", or its id, like S0123ABC", name, u)
		}
		g.Chat = append(g.Chat, "slack:"+u)
	}
	if name, is := f.Role, role.MatchString(f.Role); is {
		g.Chat = append(g.Chat, "discord:"+name)
	} else if name != "" {
		c.bad("groups.%s.discord_role: %q is not a role. Write its name with an at sign in quotes, like \"@SRE\", or its "+
			"id, like \"1166401852345036800\"", f.Name, name)
	}
	if len(g.People)+len(g.Roles)+len(g.Groups)+len(g.Chat) == 0 && !g.Owners {
		c.bad("groups.%s is empty. Give it static, roles, groups, slack_usergroup, discord_role or "+
			"service_owner_team", name)
	}
	return g
}

func (c *checker) fallbacks(p *Policy) {
	for _, g := range c.file.Groups {
		name := g.Name
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
