package change

import (
	"strings"

	"github.com/watchbell/watchbell/bot"
)

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
