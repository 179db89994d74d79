package web

import (
	"cmp"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// bells is the page on which somebody lets their browser be told while no tab is open.
func (c *Chat) bells(w http.ResponseWriter, r *http.Request, v viewer) error {
	if c.o.Bell == nil {
		return bot.Errorf(bot.NotFound, "Nobody is told beyond chat here.")
	}
	return c.o.Bell.Browser(r.Context(), w, v.Person, version)
}

type bellInput struct {
	ID           string `json:"id"`
	Subscription string `json:"subscription"` // of this browser
	Test         string `json:"test"`         // the place to try out
}

// bellAnswer is what the script of that page is told.
type bellAnswer struct {
	Text  string `json:"text"`
	Place string `json:"place,omitempty"`
}

// ringBell adds this browser to where somebody is told, or tries it out. Both are commands like any other.
func (c *Chat) ringBell(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[bellInput](w, r)
	if err != nil {
		return nil, err
	}
	receive := c.receive.Load()
	from, ok := account(v.Person)
	switch {
	case receive == nil:
		return nil, bot.Errorf(bot.Unavailable, "Watchbell is still starting. Please try again in a moment.")
	case !ok:
		return nil, bot.Errorf(bot.Forbidden, "%s has no account for the web chat.", v.Name)
	case !actionID.MatchString(in.ID):
		return nil, bot.Errorf(bot.Invalid, "This action has no valid number. Please reload the page.")
	}
	request := bot.Request{
		Key: Platform + ":" + string(v.ID) + ":" + in.ID, From: from, NoForms: true,
		Shortcut: "ops.notify-add", Args: map[string]string{"address": in.Subscription},
	}
	if in.Test != "" {
		request.Shortcut, request.Args = "ops.notify-test", map[string]string{"place": in.Test}
	}
	reply := (*receive)(r.Context(), request)
	text := ""
	if reply.Message != nil {
		text = reply.Message.Plain(v.Location())
	}
	if reply.Status != bot.Done {
		return nil, bot.Errorf(bot.Conflict, "%s", text)
	}
	return bellAnswer{Text: text, Place: reply.Object}, nil
}

// rings reports whether a post is for somebody alone and must not wait: they are called, or named by somebody else.
func (s *stream) rings(p Post) bool {
	if p.Gone || !p.Edited.IsZero() || p.Author == s.v.ID || p.Only != "" {
		return false
	}
	if p.Author != "" {
		return named(p.Message.Plain(time.UTC), s.v.Person)
	}
	return p.Message.Tone == bot.Critical && (s.rooms[p.Channel].Person == s.v.ID || p.Message.Mentions(s.v.ID))
}

// named reports whether words name somebody with an @, by their id or their whole name.
func named(words string, p bot.Person) bool {
	words = strings.ToLower(words)
	for _, name := range []string{string(p.ID), strings.ToLower(p.Name)} {
		for rest := words; name != ""; {
			_, after, found := strings.Cut(rest, "@"+name)
			if !found {
				break
			}
			next, _ := utf8.DecodeRuneInString(after)
			if after == "" || !unicode.IsLetter(next) && !unicode.IsDigit(next) && !strings.ContainsRune("-_", next) {
				return true
			}
			rest = after
		}
	}
	return false
}

// ring tells the page's script.
func (s *stream) ring(p Post) error {
	return s.send("ring", map[string]any{
		"id": formatID(p.ID), "title": cmp.Or(p.Message.Title, s.v.dir.byID[p.Author].Name, "Watchbell"), "line": line(p.Message), "urgent": p.Message.Tone == bot.Critical,
		"href": "/to/" + formatID(p.Channel) + "/" + formatID(p.ID),
	})
}

// line is what a message says, in short and without its title.
func line(m bot.Message) string {
	m.Title, m.Fallback, m.Context, m.Actions = "", "", nil, nil
	return value.Cut(value.Line(m.Plain(time.UTC)), 200)
}
