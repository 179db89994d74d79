package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// workspace is the real program in front of a fake Slack.
type workspace struct {
	*installation
	fake    *slackfake.Server
	server  *server
	general string // channels
	all     string
	n       int
}

// inSlack runs a story by both ways in.
func inSlack(t *testing.T, story func(t *testing.T, w *workspace)) {
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		story(t, newWorkspace(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")))
	})
	t.Run("http", func(t *testing.T) { t.Parallel(); story(t, newWorkspace(t, true, pgtest.URL(t))) })
}

func newWorkspace(t *testing.T, http bool, url string) *workspace {
	t.Helper()
	return newWorkspaceWith(t, http, url, slackfake.Options{})
}

func newWorkspaceWith(t *testing.T, http bool, url string, o slackfake.Options) *workspace {
	t.Helper()
	o.Team = "T0FAKE"
	w := &workspace{installation: newInstallation(t, url)}
	w.env = []string{"SLACK_BOT_TOKEN=xoxb-fake", "SLACK_APP_TOKEN=xapp-fake"}
	if http {
		port := freePort(t)
		o.AppURL = fmt.Sprintf("http://127.0.0.1:%d", port)
		w.env = []string{
			"SLACK_BOT_TOKEN=xoxb-fake", "SLACK_SIGNING_SECRET=fake-secret", fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port),
		}
	}
	w.fake = slackfake.Start(t, o)
	w.env = append(w.env, "SLACK_API_URL="+w.fake.API())
	var members []string
	for _, u := range []slackfake.User{
		{ID: "U0ANA", Name: "ana", RealName: "Ana Ruiz", Email: "ana@northwind.example", TZ: "Europe/Berlin"},
		{ID: "U0BEN", Name: "ben", RealName: "Ben Okafor", Email: "ben@northwind.example", TZ: "Africa/Lagos"},
		{ID: "U0FAY", Name: "fay", RealName: "Fay Lin", Email: "fay@northwind.example", TZ: "Asia/Tokyo"},
		{ID: "U0GUS", Name: "gus", RealName: "Gus Novak", Email: "gus@elsewhere.example", Restricted: true},
	} {
		w.fake.AddUser(u)
		members = append(members, u.ID)
	}
	w.general, w.all = w.fake.AddChannel("general", members...), w.fake.AddChannel("incidents", members...)
	w.begin()
	return w
}

// begin starts the server and waits until Slack reaches it.
func (w *workspace) begin() { w.t.Helper(); w.reached(2) }

// reached starts the server and waits until that many sockets are open, where it uses them. The second opens a little
// after the first.
func (w *workspace) reached(sockets int) {
	w.t.Helper()
	w.server = w.start("")
	if strings.Contains(strings.Join(w.env, " "), "SLACK_APP_TOKEN") {
		w.until("the sockets are open", func() bool { return w.fake.Sockets() >= sockets })
	}
}

func (w *workspace) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("never happened: %s\n%s\n%s", what, w.everything(), w.server.log)
		}
	}
}

func (w *workspace) everything() string {
	var b strings.Builder
	for _, c := range []string{"general", "incidents"} {
		ch, _ := w.fake.ChannelNamed(c)
		fmt.Fprintf(&b, "#%s:\n%s", c, w.said(ch.ID))
	}
	for n := 1; n < 5; n++ {
		if ch, ok := w.room(fmt.Sprintf("inc-%d-", n)); ok {
			fmt.Fprintf(&b, "#%s (%s):\n%s", ch.Name, ch.Topic, w.said(ch.ID))
		}
	}
	return b.String()
}

// said is everything in a channel, ephemeral messages marked with who sees them.
func (w *workspace) said(channel string) string {
	var b strings.Builder
	for _, m := range w.fake.Messages(channel) {
		if !m.Deleted {
			fmt.Fprintf(&b, "%s [%s%s] %s\n", m.TS, m.Only, m.Thread, blockText(m.Blocks))
		}
	}
	return b.String()
}

func (w *workspace) key() string { w.n++; return fmt.Sprintf("story-%d", w.n) }

func (w *workspace) room(prefix string) (slackfake.Channel, bool) {
	for _, name := range w.fake.ChannelNames() {
		if strings.HasPrefix(name, prefix) {
			return w.fake.ChannelNamed(name)
		}
	}
	return slackfake.Channel{}, false
}

