package bottest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Harness is an adapter under test with people in front of it: how they act on its platform, and what they see there.
// Its methods fail t when the platform itself does not work. key names one action; the same key again is a second
// delivery of it.
type Harness interface {
	Platform() bot.Platform
	// Place is a channel that everybody is in.
	Place() bot.Conversation
	Type(t *testing.T, user, key, text string)
	Click(t *testing.T, user, key string, on Seen, label, choice string)
	Submit(t *testing.T, user, key string, values map[string]string)
	// Form is the form that the user has before them, nil if none.
	Form(t *testing.T, user string) *bot.Form
	// Sees is what the user sees in the channel, oldest first.
	Sees(t *testing.T, user string) []Seen
	// Restart stops the adapter and starts it anew on the same data.
	Restart(t *testing.T)
}

// Seen is one message as a user sees it.
type Seen struct {
	Ref     bot.MessageRef
	Text    string   // all of it, without formatting
	Private bool     // only this user sees it
	Labels  []string // of its buttons and menus
}

// Conform holds an adapter to what every adapter has to do. start returns the adapter in front of a bot on an empty
// store that knows People of its platform; receive is the bot's door.
func Conform(
	t *testing.T, store bot.Store, start func(t *testing.T, receive func(context.Context, bot.Request) bot.Reply) Harness,
) {
	p := &probe{gate: make(chan struct{}, 100)}
	p.bot = engine.New(engine.Options{
		Store: store, Grants: bot.Grants{"responder": {"probe.*"}, "incident-lead": {"probe.*"}, "admin": {"*"}},
	})
	p.bot.Use(p.capability())
	h := start(t, p.bot.Receive)
	p.bot.Attach(h.Platform())
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) { c.check(t, p, h) })
	}
}

var conformance = []struct {
	name  string
	check func(*testing.T, *probe, Harness)
}{
	{"a message is posted once per key and edited in place", checkPostEdit},
	{"an answer is seen by nobody else", checkPrivate},
	{"a form comes back with field errors and keeps what was typed", checkForm},
	{"a day and an amount mean in a form what they mean in words", checkCivil},
	{"an answer that takes long arrives late and is not lost", checkLate},
	{"a second delivery has no second effect", checkTwice},
	{"a form that is open survives a restart", checkRestart},
	{"a button survives a restart", checkButton},
	{"buttons that stand for the same, or for much, are told apart", checkAlike},
	{"an unknown person is refused", checkUnknown},
	{"hostile text arrives as it was typed", checkHostile},
	{"an oversize message is cut, not refused", checkOversize},
	{"a message that is gone is reported as gone", checkGone},
}

// probe is a capability made for the suite.
type probe struct {
	bot   *engine.Bot
	count atomic.Int64
	gate  chan struct{}
}

func (p *probe) capability() bot.Capability {
	text := bot.Param{
		Name: "text", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Min: 3, Max: 30_000, Paragraph: true,
		Help: "At least three characters.",
	}
	cmd := func(verb string, params []bot.Param, h bot.Handler) bot.Command {
		return bot.Command{
			Name: "probe." + verb, Permission: "probe." + verb, Title: "Probe", Summary: "probe " + verb,
			Example: "/probe " + verb, Params: params, Handle: h,
		}
	}
	echo := func(_ context.Context, c *bot.Call) (bot.Reply, error) {
		return bot.Answer(bot.Say("echo: " + c.Text("text"))), nil
	}
	return bot.Capability{Noun: bot.Noun{Name: "probe", Summary: "for tests"}, Commands: []bot.Command{
		cmd("echo", []bot.Param{text}, echo),
		cmd("civil", []bot.Param{
			{Name: "on", Kind: bot.DayParam, Toward: value.Either, Form: true, Required: true},
			{Name: "cost", Kind: bot.MoneyParam, Form: true, Required: true},
		}, func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			return bot.Answer(bot.Say(fmt.Sprintf("civil: %s for %s", c.Day("on"), c.Money("cost")))), nil
		}),
		cmd("slow", []bot.Param{text}, func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
			select {
			case <-p.gate:
			case <-ctx.Done():
				return bot.Reply{}, ctx.Err()
			}
			return echo(ctx, c)
		}),
		cmd("count", nil, func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
			return bot.Answer(bot.Say(fmt.Sprintf("count %d", p.count.Add(1)))), nil
		}),
	}}
}

// eventually waits for what happens on its own: at most ten seconds, for a platform that works in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func find(seen []Seen, part string) (Seen, bool) {
	for n := len(seen) - 1; n >= 0; n-- {
		if strings.Contains(seen[n].Text, part) {
			return seen[n], true
		}
	}
	return Seen{}, false
}

