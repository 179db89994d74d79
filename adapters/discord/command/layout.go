// Package command is how the tree of commands is laid out as Discord's application commands, and how what people enter
// there comes back as requests. Discord takes few commands, each of limited size, and an option that is not registered
// cannot be given. So each noun is one slash command:
//
//	/incident resolve incident: summary: …   a common verb, an option for each of its arguments
//	/incident more do: text:                 every other verb, with what follows it as in any chat
//	/ops do: text:                           an umbrella noun, whose verbs come and go
//
// Commands that are used on a message are entries in the menu of messages.
//
// New lays the tree out and Layout.Commands is what to register. Layout.Request turns what came back into a request,
// and Layout.Suggest answers while people type.
package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// How much of what Discord takes is used.
const (
	maxVerbs = 24    // subcommands of a noun, more among them
	maxSize  = 7_500 // of a slash command
)

const usualLength = 4000 // of a text without a limit of its own

// The inputs of a verb that is not a subcommand.
const (
	moreVerb   = "more"
	doOption   = "do"
	textOption = "text"
)

// Layout is the tree as application commands. It is safe for concurrent use.
type Layout struct {
	slash, menu []Definition
	nouns       map[string]*noun
	shortcuts   map[string]string // names of commands, by their entry in the menu of messages
	left        []string
}

// noun is one slash command.
type noun struct {
	bot.Noun
	verbs map[string]*verb // by the name of their subcommand
}

// verb is a command, and what its arguments are called.
type verb struct {
	*bot.Command
	option Option                // its subcommand
	rest   []Option              // more of them than a subcommand takes
	params map[string]*bot.Param // by the name of their option
	listed bool                  // it is a subcommand
}

// New lays out nouns and commands. It reads the options of choices that are the same in every installation. The error
// says which of Discord's limits the layout breaks.
func New(ctx context.Context, nouns []bot.Noun, commands []*bot.Command) (*Layout, error) {
	l := &Layout{nouns: map[string]*noun{}, shortcuts: map[string]string{}}
	for _, n := range nouns {
		if err := l.addNoun(ctx, n, commands); err != nil {
			return nil, err
		}
	}
	l.addMenu(commands)
	if err := l.Check(); err != nil {
		return nil, err
	}
	return l, nil
}

// Nouns are the names of the slash commands, in the order in which they were declared.
func (l *Layout) Nouns() []string {
	var nouns []string
	for _, d := range l.slash {
		nouns = append(nouns, d.Name)
	}
	return nouns
}

// Commands are what to register with a guild, in the order in which they were declared.
func (l *Layout) Commands() []Definition { return slices.Concat(l.slash, l.menu) }

// Left lists what found no place although it was meant to have one: common commands and entries of the menu of messages
// by their names, options as noun.verb option. All of them can be typed with more.
func (l *Layout) Left() []string { return l.left }

func (l *Layout) addNoun(ctx context.Context, bn bot.Noun, commands []*bot.Command) error {
	name := valid(bn.Name, func(s string) bool { return l.nouns[s] != nil })
	n := &noun{Noun: bn, verbs: map[string]*verb{}}
	var all []*verb
	for _, c := range commands {
		if c.Noun() != bn.Name && c.Under != bn.Name {
			continue
		}
		called := c.Verb()
		if c.Under == bn.Name {
			called = c.Behind()
		}
		v, err := verbOf(ctx, c, valid(called, func(s string) bool { return s == moreVerb || n.verbs[s] != nil }))
		if err != nil {
			return fmt.Errorf("lay out %s: %w", c.Name, err)
		}
		n.verbs[v.option.Name] = v
		all = append(all, v)
	}
	d := here(Definition{Type: payload.ChatInput, Name: name, Description: sentence(bn.Summary)})
	l.nouns[name] = n
	if bn.Umbrella {
		d.Options = anything(false)
	} else {
		d.Options = l.list(d, all)
	}
	l.slash = append(l.slash, d)
	return nil
}

// list makes subcommands of the common verbs, as many as fit. Where none is common they all are.
func (l *Layout) list(d Definition, all []*verb) []Option {
	more := Option{
		Type: subcommand, Name: moreVerb, Description: "Everything else: choose what to do, then write the rest",
		Options: anything(true),
	}
	some := slices.ContainsFunc(all, func(v *verb) bool { return v.Common && v.Verb() != "help" }) // every noun has help
	size := d.size() + more.size()
	var list []Option
	for _, v := range all {
		switch fits := len(list)+1 < maxVerbs && size+v.option.size() <= maxSize; {
		case some && !v.Common:
		case !fits:
			l.left = append(l.left, v.Name)
		default:
			v.listed = true
			size += v.option.size()
			list = append(list, v.option)
			for _, o := range v.rest {
				l.left = append(l.left, v.Name+" "+o.Name)
			}
		}
	}
	return append(list, more)
}