// opens waits for an incident's channel.
func (w *workspace) opens(prefix string) slackfake.Channel {
	w.t.Helper()
	w.until("#"+prefix+"… opens", func() bool {
		c, ok := w.room(prefix)
		return ok && len(c.Pins) == 1
	})
	c, _ := w.room(prefix)
	return c
}

func (w *workspace) command(user, channel, text string) {
	w.t.Helper()
	if _, err := w.fake.Command(user, channel, w.key(), "/incident", text); err != nil {
		w.t.Fatal(err)
	}
}

// sees waits until a channel shows a text, to everybody or with only to somebody, and returns the message.
func (w *workspace) sees(channel, only, part string) slackfake.Message {
	w.t.Helper()
	var found slackfake.Message
	w.until(fmt.Sprintf("%q in %s for %q", part, channel, only), func() bool {
		for _, m := range w.fake.Messages(channel) {
			if !m.Deleted && m.Only == only && strings.Contains(blockText(m.Blocks)+m.Text, part) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// click presses the button with a label, or picks it from More.
func (w *workspace) click(user string, m slackfake.Message, label, choice string) {
	w.t.Helper()
	id := ""
	for _, block := range m.Blocks {
		for _, e := range objects(block["elements"]) {
			for _, o := range objects(e["options"]) {
				if words, ok := o["text"].(map[string]any); ok && words["text"] == label {
					id, choice = fmt.Sprint(e["action_id"]), fmt.Sprint(o["value"])
				}
			}
			for _, name := range []string{"text", "placeholder"} {
				if words, ok := e[name].(map[string]any); ok && words["text"] == label {
					id = fmt.Sprint(e["action_id"])
				}
			}
		}
	}
	if id == "" {
		w.t.Fatalf("no %q on %s", label, blockText(m.Blocks))
	}
	if _, err := w.fake.Click(user, m.Channel, m.TS, w.key(), id, choice); err != nil {
		w.t.Fatal(err)
	}
}

// modal waits for a modal with a title and sends it.
func (w *workspace) modal(user, title string, values map[string]string) {
	w.t.Helper()
	w.until(user+"'s modal "+title, func() bool {
		v := w.fake.View(user)
		words, _ := v["title"].(map[string]any)
		return v != nil && words["text"] == title && v["callback_id"] == "watchbell_form"
	})
	if _, err := w.fake.Submit(user, w.key(), values); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) card(c slackfake.Channel) slackfake.Message {
	w.t.Helper()
	for _, m := range w.fake.Messages(c.ID) {
		if slices.Contains(c.Pins, m.TS) {
			return m
		}
	}
	w.t.Fatalf("no card in %s", c.Name)
	return slackfake.Message{}
}

func objects(v any) []map[string]any {
	var list []map[string]any
	switch v := v.(type) {
	case []map[string]any:
		return v
	case []any:
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				list = append(list, m)
			}
		}
	}
	return list
}

// blockText is what blocks say.
func blockText(blocks []map[string]any) string {
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				b.WriteString(s)
			}
			if id, ok := v["user_id"]; ok {
				fmt.Fprintf(&b, "<@%v>", id)
			}
			walk(v["text"])
			walk(v["elements"])
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, block := range blocks {
		if block["type"] != "actions" {
			walk(block)
			b.WriteString("\n")
		}
	}
	return b.String()
}

func TestSlackStory(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.command("U0FAY", w.general, "declare Checkout returns 502 sev2 service=web")
		w.sees(w.general, "U0FAY", "Declared INC-1")
		c := w.opens("inc-1-checkout-returns-502")
		w.until("the owner and the reporter are invited", func() bool {
			c, _ := w.fake.Channel(c.ID)
			return slices.Contains(c.Members, "U0BEN") && slices.Contains(c.Members, "U0FAY")
		})
		if !strings.Contains(c.Topic, "SEV2") || len(c.Bookmarks) > 1 {
			t.Errorf("%+v", c)
		}
		w.sees(w.all, "", "INC-1")
		w.click("U0ANA", w.card(c), "Take lead", "")
		w.sees(c.ID, "", "<@U0ANA>")
		w.command("U0ANA", c.ID, "role scribe me")
		w.sees(c.ID, "U0ANA", "You are scribe of INC-1.")
		if said := w.said(c.ID); strings.Contains(said, "You are lead of INC-1.") {
			t.Errorf("an ephemeral message repeats what the card shows:\n%s", said)
		}

		w.click("U0ANA", w.card(c), "Give update", "")
		w.modal("U0ANA", "Give an update", map[string]string{
			"text": "Rolling back *release* <!channel> <https://x|y>", "status": "identified", "next": "soon",
		})
		w.until("the modal names the wrong field", func() bool {
			v := w.fake.View("U0ANA")
			wrong, _ := v["errors"].(map[string]any)
			return wrong["next"] != nil
		})
		w.modal("U0ANA", "Give an update", map[string]string{
			"text": "Rolling back *release* <!channel> <https://x|y>", "status": "identified", "next": "45m",
		})
		w.sees(c.ID, "", "Rolling back *release* <!channel> <https://x|y>")
		w.until("the card shows it", func() bool { return strings.Contains(blockText(w.card(c).Blocks), "Identified") })

		w.click("U0ANA", w.card(c), "Change severity", "")
		w.modal("U0ANA", "Change the severity", map[string]string{"severity": "sev1"})
		w.sees(c.ID, "", "Severity raised")
		// A thread knows no slash commands.
		if _, err := w.fake.Say("U0BEN", c.ID, w.card(c).TS, w.key(), "<@"+w.fake.BotUser()+
			"> note Restarted the web servers"); err != nil {
			t.Fatal(err)
		}
		w.sees(c.ID, "U0BEN", "On the timeline of INC-1")
		ts, err := w.fake.Say("U0FAY", c.ID, "", w.key(), "Error rate is back to normal")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.fake.React("U0BEN", c.ID, ts, w.key(), "pushpin"); err != nil {
			t.Fatal(err)
		}
		w.until("the reaction is told of", func() bool {
			return strings.Count(w.said(c.ID), "On the timeline of INC-1") == 2
		})
		w.command("U0BEN", c.ID, "timeline")
		w.sees(c.ID, "U0BEN", "Fay Lin: Error rate is back to normal")
		if _, err := w.fake.MessageShortcut("U0FAY", c.ID, ts, w.key(), "shortcut:incident.note"); err != nil {
			t.Fatal(err)
		}
		w.modal("U0FAY", "Add to the timeline", nil)

		if err := w.fake.OpenHome("U0ANA", w.key()); err != nil {
			t.Fatal(err)
		}
		w.until("the Home tab lists it", func() bool {
			return strings.Contains(blockText(objects(w.fake.Home("U0ANA")["blocks"])), "INC-1")
		})

		w.server.kill()
		w.begin()
		w.click("U0ANA", w.card(c), "Resolve", "")
		w.modal("U0ANA", "Resolve the incident", map[string]string{"summary": "Rolled back release 42"})
		w.sees(c.ID, "", "INC-1 is resolved")
		w.sees(w.all, "", "INC-1 is resolved")
		w.until(
			"nobody can resolve it twice", func() bool { return strings.Contains(blockText(w.card(c).Blocks), "resolved") },
		)
		w.command("U0ANA", c.ID, "resolve again and again")
		w.sees(c.ID, "U0ANA", "so you cannot resolve it")
		keepPayloads(t, w.fake)
	})
}

