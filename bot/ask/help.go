package ask

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// HelpCommand is the help of a noun, made from the tree itself.
func (t *Tree) HelpCommand(n bot.Noun) bot.Command {
	return bot.Command{
		Name: n.Name + ".help", Permission: n.Name + ".help", Reads: true, Common: true,
		Summary: "show all commands, or one with its options", Example: n.Slash() + " help",
		Params: []bot.Param{{Name: "verb", Kind: bot.TextParam, Bare: true, Max: 40}},
		Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			now, _ := t.noun(n.Name) // with what was added later
			return t.helpOn(now, c.Text("verb"), c)
		},
	}
}

// topCommand is "/help", which works everywhere and lists what there is. It is no noun, so no platform registers it.
func (t *Tree) topCommand() *bot.Command {
	return &bot.Command{
		Name: "bot.help", Permission: "bot.help", Reads: true, Summary: "what there is", Example: "/help",
		Params: []bot.Param{{Name: "about", Kind: bot.TextParam, Bare: true, Max: 80}},
		Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			about := strings.TrimPrefix(c.Text("about"), "/")
			if about == "" {
				return bot.Answer(t.contents()), nil
			}
			n, rest, ok := t.words(about)
			if !ok {
				word, _ := cutWord(about)
				return bot.Reply{}, t.unknownNoun(word)
			}
			return t.helpOn(n, rest, c)
		},
	}
}

// helpOn is the help of one command of a noun, or where no verb is given of all of them.
func (t *Tree) helpOn(n bot.Noun, verb string, c *bot.Call) (bot.Reply, error) {
	word, rest := cutWord(verb)
	if word == "" {
		return bot.Answer(t.overview(n, c)), nil
	}
	if below, ok := t.noun(word); ok && below.Under == n.Name {
		return t.helpOn(below, rest, c)
	}
	cmd, _, ok := t.begins(n, verb)
	if !ok {
		return bot.Reply{}, t.unknownVerb(n, word, word)
	}
	return bot.Answer(help(cmd)), nil
}

// contents lists the nouns.
func (t *Tree) contents() bot.Message {
	m := bot.Message{Title: "Watchbell", Context: theRule}
	var s bot.Section
	for _, n := range t.Nouns() {
		s.Fields = append(s.Fields, bot.Field{Label: "/" + n.Name + " help", Value: bot.T(n.Summary)})
	}
	m.Sections = []bot.Section{s}
	return m
}

// overview lists the commands of a noun that the person may use, by what people do.
func (t *Tree) overview(n bot.Noun, c *bot.Call) bot.Message {
	first := t.first(n)
	m := bot.Message{Title: n.Slash() + ": " + n.Summary, Context: append([]bot.Text{
		bot.T("One command with all its options: ", bot.Code(n.Slash()+" help "+first.Words())),
	}, theRule...)}
	if below := t.Under(n.Name); len(below) > 0 {
		s := bot.Section{Text: bot.T(bot.Bold("What is kept"))}
		for _, b := range below {
			s.Fields = append(s.Fields, bot.Field{Label: b.Slash() + " help", Value: bot.T(b.Summary)})
		}
		m.Sections = append(m.Sections, s)
	}
	for _, g := range t.groups(n) {
		var s bot.Section
		for _, verb := range g.Verbs {
			if cmd, ok := t.verb(n, verb); ok && c.May(cmd.Permission) {
				s.Fields = append(s.Fields, bot.Field{Label: cmd.Slash(), Value: bot.T(cmd.Summary)})
			}
		}
		if len(s.Fields) > 0 && g.Title != "" {
			s.Text = bot.T(bot.Bold(g.Title))
		}
		if len(s.Fields) > 0 {
			m.Sections = append(m.Sections, s)
		}
	}
	for _, a := range n.Buttons {
		if cmd, ok := t.byName[a.Command]; ok && c.May(cmd.Permission) {
			m.Actions = append(m.Actions, a)
		}
	}
	return m
}

// groups are the noun's groups, with a last one for what belongs to none.
func (t *Tree) groups(n bot.Noun) []bot.Group {
	rest := bot.Group{}
	if len(n.Groups) > 0 {
		rest.Title = "Also"
	}
	for _, cmd := range t.commands {
		if cmd.Noun() == n.Name &&
			!slices.ContainsFunc(n.Groups, func(g bot.Group) bool { return slices.Contains(g.Verbs, cmd.Verb()) }) {
			rest.Verbs = append(rest.Verbs, cmd.Verb())
		}
	}
	return append(slices.Clone(n.Groups), rest)
}

// first is the command of a noun that was declared first.
func (t *Tree) first(n bot.Noun) *bot.Command {
	return t.commands[slices.IndexFunc(t.commands, func(c *bot.Command) bool { return c.Noun() == n.Name })]
}

