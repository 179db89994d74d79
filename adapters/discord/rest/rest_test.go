package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

const guild = "100000000000000001"

// clock is moved by tests.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a client in front of a fake Discord.
type world struct {
	fake    *discordfake.Server
	api     *rest.Client
	clock   *clock
	channel string
	log     *bytes.Buffer
}

func newWorld(t *testing.T, o discordfake.Options) *world {
	t.Helper()
	w := &world{clock: newClock(), log: &bytes.Buffer{}}
	o.Guild, o.Now = guild, w.clock.now
	w.fake = discordfake.Start(t, o)
	var err error
	w.api, err = rest.New(rest.Options{
		Token: w.fake.Token(), URL: w.fake.URL(), Timeout: 10 * time.Second, Now: w.clock.now,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.channel = w.fake.AddChannel(guild, "general")
	return w
}

func (w *world) post(ctx context.Context, text string) error {
	return w.api.Do(ctx, rest.Call{
		Method: "POST", Route: "channels/%s/messages", Args: []string{w.channel}, Body: map[string]string{"content": text},
	}, nil)
}

// means is what a caller does about an error.
func means(err error) string {
	var wait *bot.RetryAfterError
	var never *bot.PermanentError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, bot.ErrGone):
		return "gone"
	case errors.Is(err, bot.ErrRefused):
		return "refused"
	case errors.As(err, &wait):
		return "wait " + wait.After.String()
	case errors.As(err, &never):
		return "never"
	}
	return err.Error()
}

// What each refusal of Discord means for who wanted something, and whether it says that something is wrong.
func TestRefusals(t *testing.T) {
	const down, token = "Discord has a fault", "Discord refuses the bot token"
	for _, c := range []struct {
		name  string
		fault discordfake.Fault
		want  string
		state string // what Problem begins with
	}{
		{"unauthorized", discordfake.Fault{Status: 401}, "wait 1m0s", token},
		{"missing access", discordfake.Fault{Code: 50001}, "never", ""},
		{"missing permissions", discordfake.Fault{Code: 50013}, "never", ""},
		{"closed DMs", discordfake.Fault{Code: 50007}, "refused", ""},
		{"unknown route", discordfake.Fault{Status: 404}, "never", ""},
		{"unknown channel", discordfake.Fault{Code: 10003}, "gone", ""},
		{"unknown guild", discordfake.Fault{Code: 10004}, "gone", ""},
		{"unknown message", discordfake.Fault{Code: 10008}, "gone", ""},
		{"invalid form", discordfake.Fault{Status: 400, Code: 50035}, "never", ""},
		{"too many old edits", discordfake.Fault{Code: 30046}, "wait 1m0s", ""},
		{"user limit", discordfake.Fault{Status: 429, RetryAfter: 7 * time.Second}, "wait 7s", ""},
		{
			"user limit, without headers", discordfake.Fault{Status: 429, RetryAfter: 7 * time.Second, NoHeaders: true},
			"wait 7s", "",
		},
		{"shared limit", discordfake.Fault{Status: 429, RetryAfter: 8 * time.Second, Scope: "shared"}, "wait 8s", ""},
		{"global limit", discordfake.Fault{Status: 429, RetryAfter: 9 * time.Second, Scope: "global"}, "wait 9s", ""},
		{
			"Cloudflare's limit", discordfake.Fault{Status: 429, Cloudflare: true, RetryAfter: 30 * time.Second}, "wait 30s", "",
		},
		{"Cloudflare's limit without a time", discordfake.Fault{Status: 429, Cloudflare: true}, "wait 2s", ""},
		{"500", discordfake.Fault{Status: 500}, "wait 2s", down},
		{"502", discordfake.Fault{Status: 502}, "wait 2s", "Discord"},
		{"502 of Cloudflare", discordfake.Fault{Cloudflare: true}, "wait 2s", "Discord"},
		{"503", discordfake.Fault{Status: 503}, "wait 2s", down},
		{"overloaded", discordfake.Fault{Code: 130000}, "wait 2s", down},
		{"504", discordfake.Fault{Status: 504}, "wait 2s", down},
		{"520 of Cloudflare", discordfake.Fault{Status: 520, Cloudflare: true}, "wait 2s", down},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, discordfake.Options{})
			w.fake.Break(c.fault)
			if got := means(w.post(t.Context(), "x")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if p := w.api.Problem(); !strings.HasPrefix(p, c.state) || (p == "") != (c.state == "") {
				t.Errorf("problem %q, want %q", p, c.state)
			}
			w.fake.Heal()
			w.clock.move(time.Minute)
			if err := w.post(t.Context(), "y"); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if p := w.api.Problem(); p != "" {
				t.Errorf("afterwards the problem is %q", p)
			}
		})
	}
}

