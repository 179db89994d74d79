// Package webapi makes the calls of Slack's Web API: within Slack's limits, with errors that say what to do next, and
// without letting a token into a log. It also knows whether Slack answers at all.
package webapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
)

// Options say whose calls a client makes, and how.
type Options struct {
	BotToken string   // xoxb-…
	AppToken string   // xapp-…, for Socket Mode
	Secrets  []string // beside the tokens: what must not be in an error either
	URL      string   // default https://slack.com/api/
	Timeout  time.Duration
	Log      *slog.Logger
	Now      func() time.Time

	Transport http.RoundTripper // default http.DefaultTransport
}

// Client is a client of the Web API. Each of its calls goes through Call.
type Client struct {
	*slack.Client
	o     Options
	gate  *gate
	state atomic.Pointer[string] // why Slack cannot be reached, "" when it can
}

// New makes a client. It asks Slack nothing yet.
func New(o Options) *Client {
	options := []slack.Option{slack.OptionHTTPClient(&http.Client{Timeout: o.Timeout, Transport: o.Transport})}
	if o.URL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimRight(o.URL, "/")+"/"))
	}
	if o.AppToken != "" {
		options = append(options, slack.OptionAppLevelToken(o.AppToken))
	}
	c := &Client{Client: slack.New(o.BotToken, options...), o: o, gate: newGate(o.Now)}
	starting := "is starting"
	c.state.Store(&starting)
	return c
}

// How long to leave Slack alone when it does not answer, or not sensibly. Jobs wait as long as it takes and lose
// nothing.
const (
	downPause    = 2 * time.Second
	revokedPause = time.Minute
)

// Call makes one call of the Web API within the limits of its buckets, and translates how it failed. method is the
// first bucket.
func (c *Client) Call(ctx context.Context, do func(context.Context) error, method string, more ...string) error {
	if err := c.gate.enter(ctx, append([]string{method}, more...)...); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	err := do(ctx)
	c.Heard(err)
	return c.translate(err, append([]string{method}, more...))
}

func (c *Client) translate(err error, buckets []string) error {
	if err == nil {
		return nil
	}
	method := buckets[0]
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		c.gate.pause(buckets[len(buckets)-1], limited.RetryAfter) // the narrowest: a channel's, if it is one
		return &bot.RetryAfterError{After: limited.RetryAfter, Err: fmt.Errorf("%s: %w", method, err)}
	}
	switch code := Code(err); {
	case slices.Contains(goneCodes, code):
		return fmt.Errorf("%s: %s: %w", method, code, errors.Join(err, bot.ErrGone))
	case slices.Contains(revokedCodes, code):
		return &bot.RetryAfterError{After: revokedPause, Err: fmt.Errorf("%s: %w", method, err)}
	case slices.Contains(busyCodes, code):
		return &bot.RetryAfterError{After: downPause, Err: fmt.Errorf("%s: %w", method, err)}
	case code != "":
		return &bot.PermanentError{Err: fmt.Errorf("%s: %w%s", method, err, details(err))}
	}
	// No answer, or none of Slack's: it may have been done or not.
	return &bot.RetryAfterError{After: downPause, Err: fmt.Errorf("%s: %w", method, c.redact(err))}
}

// Heard keeps track of whether Slack answers and takes our token, by what came of something that was asked of it.
func (c *Client) Heard(err error) {
	var limited *slack.RateLimitedError
	state := ""
	switch code := Code(err); {
	case err == nil, errors.As(err, &limited), code != "" && !slices.Contains(revokedCodes, code):
	case slices.Contains(revokedCodes, code):
		state = "Slack refuses the bot token (" + code + "): install the app again and set SLACK_BOT_TOKEN"
	case errors.Is(err, context.Canceled):
		return
	default:
		state = "Slack does not answer: " + c.redact(err).Error()
	}
	if old := c.state.Swap(&state); old == nil || *old != state {
		if state != "" {
			c.o.Log.Warn("Slack", "state", state)
		} else if old != nil && *old != "" {
			c.o.Log.Info("Slack answers again")
		}
	}
}

// Problem is why Slack cannot be reached, "" when it can.
func (c *Client) Problem() string { return *c.state.Load() }

// Lost notes why Slack cannot be reached, when something else than a call told.
func (c *Client) Lost(state string) {
	c.state.Store(&state)
	c.o.Log.Error("Slack", "state", state)
}

// Optional passes on how something ended that an incident can do without: a pin, a topic, a bookmark. What Slack
// refuses for good is logged and left out.
func (c *Client) Optional(what string, err error) error {
	var permanent *bot.PermanentError
	if errors.As(err, &permanent) {
		c.o.Log.Warn("Slack refused what can be done without", slog.String("what", what), slog.Any("error", err))
		return nil
	}
	return err
}

// Pause waits, and reports whether ctx goes on.
func Pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
