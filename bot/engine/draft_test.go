package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// drafting is a bot whose one command has a long form.
type drafting struct {
	*bottest.Installation
	store *storage.Store
	did   []string
}

func newDrafting(t *testing.T) *drafting {
	d := &drafting{store: storagetest.WithPeople(t, sqlite(t), "test")}
	grants := bot.Grants{"responder": {"thing.*", "item.*"}, "incident-lead": {"thing.*"}}
	d.Installation = bottest.Install(t, engine.Options{Store: d.store, Grants: grants}, bottest.NewRecorder())
	d.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{{
		Name: "thing.fill", Permission: "thing.fill", Summary: "fill it in", Example: "/thing fill", Title: "Fill it in",
		Params: []bot.Param{
			{Name: "one", Kind: bot.TextParam, Form: true, Required: true, Help: "Anything."},
			{Name: "two", Kind: bot.TextParam, Form: true},
			{Name: "three", Kind: bot.NumberParam, Form: true, Max: 9, Help: "A number."},
		},
		Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			d.did = append(d.did, strings.Join([]string{c.Text("one"), c.Text("two"), c.Raw["three"]}, "/"))
			return bot.Answer(bot.Say("filled")), nil
		},
	}}})
	return d
}

// send submits a form, or a draft of it, as somebody.
func (d *drafting) send(who, token string, draft bool, values map[string]string) bot.Reply {
	return d.Bot.Receive(context.Background(), bot.Request{
		From: bot.Account{Platform: "test", User: who}, Place: in("W"), Token: token, Draft: draft, Values: values,
	})
}

func (d *drafting) open(t *testing.T) string {
	t.Helper()
	r := d.Bot.Receive(context.Background(), bot.Request{From: dan, Place: in("W"), Text: "/thing fill"})
	if r.Form == nil {
		t.Fatalf("%s: %v", r.Status, r.Message)
	}
	return r.Form.Token
}

// shownIn are the values and the errors of a form, by the names of its inputs.
func shownIn(f *bot.Form) (values, wrong map[string]string) {
	values, wrong = map[string]string{}, map[string]string{}
	if f == nil {
		return values, wrong
	}
	for _, in := range f.Inputs {
		if in.Value != "" {
			values[in.Name] = in.Value
		}
		if in.Error != "" {
			wrong[in.Name] = in.Error
		}
	}
	return values, wrong
}

// A draft is kept and not carried out: the form comes back with all that was sent so far, whatever is missing or wrong
// in it, and the last part carries it out with all of them.
func TestADraftKeepsWhatWasTyped(t *testing.T) {
	d := newDrafting(t)
	r := d.send("dan", d.open(t), true, map[string]string{"two": "second"})
	values, wrong := shownIn(r.Form)
	if r.Status != bot.FormOpen || !cmp.Equal(values, map[string]string{"two": "second"}) || len(wrong) > 0 {
		t.Fatalf("%s: %v, wrong %v", r.Status, values, wrong)
	}
	r = d.send("dan", r.Form.Token, true, map[string]string{"three": "many", "two": "again"})
	values, wrong = shownIn(r.Form)
	if r.Status != bot.FormOpen || !cmp.Equal(values, map[string]string{"two": "again", "three": "many"}) ||
		len(wrong) > 0 {
		t.Fatalf("%s: %v, wrong %v", r.Status, values, wrong)
	}
	if len(d.did) > 0 {
		t.Fatalf("a draft was carried out: %v", d.did)
	}
	r = d.send("dan", r.Form.Token, false, map[string]string{"one": "first"}) // what is wrong is told at the end
	values, wrong = shownIn(r.Form)
	want := map[string]string{"one": "first", "two": "again", "three": "many"}
	if r.Status != bot.Usage || !cmp.Equal(values, want) || wrong["three"] == "" || len(wrong) != 1 || len(d.did) > 0 {
		t.Fatalf("%s: %v, wrong %v, did %v", r.Status, values, wrong, d.did)
	}
	r = d.send("dan", r.Form.Token, false, map[string]string{"three": "3"})
	if r.Status != bot.Done || !cmp.Equal(d.did, []string{"first/again/3"}) {
		_, wrong = shownIn(r.Form)
		t.Errorf("%s: %v, wrong %v, did %v", r.Status, r.Message, wrong, d.did)
	}
}