func sees(t *testing.T, h Harness, user, part string) Seen {
	t.Helper()
	var got Seen
	eventually(t, user+" sees "+part, func() (ok bool) { got, ok = find(h.Sees(t, user), part); return ok })
	return got
}

func countSeen(seen []Seen, part string) int {
	n := 0
	for _, s := range seen {
		if strings.Contains(s.Text, part) {
			n++
		}
	}
	return n
}

func (p *probe) post(t *testing.T, h Harness, key string, m bot.Message) bot.MessageRef {
	t.Helper()
	ref, err := p.bot.Post(context.Background(), key, "", h.Place(), m)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func checkPostEdit(t *testing.T, p *probe, h Harness) {
	ctx := context.Background()
	ref := p.post(t, h, "conform.once", bot.Say("posted once"))
	again, err := h.Platform().Post(ctx, h.Place(), bot.Say("posted once"), "conform.once")
	if err != nil || again != ref {
		t.Errorf("second post with one key: %+v %v, want %+v", again, err, ref)
	}
	sees(t, h, "dan", "posted once")
	if n := countSeen(h.Sees(t, "dan"), "posted once"); n != 1 {
		t.Errorf("seen %d times", n)
	}
	if err := h.Platform().Edit(ctx, ref, bot.Say("edited in place")); err != nil {
		t.Fatal(err)
	}
	if got := sees(t, h, "dan", "edited in place"); got.Ref.ID != ref.ID {
		t.Errorf("edited message is %+v, want %+v", got.Ref, ref)
	}
}

func checkPrivate(t *testing.T, _ *probe, h Harness) {
	h.Type(t, "dan", "private", "/probe echo for my eyes")
	if got := sees(t, h, "dan", "echo: for my eyes"); !got.Private {
		t.Error("the answer is not marked as private")
	}
	if _, ok := find(h.Sees(t, "ana"), "echo: for my eyes"); ok {
		t.Error("somebody else sees the answer")
	}
}

func checkForm(t *testing.T, _ *probe, h Harness) {
	h.Type(t, "dan", "form-open", "/probe echo")
	eventually(t, "the form opens", func() bool { return h.Form(t, "dan") != nil })
	h.Submit(t, "dan", "form-bad", map[string]string{"text": "x"})
	eventually(t, "the form comes back with an error", func() bool {
		f := h.Form(t, "dan")
		return f != nil && f.Inputs[0].Error != "" && f.Inputs[0].Value == "x"
	})
	h.Submit(t, "dan", "form-good", map[string]string{"text": "long enough"})
	sees(t, h, "dan", "echo: long enough")
	eventually(t, "the form closes", func() bool { return h.Form(t, "dan") == nil })
}

// checkCivil types a day, which the form then shows, and answers with another: a platform's picker knows no words.
func checkCivil(t *testing.T, _ *probe, h Harness) {
	h.Type(t, "dan", "civil-typed", "/probe civil on=1 mar 2027 cost=EUR 1250.5")
	sees(t, h, "dan", "civil: 2027-03-01 for 1,250.50 EUR")
	h.Type(t, "dan", "civil-open", "/probe civil on=28 feb 2027")
	eventually(t, "the form shows the day", func() bool {
		f := h.Form(t, "dan")
		return f != nil && slices.ContainsFunc(f.Inputs, func(in bot.Input) bool {
			return in.Name == "on" && in.Value == "2027-02-28"
		})
	})
	h.Submit(t, "dan", "civil-bad", map[string]string{"on": "2027-12-31", "cost": "1,250 EUR"})
	eventually(t, "the form comes back with an error", func() bool {
		f := h.Form(t, "dan")
		return f != nil && slices.ContainsFunc(f.Inputs, func(in bot.Input) bool {
			return strings.Contains(in.Error, "can be read in two ways")
		})
	})
	h.Submit(t, "dan", "civil-good", map[string]string{"on": "2027-12-31", "cost": "€1.250,50"})
	sees(t, h, "dan", "civil: 2027-12-31 for 1,250.50 EUR")
	eventually(t, "the form closes", func() bool { return h.Form(t, "dan") == nil })
}

func checkLate(t *testing.T, p *probe, h Harness) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Type(t, "dan", "late", "/probe slow better late")
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the platform waits for a slow handler instead of acknowledging")
	}
	p.gate <- struct{}{}
	<-done
	sees(t, h, "dan", "echo: better late")
}

func checkTwice(t *testing.T, p *probe, h Harness) {
	h.Type(t, "dan", "twice", "/probe count")
	first := sees(t, h, "dan", "count 1")
	h.Type(t, "dan", "twice", "/probe count")
	if n := countSeen(h.Sees(t, "dan"), "count "); n > 2 {
		t.Errorf("answered %d times", n)
	}
	_ = first
}

