package webapi

import (
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// The codes of Slack's answers, by what they mean for us.
var (
	goneCodes = []string{
		"message_not_found", "cant_update_message", "channel_not_found", "is_archived", "thread_not_found",
		"edit_window_closed",
	}
	revokedCodes = []string{
		"token_revoked", "token_expired", "invalid_auth", "account_inactive", "not_authed", "team_access_not_granted",
	}
	busyCodes = []string{
		"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited",
		"team_added_to_org",
	}
)

// Code is Slack's word for what went wrong, "" when it gave none.
func Code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// Revoked reports whether Slack no longer takes the token.
func Revoked(err error) bool { return slices.Contains(revokedCodes, Code(err)) }

// details are what Slack says beside the code: which scope is missing, which block it does not like.
func details(err error) string {
	var e slack.SlackErrorResponse
	if !errors.As(err, &e) {
		return ""
	}
	parts := slices.Clone(e.ResponseMetadata.Messages)
	if e.Needed != "" {
		parts = append(parts, "needs the scope "+e.Needed)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// redacted is an error whose text held a token.
type redacted struct {
	text string
	err  error
}

func (e *redacted) Error() string { return e.text }
func (e *redacted) Unwrap() error { return e.err }

// redact keeps tokens out of logs: they travel as form fields, and an error may quote what was sent.
func (c *Client) redact(err error) error {
	text := err.Error()
	for _, secret := range append([]string{c.o.BotToken, c.o.AppToken}, c.o.Secrets...) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	if text == err.Error() {
		return err
	}
	return &redacted{text, err}
}

// Redact is the text of an error without tokens, "" for nil.
func (c *Client) Redact(err error) string {
	if err == nil {
		return ""
	}
	return c.redact(err).Error()
}
