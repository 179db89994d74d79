package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/watchbell/watchbell/bot"
)

// Codes of Discord's answers that mean something to us.
//
// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes
const (
	UnknownChannel     = 10003
	UnknownGuild       = 10004
	UnknownMember      = 10007
	UnknownMessage     = 10008
	UnknownUser        = 10013
	UnknownWebhook     = 10015
	UnknownInteraction = 10062
	TooManyPins        = 30003
	TooManyChannels    = 30013
	OldEdits           = 30046 // of messages older than an hour: later
	Acknowledged       = 40060
	MissingAccess      = 50001
	ClosedDirect       = 50007
	MissingPermissions = 50013
	InvalidToken       = 50027 // of an interaction that is over
	InvalidForm        = 50035
	ArchivedThread     = 50083
	HasThread          = 160004
)

var goneCodes = []int{UnknownChannel, UnknownGuild, UnknownMessage}

// secretPath finds the tokens of interactions and webhooks in addresses.
var secretPath = regexp.MustCompile(`((?:interactions|webhooks)/\d+/)[A-Za-z0-9_.%-]+`)

// largeBody is from where a 500 says that the body is refused for good: Discord answers so to messages whose texts are
// too long together. Files do not count.
const largeBody = 9_000

// Error is a refusal of Discord.
type Error struct {
	Route   string
	Status  int
	Code    int
	Message string
	Fields  string // what it did not like, by where it stands
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s (HTTP %d, code %d)", e.Route, e.Message, e.Status, e.Code)
	if e.Fields != "" {
		text += ": " + e.Fields
	}
	return text
}

// Code is Discord's number for what went wrong, 0 when it gave none.
func Code(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// translate turns how a call failed into what our callers do about it, and notes whether Discord answers.
// size is that of the call's JSON, and got what Discord answered.
func (c *Client) translate(err error, note *answer, key bucketKey, size int, got []byte) error {
	var limited *discordgo.RateLimitError
	if errors.As(err, &limited) || note.status == http.StatusTooManyRequests {
		c.heard("")
		after := c.gate.refused(key, note.header, limited, got)
		return &bot.RetryAfterError{After: after, Err: fmt.Errorf("%s: Discord asks to wait", key.route)}
	}
	if err == nil {
		c.heard("")
		return nil
	}
	var refused *discordgo.RESTError
	if !errors.As(err, &refused) {
		if errors.Is(err, context.Canceled) { // whose text has the address, and so perhaps a token
			return fmt.Errorf("%s: %w", key.route, context.Canceled)
		}
		err = errors.New(c.Redact(err))
		c.heard("Discord does not answer: " + err.Error())
		// No answer, or none of Discord's: it may have been done or not.
		return &bot.RetryAfterError{After: downPause, Err: fmt.Errorf("%s: %w", key.route, err)}
	}
	e := readError(refused, key.route)
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		c.gate.invalid()
	}
	switch {
	case e.Status == http.StatusUnauthorized && e.Code != InvalidToken:
		c.heard("Discord refuses the bot token: reset it on your application's page “Bot” and set DISCORD_BOT_TOKEN")
		return &bot.RetryAfterError{After: revokedPause, Err: e}
	case e.Status > http.StatusInternalServerError, e.Status == http.StatusInternalServerError && size <= largeBody:
		c.heard(fmt.Sprintf("Discord has a fault of its own (HTTP %d)", e.Status))
		return &bot.RetryAfterError{After: downPause, Err: e}
	}
	c.heard("")
	switch {
	case slices.Contains(goneCodes, e.Code):
		return errors.Join(e, bot.ErrGone)
	case e.Code == ClosedDirect: // somebody's own choice
		return errors.Join(e, bot.ErrRefused)
	case e.Code == OldEdits:
		return &bot.RetryAfterError{After: time.Minute, Err: e}
	}
	return &bot.PermanentError{Err: e}
}

// readError reads Discord's refusal.
func readError(r *discordgo.RESTError, route string) *Error {
	e := &Error{Route: route, Status: r.Response.StatusCode, Message: http.StatusText(r.Response.StatusCode)}
	var body struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Errors  json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(r.ResponseBody, &body) == nil && body.Message != "" {
		e.Code, e.Message, e.Fields = body.Code, body.Message, fieldsOf(body.Errors)
	}
	return e
}

// fieldsOf writes the nested object of what is wrong in one line, like "components.0.label: too long".
func fieldsOf(raw json.RawMessage) string {
	var list []string
	var walk func(path string, raw json.RawMessage)
	walk = func(path string, raw json.RawMessage) {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return
		}
		var wrong []struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(object["_errors"], &wrong) == nil {
			for _, w := range wrong {
				list = append(list, strings.TrimPrefix(path, ".")+": "+w.Message)
			}
		}
		for name, part := range object {
			if name != "_errors" {
				walk(path+"."+name, part)
			}
		}
	}
	walk("", raw)
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// longestAsked bounds how long Discord is believed that it wants to be left alone; afterwards it may say so again.
const longestAsked = time.Hour

// retryAfter is how long Discord asks to wait.
func retryAfter(h http.Header, e *discordgo.RateLimitError) time.Duration {
	if e != nil && e.RateLimit != nil && e.TooManyRequests != nil && e.RetryAfter > 0 {
		return min(e.RetryAfter, longestAsked)
	}
	for _, name := range []string{"Retry-After", "X-RateLimit-Reset-After"} {
		if s, err := strconv.ParseFloat(h.Get(name), 64); err == nil && s > 0 {
			return time.Duration(min(s, longestAsked.Seconds()) * float64(time.Second))
		}
	}
	return downPause
}
