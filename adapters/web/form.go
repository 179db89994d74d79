package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// formView is a form as the template needs it.
type formView struct {
	bot.Form
	Intro  []spanView
	Marked bool  // something has to be filled in
	Post   int64 // the post that kept the form, if it came late
	Inputs []inputView
}

type inputView struct {
	bot.Input
	ID      string
	Choices []bot.Option // of a choice, choices or a person
	Chosen  []string     // of choices
	Find    string       // where more choices are found, by the words that follow; "" when these are all
	Picker  string       // what a picker of times or days shows
}

func (c *Chat) formView(v viewer, f bot.Form, post int64) formView {
	w := &writer{viewer: v, zone: v.Location(), day: dayOf(c.o.Clock.Now(), v.Location()), left: maxText}
	view := formView{Form: f, Intro: w.text(f.Intro), Post: post}
	for _, in := range f.Inputs {
		input := inputView{Input: in, ID: "f-" + in.Name, Choices: in.Options}
		if in.Search {
			input.Find = "/options?" + url.Values{"token": {f.Token}, "input": {in.Name}}.Encode() + "&q="
		}
		if in.Kind == bot.PersonInput {
			input.offerPeople(v.dir.active)
		}
		if !in.Time.IsZero() {
			input.Picker = in.Time.In(v.Location()).Format(pickerFormat)
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
func (in *inputView) offerPeople(all []bot.Person) {
	in.Choices = nil
	if len(all) > bot.MaxOptions {
		in.Find = "/people?q="
	}
	for _, p := range all {
		if o := personOption(p); in.Find == "" || len(in.Choices) < bot.MaxOptions || o.Value == in.Value || o.Value == "@"+in.Value {
			in.Choices = append(in.Choices, o)
		}
	}
}

// Words reports whether a time or a day is asked for in words: what was typed is none, or was refused, and a picker
// could not show it.
func (in inputView) Words() bool { return in.Error != "" || in.Value != "" && in.Picker == "" }

// know spells what is chosen the way the choices do. What is none of them becomes a choice, for what somebody typed is never dropped.
func (in *inputView) know() {
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
func (in inputView) Has(value string) bool { return slices.Contains(in.Chosen, value) }

// Describe lists the ids of what explains the input.
func (in inputView) Describe() string {
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

func (c *Chat) formHTML(v viewer, f bot.Form, post int64) (string, error) {
	return render("form", c.formView(v, f, post))
}

// lateForm opens a form that was kept in a post, because nobody waited any more when it came.
func (c *Chat) lateForm(w http.ResponseWriter, r *http.Request, v viewer) error {
	id, err := parseID(r.PathValue("post"))
	if err != nil {
		return bot.Errorf(bot.NotFound, "There is no such form.")
	}
	p, err := c.post(r.Context(), v, id)
	if err != nil {
		return err
	}
	if p.Form == nil {
		return bot.Errorf(bot.NotFound, "There is no such form.")
	}
	return send(w, "form", c.formView(v, *p.Form, p.ID))
}