// A fault of Discord's own on a message with too much text never ends. Only the text counts, and only the status 500:
// Discord is down now and then while something large is under way.
func TestFaultsOnLargeBodies(t *testing.T) {
	long := strings.Repeat("x", 9_500)
	file := []rest.File{{Name: "a.txt", Type: "text/plain", Data: []byte(long)}}
	for _, c := range []struct {
		name   string
		status int
		text   string
		files  []rest.File
		want   string
	}{
		{"500, short", 500, "x", nil, "wait 2s"},
		{"500, long", 500, long, nil, "never"},
		{"502, long", 502, long, nil, "wait 2s"},
		{"503, long", 503, long, nil, "wait 2s"},
		{"500, a short text with a file", 500, "x", file, "wait 2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, discordfake.Options{})
			w.fake.Break(discordfake.Fault{Status: c.status})
			err := w.api.Do(t.Context(), rest.Call{
				Method: "POST", Route: "channels/%s/messages", Args: []string{w.channel}, Files: c.files,
				Body: map[string]any{"content": c.text},
			}, nil)
			if got := means(err); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if (w.api.Problem() == "") != (c.want == "never") {
				t.Errorf("problem %q", w.api.Problem())
			}
		})
	}
}

// The token of an interaction is worthless after a quarter of an hour. That says nothing about the bot's.
func TestAnOldInteractionIsNotARevokedToken(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	w.fake.Break(discordfake.Fault{Method: "PATCH", Status: 401, Code: 50027, Message: "Invalid Webhook Token"})
	err := w.api.Do(t.Context(), rest.Call{
		Method: "PATCH", Route: "webhooks/%s/%s/messages/@original", Args: []string{w.fake.Application(), "token-old"},
		Body: map[string]string{"content": "x"},
	}, nil)
	if got := means(err); got != "never" || w.api.Problem() != "" {
		t.Errorf("%s, problem %q", got, w.api.Problem())
	}
}

// No limit lets the refused calls of one channel hold up others, except where it is meant for all.
func TestWhomALimitHoldsUp(t *testing.T) {
	for _, c := range []struct {
		name      string
		fault     discordfake.Fault
		neighbour string
	}{
		{"user", discordfake.Fault{}, "ok"},
		{"shared", discordfake.Fault{Scope: "shared"}, "ok"},
		{"global", discordfake.Fault{Scope: "global"}, "wait 1m0s"},
		{"global, without headers", discordfake.Fault{Scope: "global", NoHeaders: true}, "wait 1m0s"},
		{"user, without headers", discordfake.Fault{NoHeaders: true}, "ok"},
		{"Cloudflare", discordfake.Fault{Cloudflare: true}, "wait 1m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, discordfake.Options{})
			other := w.fake.AddChannel(guild, "other")
			c.fault.Status, c.fault.RetryAfter, c.fault.Times = 429, time.Minute, 1
			w.fake.Break(c.fault)
			if got := means(w.post(t.Context(), "first")); got != "wait 1m0s" {
				t.Fatal(got)
			}
			before := len(w.fake.Calls("", ""))
			if got := means(w.post(t.Context(), "again")); got != "wait 1m0s" {
				t.Errorf("the same channel: %s", got)
			}
			if after := len(w.fake.Calls("", "")); after != before {
				t.Error("Discord was asked again before its time")
			}
			w.channel = other
			if got := means(w.post(t.Context(), "elsewhere")); got != c.neighbour {
				t.Errorf("another channel: %s, want %s", got, c.neighbour)
			}
			w.clock.move(time.Minute)
			if err := w.post(t.Context(), "later"); err != nil {
				t.Error(err)
			}
		})
	}
}