// A Slack user group that owns a service is invited, with whoever is in it at the time.
func TestSlackGroups(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	w.server.stop()
	data, err := os.ReadFile(w.config)
	if err == nil {
		err = os.WriteFile(
			w.config,
			[]byte(
				strings.Replace(
					string(data), "owners: [ben]}", "owners: [oncall]}\ngroups:\n  oncall: [\"slack:@web-oncall\", \"slack:S0NONE\"]",
					1,
				),
			),
			0o600,
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.fake.AddGroup("S0WEB", "web-oncall", "U0BEN", "U0GUS")
	w.begin()
	w.command("U0ANA", w.general, "declare Checkout returns 502 sev2 service=web")
	c := w.opens("inc-1-")
	w.until("the group is invited", func() bool {
		now, _ := w.fake.Channel(c.ID)
		return slices.Contains(now.Members, "U0BEN") && slices.Contains(now.Members, "U0GUS")
	})
}

// Guests read and note, and never change state, whoever the configuration thinks they are.
func TestSlackGuests(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.command("U0GUS", w.general, "declare Everything is broken")
		w.sees(w.general, "U0GUS", "You may not do this")
		w.command("U0ANA", w.general, "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.command("U0BEN", c.ID, "list")
		w.sees(c.ID, "U0BEN", "INC-1")
		w.click("U0GUS", w.card(c), "Take lead", "")
		w.sees(c.ID, "U0GUS", "You may not do this")
		w.fake.AddUser(slackfake.User{
			ID: "U0BEN", Name: "ben", RealName: "Ben Okafor", Email: "ben@northwind.example", Deleted: true,
		})
		if err := w.fake.Event(
			w.key(), map[string]any{"type": "user_change", "user": map[string]any{"id": "U0BEN"}},
		); err != nil {
			t.Fatal(err)
		}
		w.until("the deactivated one may act no more", func() bool { // Slack's event is acknowledged before it is looked at
			w.command("U0BEN", c.ID, "lead me")
			return strings.Contains(w.said(c.ID), "deactivated")
		})
	})
}

// While Slack is out the work goes on elsewhere, and afterwards Slack shows all of it, once and in order.
func TestSlackIsDown(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.command("U0FAY", w.general, "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.fake.Down(true)
		do := func(line string) {
			t.Helper()
			if out, code := w.do("ana", line); code != exitDone {
				t.Fatalf("%s: %d %s", line, code, out)
			}
		}
		do("/incident lead me INC-1")
		do("/incident update INC-1 Vendor confirmed")
		do("/incident declare Search is slow sev3")
		w.fake.Down(false)
		w.sees(c.ID, "", "Vendor confirmed")
		w.opens("inc-2-search-is-slow")
		w.until("the card is new", func() bool { return strings.Contains(blockText(w.card(c).Blocks), "Vendor confirmed") })
		if n := strings.Count(w.said(c.ID), "Vendor confirmed"); n > 2 { // the update and the card
			t.Errorf("told %d times:\n%s", n, w.said(c.ID))
		}
	})
}

