package change

import (
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Member is somebody in a group, and how that is known.
type Member struct {
	Person bot.PersonID `json:"person"`
	Source string       `json:"source"` // like "role approver", "owner of billing", "slack:@sre"
}

// Roster is who is in the groups that a change asks, as it was read at a time. A group that could not be read is in
// Failed, and counts as nobody.
type Roster struct {
	At     time.Time
	Groups map[string][]Member
	Failed map[string]string
	People map[bot.PersonID]bool // everybody, and whether they are active
	// Accounts are the people that accounts belong to by now, like slack/T1/U1.
	Accounts map[string]bot.PersonID
}

// Pool is who may be asked in a stage: the active people of its group who are not barred, and, where those are too few
// or three quarters of the time are over, of its fallbacks.
func (c *Change) Pool(s policy.Stage, groups map[string]policy.Group, r Roster) []Member {
	return c.poolOf(s, groups, r, c.fallbackDue(r.At))
}

func (c *Change) poolOf(s policy.Stage, groups map[string]policy.Group, r Roster, fallbacks bool) []Member {
	var pool []Member
	seen := map[string]bool{}
	for name := s.From; name != "" && !seen[name] &&
		(fallbacks || len(pool) < max(1, s.Quorum)); name = groups[name].Fallback {
		seen[name] = true
		for _, m := range r.Groups[name] {
			if r.People[m.Person] && c.barred(m.Person) == nil &&
				!slices.ContainsFunc(pool, func(x Member) bool { return x.Person == m.Person }) {
				if name != s.From {
					m.Source += " (fallback of " + s.From + ")"
				}
				pool = append(pool, m)
			}
		}
	}
	return pool
}

// fallbackDue reports whether those who were asked first have let three quarters of the time go by.
func (c *Change) fallbackDue(at time.Time) bool {
	return c.State == Pending && c.Stopped.IsZero() && !c.Submitted.IsZero() &&
		!at.Before(c.Submitted.Add(c.Expires.Sub(c.Submitted)*3/4))
}

// MemberOf finds somebody among the members of a group.
func MemberOf(pool []Member, who bot.PersonID) (Member, bool) {
	i := slices.IndexFunc(pool, func(m Member) bool { return m.Person == who })
	if i < 0 {
		return Member{}, false
	}
	return pool[i], true
}

// failed says which source of a stage's group could not be read, "" if all could.
func (r Roster) failed(s policy.Stage, groups map[string]policy.Group) string {
	seen := map[string]bool{}
	for name := s.From; name != "" && !seen[name]; name = groups[name].Fallback {
		seen[name] = true
		if why := r.Failed[name]; why != "" {
			return why
		}
	}
	return ""
}

// Delegation lets somebody vote for somebody else for a while.
type Delegation struct {
	From, To bot.PersonID
	Since    time.Time
	Until    time.Time
	Scope    string // a group's name; "" is every group
}

// Holds reports whether somebody votes for somebody else at a time, for a group.
func (d Delegation) Holds(at time.Time, group string) bool {
	return !at.Before(d.Since) && at.Before(d.Until) && (d.Scope == "" || d.Scope == group)
}
