package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// MaxFound is how many choices Options finds at most: what the menus of chat platforms take, also of long names.
const MaxFound = 50

// Options finds choices for one input of an open form by words that somebody types. Those whose name or value begins with the words come first.
// Only whose form it is gets any, and only where the form asks for a choice: anybody else gets ErrNoSuch.
func (b *Bot) Options(ctx context.Context, from Account, token, input, words string) ([]Option, error) {
	p, err := b.inputOf(ctx, from, token, input)
	if err != nil {
		return nil, err
	}
	all, err := p.Options(ctx)
	if err != nil {
		return nil, err
	}
	found := matching(all, words)
	if id, err := p.readRef(words); p.Kind == RefParam && err == nil && len(found) == 0 { // older than what is listed
		found = []Option{{Value: id.(string), Label: id.(string)}}
	}
	return found[:min(len(found), MaxFound)], nil
}

// inputOf finds the parameter that an input of somebody's open form asks for.
func (b *Bot) inputOf(ctx context.Context, from Account, token, input string) (*Param, error) {
	person, err := b.identify(ctx, from)
	if err != nil {
		return nil, err
	}
	ref, err := b.store.Ref(ctx, token)
	if err != nil {
		return nil, err
	}
	cmd, known := b.tree.Command(ref.Command)
	if !known || !ref.Open || ref.Person != person.ID || ref.Expires.Before(b.clock.Now()) || !b.grants.Allow(person, cmd.Permission) {
		return nil, ErrNoSuch
	}
	p := cmd.param(input)
	if p == nil || p.Options == nil || p.Hidden {
		return nil, ErrNoSuch
	}
	return p, nil
}

func matching(all []Option, words string) []Option {
	words = strings.ToLower(strings.TrimSpace(words))
	var first, others []Option
	for _, o := range all {
		label, value := strings.ToLower(o.Label), strings.ToLower(o.Value)
		switch {
		case strings.HasPrefix(label, words), strings.HasPrefix(value, words):
			first = append(first, o)
		case strings.Contains(label, words), strings.Contains(value, words):
			others = append(others, o)
		}
	}
	return append(first, others...)
}

// offer lists the choices of an input: all of them, or where these are more than every platform lists, what is chosen and as many as fit. Then
// platforms look for others with Bot.Options.
func (in *Input) offer(all []Option) {
	in.Options = all
	if len(all) <= MaxOptions {
		return
	}
	in.Search = true
	in.Help = strings.TrimSpace(in.Help + fmt.Sprintf(" There are %d: type part of a name.", len(all)))
	chosen := func(o Option) bool { return slices.Contains(strings.Split(in.Value, ","), o.Value) }
	in.Options = nil
	for _, o := range all {
		if chosen(o) {
			in.Options = append(in.Options, o)
		}
	}
	for _, o := range all {
		if len(in.Options) < MaxOptions && !chosen(o) {
			in.Options = append(in.Options, o)
		}
	}
}
