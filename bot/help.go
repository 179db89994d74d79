package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// helpCommand is the help of a noun, made from the tree itself.
func (t *Tree) helpCommand(n Noun) Command {
	return Command{
		Name: n.Name + ".help", Permission: n.Name + ".help", Reads: true,
		Summary: "show all commands, or one with its options", Example: "/" + n.Name + " help",
		Params: []Param{{Name: "verb", Kind: TextParam, Bare: true, Max: 40}},
		Handle: func(_ context.Context, c *Call) (Reply, error) {
			word, _ := cutWord(c.Text("verb"))
			if word == "" {
				return Answer(t.overview(n, c)), nil
			}
			cmd, ok := t.verb(n, word)
			if !ok {
				return Reply{}, t.unknownVerb(n, word, word)
			}
			return Answer(cmd.help()), nil
		},
	}
}

// topCommand is "/help", which works everywhere and lists what there is. It is no noun, so no platform registers it.
func (t *Tree) topCommand() *Command {
	return &Command{
		Name: "bot.help", Permission: "bot.help", Reads: true, Summary: "what there is", Example: "/help",
		Params: []Param{{Name: "about", Kind: TextParam, Bare: true, Max: 80}},
		Handle: func(_ context.Context, c *Call) (Reply, error) {
			word, rest := cutWord(strings.TrimPrefix(c.Text("about"), "/"))
			if word == "" {
				return Answer(t.contents()), nil
			}
			n, ok := t.noun(word)
			if !ok {
				return Reply{}, t.unknownNoun(word)
			}
			if rest == "" {
				return Answer(t.overview(n, c)), nil
			}
			verb, _ := cutWord(rest)
			cmd, ok := t.verb(n, verb)
			if !ok {
				return Reply{}, t.unknownVerb(n, verb, verb)
			}
			return Answer(cmd.help()), nil
		},
	}
}

// contents lists the nouns.
func (t *Tree) contents() Message {
	m := Message{Title: "Watchbell", Context: theRule}
	var s Section
	for _, n := range t.nouns {
		s.Fields = append(s.Fields, Field{Label: "/" + n.Name + " help", Value: T(n.Summary)})
	}
	m.Sections = []Section{s}
	return m
}

// overview lists the commands of a noun that the person may use, by what people do.
func (t *Tree) overview(n Noun, c *Call) Message {
	first := t.first(n)
	m := Message{Title: "/" + n.Name + ": " + n.Summary, Context: append([]Text{
		T("One command with all its options: ", Code("/"+n.Name+" help "+first.Verb())),
	}, theRule...)}
	for _, g := range t.groups(n) {
		var s Section
		for _, verb := range g.Verbs {
			if cmd, ok := t.verb(n, verb); ok && c.May(cmd.Permission) {
				s.Fields = append(s.Fields, Field{Label: "/" + n.Name + " " + cmd.Verb(), Value: T(cmd.Summary)})
			}
		}
		if len(s.Fields) > 0 && g.Title != "" {
			s.Text = T(Bold(g.Title))
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
func (t *Tree) groups(n Noun) []Group {
	rest := Group{}
	if len(n.Groups) > 0 {
		rest.Title = "Also"
	}
	for _, cmd := range t.commands {
		if cmd.Noun() == n.Name && !slices.ContainsFunc(n.Groups, func(g Group) bool { return slices.Contains(g.Verbs, cmd.Verb()) }) {
			rest.Verbs = append(rest.Verbs, cmd.Verb())
		}
	}
	return append(slices.Clone(n.Groups), rest)
}

// first is the command of a noun that was declared first.
func (t *Tree) first(n Noun) *Command {
	return t.commands[slices.IndexFunc(t.commands, func(c *Command) bool { return c.Noun() == n.Name })]
}

func (c *Command) help() Message {
	m := Message{Title: c.Usage(), Sections: []Section{Para(strings.ToUpper(c.Summary[:1]) + c.Summary[1:] + ".")}}
	var s Section
	for i := range c.Params {
		p := &c.Params[i]
		if p.Hidden {
			continue
		}
		what := p.Help
		if what == "" {
			what = string(p.Kind)
		}
		s.Fields = append(s.Fields, Field{Label: strings.Trim(p.usage(), "[]"), Value: T(what)})
	}
	if len(s.Fields) > 0 {
		m.Sections = append(m.Sections, s)
	}
	m.Sections = append(m.Sections, Para("For example: ", Code(c.Example)))
	if c.textParam() != nil {
		m.Context = append(m.Context, theRule...)
	}
	if len(c.Aliases) > 0 {
		m.Context = append(m.Context, T("Also: "+strings.Join(c.Aliases, ", ")))
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
	nounWord, rest, spaced := strings.Cut(text[1:], " ")
	if !spaced {
		var s []Suggestion
		for _, n := range b.Tree.nouns {
			if strings.HasPrefix(n.Name, strings.ToLower(nounWord)) {
				s = append(s, Suggestion{"/" + n.Name + " ", n.Summary})
			}
		}
		return s
	}
	n, ok := b.Tree.noun(nounWord)
	if !ok {
		return nil
	}
	verb, tail, spaced := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if !spaced {
		return b.completeVerb(n, verb)
	}
	cmd, ok := b.Tree.verb(n, verb)
	if !ok {
		if cmd, ok = b.Tree.quick(n, verb); !ok {
			return nil
		}
	}
	return b.completeParam(ctx, cmd, text, tail)
}

func (b *Binder) completeVerb(n Noun, prefix string) []Suggestion {
	var s []Suggestion
	for _, c := range b.Tree.commands {
		if c.Noun() == n.Name && strings.HasPrefix(c.Verb(), strings.ToLower(prefix)) {
			s = append(s, Suggestion{"/" + n.Name + " " + c.Verb() + " ", c.Summary})
		}
	}
	return s
}

// completeParam completes the last word: a person, an option's name or its value.
func (b *Binder) completeParam(ctx context.Context, cmd *Command, text, tail string) []Suggestion {
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
		case p.Kind == PersonParam && strings.HasPrefix(last, "@"):
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
		case p.Kind != TextParam && p.Word == "" && !p.Bare && last != "" && strings.HasPrefix(p.Name+"=", strings.ToLower(last)):
			add(p.Name+"=", p.Help)
		}
	}
	return s
}

func (b *Binder) completeChoice(ctx context.Context, p *Param, last string, add func(word, help string)) {
	name, prefix, typed := strings.Cut(last, "=")
	named := typed && p.named(name)
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
