// Package registertest is for testing registers: an installation that has them, and the suite that every register has
// to pass.
package registertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// World is an installation with registers.
type World struct {
	*storagetest.Installation
	Desk    *desk.Desk
	Records record.Store
}

// Register makes a register on a desk.
type Register func(d *desk.Desk) bot.Capability

// Of is the register of a kind.
func Of[T any, P register.Record[T]](k register.Kind[T]) Register {
	return func(d *desk.Desk) bot.Capability { return register.New[T, P](d, k) }
}

// Install makes an installation with registers. Incidents and changes from INC-1 and CHG-1 to 9 are there, and every
// change is closed.
func Install(t testing.TB, url string, registers ...Register) *World {
	t.Helper()
	w := &World{Installation: storagetest.Install(t, url, engine.Options{})}
	w.Records = Records(w.Store)
	w.Desk = desk.New(w.Records, desk.Options{People: w.Store.People, Clock: w.Clock, Title: title, State: state})
	w.Place = bot.Conversation{Platform: w.Chat.Platform, Channel: "ops"}
	w.Bot.Use(w.Desk.Capability())
	for _, r := range registers {
		w.Bot.Use(r(w.Desk))
	}
	return w
}

var outside = regexp.MustCompile(`^(INC|CHG)-[1-9]$`)

// Each runs f with an installation on each database.
func Each(t *testing.T, f func(w *World), registers ...Register) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { f(Install(t, url, registers...)) })
}

// Lines carries out commands, each with who types it in front: "dan: /ops contract list".
func (w *World) Lines(lines ...string) {
	w.T.Helper()
	for _, line := range lines {
		who, text, _ := strings.Cut(line, ": ")
		w.Do(who, text)
	}
}

// Dues are all that is due, by the table.
func (w *World) Dues() []bot.Due {
	w.T.Helper()
	list, err := w.Store.DuesUntil(w.T.Context(), value.Day{Year: 9999, Month: 12, Day: 31}, 1000)
	if err != nil {
		w.T.Fatal(err)
	}
	return list
}

// DueOf is what is due of a thing by its name; the zero Due when it is not.
func (w *World) DueOf(object, what string) bot.Due {
	w.T.Helper()
	list := w.Dues()
	i := slices.IndexFunc(list, func(d bot.Due) bool { return d.Object == object && d.What == what })
	if i < 0 {
		return bot.Due{}
	}
	return list[i]
}

// Happened are what reports tell of the day up to now, a line each, without what it is counted as.
func (w *World) Happened() []string {
	w.T.Helper()
	now := w.Clock.Now()
	list, err := w.Bot.Happened(w.T.Context(), value.Span{From: now.AddDate(-10, 0, 0), To: now.AddDate(0, 0, 1)})
	if err != nil {
		w.T.Fatal(err)
	}
	lines := make([]string, len(list))
	for i, h := range list {
		lines[i] = h.Object + " " + h.One + ": " + h.Text
	}
	return lines
}

// Options are what a kind's suite needs to know.
type Options struct {
	With []Register // that its fields refer to
	// Samples are texts for fields that fit together, in place of the examples of their helps.
	Samples map[string]string
	// Before are what has to be done before the example of a verb or a look works, as World.Lines takes it, by its name;
	// it begins with an empty register of which dan has added the kind's example.
	Before map[string][]string
	// As is who carries out the example of a verb; default dan.
	As map[string]string
	// By is who adds a record with all of its fields; default dan.
	By string
	// Make makes the register where it takes more than its kind.
	Make Register
}

// Kind holds a kind to what every register keeps.
func Kind[T any, P register.Record[T]](t *testing.T, k register.Kind[T], o Options) {
	t.Helper()
	if o.By == "" {
		o.By = "dan"
	}
	if o.Make == nil {
		o.Make = Of[T, P](k)
	}
	s := suite{k.Noun, o, append(slices.Clone(o.With), o.Make)}
	t.Run("every form fits", s.forms)
	t.Run("every help has an example", s.helps)
	t.Run("every field survives", s.fields)
	t.Run("a file that is written and read changes nothing", s.files)
	t.Run("dues are the same after saving", s.dues)
	t.Run("every example works", s.examples)
	t.Run("guests and strangers change nothing", s.rights)
	t.Run("what an agent did is marked", s.agents)
	for _, name := range slices.Sorted(maps.Keys(k.Ladders)) {
		if !slices.IsSortedFunc(k.Ladders[name], func(a, b int) int { return b - a }) {
			t.Errorf("the ladder of %s does not fall: %v", name, k.Ladders[name])
		}
	}
}

type suite struct {
	noun      string
	o         Options
	registers []Register
}

// world has the kind's example as the first record, added by dan.
func (s suite) world(t *testing.T, example bool) *World {
	t.Helper()
	w := Install(t, storagetest.SQLite(t), s.registers...)
	if example {
		w.Do("dan", s.command(w, "add").Example)
	}
	return w
}

