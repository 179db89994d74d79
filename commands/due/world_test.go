package due_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func berlin() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}

// world is an installation in which things of any kind are due, as the test says. They are settled by /thing done.
type world struct {
	*storagetest.Installation
	options due.Options
	mu      sync.Mutex
	things  map[[2]string]bot.Due
}

func newWorld(t *testing.T, url string, chats ...bot.Platform) *world {
	t.Helper()
	o := engine.Options{MemberRoles: []string{"responder"}, Zone: berlin()}
	w := &world{Installation: storagetest.Install(t, url, o, chats...), things: map[[2]string]bot.Due{}}
	w.options = due.Options{
		People: w.Store.People, Clock: w.Clock, Zone: berlin(), Channel: "ops",
		Services: bot.ServicesOf(bot.Service{ID: "payroll", RestrictedTo: []string{"hr"}}, bot.Service{ID: "portal"}),
	}
	w.use(w.Bot, w.Store)
	return w
}

func (w *world) use(b *engine.Bot, s *storage.Store) {
	b.Use(due.New(s.Reminders(), b, w.options).Capability())
	b.Use(bot.Capability{
		Noun:   bot.Noun{Name: "thing", Summary: "things that are due"},
		Grants: bot.Grants{"member": {"thing.*"}},
		Dues:   w.dues,
		Commands: []bot.Command{
			w.command(s, "thing.done", "Done"), w.command(s, "thing.show", "Show"), w.command(s, "thing.give", "Give"),
		},
	})
}

// dues are all that are open, for the rebuilding at night.
func (w *world) dues(context.Context) ([]bot.Due, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.things)), nil
}

// keep remembers what is due.
func (w *world) keep(list ...bot.Due) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range list {
		w.things[[2]string{d.Object, d.What}] = d
		if d.Settled() {
			delete(w.things, [2]string{d.Object, d.What})
		}
	}
}

// command is one that settles a thing, or does nothing.
func (w *world) command(s *storage.Store, name, title string) bot.Command {
	return bot.Command{
		Name: name, Permission: name, Title: title, Summary: "do it", Example: "/thing do CTR-1",
		Params: []bot.Param{{Name: "thing", Kind: bot.RefParam, Prefix: "CTR", Bare: true, Required: true}},
		Handle: func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
			e := c.Effects(c.Text("thing"), 0, title)
			if name == "thing.done" {
				e.Dues = []bot.Due{{Object: c.Text("thing"), What: "notice"}}
			}
			w.keep(e.Dues...)
			e.Answer = bot.Answer(bot.Say(title))
			return e.Answer, s.Record(ctx, e)
		},
	}
}

// on is a date so many days from today.
func (w *world) on(days int) value.Day { return value.DayOf(w.Clock.Now().In(berlin())).Add(days) }

// notice is a due of a contract with all of its actions.
func notice(object string, owner bot.PersonID, on value.Day) bot.Due {
	args := map[string]string{"thing": object}
	return bot.Due{
		Object: object, What: "notice", On: on, Owner: owner, Text: "decide on the contract",
		Done:     &bot.Action{Label: "Done", Command: "thing.done", Args: args},
		Reassign: &bot.Action{Label: "Reassign", Command: "thing.give", Args: args},
		Open:     &bot.Action{Label: "Open", Command: "thing.show", Args: args},
	}
}

// save makes things due, or settles them.
func (w *world) save(list ...bot.Due) {
	w.T.Helper()
	e := bot.Effects{
		Audit: bot.Audit{
			Action: "thing.edit", Object: list[0].Object, Result: bot.ResultDone, At: w.Clock.Now(), Source: "test",
		},
		Dues: list,
	}
	w.keep(list...)
	if err := w.Store.Record(w.T.Context(), e); err != nil {
		w.T.Fatal(err)
	}
}

// until lets time pass until a moment, with many ticks.
func (w *world) until(day value.Day, hour int) {
	w.T.Helper()
	for end := day.At(hour*60, berlin()); w.Clock.Now().Before(end); {
		w.Wait(min(15*time.Minute, end.Sub(w.Clock.Now())))
	}
	w.Wait(time.Minute)
}

// toldIs fails the test unless somebody was told these messages, each with all of its parts.
func (w *world) toldIs(who string, want ...string) {
	w.T.Helper()
	got := w.Told(who)
	if len(got) != len(want) {
		w.T.Fatalf("%s was told %d messages, want %d:\n%s", who, len(got), len(want), strings.Join(got, "\n---\n"))
	}
	for k, parts := range want {
		w.Contains(got[k], strings.Split(parts, "|")...)
	}
}

// last is the newest message to somebody.
func (w *world) last(who string) bottest.Recorded {
	w.T.Helper()
	all := w.Chat.In("@" + who)
	if len(all) == 0 {
		w.T.Fatalf("nobody told %s anything", who)
	}
	return all[len(all)-1]
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		f(w)
		w.Verify()
	})
}

// labels are the buttons of a message.
func labels(m bot.Message) string {
	var list []string
	for _, a := range m.Actions {
		list = append(list, a.Label)
	}
	return strings.Join(slices.Compact(list), ", ")
}
