package web

import (
	"net/http"

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
	Choices []bot.Option // of a choice or a person
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
		input.Value = input.known()
		view.Inputs = append(view.Inputs, input)
	}
	return view
}

// known spells a value the way the choices do. One that is none of them becomes a choice, for what somebody typed is never dropped.
func (in *inputView) known() string {
	if in.Kind != bot.ChoiceInput && in.Kind != bot.PersonInput || in.Value == "" {
		return in.Value
	}
	for _, o := range in.Choices {
		if o.Value == in.Value || in.Kind == bot.PersonInput && o.Value == "@"+in.Value {
			return o.Value
		}
	}
	in.Choices = append([]bot.Option{{Value: in.Value, Label: in.Value}}, in.Choices...)
	return in.Value
}

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
	if p.Form == nil || p.Only != v.ID {
		return bot.Errorf(bot.NotFound, "There is no such form.")
	}
	return send(w, "form", c.formView(v, *p.Form, p.ID))
}