func help(c *bot.Command) bot.Message {
	m := bot.Message{
		Title: c.Usage(), Sections: []bot.Section{bot.Para(strings.ToUpper(c.Summary[:1]) + c.Summary[1:] + ".")},
	}
	var s bot.Section
	for i := range c.Params {
		p := &c.Params[i]
		if p.Hidden {
			continue
		}
		what := p.Help
		if what == "" {
			what = string(p.Kind)
		}
		s.Fields = append(s.Fields, bot.Field{Label: strings.Trim(p.Usage(), "[]"), Value: bot.T(what)})
	}
	if len(s.Fields) > 0 {
		m.Sections = append(m.Sections, s)
	}
	m.Sections = append(m.Sections, bot.Para("For example: ", bot.Code(c.Example)))
	if textParam(c) != nil {
		m.Context = append(m.Context, theRule...)
	}
	if len(c.Aliases) > 0 {
		m.Context = append(m.Context, bot.T("Also: "+strings.Join(c.Aliases, ", ")))
	}
	return m
}

// Suggestion is one way to go on with typed text.
type Suggestion struct {
	Text string `json:"text"` // the whole line with the suggestion taken
	Help string `json:"help"`
}

// Complete suggests how typed text could go on, best first, at most ten.
func (b *Binder) Complete(ctx context.Context, text string) []Suggestion {
	text = value.Cut(strings.TrimLeft(text, " "), 200)
	if !strings.HasPrefix(text, "/") {
		return nil
	}
	nounWord, _, spaced := strings.Cut(text[1:], " ")
	if !spaced {
		return suggestNouns(b.Tree.nouns, nounWord)
	}
	n, rest, ok := b.Tree.words(text[1:])
	if !ok {
		return nil
	}
	verbs := b.completeVerb(n, rest)
	verb, tail, spaced := strings.Cut(rest, " ")
	if !spaced || len(verbs) > 0 { // a verb may have two words
		return verbs
	}
	cmd, _, ok := b.Tree.begins(n, rest)
	if !ok {
		if cmd, ok = b.Tree.quick(ctx, n, verb, rest); !ok {
			return nil
		}
	}
	return b.completeParam(ctx, cmd, text, tail)
}

// suggestNouns are those that begin so.
func suggestNouns(nouns []bot.Noun, prefix string) []Suggestion {
	var s []Suggestion
	for _, n := range nouns {
		if strings.HasPrefix(n.Name, strings.ToLower(prefix)) {
			s = append(s, Suggestion{n.Slash() + " ", n.Summary})
		}
	}
	return s
}

func (b *Binder) completeVerb(n bot.Noun, prefix string) []Suggestion {
	s := suggestNouns(b.Tree.Under(n.Name), prefix)
	for _, c := range b.Tree.commands {
		if c.Noun() == n.Name && strings.HasPrefix(c.Words(), strings.ToLower(prefix)) {
			s = append(s, Suggestion{c.Slash() + " ", c.Summary})
		}
	}
	return s
}

// completeParam completes the last word: a person, an option's name or its value.
func (b *Binder) completeParam(ctx context.Context, cmd *bot.Command, text, tail string) []Suggestion {
	last := tail[strings.LastIndex(tail, " ")+1:]
	before := strings.TrimSuffix(text, last)
	var s []Suggestion
	add := func(word, help string) {
		if len(s) < 10 {
			s = append(s, Suggestion{before + word + " ", help})
		}
	}
	for i := range cmd.Params {
		p := &cmd.Params[i]
		switch {
		case p.Hidden:
		case p.Kind == bot.PersonParam && strings.HasPrefix(last, "@"):
			people, err := b.Store.People(ctx)
			if err != nil {
				return nil
			}
			for _, person := range people {
				if person.Active && strings.HasPrefix("@"+string(person.ID), strings.ToLower(last)) {
					add("@"+string(person.ID), person.Name)
				}
			}
		case p.Options != nil:
			b.completeChoice(ctx, p, last, add)
		case p.Kind != bot.TextParam && p.Word == "" && !p.Bare && last != "" &&
			strings.HasPrefix(p.Name+"=", strings.ToLower(last)):
			add(p.Name+"=", p.Help)
		}
	}
	return s
}

func (b *Binder) completeChoice(ctx context.Context, p *bot.Param, last string, add func(word, help string)) {
	name, prefix, typed := strings.Cut(last, "=")
	named := typed && p.Named(name)
	if !named && (last == "" && !(p.Required && p.Bare) || typed) {
		return
	}
	if !named {
		prefix = last
	}
	options, err := p.Options(ctx)
	if err != nil {
		return
	}
	for _, o := range options {
		if !strings.HasPrefix(strings.ToLower(o.Value), strings.ToLower(prefix)) {
			continue
		}
		if p.Bare && !named {
			add(o.Value, o.Label)
		} else {
			add(p.Name+"="+o.Value, o.Label)
		}
	}
}
