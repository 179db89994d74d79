// Package rest makes the calls of Discord's HTTP API: within Discord's limits, with errors that say what to do next,
// and without letting a token into a log. It also knows whether Discord answers at all.
//
// discordgo sends them. Its own limiter sleeps under a lock and does not look at contexts, so each call gets one that
// is fresh, and the gate of this package keeps the limits instead.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/watchbell/watchbell/bot"
)

// Options say whose calls a client makes, and how.
type Options struct {
	Token   string // of the bot, without "Bot "
	URL     string // scheme and host to use in place of https://discord.com; for tests
	Timeout time.Duration
	Log     *slog.Logger
	Now     func() time.Time

	Transport http.RoundTripper // default http.DefaultTransport
}

// Client is a client of Discord's HTTP API. It is safe for concurrent use.
type Client struct {
	o       Options
	http    *http.Client
	session *discordgo.Session // never opened
	gate    *gate
	state   atomic.Pointer[string] // why Discord cannot be reached, "" when it can
}

// New makes a client. It asks Discord nothing yet.
func New(o Options) (*Client, error) {
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	if o.URL != "" {
		base, err := url.Parse(o.URL)
		if err != nil || base.Host == "" {
			return nil, bot.Errorf(
				bot.Invalid, "DISCORD_API_URL is no address: %q. Write scheme and host, like http://127.0.0.1:9000", o.URL,
			)
		}
		transport = elsewhere{base, transport}
	}
	c := &Client{
		o: o, gate: newGate(o.Now), http: &http.Client{Timeout: o.Timeout, Transport: observer{transport}},
	}
	var err error
	if c.session, err = c.Session(); err != nil {
		return nil, err
	}
	starting := "is starting"
	c.state.Store(&starting)
	return c, nil
}

// Session makes a session of the library that reconnects, retries and remembers nothing by itself.
func (c *Client) Session() (*discordgo.Session, error) {
	s, err := discordgo.New("Bot " + c.o.Token)
	if err != nil {
		return nil, err
	}
	s.Client = c.http
	s.ShouldReconnectOnError, s.ShouldRetryOnRateLimit, s.MaxRestRetries = false, false, 0
	s.StateEnabled, s.SyncEvents, s.LogLevel = false, true, -1
	s.UserAgent = "DiscordBot (https://github.com/watchbell/watchbell, 1)"
	return s, nil
}

// elsewhere sends what is meant for Discord to another address.
type elsewhere struct {
	base *url.URL
	next http.RoundTripper
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "discord.com" {
		return e.next.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = e.base.Scheme, e.base.Host, ""
	return e.next.RoundTrip(r)
}

// answer is what came back beside the body, which the library keeps to itself.
type answer struct {
	status int
	header http.Header
}

type answerKey struct{}

// observer notes the answer for whoever wants it.
type observer struct{ next http.RoundTripper }

func (o observer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(r)
	if note, ok := r.Context().Value(answerKey{}).(*answer); ok && err == nil {
		note.status, note.header = resp.StatusCode, resp.Header
	}
	return resp, err
}

// Call is one call of the API.
type Call struct {
	Method string
	Route  string   // like "channels/%s/messages/%s": calls of one route share a limit
	Args   []string // of Route; the first is the channel, guild or webhook that has the limit for itself
	Query  string   // like "limit=100"
	Body   any      // JSON; nil for none
	Files  []File
	Reason string // for the guild's audit log
	Apart  bool   // it has no limit: the first answer to an interaction
}

// File goes along with a message.
type File struct {
	Name string
	Type string
	Data []byte
}

// How long to leave Discord alone when it does not answer, or not sensibly. Jobs wait as long as it takes and lose
// nothing.
const (
	downPause    = 2 * time.Second
	revokedPause = time.Minute
)

func (in *Call) path() string {
	args := make([]any, len(in.Args))
	for i, a := range in.Args {
		args[i] = url.PathEscape(a)
	}
	path := fmt.Sprintf(in.Route, args...)
	if in.Query != "" {
		path += "?" + in.Query
	}
	return path
}

// bucket names the limit that a call is under.
func (in *Call) bucket() bucketKey {
	key := bucketKey{route: in.Method + " " + in.Route}
	own := min(1, len(in.Args))
	if strings.HasPrefix(in.Route, "webhooks/") { // whose tokens have a limit each
		own = min(2, len(in.Args))
	}
	key.major = strings.Join(in.Args[:own], "/")
	return key
}

// Do makes a call within Discord's limits, reads its answer into out unless that is nil, and translates how it failed.
func (c *Client) Do(ctx context.Context, in Call, out any) error {
	key := in.bucket()
	body, kind, size, err := encode(in)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("%s: %w", key.route, err)}
	}
	if !in.Apart {
		if err := c.gate.enter(ctx, key); err != nil {
			return fmt.Errorf("%s: %w", key.route, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	note := &answer{}
	options := []discordgo.RequestOption{discordgo.WithContext(context.WithValue(ctx, answerKey{}, note))}
	if in.Reason != "" {
		options = append(options, discordgo.WithAuditLogReason(url.PathEscape(in.Reason)))
	}
	got, err := c.session.RequestWithLockedBucket(
		in.Method, discordgo.EndpointAPI+in.path(), kind, body, discordgo.NewRatelimiter().LockBucket(""), 0, options...,
	)
	if !in.Apart {
		c.gate.learn(key, note.header)
	}
	err = c.translate(err, note, key, size, got)
	if err == nil && out != nil {
		if err = json.Unmarshal(got, out); err != nil {
			return fmt.Errorf("%s: what Discord answered: %w", key.route, err)
		}
	}
	return err
}

// encode is the body of a call: JSON, or with files a form that holds both. size is that of the JSON.
func encode(in Call) (body []byte, kind string, size int, err error) {
	if in.Body == nil && len(in.Files) == 0 {
		return nil, "", 0, nil
	}
	body, err = json.Marshal(in.Body)
	size = len(body)
	if err != nil || len(in.Files) == 0 {
		return body, "application/json", size, err
	}
	body, kind, err = withFiles(body, in.Files)
	return body, kind, size, err
}

// heard keeps track of whether Discord answers and takes our token, by what came of something that was asked of it.
func (c *Client) heard(state string) {
	if old := c.state.Swap(&state); old == nil || *old != state {
		if state != "" {
			c.o.Log.Warn("Discord", "state", state)
		} else if old != nil && *old != "" {
			c.o.Log.Info("Discord answers again")
		}
	}
}

// Problem is why Discord cannot be reached, "" when it can.
func (c *Client) Problem() string { return *c.state.Load() }

// Optional passes on how something ended that an incident can do without: a pin, a topic. What Discord refuses for good
// is logged and left out.
func (c *Client) Optional(what string, err error) error {
	var permanent *bot.PermanentError
	if errors.As(err, &permanent) {
		c.o.Log.Warn("Discord refused what can be done without", "what", what, "error", c.Redact(err))
		return nil
	}
	return err
}

// Redact is the text of an error without tokens, "" for nil: those of interactions stand in addresses.
func (c *Client) Redact(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if c.o.Token != "" {
		text = strings.ReplaceAll(text, c.o.Token, "[secret]")
	}
	return secretPath.ReplaceAllString(text, "${1}[secret]")
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
