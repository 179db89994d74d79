package response

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do. Beyond them an incident has rules of its own, for its lead and deputy.
var grants = bot.Grants{
	"viewer": {"incident.show", "incident.list", "incident.timeline", "incident.catchup", "incident.tasks"},
	"auditor": {
		"incident.show", "incident.list", "incident.timeline", "incident.catchup", "incident.tasks", "incident.export",
	},
	"guest": {
		"incident.show", "incident.list", "incident.timeline", "incident.catchup", "incident.tasks", "incident.export",
		"incident.note",
	},
	"member":        {"incident.declare", "incident.join"},
	"responder":     {"incident.*"},
	"incident-lead": {"incident.*", "incident:override"},
	"admin":         {"incident:override"},
}
