package slack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// newWorld is the adapter in front of a bot with one capability, and a fake Slack.
func newWorld(t *testing.T, http bool, with ...func(*engine.Options)) *harness {
	t.Helper()
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	if err := store.SyncPeople(context.Background(), slackPeople(), bottest.Start); err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, store, http)
	h.things(with...)
	h.start(t, h.core.Receive)
	h.core.Attach(h.adapter)
	t.Cleanup(func() {
		for range cap(h.gate) { // nothing waits any more
			select {
			case h.gate <- struct{}{}:
			default:
			}
		}
		h.stop()
	})
	return h
}

// things makes the bot that has the capability, for a process of its own.
func (h *harness) things(with ...func(*engine.Options)) {
	o := engine.Options{
		Store: h.store, Grants: bot.Grants{"responder": {"thing.*"}, "incident-lead": {"thing.*"}, "guest": {"thing.see"}},
		Patience: 600 * time.Millisecond,
	}
	for _, set := range with {
		set(&o)
	}
	h.core = engine.New(o)
	gate := make(chan struct{}, 10)
	started := make(chan struct{}, 100)
	h.gate, h.started = gate, started
	why := bot.Param{Name: "why", Kind: bot.TextParam, Bare: true, Form: true}
	must := bot.Param{Name: "what", Kind: bot.TextParam, Form: true, Required: true, Help: "Anything."}
	who := bot.Param{Name: "who", Kind: bot.PersonParam, Form: true}
	say := func(words string) bot.Handler {
		return func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			return bot.Answer(bot.Say(words, c.Text("why"), c.Text("what"), " by ", c.Person.Name, " for ", c.Who("who").Name)),
				nil
		}
	}
	slow := func(context.Context, *bot.Call) (bot.Reply, error) {
		started <- struct{}{}
		<-gate
		return bot.Answer(bot.Say("slowly done")), nil
	}
	long := strings.Repeat("漢字です", 2200)
	h.core.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{
			Name: "thing.see", Permission: "thing.see", Summary: "see it", Example: "/thing see", Reads: true,
			Params: []bot.Param{why}, Title: "See", Handle: say("seen: "),
		},
		{
			Name: "thing.do", Permission: "thing.do", Summary: "do it", Example: "/thing do", Title: "Do the thing",
			Submit: "Do it", Shortcut: "Do it", Params: []bot.Param{why, must, who}, Handle: say("done: "),
		},
		{Name: "thing.slow", Permission: "thing.do", Summary: "take long", Example: "/thing slow", Handle: slow},
		{
			Name: "thing.ask", Permission: "thing.do", Summary: "ask and take long", Example: "/thing ask", Title: "Ask",
			Params: []bot.Param{must}, Handle: slow,
		},
		{
			Name: "thing.tell", Permission: "thing.do", Summary: "say a lot", Example: "/thing tell",
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) {
				return bot.Answer(bot.Say(long, "the end")), nil
			},
		},
		{
			Name: "thing.refuse", Permission: "thing.do", Summary: "refuse with many words", Example: "/thing refuse",
			Title: "Refuse", Params: []bot.Param{must},
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) {
				return bot.Reply{}, bot.Errorf(bot.Conflict, "%s", long)
			},
		},
	}})
}