func (s suite) commands(w *World) []*bot.Command {
	var list []*bot.Command
	for _, c := range w.Bot.Tree().Commands() {
		if c.Noun() == s.noun && c.Verb() != "help" {
			list = append(list, c)
		}
	}
	return list
}

func (s suite) command(w *World, verb string) *bot.Command {
	w.T.Helper()
	c, ok := w.Bot.Tree().Command(s.noun + "." + verb)
	if !ok {
		w.T.Fatalf("there is no %s.%s", s.noun, verb)
	}
	return c
}

// Limits of platforms that Command.Check leaves to their renderers, which cut: of Discord's forms and menus.
const (
	maxHelp    = 100 // below an input
	maxSummary = 100 // of a command in a menu
)

func (s suite) forms(t *testing.T) {
	w := s.world(t, false)
	for _, c := range s.commands(w) {
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if n := utf8.RuneCountInString(c.Entry()); n > maxSummary {
			t.Errorf("%s: %q has %d characters in a menu, of %d", c.Name, c.Entry(), n, maxSummary)
		}
		for _, p := range c.Params {
			if n := utf8.RuneCountInString(p.Help); p.Form && n > maxHelp {
				t.Errorf("%s: the help of %s has %d characters, of %d: %s", c.Name, p.Name, n, maxHelp, p.Help)
			}
			if p.Fixed {
				s.options(t, w, c, p)
			}
		}
	}
}

func (s suite) options(t *testing.T, w *World, c *bot.Command, p bot.Param) {
	options, err := p.Options(t.Context())
	if err != nil || len(options) > bot.MaxOptions {
		t.Errorf("%s: %s has %d options, %v", c.Name, p.Name, len(options), err)
	}
	for _, o := range options {
		if !strings.Contains(p.Help, o.Value) {
			t.Errorf("%s: the help of %s does not name %q: %s", c.Name, p.Name, o.Value, p.Help)
		}
	}
}

// skipped are fields of the head, which the kernel's own tests look at.
var skipped = []string{"owner", "team", "visible", "readers", "remind", "notes", "extra", "name", "key"}

// ofKind are the fields of the kind itself.
func (s suite) ofKind(w *World) []bot.Param {
	return slices.DeleteFunc(slices.Clone(s.command(w, "add").Params), func(p bot.Param) bool {
		return slices.Contains(skipped, p.Name)
	})
}

var likeness = regexp.MustCompile(`(?i)\blike (?:[a-z-]+=)?(?:"([^"]+)"|(.+?)(?:$|\.$|\. |; |, | or | \())`)

// sample is a text that a field takes.
func (s suite) sample(t *testing.T, p bot.Param) string {
	t.Helper()
	if text, ok := s.o.Samples[p.Name]; ok {
		return text
	}
	if p.Fixed {
		options, err := p.Options(t.Context())
		if err != nil || len(options) == 0 {
			t.Fatal(p.Name, err)
		}
		return options[0].Value
	}
	m := likeness.FindStringSubmatch(p.Help)
	if m == nil {
		t.Errorf("the help of %s has no example: %q", p.Name, p.Help)
		return ""
	}
	return m[1] + m[2]
}

func (s suite) helps(t *testing.T) {
	w := s.world(t, false)
	for _, p := range s.ofKind(w) {
		if p.Help == "" || s.sample(t, p) == "" {
			t.Errorf("%s has no help with an example", p.Name)
		}
	}
	for _, c := range s.commands(w) {
		for _, p := range c.Params {
			if p.Help == "" && !p.Hidden {
				t.Errorf("%s: %s has no help", c.Name, p.Name)
			}
		}
	}
}

