package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

var errBusy = errors.New("too many calls to Slack at once")

// How long to leave Slack alone when it does not answer, or not sensibly. Jobs wait as long as it takes and lose nothing.
const (
	downPause    = 2 * time.Second
	revokedPause = time.Minute
)

// The codes of Slack's answers, by what they mean for us.
var (
	goneCodes    = []string{"message_not_found", "cant_update_message", "channel_not_found", "is_archived", "thread_not_found", "edit_window_closed"}
	revokedCodes = []string{"token_revoked", "token_expired", "invalid_auth", "account_inactive", "not_authed", "team_access_not_granted"}
	busyCodes    = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited", "team_added_to_org"}
)

// code is Slack's word for what went wrong, "" when it gave none.
func code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// call makes one call of the Web API within the limits of its buckets, and translates how it failed. method is the first bucket.
func (a *Adapter) call(ctx context.Context, do func(context.Context) error, method string, more ...string) error {
	if err := a.gate.enter(ctx, append([]string{method}, more...)...); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	ctx, cancel := context.WithTimeout(ctx, a.o.Timeout)
	defer cancel()
	err := do(ctx)
	a.heard(err)
	return a.translate(err, append([]string{method}, more...))
}

func (a *Adapter) translate(err error, buckets []string) error {
	if err == nil {
		return nil
	}
	method := buckets[0]
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		a.gate.pause(buckets[len(buckets)-1], limited.RetryAfter) // the narrowest: a channel's, if it is one
		return &bot.RetryAfterError{After: limited.RetryAfter, Err: fmt.Errorf("%s: %w", method, err)}
	}
	switch c := code(err); {
	case slices.Contains(goneCodes, c):
		return fmt.Errorf("%s: %s: %w", method, c, errors.Join(err, bot.ErrGone))
	case slices.Contains(revokedCodes, c):
		return &bot.RetryAfterError{After: revokedPause, Err: fmt.Errorf("%s: %w", method, err)}
	case slices.Contains(busyCodes, c):
		return &bot.RetryAfterError{After: downPause, Err: fmt.Errorf("%s: %w", method, err)}
	case c != "":
		return &bot.PermanentError{Err: fmt.Errorf("%s: %w%s", method, err, details(err))}
	}
	// No answer, or none of Slack's: it may have been done or not.
	return &bot.RetryAfterError{After: downPause, Err: fmt.Errorf("%s: %w", method, a.redact(err))}
}

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
func (a *Adapter) redact(err error) error {
	text := err.Error()
	for _, secret := range []string{a.o.BotToken, a.o.AppToken, a.o.SigningSecret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	if text == err.Error() {
		return err
	}
	return &redacted{text, err}
}

// heard keeps track of whether Slack answers and takes our token.
func (a *Adapter) heard(err error) {
	var limited *slack.RateLimitedError
	state := ""
	switch c := code(err); {
	case err == nil, errors.As(err, &limited), c != "" && !slices.Contains(revokedCodes, c):
	case slices.Contains(revokedCodes, c):
		state = "Slack refuses the bot token (" + c + "): install the app again and set SLACK_BOT_TOKEN"
	case errors.Is(err, context.Canceled):
		return
	default:
		state = "Slack does not answer: " + a.redact(err).Error()
	}
	if old := a.state.Swap(&state); old == nil || *old != state {
		if state != "" {
			a.log.Warn("Slack", "state", state)
		} else if old != nil && *old != "" {
			a.log.Info("Slack answers again")
		}
	}
}

// optional carries out what an incident can do without: a pin, a topic, a bookmark. What Slack refuses for good is logged and left out.
func (a *Adapter) optional(what string, err error) error {
	var permanent *bot.PermanentError
	if errors.As(err, &permanent) {
		a.log.Warn("Slack refused what can be done without", slog.String("what", what), slog.Any("error", err))
		return nil
	}
	return err
}