// anything are the inputs for a verb and what follows it. Without a verb there is help; a subcommand asks for one.
func anything(required bool) []Option {
	return []Option{
		{
			Type: text, Name: doOption, Description: "What to do; the list shows what you may do here", Required: required,
			Autocomplete: true, MaxLength: 100,
		},
		{
			Type: text, Name: textOption, Description: "What follows it, as you would type it; people as @mentions",
			Autocomplete: true, MaxLength: maxLength,
		},
	}
}

// verbOf makes the subcommand of a command.
func verbOf(ctx context.Context, c *bot.Command, name string) (*verb, error) {
	v := &verb{
		Command: c, option: Option{Type: subcommand, Name: name, Description: sentence(c.Summary)},
		params: map[string]*bot.Param{},
	}
	for i := range c.Params {
		p := &c.Params[i]
		if p.Hidden || p.Kind == bot.FileParam { // a form asks for files
			continue
		}
		o, err := optionOf(ctx, c, p)
		if err != nil {
			return nil, err
		}
		o.Name = valid(p.Name, func(s string) bool { return v.params[s] != nil })
		v.params[o.Name] = p
		v.option.Options = append(v.option.Options, o)
	}
	slices.SortStableFunc(v.option.Options, func(a, b Option) int { // Discord wants the required ones first
		return first(a.Required) - first(b.Required)
	})
	if all := v.option.Options; len(all) > maxOptions {
		v.option.Options, v.rest = all[:maxOptions], all[maxOptions:]
	}
	return v, nil
}

func first(yes bool) int {
	if yes {
		return 0
	}
	return 1
}

// optionOf is how a parameter is given. Discord does not send a command whose required option lacks. So an option is
// required only if nothing else would ask for it: forms do, and a place may imply an id.
func optionOf(ctx context.Context, c *bot.Command, p *bot.Param) (Option, error) {
	o := Option{
		Type: text, Description: describe(cmp.Or(p.Help, p.Caption())),
		Required: p.Required && p.Kind != bot.RefParam && (c.Title == "" || !p.Form),
	}
	switch {
	case p.Kind == bot.PersonParam && !p.Many:
		o.Type = user
	case p.Kind == bot.PersonParam:
		o.Autocomplete = true
	case p.Kind == bot.NumberParam:
		o.Type, o.Min, o.Max = integer, &p.Min, &p.Max
	case p.Kind == bot.FlagParam:
		o.Type = boolean
	case p.Kind == bot.TextParam:
		o.MaxLength = min(cmp.Or(p.Max, usualLength), maxLength)
	case p.Options != nil:
		o.Autocomplete = true
		if p.Fixed && !p.Many {
			return fixed(ctx, o, p)
		}
	}
	return o, nil
}

// fixed lists the options of a parameter beforehand where Discord takes as many.
func fixed(ctx context.Context, o Option, p *bot.Param) (Option, error) {
	options, err := p.Options(ctx)
	if err != nil || len(options) == 0 || len(options) > maxChoices {
		return o, err
	}
	o.Autocomplete = false
	for _, x := range options {
		o.Choices = append(o.Choices, Choice{Name: cut(cmp.Or(value.Line(x.Label), x.Value), maxName), Value: x.Value})
	}
	return o, nil
}

// addMenu offers commands on messages, those that are about our own messages last.
func (l *Layout) addMenu(commands []*bot.Command) {
	var offered []*bot.Command
	for _, ours := range []bool{false, true} {
		for _, c := range commands {
			if c.Shortcut != "" && c.OnOurs == ours {
				offered = append(offered, c)
			}
		}
	}
	for i, c := range offered {
		if i >= maxMenu {
			l.left = append(l.left, c.Name)
			continue
		}
		label := cut(c.Shortcut, maxLabel)
		if _, taken := l.shortcuts[label]; !taken {
			l.shortcuts[label] = c.Name
		}
		l.menu = append(l.menu, here(Definition{Type: payload.MessageCommand, Name: label}))
	}
}

// describe is a description as Discord takes it.
func describe(s string) string { return cutAtWord(cmp.Or(value.Line(s), "–"), maxDescription) }

// sentence begins a description with a capital letter. Those of arguments may begin with what is to be typed.
func sentence(s string) string {
	s = describe(s)
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// valid is a name as Discord takes it, made of ours: in lower case, of letters, digits and hyphens, and not taken.
// Names that Discord takes stay as they are.
func valid(s string, taken func(string) bool) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, s)
	if s == "" {
		s = "-"
	}
	name := string(firstRunes(s, maxLabel))
	for n := 2; taken(name); n++ {
		end := fmt.Sprintf("-%d", n)
		name = string(firstRunes(s, maxLabel-len(end))) + end
	}
	return name
}

func firstRunes(s string, n int) []rune {
	r := []rune(s)
	return r[:min(len(r), n)]
}
