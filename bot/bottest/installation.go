package bottest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
)

// Installation is a whole bot in a test, with a Recorder for its chat and a Clock that stands still. People act by its
// methods, and the jobs that are due run after each of them. Its methods fail T when the bot itself does not work.
type Installation struct {
	T     testing.TB
	Bot   *engine.Bot
	Chat  *Recorder
	Clock *Clock
	// Place is where people act, if a request does not say it.
	Place bot.Conversation

	options   engine.Options
	platforms []bot.Platform
	keys      *atomic.Int64
}

// Install makes an installation of o, whose store knows the People. Its bot has no capabilities yet, see bot.Use. It is
// attached to the platforms; without any, to the chat.
func Install(t testing.TB, o engine.Options, platforms ...bot.Platform) *Installation {
	t.Helper()
	w := &Installation{T: t, Chat: NewRecorder(), Clock: NewClock(), keys: new(atomic.Int64)}
	w.options, w.platforms = o, platforms
	w.options.Clock = w.Clock
	if len(platforms) == 0 {
		w.platforms = []bot.Platform{w.Chat}
	}
	w.Bot = w.NewBot()
	return w
}

// NewBot makes another bot on the same store, platforms and clock: a second instance, or after a restart the next
// w.Bot.
func (w *Installation) NewBot() *engine.Bot {
	b := engine.New(w.options)
	for _, p := range w.platforms {
		b.Attach(p)
	}
	return b
}

// In is the same installation for people who act in a channel.
func (w *Installation) In(channel string) *Installation {
	there := *w
	there.Place = bot.Conversation{Platform: w.Chat.Platform, Channel: channel}
	return &there
}

// Account is the account of a person on the platform of the chat.
func (w *Installation) Account(who string) bot.Account {
	return bot.Account{Platform: w.Chat.Platform, User: who}
}

// Key is an action key that nobody used before. It is safe for concurrent use.
func (w *Installation) Key() string { return fmt.Sprintf("key-%d", w.keys.Add(1)) }

// Run runs one case of a table as a subtest: T is the subtest's until f returns. T has to be a *testing.T.
func (w *Installation) Run(name string, f func(t *testing.T)) {
	w.T.Helper()
	outer := w.T.(*testing.T)
	outer.Run(name, func(t *testing.T) {
		w.T = t
		defer func() { w.T = outer }()
		f(t)
	})
}

// Send carries out any request of a person. What r leaves open is filled in: a new key, and the place.
func (w *Installation) Send(who string, r bot.Request) bot.Reply {
	w.T.Helper()
	r.From = w.Account(who)
	if r.Key == "" {
		r.Key = w.Key()
	}
	if r.Place == (bot.Conversation{}) {
		r.Place = w.Place
	}
	reply := w.Bot.Receive(w.T.Context(), r)
	w.RunDue()
	return reply
}

// Type carries out a command that somebody types.
func (w *Installation) Type(who, text string) bot.Reply {
	w.T.Helper()
	return w.Send(who, bot.Request{Text: text})
}

// Do is Type for what has to be done.
func (w *Installation) Do(who, text string) bot.Reply {
	w.T.Helper()
	r := w.Type(who, text)
	if r.Status != bot.Done {
		w.T.Fatalf("%s: %s\n%s: %s", who, text, r.Status, Text(r))
	}
	return r
}

// Refused is Type for what must not be done. Each of the parts has to be in the answer.
func (w *Installation) Refused(who, text string, parts ...string) {
	w.T.Helper()
	r := w.Type(who, text)
	if r.Status == bot.Done {
		w.T.Fatalf("%s: %s\nwas done: %s", who, text, Text(r))
	}
	w.Contains(Text(r), parts...)
}

// Click presses the newest button with a label: on one of these messages, or without any on whatever is in the chat.
func (w *Installation) Click(who, label string, on ...Recorded) bot.Reply {
	w.T.Helper()
	return w.Send(who, bot.Request{Token: w.Button(label, on...).Token})
}

// Button finds what Click presses.
func (w *Installation) Button(label string, on ...Recorded) bot.Action {
	w.T.Helper()
	if len(on) == 0 {
		on = w.Chat.Messages()
	}
	for n := len(on) - 1; n >= 0; n-- {
		if a := ActionOf(&on[n].Message, label); a.Label != "" {
			return a
		}
	}
	w.T.Fatalf("no button %q", label)
	return bot.Action{}
}

// Submit sends a form with what somebody filled in.
func (w *Installation) Submit(who string, f *bot.Form, values map[string]string) bot.Reply {
	w.T.Helper()
	if f == nil {
		w.T.Fatalf("no form before %s", who)
	}
	return w.Send(who, bot.Request{Token: f.Token, Values: values})
}

// Done fails the test unless r says that something was done.
func (w *Installation) Done(r bot.Reply) bot.Reply {
	w.T.Helper()
	if r.Status != bot.Done {
		w.T.Fatalf("%s: %s", r.Status, Text(r))
	}
	return r
}

// Wait moves the clock and does what has come due by then, as one tick of the schedules after that time would.
func (w *Installation) Wait(d time.Duration) {
	w.T.Helper()
	w.Clock.Move(d)
	if err := w.Bot.Tick(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	w.RunDue()
}

// WaitUntil is Wait until a moment.
func (w *Installation) WaitUntil(at time.Time) {
	w.T.Helper()
	w.Wait(at.Sub(w.Clock.Now()))
}

// RunDue runs the jobs that are due. The schedules stand still, see Wait.
func (w *Installation) RunDue() {
	w.T.Helper()
	if _, err := w.Bot.RunDue(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

// Told is what somebody was told directly, oldest first.
func (w *Installation) Told(who string) []string {
	var all []string
	for _, m := range w.Chat.In("@" + who) {
		all = append(all, m.Message.Plain(time.UTC))
	}
	return all
}

// Contains fails the test for each of the parts that is not in text.
func (w *Installation) Contains(text string, parts ...string) {
	w.T.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			w.T.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}

// Text is what a reply says: its message without the buttons, or its form.
func Text(r bot.Reply) string {
	if r.Message == nil {
		return fmt.Sprintf("form %+v", r.Form)
	}
	return r.Message.Plain(time.UTC)
}

// Rendered is all that a reply shows: its message as Render writes it, or its form.
func Rendered(r bot.Reply) string {
	if r.Message == nil {
		return Text(r)
	}
	return Render(*r.Message)
}

// ActionOf finds the button of a message with a label; a message without it has an empty one, and so has no message.
func ActionOf(m *bot.Message, label string) bot.Action {
	if m != nil {
		for _, a := range m.Actions {
			if a.Label == label {
				return a
			}
		}
	}
	return bot.Action{}
}

// InputOf finds the input of a form with a name; a form without it has an empty one.
func InputOf(f *bot.Form, name string) bot.Input {
	for _, in := range f.Inputs {
		if in.Name == name {
			return in
		}
	}
	return bot.Input{}
}
