package control

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do. The policy says who decides about which change, so all members may use
// every command.
var grants = bot.Grants{
	"viewer": {"change.show", "change.list", "change.calendar"},
	"auditor": {
		"change.show", "change.list", "change.calendar", "change.explain", "change.policy", "change.evidence",
		"change.metrics", "change.feed",
		"change.verify-card",
	},
	"guest":  {"change.show", "change.list", "change.calendar"},
	"member": {"change.*"},
	"admin":  {deploys},
}