func (h *harness) sees(t *testing.T, user, part string) bottest.Seen {
	t.Helper()
	var found bottest.Seen
	eventually(t, user+" sees "+part, func() bool {
		for _, s := range h.Sees(t, user) {
			if strings.Contains(s.Text, part) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

// What each refusal of Slack means for whoever wanted something.
func TestRefusals(t *testing.T) {
	ctx := context.Background()
	h := newWorld(t, false)
	room := bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: h.fake.AddChannel("room", "dan")}
	ref, err := h.adapter.Post(ctx, room, bot.Say("there"), "there")
	if err != nil {
		t.Fatal(err)
	}
	dan := bot.Account{Platform: slack.Platform, Workspace: workspace, User: "dan"}
	calls := map[string]func() error{
		"chat.postMessage": func() error {
			_, err := h.adapter.Post(ctx, room, bot.Say("x"), "x"+
				t.Name())
			return err
		},
		"chat.update": func() error { return h.adapter.Edit(ctx, ref, bot.Say("y")) },
		"conversations.create": func() error {
			_, err := h.adapter.OpenChannel(ctx, "new", "incident.room/INC-9/slack")
			return err
		},
		"conversations.invite":   func() error { return h.adapter.Invite(ctx, room, dan) },
		"conversations.setTopic": func() error { return h.adapter.SetTopic(ctx, room, "topic") },
		"pins.add":               func() error { return h.adapter.Pin(ctx, ref) },
		"conversations.archive":  func() error { return h.adapter.Archive(ctx, room) },
		"bookmarks.list":         func() error { return h.adapter.Bookmark(ctx, room, "title", "https://example.org") },
		"conversations.open":     func() error { _, err := h.adapter.Direct(ctx, dan); return err },
	}
	for _, c := range []struct{ method, code, want string }{
		{"chat.postMessage", "channel_not_found", "gone"}, {"chat.postMessage", "is_archived", "gone"},
		{"chat.postMessage", "token_revoked", "wait 1m0s"},
		{"chat.postMessage", "account_inactive", "wait 1m0s"}, {"chat.postMessage", "internal_error", "wait 2s"},
		{"chat.postMessage", "msg_too_long", "never"},
		{"chat.postMessage", "restricted_action", "never"}, {"chat.postMessage", "429", "wait 7s"},
		{"chat.postMessage", "503", "wait 2s"},
		{"chat.update", "message_not_found", "gone"}, {"chat.update", "cant_update_message", "gone"},
		{"chat.update", "is_archived", "gone"},
		{"conversations.create", "restricted_action", "refused"}, {"conversations.create", "invalid_auth", "wait 1m0s"},
		{"conversations.invite", "already_in_channel", "ok"}, {"conversations.invite", "cant_invite", "never"},
		{"conversations.invite", "user_not_found", "never"},
		{"conversations.setTopic", "missing_scope", "ok"}, {"pins.add", "already_pinned", "ok"},
		{"pins.add", "too_many_pins", "ok"}, {"pins.add", "missing_scope", "ok"},
		{"pins.add", "message_not_found", "gone"}, {"conversations.archive", "already_archived", "ok"},
		{"bookmarks.list", "missing_scope", "ok"}, {"conversations.open", "user_not_found", "never"},
	} {
		t.Run(c.method+" "+c.code, func(t *testing.T) {
			fault := slackfake.Fault{Method: c.method, Error: c.code}
			if status, err := strconv.Atoi(c.code); err == nil {
				fault = slackfake.Fault{Method: c.method, Status: status}
				if status == http.StatusTooManyRequests {
					fault.RetryAfter = 7
				}
			}
			h.fake.Break(fault)
			defer h.fake.Heal()
			err := calls[c.method]()
			var wait *bot.RetryAfterError
			var never *bot.PermanentError
			got := fmt.Sprint(err)
			switch {
			case err == nil:
				got = "ok"
			case errors.Is(err, bot.ErrRefused):
				got = "refused"
			case errors.Is(err, bot.ErrGone):
				got = "gone"
			case errors.As(err, &wait):
				got = "wait " + wait.After.String()
			case errors.As(err, &never):
				got = "never"
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
		if c.code == "429" { // which closes the channel's bucket for a while
			room.Channel = h.fake.AddChannel("room-"+c.code, "dan")
			if ref, err = h.adapter.Post(ctx, room, bot.Say("there"), "there"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	h := newWorld(t, true)
	if err := h.adapter.Health(); err != nil {
		t.Errorf("at first: %v", err)
	}
	h.fake.RevokeTokens()
	_, _ = h.adapter.Post(context.Background(), h.Place(), bot.Say("x"), "x")
	if err := h.adapter.Health(); err == nil ||
		!strings.Contains(err.Error(), "token_revoked") && !strings.Contains(err.Error(), "install it again") {
		t.Errorf("after the token was revoked: %v", err)
	}
}

// installed is a core that knows its installation, and is asked nothing else.
type installed struct{ slack.Core }

func (installed) Installation(context.Context) (string, error) { return "one", nil }

// However much is to be said, Slack never has to ask us to slow down.
func TestLimitsAreKept(t *testing.T) {
	fake := slackfake.Start(t, slackfake.Options{Team: workspace, Limits: true})
	a := slack.New(slack.Options{BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API(), Core: installed{}})
	ctx := context.Background()
	patiently := func(do func() error) {
		t.Helper()
		for {
			err := do()
			var wait *bot.RetryAfterError
			if !errors.As(err, &wait) {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			<-time.After(wait.After)
		}
	}
	for c := range 2 {
		to := bot.Conversation{
			Platform: slack.Platform, Workspace: workspace, Channel: fake.AddChannel(fmt.Sprintf("room-%d", c)),
		}
		var ref bot.MessageRef
		for n := range 6 {
			patiently(func() (err error) {
				ref, err = a.Post(ctx, to, bot.Say("message"), fmt.Sprintf("key/%d/%d", c, n))
				return err
			})
		}
		for n := range 4 {
			patiently(func() error { return a.Edit(ctx, ref, bot.Say(fmt.Sprint("edit ", n))) })
		}
	}
	if n := fake.Throttled(); n > 0 {
		t.Errorf("Slack had to slow us down %d times", n)
	}
}

func TestAFormThatSlackOpensNoMore(t *testing.T) {
	h := newWorld(t, false)
	h.fake.Break(slackfake.Fault{Method: "views.open", Error: "expired_trigger_id", Times: 1})
	h.Type(t, "dan", "late-form", "/thing do because it is dull")
	late := h.sees(t, "dan", "is ready")
	h.Click(t, "dan", "late-click", late, "Open the form", "")
	eventually(t, "the form opens", func() bool { return h.Form(t, "dan") != nil })
	if f := h.Form(t, "dan"); f.Inputs[0].Value != "because it is dull" {
		t.Errorf("what was typed is lost: %+v", f)
	}
	h.Submit(t, "dan", "late-submit", map[string]string{"what": "painted", "who": "ana"})
	h.sees(t, "dan", "done: because it is dullpainted by Dan Weber for Ana Ruiz")
}

func TestAClickThatTakesLong(t *testing.T) {
	h := newWorld(t, true)
	if _, err := h.core.Post(context.Background(), "thing.button", "", h.Place(), bot.Message{
		Sections: []bot.Section{bot.Para("press")}, Actions: []bot.Action{{Label: "Slow", Command: "thing.slow"}},
	}); err != nil {
		t.Fatal(err)
	}
	h.Click(t, "dan", "slow", h.sees(t, "dan", "press"), "Slow", "")
	h.sees(t, "dan", "One moment …")
	h.gate <- struct{}{}
	h.sees(t, "dan", "slowly done")
}

// An action id carries all that a button stands for, also beside one that stands for the same.
func TestActionIDsCarryTheirAction(t *testing.T) {
	h := newWorld(t, true)
	long := strings.Repeat("x", 150)
	button := bot.Action{Label: "See", Command: "thing.see", Args: map[string]string{"why": long}}
	other := button
	other.Label = "Other"
	m := bot.Message{Sections: []bot.Section{bot.Para("look here")}, Actions: []bot.Action{button, other}}
	if _, err := h.core.Post(t.Context(), "thing.button", "", h.Place(), m); err != nil {
		t.Fatal(err)
	}
	on := h.sees(t, "dan", "look here")
	for _, posted := range h.fake.Messages(h.channel) {
		for _, label := range []string{"See", "Other"} {
			if id, _ := actionID(posted.Blocks, label); !strings.Contains(id, "~") || len(id) > 255 {
				t.Errorf("%s: action id %q", label, id)
			}
		}
	}
	h.Click(t, "dan", "see", on, "See", "")
	h.sees(t, "dan", "seen: "+long)
	h.Click(t, "ana", "other", on, "Other", "")
	h.sees(t, "ana", "seen: "+long)
}

func TestMessageShortcut(t *testing.T) {
	h := newWorld(t, false)
	ts, err := h.fake.Say("ana", h.channel, "", "", "look at <@dan> &lt;here&gt;")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // delivered twice
		if _, err := h.fake.MessageShortcut("dan", h.channel, ts, "shortcut", "shortcut:thing.do"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the form opens", func() bool { return h.Form(t, "dan") != nil })
	h.Submit(t, "dan", "shortcut-submit", map[string]string{"what": "this"})
	h.sees(t, "dan", "done: this by Dan Weber")
}

// Slack renews its connections from time to time. Nothing that people do meanwhile is lost.
func TestSocketsAreRenewed(t *testing.T) {
	h := newWorld(t, false)
	for n := range 3 {
		h.fake.DropSockets()
		eventually(t, "both sockets are open again", func() bool { return h.fake.Sockets() == 2 })
		h.Type(t, "dan", fmt.Sprintf("renewed-%d", n), fmt.Sprintf("/thing see number %d", n))
		h.sees(t, "dan", fmt.Sprintf("seen: number %d", n))
	}
}

func TestWhoIsNotServed(t *testing.T) {
	h := newWorld(t, true)
	h.fake.AddUser(slackfake.User{ID: "sam", Name: "sam", RealName: "Sam Stranger", Stranger: true, Team: "T0OTHER"})
	h.fake.AddUser(slackfake.User{ID: "rob", Name: "rob", RealName: "Rob Robot", Bot: true})
	for user, want := range map[string]string{
		"sam": "You may not do this", "rob": "does not know the account", "eve": "deactivated",
	} {
		h.Type(t, user, "do-"+user, "/thing do it what=now")
		if got := h.sees(t, user, want); !got.Private {
			t.Errorf("%s is refused in public", user)
		}
	}
	h.Type(t, "sam", "see-sam", "/thing see")
	h.sees(t, "sam", "seen: ")
}

func TestRequestsThatSlackDidNotSend(t *testing.T) {
	h := newWorld(t, true)
	said := ""
	post := func(path, at, signature string, body []byte) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, "http://"+h.addr+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Slack-Request-Timestamp", at)
		r.Header.Set("X-Slack-Signature", signature)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		said = string(data)
		return response.StatusCode
	}
	now, old := fmt.Sprint(time.Now().Unix()), fmt.Sprint(time.Now().Add(-10*time.Minute).Unix())
	body := []byte("command=/thing&text=see&user_id=dan&team_id=T0FAKE&trigger_id=forged")
	for name, c := range map[string]struct {
		at, signature string
		body          []byte
	}{
		"no signature":    {now, "", body},
		"another secret":  {now, slackfake.Sign("another", now, body), body},
		"an old request":  {old, slackfake.Sign("fake-secret", old, body), body},
		"another body":    {now, slackfake.Sign("fake-secret", now, []byte("x")), body},
		"no timestamp":    {"", slackfake.Sign("fake-secret", "", body), body},
		"far too large":   {now, "v0=00", bytes.Repeat([]byte("x"), 3<<20)},
		"an empty secret": {now, slackfake.Sign("", now, body), body},
	} {
		for _, path := range []string{"/slack/commands", "/slack/interactions", "/slack/events"} {
			if status := post(path, c.at, c.signature, c.body); status < 400 {
				t.Errorf("%s: %s answered %d", name, path, status)
			}
		}
	}
	other := []byte(strings.Replace(string(body), "T0FAKE", "T0ELSEWHERE", 1))
	if status := post("/slack/commands", now, slackfake.Sign("fake-secret", now, other), other); status != http.StatusOK {
		t.Errorf("another workspace: %d", status)
	}
	if !strings.Contains(said, "does not serve your workspace") {
		t.Errorf("its user is told %s", said)
	}
	for _, m := range h.fake.Messages(h.channel) {
		if strings.Contains(text(m.Blocks), "seen") {
			t.Errorf("somebody was let in: %s", text(m.Blocks))
		}
	}
	challenge := []byte(`{"type":"url_verification","challenge":"42"}`)
	if status := post(
		"/slack/events", now, slackfake.Sign("fake-secret", now, challenge), challenge,
	); status != http.StatusOK {
		t.Errorf("the challenge: %d", status)
	}
}

func TestDiagnose(t *testing.T) {
	find := func(list []bot.Finding, part string) (bot.Finding, bool) {
		for _, f := range list {
			if strings.Contains(f.What, part) {
				return f, true
			}
		}
		return bot.Finding{}, false
	}
	fake := slackfake.Start(t, slackfake.Options{Team: workspace})
	o := slack.Options{BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API()}
	list := slack.Diagnose(context.Background(), o, "incidents")
	if f, ok := find(list, "no channel #incidents"); !ok || f.Good {
		t.Errorf("%+v", list)
	}
	fake.AddChannel("incidents")
	for _, f := range slack.Diagnose(context.Background(), o, "incidents") {
		if !f.Good {
			t.Errorf("all is well, but: %+v", f)
		}
	}
	some := slackfake.Start(t, slackfake.Options{Team: workspace, Scopes: []string{"chat:write", "channels:read"}})
	some.AddChannel("incidents")
	list = slack.Diagnose(context.Background(), slack.Options{
		BotToken: "xoxb-fake", AppToken: "xapp-wrong", APIURL: some.API(),
	}, "incidents")
	for _, part := range []string{
		"pins:write is missing, so this is off: pinning the card", "users:read is missing",
		"SLACK_APP_TOKEN: Slack says invalid_auth",
	} {
		if f, ok := find(list, part); !ok || f.Good || f.Fix == "" {
			t.Errorf("%q: %+v", part, list)
		}
	}
	if list := slack.Diagnose(context.Background(), slack.Options{
		BotToken: "xoxb-wrong", AppToken: "xapp-fake", APIURL: fake.API(),
	}, "incidents"); len(list) != 1 || list[0].Good || !strings.Contains(list[0].What, "invalid_auth") {
		t.Errorf("a wrong token: %+v", list)
	}
}

// What we know of somebody is at most a minute old when they do what needs a right.
func TestProfilesAreFresh(t *testing.T) {
	fake := slackfake.Start(t, slackfake.Options{Team: workspace})
	clock := bottest.NewClock()
	a := slack.New(slack.Options{BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API(), Now: clock.Now})
	dan := bot.Account{Platform: slack.Platform, Workspace: workspace, User: "dan"}
	standing := func() bot.Standing {
		t.Helper()
		p, err := a.Profile(context.Background(), dan)
		if err != nil {
			t.Fatal(err)
		}
		return p.Standing
	}
	fake.AddUser(slackfake.User{ID: "dan", RealName: "Dan Weber", Email: "dan@northwind.example", TZ: "Europe/Berlin"})
	if got := standing(); got != bot.Member {
		t.Errorf("at first: %s", got)
	}
	fake.AddUser(slackfake.User{ID: "dan", RealName: "Dan Weber", Deleted: true})
	clock.Move(59 * time.Second)
	if got := standing(); got != bot.Member {
		t.Errorf("after 59 s Slack was asked again: %s", got)
	}
	clock.Move(2 * time.Second)
	if got := standing(); got != bot.Gone {
		t.Errorf("after 61 s: %s", got)
	}
	for _, c := range []struct {
		u    slackfake.User
		want bot.Standing
	}{
		{slackfake.User{Restricted: true}, bot.Guest}, {slackfake.User{UltraRestricted: true}, bot.Guest},
		{slackfake.User{Stranger: true, Team: "T0OTHER"}, bot.Guest},
		{slackfake.User{Bot: true}, bot.Gone}, {slackfake.User{Deleted: true}, bot.Gone}, {slackfake.User{}, bot.Member},
	} {
		c.u.ID, c.u.RealName, c.u.Email = "dan", "Dan Weber", "dan@northwind.example"
		fake.AddUser(c.u)
		clock.Move(2 * time.Minute)
		p, err := a.Profile(context.Background(), dan)
		if err != nil || p.Standing != c.want || (p.Email != "") != (c.want == bot.Member) {
			t.Errorf("%+v is %s with the address %q (%v), want %s", c.u, p.Standing, p.Email, err, c.want)
		}
	}
	if p, err := a.Profile(
		context.Background(), bot.Account{Platform: slack.Platform, Workspace: "T0OTHER", User: "dan"},
	); err != nil || p.Standing != bot.Guest {
		t.Errorf("somebody of another workspace: %+v %v", p, err)
	}
	if _, err := a.Profile(context.Background(), bot.Account{Platform: slack.Platform, User: "nobody"}); !errors.Is(
		err, bot.ErrGone,
	) {
		t.Errorf("somebody who does not exist: %v", err)
	}
}

// A message whose answer was lost is found again, also in a public channel that the bot is not in.
func TestALostAnswerInAChannelFromOutside(t *testing.T) {
	h := newWorld(t, false)
	ctx := context.Background()
	to := bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: h.fake.AddChannel("public", "dan")}
	h.fake.KickBot(to.Channel)
	h.fake.Break(slackfake.Fault{Method: "chat.postMessage", Lost: true, Times: 1})
	if _, err := h.adapter.Post(ctx, to, bot.Say("once"), "lost"); err == nil {
		t.Fatal("the answer was not lost")
	}
	ref, err := h.adapter.Post(ctx, to, bot.Say("once"), "lost")
	if err != nil {
		t.Fatal(err)
	}
	if list := h.fake.Messages(to.Channel); len(list) != 1 || list[0].TS != ref.ID {
		t.Errorf("%+v, want one that is %s", list, ref.ID)
	}
}

// A channel is found by its name also on a late page of a large workspace, within the limits.
func TestAChannelAmongMany(t *testing.T) {
	fake := slackfake.Start(t, slackfake.Options{Team: workspace, Limits: true})
	for n := range 2500 {
		fake.AddChannel(fmt.Sprintf("room-%d", n))
	}
	id := fake.AddChannel("incidents")
	a := slack.New(slack.Options{BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API()})
	for range 2 { // the second time it is remembered
		if c, err := a.FindChannel(context.Background(), "#Incidents"); err != nil || c.Channel != id {
			t.Errorf("%+v %v", c, err)
		}
	}
	if n := len(fake.Calls("conversations.list")); n != 3 {
		t.Errorf("%d pages were read", n)
	}
}

// A file goes into a thread once, also when the answer was lost; a channel that the bot only writes to from outside is
// joined for it.
func TestFiles(t *testing.T) {
	ctx := context.Background()
	h := newWorld(t, false)
	room := bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: h.fake.AddChannel("room", "dan")}
	root, err := h.adapter.Post(ctx, room, bot.Say("the report"), "root")
	if err != nil {
		t.Fatal(err)
	}
	thread := root.Conversation
	thread.Thread = root.ID
	files := func(thread string) (list []slackfake.Message) {
		for _, m := range h.fake.Messages(room.Channel) {
			if m.File != nil && m.Thread == thread {
				list = append(list, m)
			}
		}
		return list
	}
	chart := bot.File{
		Name: "incidents.png", Title: "Incidents <30 days>", Alt: strings.Repeat("Zwölf ", 400), Type: "image/png",
		Data: []byte("\x89PNG picture"),
	}
	ref, err := h.adapter.Upload(ctx, thread, chart, "chart/1")
	if err != nil {
		t.Fatal(err)
	}
	list := files(root.ID)
	if len(list) != 1 || list[0].File.ID != ref.ID || !bytes.Equal(list[0].File.Data, chart.Data) ||
		list[0].File.Title != chart.Title || list[0].Text != "Incidents &lt;30 days&gt;" || list[0].File.Alt == "" {
		t.Errorf("in the thread: %+v", list)
	}
	if _, err := h.adapter.Upload(ctx, thread, chart, "chart/1"); err != nil || len(files(root.ID)) != 1 {
		t.Errorf("after a lost answer: %v, %d files", err, len(files(root.ID)))
	}
	h.fake.KickBot(room.Channel)
	if _, err := h.adapter.Upload(ctx, room, bot.File{
		Name: "r-1.csv", Title: "R-1", Type: "text/csv", Data: []byte("a,b\n"),
	}, "file/1"); err != nil || len(files("")) != 1 {
		t.Errorf("from outside: %v, %d files", err, len(files("")))
	}
	for code, want := range map[string]error{"missing_scope": bot.ErrRefused, "channel_not_found": bot.ErrGone} {
		method := "files.getUploadURLExternal"
		if code == "channel_not_found" {
			method = "files.completeUploadExternal"
		}
		h.fake.Break(slackfake.Fault{Method: method, Error: code})
		other := bot.File{Name: "x.png", Title: "Another", Type: "image/png", Data: chart.Data}
		if _, err := h.adapter.Upload(ctx, thread, other, "chart/2"); !errors.Is(err, want) {
			t.Errorf("%s: %v", code, err)
		}
		h.fake.Heal()
	}
}
