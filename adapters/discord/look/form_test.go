package look_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
)

// userOf knows dan.
func userOf(id bot.PersonID) string {
	if id == "dan" {
		return danUser
	}
	return ""
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func form() bot.Form {
	return bot.Form{
		Token: "form-token", Title: "Declare an incident", Submit: "Declare", Intro: bot.T("Something is missing. *now*"),
		Inputs: []bot.Input{
			{
				Name: "title", Label: "Title", Help: "What is wrong, like: Checkout returns 502.", Kind: bot.LineInput,
				Required: true, Max: 200, Value: typed,
			},
			{Name: "log", Label: "Log", Kind: bot.FileInput, Help: "What the system wrote.", Max: 1 << 20},
			{
				Name: "severity", Label: "Severity", Kind: bot.ChoiceInput, Value: "sev2",
				Options: []bot.Option{{Value: "sev1", Label: "SEV1 – critical"}, {Value: "sev2", Label: "SEV2 – major"}},
			},
			{
				Name: "service", Label: "Services", Kind: bot.ChoicesInput, Value: "web,payments",
				Options: []bot.Option{
					{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}, {Value: "search", Label: "Search"},
				},
			},
			{Name: "person", Label: "Who", Kind: bot.PersonInput},
			{
				Name: "impact", Label: "Impact", Kind: bot.ParagraphInput, Value: "one shop",
				Error: "While the form was open, this was changed.", Conflict: true,
			},
		},
	}
}

// asking is a form with what Discord has no pickers for, and choices that do not fit into a menu.
func asking() bot.Form {
	many := []bot.Option{{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web"}}
	return bot.Form{Token: "form-token", Title: "Request a change", Submit: "Request", Inputs: []bot.Input{
		{
			Name: "service", Label: "Services", Kind: bot.ChoicesInput, Required: true, Value: "web", Options: many,
			Search: true, Help: "What is changed, like billing-db; several with commas. There are 240: type part of a name.",
		},
		{Name: "incident", Label: "Incident", Kind: bot.ChoiceInput, Value: "payments", Options: many, Search: true},
		{
			Name: "start", Label: "Window opens", Kind: bot.TimeInput, Required: true, Value: "in 30m", Time: bottest.Start,
			Help: "When, like 22:00.",
		},
		{Name: "due", Label: "Due", Kind: bot.TimeInput},
		{Name: "at", Label: "At", Kind: bot.TimeInput, Value: "half past", Error: "“half past” is no time."},
		{Name: "renews", Label: "Renews", Kind: bot.DayInput, Required: true, Value: "1 mar 2027",
			Day: value.Day{Year: 2027, Month: time.March, Day: 1}},
		{Name: "ends", Label: "Ends", Kind: bot.DayInput},
		{Name: "bought", Label: "Bought", Kind: bot.DayInput, Value: "01/02/2027", Error: "“01/02/2027” is not a day."},
	}}
}

// numbered is a form with n inputs that ask nothing in particular.
func numbered(n int) bot.Form {
	f := bot.Form{Token: "form-token", Title: "Numbers", Submit: "Save"}
	for i := range n {
		f.Inputs = append(f.Inputs, bot.Input{Name: fmt.Sprint("n", i), Label: fmt.Sprint("Number ", i), Kind: bot.LineInput})
	}
	return f
}

func TestModals(t *testing.T) {
	berlin := zoneOf(t, "Europe/Berlin")
	step := func(f bot.Form, offset int) look.Modal { return look.Step(f, offset, berlin, userOf) }
	for name, m := range map[string]look.Modal{
		"form-1":   step(form(), 0),
		"form-2":   step(form(), 4),
		"asking-1": step(asking(), 0),
		"asking-2": step(asking(), 5),
		"fix":      look.Fix(form(), []int{4, 5}, berlin, userOf),
		"empty":    step(bot.Form{Token: "form-token", Title: "Nothing", Submit: "Do it"}, 0),
		"long": step(bot.Form{Token: "form-token", Title: "Long", Inputs: []bot.Input{
			{Name: "text", Label: "Text", Kind: bot.ParagraphInput, Value: strings.Repeat("x", 4001)},
		}}, 0),
	} {
		t.Run(name, func(t *testing.T) {
			checkModal(t, m)
			golden(t, name+".discord-modal.json", m)
		})
	}
}

func checkModal(t *testing.T, m look.Modal) {
	t.Helper()
	if err := looktest.CheckModal(m); err != nil {
		t.Error(err)
	}
}

func TestBodiesAroundForms(t *testing.T) {
	for name, b := range map[string]look.Body{
		"kept":   look.Kept(form(), 4),
		"needed": look.Kept(asking(), 5),
		"wrong":  look.Wrong(form()),
		"ready":  look.Ready(form()),
	} {
		t.Run(name, func(t *testing.T) {
			check(t, b)
			if len(b.Lost) > 0 {
				t.Errorf("lost %v", b.Lost)
			}
			golden(t, name+".discord-message.json", b)
		})
	}
}

// names are the inputs that a modal asks.
func names(m look.Modal) (list []string) {
	for c := range look.All(m.Data.Components) {
		if c.CustomID != "" {
			list = append(list, c.CustomID)
		}
	}
	return list
}

// The steps of a form ask each input once, in order, with files at the end.
func TestStepsAskEachInputOnce(t *testing.T) {
	for _, intro := range []bool{false, true} {
		for n := range bot.MaxInputs + 1 {
			f := numbered(n)
			if intro {
				f.Intro = bot.T("About this form.")
			}
			if n > 0 {
				f.Inputs[0].Kind = bot.FileInput
			}
			var asked []string
			steps, next := 0, 0
			for next != look.NoNext {
				m := look.Step(f, next, time.UTC, userOf)
				checkModal(t, m)
				asked = append(asked, names(m)...)
				id := look.ReadID(m.Data.CustomID)
				if id.Kind != look.FormID || id.Token != f.Token || id.Next != look.NoNext && id.Next <= next {
					t.Fatalf("%d inputs: %+v after %d", n, id, next)
				}
				steps++
				next = id.Next
				if next == look.NoNext {
					break
				}
				kept := look.Kept(f, next)
				check(t, kept)
				if want := fmt.Sprintf("Step %d of ", steps); !strings.Contains(looktest.Plain(kept.Components), want) {
					t.Errorf("%d inputs: %q is not in %q", n, want, looktest.Plain(kept.Components))
				}
			}
			var want []string
			for _, in := range look.Inputs(f) {
				want = append(want, in.Name)
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("%d inputs: %s", n, diff)
			}
			if n > 0 && asked[len(asked)-1] != "n0" {
				t.Errorf("%d inputs: the file is not asked last", n)
			}
			if room := 5; n > 0 && !intro && steps != (n+room-1)/room {
				t.Errorf("%d inputs take %d steps", n, steps)
			}
		}
	}
}

func TestOffsetsThatNoFormHas(t *testing.T) {
	for _, offset := range []int{-1, 99} {
		m := look.Step(numbered(7), offset, nil, nil)
		checkModal(t, m)
		check(t, look.Kept(numbered(7), offset))
	}
	m := look.Fix(numbered(7), []int{-1, 99, 3, 0, 1, 2, 4, 5}, nil, nil)
	checkModal(t, m)
	if got := names(m); len(got) != 5 || got[0] != "n3" {
		t.Errorf("it asks %v", got)
	}
	checkModal(t, look.Fix(numbered(0), []int{0}, nil, nil))
}

// ids are what the buttons of a body do, by their labels.
func ids(b look.Body) map[string]look.ID {
	found := map[string]look.ID{}
	for _, c := range controls(b) {
		found[c.Label] = look.ReadID(c.CustomID)
	}
	return found
}

func TestWhatKeptOffers(t *testing.T) {
	f := numbered(7)
	f.Inputs[6].Required = true
	want := map[string]look.ID{"Continue": {Kind: look.StepID, Offset: 5, Token: f.Token}}
	if diff := cmp.Diff(want, ids(look.Kept(f, 5))); diff != "" {
		t.Errorf("something is still needed: %s", diff)
	}
	f.Inputs[6].Value = "six"
	want = map[string]look.ID{
		"Continue":              {Kind: look.StepID, Offset: 5, Token: f.Token},
		"Save without the rest": {Kind: look.SendID, Token: f.Token},
	}
	if diff := cmp.Diff(want, ids(look.Kept(f, 5))); diff != "" {
		t.Errorf("nothing more is needed: %s", diff)
	}
	f.Inputs[5] = bot.Input{Name: "file", Label: "File", Kind: bot.FileInput, Required: true}
	if _, offered := ids(look.Kept(f, 5))["Save without the rest"]; offered {
		t.Error("a form that needs a file can be sent without it")
	}
	want = map[string]look.ID{"Save": {Kind: look.SendID, Token: f.Token}}
	if diff := cmp.Diff(want, ids(look.Kept(f, 7))); diff != "" {
		t.Errorf("everything is kept: %s", diff)
	}
}

func TestWhatWrongOffers(t *testing.T) {
	wrong := func(f bot.Form, inputs ...int) bot.Form {
		for _, i := range inputs {
			f.Inputs[i].Error = fmt.Sprintf("Number %d is *wrong*.", i)
		}
		return f
	}
	conflict := wrong(numbered(3), 1)
	conflict.Inputs[1].Conflict = true
	withFile := wrong(numbered(9), 1, 2, 3, 4, 5, 6)
	withFile.Inputs[8].Kind = bot.FileInput
	for name, c := range map[string]struct {
		form bot.Form
		want map[string]look.ID
	}{
		"one": {
			form: wrong(numbered(9), 7),
			want: map[string]look.ID{"Fix": {Kind: look.FixID, Inputs: []int{7}, Token: "form-token"}},
		},
		"many": {
			form: wrong(numbered(9), 0, 2, 3, 4, 7, 8),
			want: map[string]look.ID{
				"Fix the first 5": {Kind: look.FixID, Inputs: []int{0, 2, 3, 4, 7}, Token: "form-token"},
			},
		},
		"a file, whose bytes are gone": {
			form: withFile,
			want: map[string]look.ID{
				"Fix the first 4": {Kind: look.FixID, Inputs: []int{1, 2, 3, 4, 8}, Token: "form-token"},
			},
		},
		"changed by others": {
			form: conflict,
			want: map[string]look.ID{
				"Fix":           {Kind: look.FixID, Inputs: []int{1}, Token: "form-token"},
				"Save as it is": {Kind: look.SendID, Token: "form-token"},
			},
		},
		"nothing that an input could mend": {
			form: bot.Form{Token: "form-token", Intro: bot.T("The window is *closed*.")},
			want: map[string]look.ID{"Open the form": {Kind: look.StepID, Token: "form-token"}},
		},
		"nothing at all": {
			form: numbered(1), want: map[string]look.ID{"Open the form": {Kind: look.StepID, Token: "form-token"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := look.Wrong(c.form)
			check(t, b)
			if diff := cmp.Diff(c.want, ids(b)); diff != "" {
				t.Error(diff)
			}
			for _, in := range c.form.Inputs {
				if in.Error != "" && !strings.Contains(looktest.Plain(b.Components), in.Label+": "+in.Error) {
					t.Errorf("people do not read what is wrong with %s", in.Label)
				}
			}
		})
	}
}

// Many of the core's sentences begin with the name of the input, which stands before them already.
func TestWrongNamesAnInputOnce(t *testing.T) {
	f := numbered(1)
	f.Inputs[0].Error = f.Inputs[0].Label + ": the file is empty."
	if got := looktest.Plain(look.Wrong(f).Components); got != f.Inputs[0].Error {
		t.Errorf("got %q", got)
	}
}

// inputOf is the component that asks an input.
func inputOf(t *testing.T, in bot.Input) (label, field look.Component) {
	t.Helper()
	in.Name, in.Label = "in", "Input"
	m := look.Step(bot.Form{Token: "form-token", Title: "One", Inputs: []bot.Input{in}}, 0, time.UTC, userOf)
	checkModal(t, m)
	label = m.Data.Components[0]
	if label.Component == nil {
		t.Fatalf("the input is not asked: %+v", label)
	}
	return label, *label.Component
}

func options(n int) (list []bot.Option) {
	for i := range n {
		list = append(list, bot.Option{Value: fmt.Sprint("v", i), Label: fmt.Sprint("Value ", i)})
	}
	return list
}

// chosen are the options that are chosen at first.
func chosen(c look.Component) (list []string) {
	for _, o := range c.Options {
		if o.Default {
			list = append(list, o.Value)
		}
	}
	return list
}

func choice(value string, options []bot.Option) bot.Input {
	return bot.Input{Kind: bot.ChoiceInput, Value: value, Options: options}
}

func several(value string, options []bot.Option) bot.Input {
	return bot.Input{Kind: bot.ChoicesInput, Value: value, Options: options}
}

func person(value string) bot.Input { return bot.Input{Kind: bot.PersonInput, Value: value} }

func line(value string, most int) bot.Input {
	return bot.Input{Kind: bot.LineInput, Value: value, Max: most}
}

// The values that a form holds are never dropped, whichever component can show them.
func TestInputs(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	search := several("v1,v2", options(25))
	search.Search = true
	march := value.Day{Year: 2027, Month: time.March, Day: 1}
	for name, c := range map[string]struct {
		in     bot.Input
		kind   int
		chosen []string
		value  string
	}{
		"a choice":           {in: choice("", options(25)), kind: look.StringSelect},
		"a choice of 26":     {in: choice("v3", options(26)), kind: look.TextInput, value: "v3"},
		"a choice of none":   {in: choice("x", nil), kind: look.StringSelect, chosen: []string{"x"}},
		"none of nothing":    {in: choice("", nil), kind: look.TextInput},
		"a long choice":      {in: choice("", []bot.Option{{Value: x(101), Label: "long"}}), kind: look.TextInput},
		"a choice in words":  {in: choice("value 1", options(3)), kind: look.StringSelect, chosen: []string{"v1"}},
		"another spelling":   {in: choice("2", options(3)), kind: look.StringSelect, chosen: []string{"2"}},
		"another beside 25":  {in: choice("2", options(25)), kind: look.TextInput, value: "2"},
		"words for a choice": {in: choice(x(101), options(3)), kind: look.TextInput, value: x(101)},
		"choices":            {in: several("v1, v2", options(10)), kind: look.CheckboxGroup, chosen: []string{"v1", "v2"}},
		"many choices":       {in: several("v1,x", options(11)), kind: look.StringSelect, chosen: []string{"v1", "x"}},
		"choices to search":  {in: search, kind: look.TextInput, value: "v1,v2"},
		"somebody":           {in: person(""), kind: look.UserSelect},
		"somebody known":     {in: person("@dan"), kind: look.UserSelect},
		"somebody elsewhere": {in: person("@eve"), kind: look.TextInput, value: "@eve"},
		"a file":             {in: bot.Input{Kind: bot.FileInput, Max: 1 << 20}, kind: look.FileUpload},
		"a line":             {in: line("x", 80), kind: look.TextInput, value: "x"},
		"a line of two":      {in: line("x\ny", 0), kind: look.TextInput, value: "x\ny"},
		"more than may be":   {in: line(x(300), 80), kind: look.TextInput, value: x(300)},
		"as much as fits":    {in: line(x(4000), 80), kind: look.TextInput, value: x(4000)},
		"a time in words":    {in: bot.Input{Kind: bot.TimeInput, Value: "soon"}, kind: look.TextInput, value: "soon"},
		"a day": {
			in: bot.Input{Kind: bot.DayInput, Value: "1 mar", Day: march}, kind: look.TextInput, value: "2027-03-01",
		},
		"a kind yet to come": {in: bot.Input{Kind: "colour", Value: "red"}, kind: look.TextInput, value: "red"},
		"help that is too long": {
			in: bot.Input{Kind: bot.LineInput, Help: strings.Repeat("many words ", 20)}, kind: look.TextInput,
		},
	} {
		for _, required := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", required), func(t *testing.T) {
				c.in.Required = required
				_, got := inputOf(t, c.in)
				if got.Type != c.kind || got.Value != c.value || *got.Required != required {
					t.Errorf("%+v", got)
				}
				if diff := cmp.Diff(c.chosen, chosen(got)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	if _, got := inputOf(t, bot.Input{Kind: bot.PersonInput, Value: "@dan"}); len(got.Defaults) != 1 ||
		got.Defaults[0] != (look.Default{ID: danUser, Type: "user"}) {
		t.Errorf("%+v is chosen", got.Defaults)
	}
}

func TestDescriptions(t *testing.T) {
	search := bot.Input{Kind: bot.ChoicesInput, Options: options(25), Search: true, Help: "What is changed."}
	for name, c := range map[string]struct {
		in   bot.Input
		want string
	}{
		"help":          {bot.Input{Kind: bot.LineInput, Help: "What is\nwrong."}, "What is wrong."},
		"what is wrong": {bot.Input{Kind: bot.LineInput, Help: "Help.", Error: "Title is empty."}, "Title is empty."},
		"a time":        {bot.Input{Kind: bot.TimeInput, Help: "When."}, "When. The zone is UTC."},
		"a time, explained": {
			bot.Input{Kind: bot.TimeInput, Help: strings.Repeat("x", 85)}, strings.Repeat("x", 85),
		},
		"a search": {search, "Write names with commas between them, like v0, v1, v2. What is changed."},
		"a search for one": {
			bot.Input{Kind: bot.ChoiceInput, Options: options(25), Search: true}, "Write a name, like v0, v1 or v2.",
		},
		"one name": {
			bot.Input{Kind: bot.ChoiceInput, Options: options(1), Search: true}, "Write a name, like v0.",
		},
		"nobody": {bot.Input{Kind: bot.PersonInput, Value: "@eve"}, "Write a name, like @ana."},
		"cut at a word": {
			bot.Input{Kind: bot.LineInput, Help: strings.Repeat("four ", 30)}, strings.Repeat("four ", 18) + "four…",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if label, _ := inputOf(t, c.in); label.Description != c.want {
				t.Errorf("%q, want %q", label.Description, c.want)
			}
		})
	}
}

// A time that somebody leaves alone stays what it was, in any zone and at any moment of a day on which clocks are set.
func TestTimesAreReadBack(t *testing.T) {
	param := bot.Param{Name: "at", Kind: bot.TimeParam}
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"} {
		zone := zoneOf(t, name)
		for _, day := range []string{"2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-10-04", "2026-07-01"} {
			start, err := time.ParseInLocation(time.DateOnly, day, zone)
			if err != nil {
				t.Fatal(err)
			}
			for at := start; at.Before(start.Add(26 * time.Hour)); at = at.Add(7*time.Minute + 13*time.Second) {
				in := bot.Input{Name: "at", Label: "At", Kind: bot.TimeInput, Time: at}
				f := bot.Form{Token: "t", Title: "T", Inputs: []bot.Input{in}}
				text := look.Step(f, 0, zone, nil).Data.Components[0].Component.Value
				want := at.Truncate(time.Minute)
				if got, err := value.When(text, at.Add(time.Hour), zone, value.Past); err != nil || !got.Equal(want) {
					t.Fatalf("%s is written %q and read as %s, %v", at, text, got, err)
				}
				if got := param.Moment(text, at, zone); !got.Equal(want) {
					t.Fatalf("%s is written %q and shown again as %s", at, text, got)
				}
			}
		}
	}
}

// The examples are such that the core reads them on both sides of now.
func TestExamplesAreRead(t *testing.T) {
	now := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	_, at := inputOf(t, bot.Input{Kind: bot.TimeInput})
	_, on := inputOf(t, bot.Input{Kind: bot.DayInput})
	examples := func(c look.Component) []string {
		text, _ := strings.CutPrefix(c.Placeholder, "Like ")
		return strings.Split(strings.ReplaceAll(text, " or ", ", "), ", ")
	}
	for i, text := range examples(at) {
		for _, toward := range []value.Toward{value.Past, value.Future} {
			if _, err := value.When(text, now, time.UTC, toward); err != nil && (i < 2 || toward == value.Future) {
				t.Error(err)
			}
		}
	}
	for i, text := range examples(on) {
		for _, toward := range []value.Toward{value.Past, value.Future} {
			if _, err := value.OnDay(text, value.DayOf(now), toward); err != nil && (i > 0 || toward == value.Future) {
				t.Error(err)
			}
		}
	}
}

// An introduction that is too long is cut and says so.
func TestALongIntroduction(t *testing.T) {
	f := numbered(6)
	f.Intro = bot.T(strings.Repeat("many *words* ", 1000))
	m := look.Step(f, 0, time.UTC, userOf)
	checkModal(t, m)
	if len(m.Lost) == 0 || !strings.Contains(looktest.Plain(m.Data.Components), "cut here") {
		t.Errorf("lost %v", m.Lost)
	}
	if got := names(m); !slices.Equal(got, []string{"n0", "n1", "n2", "n3"}) {
		t.Errorf("it asks %v", got)
	}
}
