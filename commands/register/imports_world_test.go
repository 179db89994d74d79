package register_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/storagetest"
)

type shade string

// gadget is a record that has a field of each kind.
type gadget struct {
	register.Head
	Maker  string
	Story  string
	Seats  int
	Months int
	Ends   value.Day
	Cost   value.Money
	Shade  shade
	Live   bool
	Lead   bot.PersonID
	Crew   []bot.PersonID
	Group  string
	Depot  string
	Spares []string
	Tags   []string
	Page   string
	Tier   int
}

// Dues implements register.Dated.
func (g *gadget) Dues() []register.Due {
	if g.Ends.IsZero() {
		return nil
	}
	return []register.Due{
		{What: "end", On: g.Ends, Text: "decide about it"},
		{What: "notice", On: g.Ends.AddMonths(-3), Text: "send the notice"},
	}
}

// Check implements register.Checker.
func (g *gadget) Check() error {
	if g.Seats == 999 {
		g.Tell("full", "999 seats")
	}
	if g.Seats > 0 && g.Maker == "" {
		return bot.Errorf(bot.Invalid, "Maker: say who made it, where it has seats.").About("maker")
	}
	return nil
}

// tiers lets managers alone set the tier of a gadget.
func tiers(_ context.Context, c *bot.Call, was, is *gadget, _ *record.Change) error {
	if (was == nil && is.Tier > 0 || was != nil && was.Tier != is.Tier) && !c.May(record.Manage) {
		return bot.Errorf(bot.Forbidden, "Tier: only managers set it.").About("tier")
	}
	return nil
}

var gadgets = register.Kind[gadget]{
	Noun: "gadget", Prefix: "GDG", Summary: "things of all kinds", Example: "Lamp maker=Acme",
	Columns: []string{"depot", "spares"}, Relations: []desk.Relation{{Name: "uses", Back: "used by",
		To: []string{"depot"}}},
	Along: tiers, Tells: map[string]register.Tells{"full": {One: "gadget filled", Many: "gadgets filled"}},
	Fields: []field.Field[gadget]{
		field.Text("maker", "Who made it, like Acme.", 60, func(g *gadget) *string { return &g.Maker }),
		field.LongText("story", "What happened to it.", 500, func(g *gadget) *string { return &g.Story }).Asked(),
		field.Number("seats", "How many people fit.", 1, 999, func(g *gadget) *int { return &g.Seats }),
		field.Months("months", "How long it lasts.", func(g *gadget) *int { return &g.Months }),
		field.Day("ends", "When it ends, like 2027-03-01.", func(g *gadget) *value.Day { return &g.Ends }),
		field.Money("cost", "What it costs, like 12.50 EUR.", func(g *gadget) *value.Money { return &g.Cost }),
		field.Choice("shade", "red or blue.", func(g *gadget) *shade { return &g.Shade }, "red", "blue"),
		field.Flag("live", "Whether it is in use.", func(g *gadget) *bool { return &g.Live }),
		field.Person("lead", "Who leads it, like @ana.", func(g *gadget) *bot.PersonID { return &g.Lead }),
		field.People("crew", "Who works with it.", func(g *gadget) *[]bot.PersonID { return &g.Crew }),
		field.TeamOf("group", "The group that it is for.", func(g *gadget) *string { return &g.Group }),
		field.Ref("depot", "Where it is, like north.", "depot", func(g *gadget) *string { return &g.Depot }).Asked(),
		field.Refs("spares", "Where spare parts are.", "depot", func(g *gadget) *[]string { return &g.Spares }).Asked(),
		field.List("tags", "Words about it.", func(g *gadget) *[]string { return &g.Tags }),
		field.URL("page", "Its page, like https://example.com/lamp.", func(g *gadget) *string { return &g.Page }),
		field.Number("tier", "How much it matters.", 1, 4, func(g *gadget) *int { return &g.Tier }),
	},
}

// depot is a record that has a key.
type depot struct {
	register.Head
	Near []string
}

var depots = register.Kind[depot]{
	Noun: "depot", Prefix: "DPT", Summary: "where things are", Example: "North", Keyed: true,
	Fields: []field.Field[depot]{
		field.Refs("near", "The depots that are near.", "depot", func(d *depot) *[]string { return &d.Near }),
	},
}

// world is an installation with both registers. Mia is a manager, and Ana may import too.
type world struct {
	*storagetest.Installation
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	o := engine.Options{
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
		Grants: bot.Grants{
			"manager": {"*"},
			"incident-lead": {
				"gadget.*", "depot.*", "ops.apply", "ops.undo", "ops.show", "ops.find", "ops.history", "ops.link", "ops.unlink",
			},
		},
		MemberRoles: []string{"responder"},
	}
	w := &world{storagetest.Install(t, url, o)}
	people := func(ctx context.Context) ([]bot.Person, error) {
		list, err := w.Store.People(ctx)
		for i := range list {
			if list[i].ID == "ben" {
				list[i].Groups = []string{"platform"}
			}
		}
		return list, err
	}
	d := desk.New(w.Store.Registers(), desk.Options{People: people, Clock: w.Clock})
	d.SendBy(w.Bot)
	for _, c := range []bot.Capability{register.New(d, gadgets), register.New(d, depots), d.Capability()} {
		w.Bot.Use(c)
	}
	return w
}

// try imports lines as a file.
func (w *world) try(who, noun string, lines ...string) bot.Reply {
	w.T.Helper()
	return w.Send(who, bot.Request{
		Text:  "/ops " + noun + " import",
		Files: map[string]bot.Upload{"csv": {Name: noun + "s.csv", Data: []byte(strings.Join(lines, "\n"))}},
	})
}

// applies presses the button of a trial.
func (w *world) applies(who string, trial bot.Reply) bot.Reply {
	w.T.Helper()
	return w.Send(who, bot.Request{Token: w.button(trial, "Apply").Token})
}

func (w *world) button(r bot.Reply, label string) bot.Action {
	w.T.Helper()
	if r.Message != nil {
		if a := bottest.ActionOf(r.Message, label); a.Label != "" {
			return a
		}
	}
	w.T.Fatalf("no button %s: %s", label, bottest.Text(r))
	return bot.Action{}
}

// imports imports lines for Mia, and returns the id.
func (w *world) imports(noun string, lines ...string) string {
	w.T.Helper()
	done := w.Done(w.applies("mia", w.try("mia", noun, lines...)))
	return done.Object
}

// export is a register as a file, as a program gets it.
func (w *world) export(who, noun string) string {
	w.T.Helper()
	r := w.Done(w.Send(who, bot.Request{Text: "/ops " + noun + " export", Scopes: []string{"*"}}))
	var data struct{ CSV string }
	if err := json.Unmarshal(r.Data, &data); err != nil {
		w.T.Fatal(err)
	}
	return data.CSV
}

// verify holds the whole database against the audit log.
func (w *world) verify() {
	w.T.Helper()
	if _, err := w.Store.Verify(w.T.Context()); err != nil {
		w.T.Errorf("audit: %v", err)
	}
}

// tomorrow is after what was staged is forgotten.
const tomorrow = 25 * time.Hour
