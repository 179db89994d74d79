package change

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// unsatisfiable says which stage can never be satisfied by the people there are, "" if all can. With distinct people
// across stages it looks for an assignment: each seat its own person.
func (c *Change) unsatisfiable(stages []policy.Stage, r Roster) string {
	var seats []int // the stage of each
	eligible := make([][]bot.PersonID, len(stages))
	for i, s := range stages {
		if why := r.failed(s, c.Needs.Groups); why != "" {
			return fmt.Sprintf("%s: who is in %s could not be read (%s)", s.Name, s.From, why)
		}
		for _, m := range c.Pool(s, c.Needs.Groups, r) {
			eligible[i] = append(eligible[i], m.Person)
		}
		if len(eligible[i]) < max(1, s.Quorum) {
			return fmt.Sprintf("%s needs %d of %s, and %s", s.Name, s.Quorum, s.From, atMost(eligible[i]))
		}
		for range s.Quorum {
			seats = append(seats, i)
		}
	}
	if !c.Needs.Duties.Distinct {
		return ""
	}
	taken := map[bot.PersonID]int{}
	var assign func(n int, tried map[bot.PersonID]bool) bool
	assign = func(n int, tried map[bot.PersonID]bool) bool {
		for _, p := range eligible[seats[n]] {
			if tried[p] {
				continue
			}
			tried[p] = true
			if other, busy := taken[p]; !busy || assign(other, tried) {
				taken[p] = n
				return true
			}
		}
		return false
	}
	for n := range seats {
		if !assign(n, map[bot.PersonID]bool{}) {
			return fmt.Sprintf("its stages need %d different people, and there are not that many", len(seats))
		}
	}
	return ""
}

// Stricter lists what a newer policy asks for and the votes do not meet: stages by their new groups and quorums.
func (c *Change) Stricter(q policy.Requirement, r Roster) []string {
	var missing []string
	if c.Needs.Auto != "" {
		if q.Auto == "" {
			missing = append(missing, "the rule "+c.Needs.Auto+" does not approve it any more")
		}
		return missing
	}
	for _, s := range q.Stages {
		have := map[bot.PersonID]bool{}
		pool := c.Pool(s, q.Groups, r)
		for _, v := range c.Counted() {
			if _, member := MemberOf(pool, v.Seat); v.Decision == Approve && member &&
				(v.Stage == s.Name || !slices.ContainsFunc(q.Stages, func(o policy.Stage) bool { return o.Name == v.Stage })) {
				have[v.Person] = true
			}
		}
		if old := slices.IndexFunc(c.Needs.Stages, func(o policy.Stage) bool {
			return o.Name == s.Name && o.From == s.From && o.Quorum >= s.Quorum
		}); old >= 0 && c.Stages()[old].Satisfied() {
			continue // as it was asked for and given
		}
		if len(have) < s.Quorum {
			missing = append(missing, fmt.Sprintf("%s %d of %d", s.Name, len(have), s.Quorum))
		}
	}
	return missing
}

func atMost(people []bot.PersonID) string {
	switch len(people) {
	case 0:
		return "nobody there may decide it (its requester never may)"
	case 1:
		return "only @" + string(people[0]) + " may decide it"
	}
	return "only @" + strings.Join(strings.Fields(value.Listed(people)), " @") + " may decide it"
}
