package register

import (
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Audience is who may see the record.
func (h *Head) Audience() bot.Audience {
	r := record.Row{Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: h.Readers}
	return r.Audience()
}