// An answer that is lost after Slack did what it was asked must not double anything.
func TestSlackAnswersAreLost(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		for _, method := range []string{
			"conversations.create", "chat.postMessage", "chat.update", "pins.add", "conversations.invite",
		} {
			w.fake.Break(slackfake.Fault{Method: method, Lost: true, Times: 1})
		}
		w.command("U0FAY", w.general, "declare Checkout returns 502 sev2 service=web")
		c := w.opens("inc-1-")
		w.sees(w.all, "", "INC-1")
		w.click("U0ANA", w.card(c), "Take lead", "")
		w.sees(c.ID, "", "<@U0ANA> leads")
		for _, name := range w.fake.ChannelNames() {
			if strings.HasPrefix(name, "inc-") && name != c.Name {
				t.Errorf("a second channel: %s", name)
			}
		}
		for _, once := range []string{"<@U0ANA> leads"} {
			if n := strings.Count(w.said(c.ID), once); n != 1 {
				t.Errorf("%q %d times:\n%s", once, n, w.said(c.ID))
			}
		}
		if n := len(w.fake.Messages(w.all)); n != 1 {
			t.Errorf("announced %d times:\n%s", n, w.said(w.all))
		}
	})
}

// Killed between what Slack did and our record of it, the program finds what it made and goes on: nothing is there
// twice, nothing is missing.
func TestSlackKilledAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"incident.room:sent", "incident.room:stored", "incident.card:sent", "incident.card:stored", "incident.pin:sent",
		"incident.broadcast:sent", "incident.entry:sent", "incident.told:sent",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
			w.server.stop()
			w.server = w.start(step + "/1")
			w.until("the sockets are open", func() bool { return w.fake.Sockets() == 2 || w.server.dead() })
			w.command("U0FAY", w.general, "declare Checkout returns 502 sev2 service=web")
			if strings.HasPrefix(step, "incident.entry") || strings.HasPrefix(step, "incident.told") {
				w.sees(w.all, "", "INC-1")
				w.command("U0FAY", w.general, "update INC-1 It is the load balancer")
			}
			w.until("the program is killed", w.server.dead)
			w.begin()
			c := w.opens("inc-1-checkout-returns-502")
			w.sees(w.all, "", "INC-1")
			w.until("everybody is invited", func() bool {
				now, _ := w.fake.Channel(c.ID)
				return slices.Contains(now.Members, "U0BEN") && slices.Contains(now.Members, "U0FAY")
			})
			if strings.HasPrefix(step, "incident.entry") || strings.HasPrefix(step, "incident.told") {
				w.sees(w.all, "", "Update on INC-1")
				if n := strings.Count(w.said(c.ID), "Update on INC-1"); n != 1 {
					t.Errorf("told %d times:\n%s", n, w.said(c.ID))
				}
			}
			if names := w.fake.ChannelNames(); len(names) != 3 {
				t.Errorf("channels: %q", names)
			}
			if n := strings.Count(w.said(c.ID), "v1 · reported by") + strings.Count(w.said(c.ID), "v2 · reported by"); n != 1 {
				t.Errorf("%d cards:\n%s", n, w.said(c.ID))
			}
		})
	}
}