// whole adds a record with every field of its kind, and returns its id and its fields as text.
func (s suite) whole(w *World, t *testing.T) (id string, texts map[string]string) {
	t.Helper()
	args := map[string]string{"name": "Whole"}
	for _, p := range s.ofKind(w) {
		args[p.Name] = s.sample(t, p)
	}
	w.Lines(s.o.Before["add"]...)
	w.Done(w.Send(s.o.By, bot.Request{Shortcut: s.noun + ".add", Args: args}))
	rows, err := w.Records.List(t.Context(), record.Query{Kind: s.noun, Words: "whole"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	history, err := w.Records.History(t.Context(), rows[0].ID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	for _, e := range history {
		texts[e.What] = e.Is
	}
	return rows[0].ID, texts
}

func (s suite) fields(t *testing.T) {
	w := s.world(t, false)
	id, texts := s.whole(w, t)
	before, err := w.Records.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.ofKind(w) {
		text, there := texts[p.Name]
		if !there {
			t.Errorf("%s was not kept", p.Name)
			continue
		}
		r := w.Done(w.Send(s.o.By, bot.Request{
			Shortcut: s.noun + ".edit", Args: map[string]string{s.noun: id, p.Name: text},
		}))
		if said := bottest.Text(r); !strings.Contains(said, "Nothing changes") {
			t.Errorf("%s=%q is something else when it is written again: %s", p.Name, text, said)
		}
	}
	after, err := w.Records.Record(t.Context(), id)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("the record changed (-was +is):\n%s%v", diff, err)
	}
}

// agents edit a record and take that back: whoever reads its history sees which of it an agent did, and for whom.
func (s suite) agents(t *testing.T) {
	w := s.world(t, false)
	id, _ := s.whole(w, t)
	w.Done(w.Send(s.o.By, bot.Request{
		Shortcut: s.noun + ".edit", Args: map[string]string{s.noun: id, "notes": "seen by an agent"}, Agent: "helper",
		Scopes: []string{"*"},
	}))
	history, err := w.Records.History(t.Context(), id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for _, e := range history {
		if (e.Agent == "helper") != (e.Is == "seen by an agent") {
			t.Errorf("%s %q by agent %q", e.What, e.Is, e.Agent)
		}
		if e.Agent != "" {
			marked++
		}
	}
	if marked != 1 {
		t.Errorf("%d entries are marked", marked)
	}
	w.Contains(bottest.Text(w.Do(s.o.By, "/ops history "+id)), "agent helper for @")
	w.Verify()
}

func (s suite) files(t *testing.T) {
	w := s.world(t, false)
	id, _ := s.whole(w, t)
	r := w.Done(w.Send("mia", bot.Request{Text: "/ops " + s.noun + " export", Scopes: []string{"*"}}))
	var data struct{ CSV string }
	if err := json.Unmarshal(r.Data, &data); err != nil || !strings.Contains(data.CSV, "\n"+id+",Whole,") {
		t.Fatalf("%s is not in %q: %v", id, data.CSV, err)
	}
	header, _, _ := strings.Cut(data.CSV, "\n")
	for _, p := range s.ofKind(w) {
		if !slices.Contains(strings.Split(header, ","), p.Name) {
			t.Errorf("there is no column %s: %s", p.Name, header)
		}
	}
	again := func(csv, says string) {
		t.Helper()
		r := w.Done(w.Send("mia", bot.Request{
			Text: "/ops " + s.noun + " import", Files: map[string]bot.Upload{"csv": {Name: "again.csv", Data: []byte(csv)}},
		}))
		w.Contains(bottest.Text(r), says, "Nothing has been changed")
	}
	again(data.CSV, "0 to add, 0 to change")
	again(strings.Replace(data.CSV, "Whole", "Parts", 1), "0 to add, 1 to change")
}

func (s suite) dues(t *testing.T) {
	w := s.world(t, true)
	id, _ := s.whole(w, t)
	before := w.Dues()
	w.Done(w.Send(s.o.By, bot.Request{Shortcut: s.noun + ".edit", Args: map[string]string{s.noun: id, "notes": "seen"}}))
	if diff := cmp.Diff(before, w.Dues()); diff != "" {
		t.Errorf("dues changed by saving (-was +is):\n%s", diff)
	}
	if err := w.Bot.RebuildDues(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, w.Dues()); diff != "" {
		t.Errorf("dues changed by reading all records (-was +is):\n%s", diff)
	}
}

func (s suite) examples(t *testing.T) {
	for _, c := range s.commands(s.world(t, false)) {
		verb := c.Verb()
		if slices.ContainsFunc(c.Params, func(p bot.Param) bool { return p.Kind == bot.FileParam }) {
			continue // no line can hold a file
		}
		t.Run(verb, func(t *testing.T) {
			w := s.world(t, verb != "add")
			w.Lines(s.o.Before[verb]...)
			if verb == "restore" {
				w.Do("dan", s.command(w, "archive").Example)
			}
			who := s.o.As[verb]
			if who == "" {
				who = "dan"
			}
			r := w.Do(who, c.Example)
			if said := bottest.Text(r); strings.TrimSpace(said) == "" {
				t.Errorf("%s says nothing", c.Example)
			}
			w.Verify()
		})
	}
}

// rights: guests may do nothing, and members who neither own a record nor are of its team may not change it.
func (s suite) rights(t *testing.T) {
	w := s.world(t, true)
	for _, c := range s.commands(w) {
		if strings.HasPrefix(c.Name, s.noun+".add") || c.Verb() == "edit" || c.Verb() == "archive" || c.Verb() == "assign" {
			w.Refused("gus", c.Example, "You may not do this")
		}
	}
	for _, verb := range []string{"edit", "archive", "assign"} {
		w.Refused("chloe", s.command(w, verb).Example, "Only the owner of", "Its owner is @dan")
	}
	id := strings.TrimPrefix(s.command(w, "show").Example, "/ops "+s.noun+" show ")
	w.Do("mia", fmt.Sprintf("/ops %s edit %s notes=checked", s.noun, id))
}