// A draft may take back what an earlier one said.
func TestALaterDraftMayEmptyAValue(t *testing.T) {
	d := newDrafting(t)
	r := d.send("dan", d.open(t), true, map[string]string{"one": "x", "two": "no longer"})
	r = d.send("dan", r.Form.Token, true, map[string]string{"two": ""})
	if values, _ := shownIn(r.Form); !cmp.Equal(values, map[string]string{"one": "x"}) {
		t.Errorf("kept %v", values)
	}
	if r = d.send("dan", r.Form.Token, false, map[string]string{}); !cmp.Equal(d.did, []string{"x//"}) {
		t.Errorf("%s: did %v", r.Status, d.did)
	}
}

// Each draft has a token of its own, and the one before goes on being good: somebody may have two windows open.
func TestAnEarlierDraftStaysAsItWas(t *testing.T) {
	d := newDrafting(t)
	first := d.send("dan", d.open(t), true, map[string]string{"one": "old"}).Form.Token
	second := d.send("dan", first, true, map[string]string{"one": "new"}).Form.Token
	if first == second {
		t.Fatal("both drafts have one token")
	}
	d.send("dan", first, false, map[string]string{})
	d.send("dan", second, false, map[string]string{})
	if !cmp.Equal(d.did, []string{"old//", "new//"}) {
		t.Errorf("did %v", d.did)
	}
}

// What is missing is asked for at the end, not at each step.
func TestADraftThatLacksSomething(t *testing.T) {
	d := newDrafting(t)
	r := d.send("dan", d.open(t), true, map[string]string{})
	if _, wrong := shownIn(r.Form); r.Status != bot.FormOpen || len(wrong) > 0 {
		t.Fatalf("%s: wrong %v", r.Status, wrong)
	}
	r = d.send("dan", r.Form.Token, false, map[string]string{})
	if _, wrong := shownIn(r.Form); r.Status != bot.Usage || wrong["one"] == "" || len(d.did) > 0 {
		t.Errorf("%s: wrong %v, did %v", r.Status, wrong, d.did)
	}
}

// A draft grants nothing: that of somebody else is refused, to be gone on with as to be sent off, and shows nothing.
func TestSomebodyElsesDraftIsRefused(t *testing.T) {
	d := newDrafting(t)
	token := d.send("dan", d.open(t), true, map[string]string{"one": "private words"}).Form.Token
	for _, draft := range []bool{true, false} {
		r := d.send("ana", token, draft, map[string]string{"two": "x"})
		if r.Status != bot.Refused || r.Form != nil || strings.Contains(r.Message.Plain(nil), "private words") {
			t.Errorf("draft %v: %s, %v", draft, r.Status, r.Message)
		}
	}
	r := d.send("dan", token, true, map[string]string{"four": "x"})
	if r.Status != bot.Refused && r.Status != bot.Usage || r.Form != nil {
		t.Errorf("an input that there is not: %s", r.Status)
	}
	if len(d.did) > 0 {
		t.Errorf("did %v", d.did)
	}
}

// Who lost the right meanwhile is told so at once, and not asked for more.
func TestADraftNeedsTheRight(t *testing.T) {
	d := newDrafting(t)
	token := d.open(t)
	people := bottest.People("test")
	for i := range people {
		people[i].Roles = nil
	}
	if err := d.store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	if r := d.send("dan", token, true, map[string]string{"one": "x"}); r.Status != bot.Refused || r.Form != nil {
		t.Errorf("%s: %v", r.Status, r.Message)
	}
}

// editing is a bot with one thing, whose title is edited by a form that shows it and asks for more.
type editing struct {
	*drafting
	title, note string
}

