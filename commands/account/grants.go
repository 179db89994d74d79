package account

import "github.com/watchbell/watchbell/bot"

// grants are what the built-in roles may do. Everybody may see who they are; accounts of others are for administrators.
var grants = bot.Grants{
	"guest":   {"ops.me"},
	"viewer":  {"ops.me", "ops.me-link", "ops.me-unlink"},
	"auditor": {"ops.me", "ops.me-link", "ops.me-unlink"},
	"member":  {"ops.me-link", "ops.me-unlink"},
}
