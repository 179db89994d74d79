package console

import (
	"crypto/rand"
	"net/http"
	"slices"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// formView is the page of a form.
type formView struct {
	frame
	Form   markup.Form
	ID     string // names the action
	Back   string
	Files  bool // it asks for one
	Wrong  int  // how many inputs have to be changed
	Inputs []markup.Input
	Checks bool // the command says what would come of it
	Beside []panelView
}

// form shows a form as a page.
func (c *Console) form(w http.ResponseWriter, r *http.Request, v Viewer, reply bot.Reply, back string) error {
	f := *reply.Form
	frame, err := c.framed(r, v, f.Title, "form")
	if err != nil {
		return err
	}
	view := formView{
		frame: frame, Form: markup.FormFor(v.Person, f, v.People, c.o.Clock.Now()), ID: rand.Text(), Back: back,
	}
	view.Inputs = view.Form.Inputs
	if cmd, ok := c.o.Core.Tree().Command(f.Command); ok && cmd.Foresee != nil {
		view.Checks = true
		view.Beside = c.beside(v, reply.Page, back)
	}
	// What a picker or an input holds is sent again under the same number: a form that was refused did nothing.
	if r.Method == http.MethodPost && len(r.PostFormValue(idArg)) > 0 && r.PostForm.Has(inputArg+firstName(f)) {
		view.ID = r.PostFormValue(idArg)
	}
	view.Files = slices.ContainsFunc(f.Inputs, func(in bot.Input) bool { return in.Kind == bot.FileInput })
	for _, in := range f.Inputs {
		if in.Error != "" {
			view.Wrong++
		}
	}
	status := http.StatusOK
	if view.Wrong > 0 {
		status = http.StatusUnprocessableEntity
	}
	return send(w, status, "form", view)
}

// beside is what a check says of a form, or that it can be asked.
func (c *Console) beside(v Viewer, p *bot.Page, back string) []panelView {
	l := c.looker(v, back)
	if p == nil || len(p.Panels) == 0 {
		p = &bot.Page{Panels: []bot.Panel{{
			Title: "Before you send it",
			Empty: "Press Check again to see what would come of it: its risk, what is in the way, and who has to agree.",
		}}}
	}
	var list []panelView
	for _, panel := range p.Panels {
		list = append(list, l.panel(panel))
	}
	return list
}

func firstName(f bot.Form) string {
	if len(f.Inputs) == 0 {
		return ""
	}
	return f.Inputs[0].Name
}
