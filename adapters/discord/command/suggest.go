package command

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/value"
)

// Core is the part of the bot that knows what may be suggested to somebody. ErrNoSuch means nothing.
type Core interface {
	Choices(ctx context.Context, from bot.Account, command, param, words string) ([]bot.Option, error)
	Verbs(ctx context.Context, from bot.Account, place bot.Conversation, noun, words string) ([]bot.Option, error)
	Completions(ctx context.Context, from bot.Account, text string) ([]ask.Suggestion, error)
}

// Suggest is how what somebody types into an option could go on, best first. It changes nothing.
func (l *Layout) Suggest(
	ctx context.Context, core Core, from bot.Account, place bot.Conversation, d payload.Data,
) ([]Choice, error) {
	called, options := below(d.Options)
	i := slices.IndexFunc(options, func(o payload.Option) bool { return o.Focused })
	n, ok := l.nouns[d.Name]
	if !ok || i < 0 {
		return nil, nil
	}
	v := n.verbs[called]
	var found []Choice
	var err error
	switch o := &options[i]; {
	case v != nil && v.params[o.Name] != nil:
		found, err = v.suggest(ctx, core, from, o)
	case v != nil:
	case o.Name == doOption:
		found, err = n.suggestVerbs(ctx, core, from, place, o.Text())
	case o.Name == textOption:
		found, err = n.suggestText(ctx, core, from, options)
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, nil
	}
	return fitting(found), err
}

// suggest are choices for an argument. Of one that may be given several times the last is completed.
func (v *verb) suggest(ctx context.Context, core Core, from bot.Account, o *payload.Option) ([]Choice, error) {
	p, words := v.params[o.Name], o.Text()
	before := ""
	if i := strings.LastIndexByte(words, ','); p.Many && i >= 0 {
		before, words = strings.TrimSpace(words[:i])+",", words[i+1:]
	}
	found, err := core.Choices(ctx, from, v.Name, p.Name, words)
	var list []Choice
	for _, x := range found {
		if before != "" && slices.Contains(strings.Split(before, ","), x.Value) {
			continue
		}
		label := cmp.Or(value.Line(x.Label), x.Value)
		if before != "" {
			label = strings.ReplaceAll(before, ",", ", ") + label
		}
		list = append(list, Choice{Name: label, Value: before + x.Value})
	}
	return list, err
}

// suggestVerbs are the verbs that somebody may use. As long as nothing was typed, those that are subcommands come last:
// they are at hand already.
func (n *noun) suggestVerbs(
	ctx context.Context, core Core, from bot.Account, place bot.Conversation, words string,
) ([]Choice, error) {
	found, err := core.Verbs(ctx, from, place, n.Name, strings.TrimPrefix(n.typed(words), "/"+n.Name))
	if strings.TrimSpace(words) == "" {
		slices.SortStableFunc(found, func(a, b bot.Option) int {
			return first(!n.listed(a.Value)) - first(!n.listed(b.Value))
		})
	}
	var list []Choice
	for _, x := range found {
		list = append(list, Choice{Name: x.Label, Value: x.Value})
	}
	return list, err
}

// listed reports whether a verb is a subcommand.
func (n *noun) listed(word string) bool {
	for _, v := range n.verbs {
		if v.Verb() == word {
			return v.listed
		}
	}
	return false
}

// suggestText is how the text behind a verb could go on. What was typed comes first, so that it can be sent as it is.
func (n *noun) suggestText(
	ctx context.Context, core Core, from bot.Account, options []payload.Option,
) ([]Choice, error) {
	do, rest := inputs(options)
	if strings.TrimSpace(do) == "" {
		return nil, nil
	}
	before := n.typed(do) + " "
	found, err := core.Completions(ctx, from, before+rest)
	list := []Choice{{Name: rest, Value: rest}}
	for _, s := range found {
		if word, ok := strings.CutPrefix(s.Text, before); ok {
			word = strings.TrimSpace(word)
			list = append(list, Choice{Name: word + " – " + s.Help, Value: word})
		}
	}
	if len(list) == 1 {
		return nil, err
	}
	return list, err
}

// fitting are the choices that Discord takes: at most 25, each once, with names of limited length that differ. What is
// too long to be a value is left out, for a part of it would mean something else.
func fitting(list []Choice) []Choice {
	var out []Choice
	names, values := map[string]bool{}, map[string]bool{}
	for _, c := range list {
		name := cut(value.Line(c.Name), maxName)
		if names[name] || name == "" {
			name = cut(strings.TrimSpace(value.Line(c.Value)+" "+name), maxName)
		}
		if len(out) == maxChoices || values[c.Value] || names[name] || value.Blank(c.Value) || units(c.Value) > maxName {
			continue
		}
		names[name], values[c.Value] = true, true
		out = append(out, Choice{Name: name, Value: c.Value})
	}
	return out
}
