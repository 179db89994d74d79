package web

import (
	"net/http"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

func (c *Chat) formHTML(v viewer, f bot.Form, post int64) (string, error) {
	return markup.Render("form", c.formView(v, f, post))
}

// formView is a form as the viewer sees it. A form that came late is kept in a post; for others post is 0.
func (c *Chat) formView(v viewer, f bot.Form, post int64) markup.Form {
	view := markup.FormFor(v.Person, f, v.dir.active, c.o.Clock.Now())
	view.Post = post
	return view
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
	return markup.Send(w, "form", c.formView(v, *p.Form, p.ID))
}
