package report

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do.
var grants = bot.Grants{
	"viewer":  {"report.list", "report.preview"},
	"auditor": {"report.list", "report.preview", "report.export", "report.ack"},
	"member":  {"report.*"},
	"admin":   {"report:override"},
}
