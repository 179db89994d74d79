package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/watchbell/watchbell/adapters/web/console"
	"github.com/watchbell/watchbell/bot"
)

type readInput struct {
	Channel int64 `json:"channel"`
	N       int64 `json:"n"`
}

// read notes how far somebody has read.
func (c *Chat) read(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[readInput](w, r)
	if err != nil {
		return nil, err
	}
	ch, err := c.channel(r.Context(), v, in.Channel)
	if err != nil {
		return nil, err
	}
	defer c.feed.nudge()
	return answer{Status: bot.Done}, c.o.Store.MarkRead(r.Context(), ch.ID, v.ID, max(0, min(in.N, ch.Posts)))
}

type dismissInput struct {
	Post int64 `json:"post"`
}

// dismiss removes an answer that only the viewer sees.
func (c *Chat) dismiss(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[dismissInput](w, r)
	if err != nil {
		return nil, err
	}
	p, err := c.post(r.Context(), v, in.Post)
	if err != nil {
		return nil, err
	}
	if p.Only != v.ID {
		return nil, bot.Errorf(bot.Forbidden, "Only answers that just you can see can be dismissed.")
	}
	defer c.feed.nudge()
	if err := c.o.Store.DeletePost(r.Context(), p.Channel, p.ID); err != nil && !errors.Is(err, bot.ErrGone) {
		return nil, err
	}
	return answer{Status: bot.Done}, nil
}

type memberInput struct {
	Channel int64 `json:"channel"`
	In      bool  `json:"in"`
}

// member lets somebody join a channel or leave it.
func (c *Chat) member(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[memberInput](w, r)
	if err != nil {
		return nil, err
	}
	ch, err := c.writable(r.Context(), v, in.Channel)
	if err != nil {
		return nil, err
	}
	if ch.Person != "" {
		return nil, bot.Errorf(bot.Invalid, "Direct messages are always yours: there is nothing to join or leave.")
	}
	defer c.feed.nudge()
	return answer{Status: bot.Done}, c.o.Store.SetMember(r.Context(), ch.ID, v.ID, in.In)
}

// persona switches whom the browser acts as.
func (c *Chat) persona(w http.ResponseWriter, r *http.Request, v viewer) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return bot.Errorf(bot.Invalid, "The request is not one that this page sends. Please reload the page.")
	}
	p, ok := v.dir.byID[bot.PersonID(r.PostFormValue("person"))]
	if !ok || !p.Active {
		return bot.Errorf(bot.Invalid, "There is no such person to act as. Please pick one from the list.")
	}
	http.SetCookie(w, &http.Cookie{
		Name: personaCookie, Value: string(p.ID), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	back := c.backTo(r.Context(), p, r.PostFormValue("channel"))
	if at := r.PostFormValue("back"); at != "" {
		back = console.Local(at)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// backTo is the channel somebody looked at, if they may see it as the new person too.
func (c *Chat) backTo(ctx context.Context, p bot.Person, channel string) string {
	id, err := parseID(channel)
	if err != nil {
		return "/"
	}
	ch, err := c.channel(ctx, viewer{Person: p}, id)
	if err != nil {
		return "/"
	}
	return channelPath(ch)
}
