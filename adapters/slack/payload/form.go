package payload

import (
	"errors"
	"net/url"
	"strings"
)

var errBadForm = errors.New("not a form")

// Fields calls set with each field of a form, in their order, until that returns false. Names need no unescaping:
// Slack's are letters.
func Fields(body string, set func(name, value string) bool) error {
	for body != "" {
		var pair string
		pair, body, _ = strings.Cut(body, "&")
		if strings.Contains(pair, ";") {
			return errBadForm
		}
		name, raw, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(raw)
		if err != nil {
			return errBadForm
		}
		if !set(name, value) {
			return nil
		}
	}
	return nil
}

// Set sets the field of a slash command that a form names; of two the first counts.
func (in *Command) Set(name, value string) {
	var field *string
	switch name {
	case "team_id":
		field = &in.Team
	case "enterprise_id":
		field = &in.Enterprise
	case "channel_id":
		field = &in.Channel
	case "user_id":
		field = &in.User
	case "command":
		field = &in.Command
	case "text":
		field = &in.Text
	case "response_url":
		field = &in.ResponseURL
	case "trigger_id":
		field = &in.Trigger
	case "ssl_check":
		field = &in.Check
	}
	if field != nil && *field == "" {
		*field = value
	}
}
