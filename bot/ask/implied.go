package ask

import (
	"context"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// only is the thing that a command means which names none, where no place can imply one: the single one it could be
// about. Of several the person has to say which, and reads what to type.
func (b *Binder) only(ctx context.Context, c *bot.Call, p *bot.Param) (string, error) {
	options := p.Likely
	if options == nil {
		options = p.Options
	}
	if !c.Lone || !p.Required || options == nil {
		return "", nil
	}
	list, err := options(ctx)
	if err != nil {
		return "", err
	}
	switch len(list) {
	case 0:
		return "", bot.Errorf(
			bot.NotFound, "There is no %s that %s could be about right now.", p.Name, c.Command.Slash(),
		)
	case 1:
		c.Implied = list[0].Value
		return c.Implied, nil
	}
	ids := make([]string, 0, len(list))
	for _, o := range list {
		ids = append(ids, o.Value)
	}
	more := ""
	if len(ids) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(ids)-maxNamed)
		ids = ids[:maxNamed]
	}
	return "", bot.Errorf(
		bot.Invalid, "Which %s? Open are %s%s. Write %s", p.Name, strings.Join(ids, ", "), more, with(c, ids[0]),
	).About(p.Name)
}

const maxNamed = 10

// with is the typed command with an id in front of the rest.
func with(c *bot.Call, id string) string {
	_, rest := cutWord(c.Request.Text)
	if noun, after := cutWord(rest); c.Command.Under != "" && strings.EqualFold(noun, c.Command.Noun()) {
		rest = after
	}
	verb, rest := cutWord(rest)
	if second, after := cutWord(rest); strings.EqualFold(verb+"-"+second, c.Command.Verb()) {
		verb, rest = verb+" "+second, after
	}
	if verb == "" {
		verb = c.Command.Words()
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Command.Stem(), verb, id, bot.Shown(rest)))
}

// Named adds to an answer which thing it is about, when that was implied.
func Named(c *bot.Call, r bot.Reply) bot.Reply {
	if c.Implied == "" || r.Message == nil || r.Status != bot.Done {
		return r
	}
	m := *r.Message
	m.Context = append(
		m.Context[:len(m.Context):len(m.Context)], bot.T("This is about "+c.Implied+", the only one it could be about."),
	)
	r.Message = &m
	return r
}
