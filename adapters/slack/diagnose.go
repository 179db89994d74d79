package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// Diagnose looks at the tokens, their scopes and the channel for announcements, one by one, and says what does not work
// because of each.
func Diagnose(ctx context.Context, o Options, channel string) []bot.Finding {
	if err := CheckTokens(o.BotToken, o.AppToken, o.SigningSecret); err != nil {
		return []bot.Finding{bot.ToFix("Slack's tokens", err.Error())}
	}
	heads := &headers{}
	a := newAdapter(o, heads)
	id, err := a.directory.Whoami(ctx)
	if err != nil {
		return append([]bot.Finding{}, bot.ToFix(
			"SLACK_BOT_TOKEN: "+reason(err),
			"If Slack is up, install the app again on its page \"Install App\" and copy the Bot User OAuth Token.",
		))
	}
	list := []bot.Finding{
		bot.Fine("SLACK_BOT_TOKEN is that of the bot " + id.User + " in the workspace " + id.Workspace),
	}
	list = append(list, scopeFindings(heads.scopes())...)
	if skew := heads.skew(); skew > time.Minute {
		list = append(list, bot.ToFix(
			fmt.Sprintf("this machine's clock is %s off", skew.Round(time.Second)),
			"Set it, for example with NTP: Slack's signatures are only good for five minutes.",
		))
	}
	list = append(list, a.entrance(ctx))
	return append(list, a.announcing(ctx, channel))
}

func reason(err error) string {
	if c := webapi.Code(err); c != "" {
		return "Slack says " + c
	}
	var retry *bot.RetryAfterError
	if errors.As(err, &retry) {
		err = retry.Err
	}
	return err.Error()
}

func scopeFindings(granted string) []bot.Finding {
	if granted == "" {
		return nil // not every installation of Slack says
	}
	have := map[string]bool{}
	for _, s := range strings.Split(granted, ",") {
		have[strings.TrimSpace(s)] = true
	}
	var list []bot.Finding
	for _, s := range Scopes {
		if !have[s.Name] {
			list = append(list, bot.ToFix(
				"the scope "+s.Name+" is missing, so this is off: "+s.For,
				"Add it on the app's page \"OAuth & Permissions\", or paste the manifest anew (watchbell slack manifest), and "+
					"install the app again.",
			))
		}
	}
	if len(list) == 0 {
		list = append(list, bot.Fine(fmt.Sprintf("all %d scopes are granted", len(Scopes))))
	}
	return list
}

// entrance looks at the way by which Slack reaches us.
func (a *Adapter) entrance(ctx context.Context) bot.Finding {
	if a.o.AppToken == "" {
		return bot.Fine("HTTP: whether Slack's requests arrive shows the app's page \"Event Subscriptions\"")
	}
	err := a.api.Call(
		ctx, func(ctx context.Context) error { _, _, err := a.api.StartSocketModeContext(ctx); return err },
		"apps.connections.open",
	)
	if err != nil {
		return bot.ToFix(
			"SLACK_APP_TOKEN: "+reason(err),
			"Make an app-level token with the scope connections:write on the app's page \"Basic Information\", and switch on "+
				"Socket Mode.",
		)
	}
	return bot.Fine("SLACK_APP_TOKEN opens Socket Mode")
}

func (a *Adapter) announcing(ctx context.Context, channel string) bot.Finding {
	_, err := a.FindChannel(ctx, channel)
	switch {
	case err == nil:
		return bot.Fine("#" + channel + " is there for announcements")
	case errors.Is(err, bot.ErrGone):
		return bot.ToFix(
			"there is no channel #"+channel+", so incidents are announced nowhere",
			"Make the channel, or name another one in the configuration: incidents.channel. If it is private, invite the bot to it.",
		)
	}
	return bot.ToFix("#"+channel+" was not looked for: "+reason(err), "Grant the scope channels:read.")
}

// headers remembers what answers say beside their bodies.
type headers struct {
	mu      sync.Mutex
	granted string
	off     time.Duration
}

// RoundTrip implements http.RoundTripper.
func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return response, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := response.Header.Get("X-OAuth-Scopes"); s != "" && strings.HasSuffix(r.URL.Path, "/auth.test") {
		h.granted = s
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		h.off = time.Since(date).Abs()
	}
	return response, nil
}

func (h *headers) scopes() string { h.mu.Lock(); defer h.mu.Unlock(); return h.granted }

func (h *headers) skew() time.Duration { h.mu.Lock(); defer h.mu.Unlock(); return h.off }
