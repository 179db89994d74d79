package markup

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Form is a form as the template needs it.
type Form struct {
	bot.Form
	Intro  []Span
	Marked bool  // something has to be filled in
	Post   int64 // the post that kept the form, if it came late
	Inputs []Input
}

// Input is one input of a Form.
type Input struct {
	bot.Input
	ID      string
	Choices []bot.Option // of a choice, choices or a person
	Chosen  []string     // of choices
	Find    string       // where more choices are found, by the words that follow; "" when these are all
	Picker  string       // what a picker of times or days shows
}

// FormFor is a form as a person sees it at a time. The form offers everybody where it asks for a person. Post belongs
// to the chat, so the caller fills it in.
func FormFor(who bot.Person, f bot.Form, everybody []bot.Person, now time.Time) Form {
	view := Form{Form: f, Intro: newWriter(who, now).text(f.Intro)}
	for _, in := range f.Inputs {
		input := Input{Input: in, ID: "f-" + in.Name, Choices: in.Options}
		if in.Search {
			input.Find = "/options?" + url.Values{"token": {f.Token}, "input": {in.Name}}.Encode() + "&q="
		}
		if in.Kind == bot.PersonInput {
			input.offerPeople(everybody)
		}
		if !in.Time.IsZero() {
			input.Picker = in.Time.In(who.Location()).Format(pickerFormat)
		}
		if _, err := time.Parse(pickerFormat, in.Value); err == nil && in.Kind == bot.TimeInput && input.Picker == "" {
			input.Picker = in.Value // what a picker sent, for an input that takes a length too
		}
		if !in.Day.IsZero() {
			input.Picker = in.Day.String()
		}
		if in.Kind == bot.ChoicesInput {
			input.Chosen = strings.FieldsFunc(in.Value, func(r rune) bool { return r == ',' })
		} else if in.Value != "" {
			input.Chosen = []string{in.Value}
		}
		input.know()
		view.Marked = view.Marked || in.Required
		view.Inputs = append(view.Inputs, input)
	}
	return view
}

// pickerFormat is how browsers write a local time, without a zone: it is the reader's.
const pickerFormat = "2006-01-02T15:04"

// offerPeople lists everybody, or where these are many the first ones and whoever is chosen.
func (in *Input) offerPeople(all []bot.Person) {
	in.Choices = nil
	if len(all) > bot.MaxOptions {
		in.Find = "/people?q="
	}
	for _, p := range all {
		if o := PersonOption(p); in.Find == "" || len(in.Choices) < bot.MaxOptions || o.Value == in.Value ||
			o.Value == "@"+in.Value {
			in.Choices = append(in.Choices, o)
		}
	}
}

// Words reports whether a time or a day is asked for in words: what was typed is none, or was refused, and a picker
// could not show it.
func (in Input) Words() bool { return in.Error != "" || in.Value != "" && in.Picker == "" }

// know spells what is chosen the way the choices do. What is none of them becomes a choice, for what somebody typed is
// never dropped.
func (in *Input) know() {
	if in.Kind != bot.ChoiceInput && in.Kind != bot.ChoicesInput && in.Kind != bot.PersonInput {
		return
	}
	for n, chosen := range in.Chosen {
		i := slices.IndexFunc(in.Choices, func(o bot.Option) bool {
			return o.Value == chosen || in.Kind == bot.PersonInput && o.Value == "@"+chosen
		})
		if i < 0 {
			i = 0
			in.Choices = append([]bot.Option{{Value: chosen, Label: chosen}}, in.Choices...)
		}
		in.Chosen[n] = in.Choices[i].Value
	}
}

// Has reports whether a choice is chosen.
func (in Input) Has(value string) bool { return slices.Contains(in.Chosen, value) }

// Describe lists the ids of what explains the input.
func (in Input) Describe() string {
	switch {
	case in.Help != "" && in.Error != "":
		return in.ID + "-error " + in.ID + "-help"
	case in.Error != "":
		return in.ID + "-error"
	case in.Help != "":
		return in.ID + "-help"
	}
	return ""
}

// PersonOption is a person as a choice in a form or a menu.
func PersonOption(p bot.Person) bot.Option {
	return bot.Option{Value: "@" + string(p.ID), Label: p.Name}
}
