package oncall

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do. Beyond them a rota has rules of its own, for its people.
var grants = bot.Grants{
	"viewer":  {"oncall.who", "oncall.list"},
	"auditor": {"oncall.who", "oncall.list"},
	"guest":   {"oncall.who", "oncall.list"},
	"member":  {"oncall.*"},
	"admin":   {"oncall:override"},
}