// answering is a Discord that says always the same.
type answering struct {
	status int
	body   string
	header http.Header
	calls  int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.calls++
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Header: a.header.Clone(), Request: r,
		Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// Discord bans an address that it refuses 10,000 times in ten minutes, by 401, 403 or 429. We stop long before.
func TestInvalidRequestsHaveABudget(t *testing.T) {
	for name, discord := range map[string]*answering{
		"401": {status: 401, body: `{"message": "401: Unauthorized", "code": 0}`},
		"403": {status: 403, body: `{"message": "Missing Permissions", "code": 50013}`},
		"429": {status: 429, body: `{"message": "You are being rate limited.", "retry_after": 0.001, "global": false}`},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			api, err := rest.New(rest.Options{
				Token: "fake", Timeout: time.Second, Now: clock.now, Log: slog.New(slog.DiscardHandler), Transport: discord,
			})
			if err != nil {
				t.Fatal(err)
			}
			get := func() (asked bool) {
				before := discord.calls
				_ = api.Do(t.Context(), rest.Call{Method: "GET", Route: "users/@me"}, nil)
				return discord.calls > before
			}
			for range 5000 {
				clock.move(50 * time.Millisecond) // 250 s in all
				get()
			}
			if discord.calls > 3001 || discord.calls < 2500 {
				t.Errorf("Discord refused %d calls", discord.calls)
			}
			discord.status, discord.body = 200, "{}"
			if get() {
				t.Error("it goes on at once")
			}
			clock.move(10 * time.Minute)
			if !get() {
				t.Error("ten minutes later it does not go on")
			}
		})
	}
}

// The bot's token and those of interactions stand in no error and no log, whatever happens to a call.
func TestTokensAreNeverTold(t *testing.T) {
	const secret = "token-0123456789abcdef"
	for name, fault := range map[string]discordfake.Fault{
		"lost": {Lost: true}, "502": {Cloudflare: true}, "500": {Status: 500}, "404": {Code: 10062}, "429": {Status: 429},
		"401": {Status: 401}, "canceled": {Hang: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, discordfake.Options{Token: "MTIz.fake.secret"})
			w.fake.Break(fault)
			for _, in := range []rest.Call{
				{Method: "POST", Route: "interactions/%s/%s/callback", Args: []string{"1", secret}, Apart: true},
				{Method: "PATCH", Route: "webhooks/%s/%s/messages/@original", Args: []string{w.fake.Application(), secret}},
			} {
				in.Body = map[string]any{"type": 4, "content": "x"}
				ctx, cancel := context.WithCancel(t.Context())
				if fault.Hang > 0 {
					time.AfterFunc(20*time.Millisecond, cancel)
				}
				err := w.api.Do(ctx, in, nil)
				cancel()
				if err == nil {
					t.Fatalf("%s: no error", in.Route)
				}
				for _, told := range []string{err.Error(), fmt.Sprintf("%+v", err), w.log.String(), w.api.Problem()} {
					if strings.Contains(told, secret) || strings.Contains(told, w.fake.Token()) {
						t.Errorf("%s: %s", in.Route, told)
					}
				}
			}
		})
	}
}