// What people do to channels and cards by hand.
func TestSlackByHand(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.command("U0FAY", w.general, "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		w.fake.DeleteMessage(c.ID, w.card(c).TS)
		w.command("U0ANA", c.ID, "lead me")
		w.until("the card is there again", func() bool {
			now, _ := w.fake.Channel(c.ID)
			return len(now.Pins) > 0 && slices.ContainsFunc(w.fake.Messages(c.ID), func(m slackfake.Message) bool {
				return !m.Deleted && slices.Contains(now.Pins, m.TS) && strings.Contains(blockText(m.Blocks), "<@U0ANA>")
			})
		})
		w.fake.KickBot(c.ID)
		w.command("U0ANA", w.general, "update INC-1 After I was removed")
		w.sees(c.ID, "", "After I was removed")
		w.fake.ArchiveChannel(c.ID)
		w.command("U0ANA", w.general, "update INC-1 After the channel was archived")
		again := w.opens("inc-1-checkout-returns-502-r2")
		w.sees(again.ID, "", "Work goes on in a new one")
		w.sees(w.all, "", "After the channel was archived")
	})
}

func TestSlackRefusesChannels(t *testing.T) {
	t.Parallel()
	inSlack(t, func(t *testing.T, w *workspace) {
		w.fake.Break(slackfake.Fault{Method: "conversations.create", Error: "restricted_action"})
		w.command("U0FAY", w.general, "declare Checkout returns 502 sev2")
		m := w.sees(w.all, "", "we work in this thread")
		if m.Thread == "" {
			t.Error("not in a thread")
		}
		w.command("U0ANA", w.general, "update INC-1 From outside")
		w.sees(w.all, "", "From outside")
		w.command("U0ANA", w.all, "update What incident is meant here?")
		w.until("the channel around the thread is not the incident's", func() bool { return w.fake.View("U0ANA") != nil })
	})
}

// endings name the kinds of calls that send something to look at, as the checker of payloads knows them.
var endings = map[string]string{
	"chat.postMessage": "slack-message", "chat.update": "slack-update", "chat.postEphemeral": "slack-ephemeral",
	"views.open": "slack-modal", "views.update": "slack-modal", "views.publish": "slack-home",
	slackfake.ByAnswer: "slack-ephemeral", slackfake.ByView: "slack-modal",
}

// keepPayloads writes what was really sent to the folder that WATCHBELL_PAYLOADS names, for a check against Slack's own
// definitions.
func keepPayloads(t *testing.T, fake *slackfake.Server) {
	t.Helper()
	sent := map[string]int{}
	for n, call := range fake.Calls("") {
		ending := endings[call.Method]
		if ending == "" {
			continue
		}
		sent[ending]++
		if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" {
			data, err := json.MarshalIndent(payloadOf(call), "", "  ")
			if err == nil {
				name := fmt.Sprintf("%s-%d.%s.json", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), n, ending)
				err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, ending := range []string{"slack-message", "slack-update", "slack-modal", "slack-home"} {
		if sent[ending] == 0 {
			t.Errorf("the story sent no %s", ending)
		}
	}
}

// payloadOf is the body of a call as JSON, which it may have been sent as a form instead.
func payloadOf(call slackfake.Call) map[string]any {
	payload := map[string]any{}
	for name, v := range call.Args {
		var decoded any
		if json.Unmarshal([]byte(v), &decoded) != nil || name == "ts" || name == "thread_ts" || name == "text" {
			decoded = v
		}
		payload[name] = decoded
	}
	if view, ok := payload["view"].(map[string]any); ok {
		return view
	}
	return payload
}
