package discord

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// Invitation is the address that adds the bot of an application to a server, with the least permissions.
func Invitation(application string) (string, error) {
	if payload.When(application).IsZero() || len(application) < 17 || len(application) > 20 {
		return "", bot.Errorf(
			bot.Invalid, "%q is no application's id: it has 17 to 20 digits, like 1166401852345036800.",
			bot.Shown(application),
		)
	}
	query := url.Values{
		"client_id": {application}, "scope": {"bot applications.commands"},
		"permissions": {strconv.FormatUint(directory.Least(), 10)},
	}
	return "https://discord.com/oauth2/authorize?" + query.Encode(), nil
}

// ApplicationOf is the id of the application that a bot's token belongs to, "" when the token does not say: its first
// part is the bot's id, which is the application's for all but the oldest.
func ApplicationOf(token string) string {
	first, _, _ := strings.Cut(token, ".")
	id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil || payload.When(string(id)).IsZero() {
		return ""
	}
	return string(id)
}