func newEditing(t *testing.T) *editing {
	e := &editing{drafting: newDrafting(t), title: "Old title"}
	e.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "item", Summary: "for tests"},
		Commands: []bot.Command{{
			Name: "item.edit", Permission: "item.edit", Summary: "edit it", Example: "/item edit ITM-1", Title: "Edit it",
			Params: []bot.Param{
				{
					Name: "item", Kind: bot.RefParam, Prefix: "ITM", Required: true, Bare: true,
					Options: func(context.Context) ([]bot.Option, error) {
						return []bot.Option{{Value: "ITM-1", Label: "ITM-1"}}, nil
					},
				},
				{Name: "title", Kind: bot.TextParam, Form: true},
				{Name: "note", Kind: bot.TextParam, Form: true},
			},
			Asks: true,
			Prefill: func(context.Context, *bot.Call) (map[string]string, error) {
				return map[string]string{"title": e.title}, nil
			},
			Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
				if err := c.Unchanged(map[string]string{"title": e.title}); err != nil {
					return bot.Reply{}, err
				}
				e.title, e.note = c.Text("title"), c.Text("note")
				return bot.Answer(bot.Say("edited ", c.Text("item"))), nil
			},
		}}})
	return e
}

func (e *editing) ask(t *testing.T, r bot.Request) *bot.Form {
	t.Helper()
	r.From, r.Place = dan, in("W")
	reply := e.Bot.Receive(context.Background(), r)
	if reply.Form == nil {
		t.Fatalf("%s: %v", reply.Status, reply.Message)
	}
	return reply.Form
}

// Going on with a form that is asked in steps shows it as it was begun: what somebody else changed since is told.
func TestADraftThatIsOpenedAgainOverwritesNothing(t *testing.T) {
	e := newEditing(t)
	form := e.ask(t, bot.Request{Shortcut: "item.edit", Args: map[string]string{"item": "ITM-1"}})
	form = e.ask(t, bot.Request{Token: form.Token, Draft: true, Values: map[string]string{"title": "My title"}})
	e.title = "Another title"
	form = e.ask(t, bot.Request{Token: form.Token}) // Continue
	r := e.send("dan", form.Token, false, map[string]string{"note": "x"})
	if _, wrong := shownIn(r.Form); r.Status != bot.Usage || !strings.Contains(wrong["title"], "Another title") ||
		e.title != "Another title" {
		t.Fatalf("%s: wrong %v, the title is %s", r.Status, wrong, e.title)
	}
	if r = e.send("dan", r.Form.Token, false, map[string]string{}); r.Status != bot.Done || e.title != "My title" ||
		e.note != "x" {
		t.Errorf("%s %v: the title is %s, the note %s", r.Status, r.Message, e.title, e.note)
	}
}

// The first step may ask which thing is meant. The steps after it count from there.
func TestADraftGoesOnAskingWhatItAskedFirst(t *testing.T) {
	e := newEditing(t)
	names := func(f *bot.Form) (list []string) {
		for _, in := range f.Inputs {
			list = append(list, in.Name)
		}
		return list
	}
	form := e.ask(t, bot.Request{Shortcut: "item.edit"})
	want := []string{"item", "title", "note"}
	for _, r := range []bot.Request{
		{Token: form.Token, Draft: true, Values: map[string]string{"item": "ITM-1", "title": "New"}}, {},
	} {
		if r.Token == "" {
			r.Token = form.Token // Continue
		}
		if form = e.ask(t, r); !cmp.Equal(names(form), want) {
			t.Fatalf("asks for %v, want %v", names(form), want)
		}
	}
	r := e.send("dan", form.Token, false, map[string]string{"note": "last"})
	if r.Status != bot.Done || !strings.Contains(r.Message.Plain(nil), "edited ITM-1") || e.note != "last" {
		t.Errorf("%s %v, the note is %s", r.Status, r.Message, e.note)
	}
}
