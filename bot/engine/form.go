package engine

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// How long a form may stay open.
const formLife = 24 * time.Hour

// openForm asks for the rest of a call. Values already given are shown in it, so that nothing typed is lost.
func (b *Bot) openForm(ctx context.Context, c *bot.Call, typed map[string]string, bad bot.Problems) (bot.Reply, error) {
	if c.Command.May != nil && !ask.LacksRef(c) {
		if err := c.Command.May(ctx, c); err != nil {
			return bot.Reply{}, err
		}
	}
	values, hidden := map[string]string{}, map[string]string{}
	if c.Command.Prefill != nil && !ask.LacksRef(c) {
		pre, err := c.Command.Prefill(ctx, c)
		if err != nil {
			return bot.Reply{}, err
		}
		maps.Copy(values, pre)
	}
	opened := maps.Clone(values)
	maps.Copy(opened, c.Before)
	for name, was := range c.Opened {
		// Only who was told that a field changed meanwhile may overwrite it the next time.
		if !slices.ContainsFunc(bad, func(e *bot.Error) bool { return e.Kind == bot.Conflict && e.Field == name }) {
			opened[name] = was
		}
	}
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		switch raw, ok := c.Raw[p.Name]; {
		case ok && ask.InForm(p, c):
			values[p.Name] = raw
		case ok:
			hidden[p.Name] = raw
		}
	}
	maps.Copy(values, typed)
	values, hidden = c.Command.Bare(values), c.Command.Bare(hidden)
	ref := bot.Ref{
		Token: rand.Text(), Command: c.Command.Name, Args: hidden, Open: true, Opened: opened, Values: values,
		Quote: c.Quote, Person: c.Person.ID, Expires: c.Now.Add(formLife), Draft: c.Drafted != nil,
	}
	form, err := b.buildForm(ctx, c, values)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Command.Intro != nil && !ask.LacksRef(c) {
		if form.Intro, err = c.Command.Intro(ctx, c); err != nil {
			return bot.Reply{}, err
		}
	}
	form.Token = ref.Token
	if err := b.markErrors(ctx, c, form, bad); err != nil {
		return bot.Reply{}, err
	}
	if err := b.store.SaveRefs(ctx, []bot.Ref{ref}); err != nil {
		return bot.Reply{}, err
	}
	return bot.Reply{Status: bot.FormOpen, Form: form}, nil
}

// check shows a form again as it was filled in, with what is wrong in it, and with what its command says of the rest.
func (b *Bot) check(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	err := b.binder.Bind(ctx, c)
	bad := asProblems(err)
	if err != nil && bad == nil {
		return bot.Reply{}, err
	}
	var panels []bot.Panel
	if len(bad) == 0 && c.Command.Foresee != nil {
		if panels, err = c.Command.Foresee(ctx, c); err != nil {
			if bad = asProblems(err); bad == nil {
				return bot.Reply{}, err
			}
		}
	}
	reply, err := b.openForm(ctx, c, c.Request.Values, bad)
	reply.Page = &bot.Page{Panels: panels}
	return reply, err
}

func (b *Bot) buildForm(ctx context.Context, c *bot.Call, values map[string]string) (*bot.Form, error) {
	f := &bot.Form{Command: c.Command.Name, Title: c.Command.Title, Submit: c.Command.Submit}
	if f.Submit == "" {
		f.Submit = "Save"
	}
	limit := b.maxInputs(c.From.Platform)
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		if !ask.InForm(p, c) || len(f.Inputs) == limit {
			continue
		}
		in, err := ask.Input(p, ctx, c, values[p.Name])
		if err != nil {
			return nil, err
		}
		f.Inputs = append(f.Inputs, in)
	}
	return f, nil
}

func (b *Bot) maxInputs(platform string) int {
	on, err := b.platform(platform)
	if l, limits := on.(bot.InputLimiter); err == nil && limits {
		return min(bot.MaxInputs, l.MaxInputs())
	}
	return bot.MaxInputs
}

// markErrors puts each refusal beside its input; one that belongs to none goes above the form. People are named and
// times are the reader's, as in any other answer.
func (b *Bot) markErrors(ctx context.Context, c *bot.Call, f *bot.Form, bad bot.Problems) error {
	for _, e := range bad {
		m, err := b.sealPeople(ctx, bot.Message{Sections: []bot.Section{{Text: e.Words()}}}.WithYears(c.Now), c.From.Platform)
		if err != nil {
			return err
		}
		text := m.Sections[0].Text.Plain(c.Zone)
		i := slices.IndexFunc(f.Inputs, func(in bot.Input) bool { return in.Name == e.Field })
		if i < 0 {
			f.Intro = append(f.Intro, bot.T(text+" ")...)
			continue
		}
		f.Inputs[i].Error, f.Inputs[i].Conflict = text, e.Kind == bot.Conflict
	}
	return nil
}