func checkRestart(t *testing.T, _ *probe, h Harness) {
	h.Type(t, "ana", "restart-open", "/probe echo")
	eventually(t, "the form opens", func() bool { return h.Form(t, "ana") != nil })
	h.Restart(t)
	h.Submit(t, "ana", "restart-submit", map[string]string{"text": "after the restart"})
	sees(t, h, "ana", "echo: after the restart")
}

func checkButton(t *testing.T, p *probe, h Harness) {
	p.post(t, h, "conform.button", bot.Message{Sections: []bot.Section{bot.Para("press me")}, Actions: []bot.Action{
		{Label: "Press", Command: "probe.echo", Args: map[string]string{"text": "pressed"}},
		{
			Label: "Pick", Command: "probe.echo", Choose: "text",
			Options: []bot.Option{{Value: "first choice", Label: "First"}, {Value: "second choice", Label: "Second"}},
		},
	}})
	h.Restart(t)
	h.Click(t, "dan", "press", sees(t, h, "dan", "press me"), "Press", "")
	sees(t, h, "dan", "echo: pressed")
	h.Click(t, "ana", "pick", sees(t, h, "ana", "press me"), "Pick", "second choice")
	sees(t, h, "ana", "echo: second choice")
}

// checkAlike presses what is easily mixed up: actions that stand for the same, and one whose argument is as long as a
// token.
func checkAlike(t *testing.T, p *probe, h Harness) {
	long := strings.Repeat("long words ", 40)
	p.post(t, h, "conform.alike", bot.Message{Sections: []bot.Section{bot.Para("all alike")}, Actions: []bot.Action{
		{Label: "One", Command: "probe.echo", Args: map[string]string{"text": "the same"}},
		{Label: "Other", Command: "probe.echo", Args: map[string]string{"text": "the same"}},
		{Label: "Longer", Command: "probe.echo", Args: map[string]string{"text": long[:120]}},
		{Label: "Longest", Command: "probe.echo", Args: map[string]string{"text": long}},
	}})
	on := sees(t, h, "dan", "all alike")
	for user, label := range map[string]string{"dan": "One", "ana": "Other", "ben": "Longer", "chloe": "Longest"} {
		h.Click(t, user, "alike-"+label, on, label, "")
	}
	for user, text := range map[string]string{
		"dan": "echo: the same", "ana": "echo: the same", "ben": "echo: " + long[:119], "chloe": "echo: " + long[:300],
	} {
		sees(t, h, user, text)
	}
}

func checkUnknown(t *testing.T, _ *probe, h Harness) {
	h.Type(t, "eve", "deactivated", "/probe echo let me in")
	if got := sees(t, h, "eve", "deactivated"); !got.Private {
		t.Error("the refusal is public")
	}
	if _, ok := find(h.Sees(t, "eve"), "echo: let me in"); ok {
		t.Error("a deactivated person was let in")
	}
}

// hostile is text that must arrive as it was typed, on every platform.
var hostile = []string{
	`<!channel> <!everyone> <@U1> @everyone <@&1>`, `<https://evil.example|Approve here>`, `&lt;!channel&gt;`,
	"```` ``` ` *b* _i_ ~s~", `<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`, `[label](https://evil.example)`, `; rm -rf / $(id)`, `' OR 1=1 --`, `{{.Secret}}`,
}

func checkHostile(t *testing.T, p *probe, h Harness) {
	for n, text := range hostile {
		p.post(t, h, fmt.Sprintf("conform.hostile/%d", n), bot.Say(fmt.Sprintf("hostile %d: ", n), text))
		sees(t, h, "dan", fmt.Sprintf("hostile %d: %s", n, text))
	}
}

func checkOversize(t *testing.T, p *probe, h Harness) {
	m := bot.Message{Title: "Oversize " + strings.Repeat("title ", 200)}
	for range 80 {
		m.Sections = append(m.Sections, bot.Para(strings.Repeat("many words ", 500)))
	}
	for range 40 {
		m.Actions = append(m.Actions, bot.Action{Label: strings.Repeat("label ", 40), Command: "probe.count"})
	}
	p.post(t, h, "conform.oversize", m)
	sees(t, h, "dan", "Oversize title")
}

func checkGone(t *testing.T, _ *probe, h Harness) {
	ref := bot.MessageRef{Conversation: h.Place(), ID: "999999999"}
	if err := h.Platform().Edit(context.Background(), ref, bot.Say("nobody sees this")); err == nil ||
		!strings.Contains(err.Error(), bot.ErrGone.Error()) {
		t.Errorf("editing a message that never was: %v, want ErrGone", err)
	}
}
