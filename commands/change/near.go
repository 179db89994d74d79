package change

import (
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Suspects are those of list that are on the services, or near them, and began or begin before to: the likeliest cause
// of trouble first.
func Suspects(list []*Change, services, near []string, to time.Time) []NearChange {
	list = slices.DeleteFunc(list, func(c *Change) bool {
		return !value.Shares(c.Services, near) || c.State == Approved && !c.Window.Start.Before(to)
	})
	slices.SortStableFunc(list, func(a, b *Change) int { return suspicion(b, services) - suspicion(a, services) })
	var found []NearChange
	for _, c := range list {
		where := "next to it"
		if value.Shares(c.Services, services) {
			where = "same service"
		}
		found = append(found, c.Near(where))
	}
	return found
}

// suspicion orders changes: more points are more suspicious.
func suspicion(c *Change, services []string) int {
	points := c.Risk.Level.Rank()
	if c.State.Running() {
		points += 10
	}
	if value.Shares(c.Services, services) {
		points += 6
	}
	if c.Type == policy.Emergency {
		points += 2
	}
	if !c.Started.IsZero() {
		points += 3
	}
	return points
}

// NearChange is a change near an incident.
type NearChange struct {
	ID, Title string
	Detail    bot.Text // when, and where
	Running   bool
}

// Near is a change as an incident tells of it: points in time, because cards show no running clocks.
func (c *Change) Near(where string) NearChange {
	when := bot.T(strings.ToLower(c.State.Label()))
	switch _, back := c.WentBack(); {
	case back && c.State != RollingBack:
		when = bot.T("rolled back ", c.Finished)
	case c.State == RollingBack:
		when = bot.T("is being rolled back")
	case !c.Finished.IsZero():
		when = bot.T("done ", c.Finished)
	case !c.Started.IsZero():
		when = bot.T("under way since ", c.Started)
	case c.Window.Set():
		when = bot.T("planned for ", c.Window.Start)
	}
	return NearChange{c.ID(), c.Title, append(when, bot.T(", "+where)...), c.State == Implementing || c.State == Verifying}
}
