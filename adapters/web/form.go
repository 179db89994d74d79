package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// formView is a form as the template needs it.
type formView struct {
	bot.Form
	Intro  []spanView
	Post   int64 // the post that kept the form, if it came late
	Inputs []inputView
}

type inputView struct {
	bot.Input
	ID      string
	Choices []bot.Option // of a choice, choices or a person
	Chosen  []string     // of choices
}

func (c *Chat) formView(v viewer, f bot.Form, post int64) formView {
	w := &writer{viewer: v, zone: v.Location(), day: dayOf(c.o.Clock.Now(), v.Location()), left: maxText}
	view := formView{Form: f, Intro: w.text(f.Intro), Post: post}
	for _, in := range f.Inputs {
		input := inputView{Input: in, ID: "f-" + in.Name, Choices: in.Options}
		if in.Kind == bot.PersonInput {
			input.Choices = nil
			for _, p := range v.dir.active {
				input.Choices = append(input.Choices, personOption(p))
			}
		}
		if in.Kind == bot.ChoicesInput {
			input.Chosen = strings.FieldsFunc(in.Value, func(r rune) bool { return r == ',' })
		} else if in.Value != "" {
			input.Chosen = []string{in.Value}
		}
		input.know()
		view.Inputs = append(view.Inputs, input)
	}
	return view
}

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
