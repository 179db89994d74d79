package due

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do. Everybody snoozes what is their own, managers what is anybody's.
var grants = bot.Grants{
	"auditor": {listDue},
	"member":  {listDue, snoozeDue},
	"manager": {others},
}