func TestRedact(t *testing.T) {
	api, err := rest.New(rest.Options{Token: "MTIz.fake.secret", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"bad MTIz.fake.secret here":         "bad [secret] here",
		"v9/webhooks/12/ab-C_d%2E/messages": "v9/webhooks/12/[secret]/messages",
		"interactions/1/tok/callback":       "interactions/1/[secret]/callback",
		"channels/1/messages":               "channels/1/messages",
	} {
		if got := api.Redact(errors.New(in)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnAddressThatIsNone(t *testing.T) {
	for _, at := range []string{"discord.com", "://", "http://"} {
		_, err := rest.New(rest.Options{URL: at, Now: time.Now})
		var people *bot.Error
		if !errors.As(err, &people) || !strings.Contains(err.Error(), "DISCORD_API_URL") {
			t.Errorf("%q: %v", at, err)
		}
	}
}

// Reading a refusal never fails, and names what was wrong by where it stands.
func TestRefusalsNameTheField(t *testing.T) {
	w := newWorld(t, discordfake.Options{})
	err := w.post(t.Context(), strings.Repeat("x", 2001))
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Code != rest.InvalidForm || refused.Status != http.StatusBadRequest ||
		!strings.HasPrefix(refused.Fields, "content: ") {
		t.Errorf("%+v", refused)
	}
}

// However many want something at once, Discord never has to ask us to slow down.
func TestLimitsAreKept(t *testing.T) {
	fake := discordfake.Start(t, discordfake.Options{Guild: guild, Limits: true})
	api, err := rest.New(rest.Options{
		Token: fake.Token(), URL: fake.URL(), Timeout: 10 * time.Second, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	channel := fake.AddChannel(guild, "general")
	get := rest.Call{Method: "POST", Route: "channels/%s/messages", Args: []string{channel}}
	get.Body = map[string]string{"content": "x"}
	patiently := func() {
		for {
			err := api.Do(t.Context(), get, nil)
			var wait *bot.RetryAfterError
			if !errors.As(err, &wait) {
				if err != nil {
					t.Error(err)
				}
				return
			}
			select {
			case <-t.Context().Done():
				return
			case <-time.After(wait.After):
			}
		}
	}
	patiently() // its answer tells of the limit
	var all sync.WaitGroup
	for range 7 {
		all.Go(patiently)
	}
	all.Wait()
	if n := fake.Throttled(); n > 0 {
		t.Errorf("Discord had to ask %d times", n)
	}
}

// Who gives up waiting for a turn takes no turn from others.
func TestATurnThatIsGivenUp(t *testing.T) {
	w := newWorld(t, discordfake.Options{Limits: true})
	for range 5 {
		if err := w.post(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.move(4 * time.Second) // the next period is near enough to be waited for
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.post(ctx, "given up"); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	w.clock.move(time.Second)
	for range 5 {
		if err := w.post(t.Context(), "y"); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.fake.Throttled(); n > 0 {
		t.Errorf("Discord had to ask %d times", n)
	}
}

// Whatever is asked, the wait is a sensible one.
func TestHowLongToWait(t *testing.T) {
	for _, c := range []struct {
		header, body string
		want         string
	}{
		{"3", "", "wait 3s"}, {"0.5", "", "wait 500ms"}, {"", `{"retry_after": 1.5}`, "wait 1.5s"},
		{"3", `{"retry_after": 1.5}`, "wait 1.5s"},
		{"", "", "wait 2s"}, {"0", "", "wait 2s"}, {"-5", "", "wait 2s"}, {"NaN", "", "wait 2s"}, {"soon", "", "wait 2s"},
		{"Inf", "", "wait 1h0m0s"}, {"1e300", "", "wait 1h0m0s"}, {"99999", "", "wait 1h0m0s"},
		{"", `{"retry_after": -1}`, "wait 2s"}, {"", `{"retry_after": 99999}`, "wait 1h0m0s"},
	} {
		t.Run(c.header+" "+c.body, func(t *testing.T) {
			discord := &answering{status: 429, body: c.body, header: http.Header{}}
			if c.header != "" {
				discord.header.Set("Retry-After", c.header)
			}
			api, err := rest.New(rest.Options{
				Token: "fake", Timeout: time.Second, Now: newClock().now, Log: slog.New(slog.DiscardHandler), Transport: discord,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := means(api.Do(t.Context(), rest.Call{Method: "GET", Route: "users/@me"}, nil)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
