package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

type sayInput struct {
	sending
	Channel int64  `json:"channel"`
	Thread  int64  `json:"thread"`
	Text    string `json:"text"`
}

// say takes what was typed: a command when it starts with a slash, else words for everybody in the channel.
func (c *Chat) say(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[sayInput](w, r)
	if err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(in.Text); n > maxSaid {
		return nil, bot.Errorf(
			bot.Invalid, "That is too long: it has %d characters, the limit is %d. Nothing was sent; your text is kept.", n,
			maxSaid,
		)
	}
	text := clean(in.Text)
	if text == "" {
		return nil, bot.Errorf(bot.Invalid, "There is nothing to send: write something first.")
	}
	place, err := c.place(r.Context(), v, in.Channel, in.Thread)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "/") {
		return c.perform(r.Context(), v, action{
			sending: in.sending, place: place, asked: value.Cut(text, 300), Request: bot.Request{Text: text},
		})
	}
	if !actionID.MatchString(in.ID) {
		return nil, bot.Errorf(bot.Invalid, "This message has no valid number. Please reload the page.")
	}
	p, err := c.add(r.Context(), conversation(place), Post{
		Key: sayKey + string(v.ID) + ":" + in.ID, Author: v.ID, Message: said(text),
	})
	if err != nil {
		return nil, err
	}
	event, err := c.event(v, p)
	return answer{Status: statusSent, Post: &event}, err
}

type actInput struct {
	sending
	Post   int64  `json:"post"`
	Token  string `json:"token"`
	Choice string `json:"choice"`
}

// act takes a click. The post it names must be one the person sees, and carry the button: a token from elsewhere does
// nothing.
func (c *Chat) act(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[actInput](w, r)
	if err != nil {
		return nil, err
	}
	p, err := c.post(r.Context(), v, in.Post)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.Message.Actions, func(a bot.Action) bool { return a.Token != "" && a.Token == in.Token })
	if i < 0 {
		return nil, bot.Errorf(
			bot.Conflict, "This button is no longer on the message. Please look at the message as it is now.",
		)
	}
	button := p.Message.Actions[i]
	chosen, ok := choice(button, in.Choice, v.dir)
	if !ok {
		return nil, bot.Errorf(bot.Invalid, "That is not one of the choices. Please pick one from the menu.")
	}
	if _, err := c.writable(r.Context(), v, p.Channel); err != nil {
		return nil, err
	}
	return c.perform(r.Context(), v, action{
		sending: in.sending, place: Post{Channel: p.Channel, Thread: p.Thread}, asked: button.Label + chosen,
		Request: bot.Request{Token: in.Token, Choice: in.Choice, On: seenByAll(p)},
	})
}

// choice checks what was picked against what the button offers, and returns it in words.
func choice(a bot.Action, chosen string, d directory) (words string, ok bool) {
	switch {
	case a.People:
		p, known := d.byID[bot.PersonID(strings.TrimPrefix(chosen, "@"))]
		return ": " + p.Name, known && p.Active && strings.HasPrefix(chosen, "@")
	case len(a.Options) > 0:
		i := slices.IndexFunc(a.Options, func(o bot.Option) bool { return o.Value == chosen })
		if i < 0 {
			return "", false
		}
		return ": " + a.Options[i].Label, true
	}
	return "", chosen == ""
}

// seenByAll is the id of a post that everybody in its channel sees.
func seenByAll(p Post) string {
	if p.Only != "" {
		return ""
	}
	return strconv.FormatInt(p.ID, 10)
}

type submitInput struct {
	sending
	Channel int64             `json:"channel"`
	Thread  int64             `json:"thread"`
	Post    int64             `json:"post"` // whose button opened it, 0 for others
	Token   string            `json:"token"`
	Title   string            `json:"title"`
	Values  map[string]string `json:"values"`
	Files   map[string]file   `json:"files"`
}

// file is one that was chosen in a form. Its bytes come in base64, for they need not be text.
type file struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// uploads are the files of a form as the core takes them.
func uploads(files map[string]file) map[string]bot.Upload {
	list := map[string]bot.Upload{}
	for name, f := range files {
		list[name] = bot.Upload{Name: value.Cut(value.Line(f.Name), 200), Data: f.Data}
	}
	return list
}

// submit takes a filled form. Whose form it is and what it may ask is checked by the core.
func (c *Chat) submit(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decodeUpTo[submitInput](w, r, maxFiled)
	if err != nil {
		return nil, err
	}
	if in.Values == nil || len(in.Values) > maxInputs || len(in.Files) > maxInputs || in.Token == "" ||
		len(in.Token) > bot.MaxToken {
		return nil, bot.Errorf(bot.Invalid, "The form is not complete. Please open it again.")
	}
	for _, words := range in.Values {
		if n := utf8.RuneCountInString(words); n > maxSaid {
			return nil, bot.Errorf(
				bot.Invalid, "One answer has %d characters, the limit is %d. Nothing was sent; the form keeps what you wrote.", n,
				maxSaid,
			)
		}
	}
	place, err := c.place(r.Context(), v, in.Channel, in.Thread)
	if err != nil {
		return nil, err
	}
	on := ""
	if p, err := c.post(r.Context(), v, in.Post); err == nil {
		on = seenByAll(p)
	}
	return c.perform(r.Context(), v, action{sending: in.sending, place: place, asked: value.Cut(value.Line(in.Title), 60),
		Request: bot.Request{Token: in.Token, Values: in.Values, Files: uploads(in.Files), On: on}})
}

type shortcutInput struct {
	sending
	Post    int64  `json:"post"`
	Command string `json:"command"`
}

// shortcut takes a command used on a message.
func (c *Chat) shortcut(w http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	in, err := decode[shortcutInput](w, r)
	if err != nil {
		return nil, err
	}
	p, err := c.post(r.Context(), v, in.Post)
	if err != nil {
		return nil, err
	}
	list := c.shortcutsOn(p)
	i := slices.IndexFunc(list, func(s Shortcut) bool { return s.Command == in.Command })
	if i < 0 {
		return nil, bot.Errorf(bot.Invalid, "This is not offered on this message.")
	}
	if _, err := c.writable(r.Context(), v, p.Channel); err != nil {
		return nil, err
	}
	ref := reference(p)
	quote := &bot.Quote{
		Author: v.dir.name(p.Author), Text: p.Message.Plain(v.Location()), At: p.Made, Ref: ref,
		Link: c.Link(r.Context(), ref), Ours: p.Author == "",
	}
	return c.perform(r.Context(), v, action{
		sending: in.sending, place: Post{Channel: p.Channel, Thread: p.Thread}, asked: list[i].Label,
		Request: bot.Request{Shortcut: in.Command, Quote: quote},
	})
}

// shortcutsOn are the shortcuts that are offered on a post.
func (c *Chat) shortcutsOn(p Post) []Shortcut {
	if c.o.Shortcuts == nil {
		return nil
	}
	return slices.DeleteFunc(c.o.Shortcuts(), func(s Shortcut) bool { return s.Ours && p.Author != "" })
}
