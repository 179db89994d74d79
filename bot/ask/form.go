package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Missing lists the parameters that have to be given and were not: those that are required, and those that a form had
// to be filled in with.
func Missing(c *bot.Call) []*bot.Param {
	var m []*bot.Param
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		_, shown := c.Request.Values[p.Name]
		if (p.Required || p.Needed && shown && c.Opened != nil) && !c.Given(p.Name) {
			m = append(m, p)
		}
	}
	return m
}

// InForm reports whether the form has an input for the parameter: those marked Form, and the id of a thing when no
// place implies it.
func InForm(p *bot.Param, c *bot.Call) bool {
	_, asked := c.Drafted[p.Name] // its first step did, and the others count on from there
	return p.Form || p.Kind == bot.RefParam && p.Required && (c.Raw[p.Name] == "" || asked) && p.Options != nil
}

// LacksRef reports whether the thing that a call is about is missing.
func LacksRef(c *bot.Call) bool {
	return slices.ContainsFunc(Missing(c), func(p *bot.Param) bool { return p.Kind == bot.RefParam })
}

// Input is how a form asks for the parameter.
func Input(p *bot.Param, ctx context.Context, c *bot.Call, now string) (bot.Input, error) {
	in := bot.Input{
		Name: p.Name, Label: p.Caption(), Help: p.Help, Value: now, Required: p.Required || p.Needed, Kind: bot.LineInput,
	}
	switch {
	case p.Options != nil:
		options, err := p.Options(ctx)
		if err != nil {
			return in, err
		}
		if len(options) == 0 && p.Kind == bot.RefParam && p.Required {
			return in, bot.Errorf(
				bot.NotFound, "There is nothing to use %s on right now. See what there is with: %s list all",
				c.Command.Slash(), c.Command.Stem(),
			)
		}
		in.Kind = bot.ChoiceInput
		if p.Many {
			in.Kind = bot.ChoicesInput
		}
		offer(&in, options)
	case p.Kind == bot.FileParam:
		in.Kind, in.Value, in.Max = bot.FileInput, "", p.Max
	case p.Kind == bot.PersonParam && !p.Many:
		in.Kind = bot.PersonInput
	case p.Kind == bot.TimeParam, p.Picker:
		in.Kind, in.Time = bot.TimeInput, p.Moment(now, c.Now, c.Zone)
	case p.Kind == bot.DayParam:
		in.Kind, in.Day = bot.DayInput, p.PickedDay(now, c.Today())
	case p.Kind == bot.TextParam:
		in.Max = cmp.Or(p.Max, 4000)
		if p.Paragraph {
			in.Kind = bot.ParagraphInput
		}
	}
	return in, nil
}

// MaxFound is how many choices Options finds at most: what the menus of chat platforms take, also of long names.
const MaxFound = 50

// Matching are the options that have all of the words, the first MaxFound of them.
func Matching(all []bot.Option, words string) []bot.Option {
	words = strings.ToLower(strings.TrimSpace(words))
	var first, others []bot.Option
	for _, o := range all {
		label, value := strings.ToLower(o.Label), strings.ToLower(o.Value)
		switch {
		case strings.HasPrefix(label, words), strings.HasPrefix(value, words):
			first = append(first, o)
		case strings.Contains(label, words), strings.Contains(value, words), strings.Contains(strings.ToLower(o.Also), words):
			others = append(others, o)
		}
	}
	return append(first, others...)
}

// offer lists the choices of an input: all of them, or where these are more than every platform lists, what is chosen
// and as many as fit. Then platforms look for others with Bot.Options.
func offer(in *bot.Input, all []bot.Option) {
	in.Options = all
	if len(all) <= bot.MaxOptions {
		return
	}
	in.Search = true
	in.Help = strings.TrimSpace(in.Help + fmt.Sprintf(" There are %d: type part of a name.", len(all)))
	chosen := func(o bot.Option) bool { return slices.Contains(strings.Split(in.Value, ","), o.Value) }
	in.Options = nil
	for _, o := range all {
		if chosen(o) {
			in.Options = append(in.Options, o)
		}
	}
	for _, o := range all {
		if len(in.Options) < bot.MaxOptions && !chosen(o) {
			in.Options = append(in.Options, o)
		}
	}
}

// Lacks reports whether a form could ask for the argument that a handler missed.
func Lacks(c *bot.Call, name string) bool {
	p := c.Command.Param(name)
	return p != nil && p.Form && !c.Given(name)
}

// AnyGiven reports whether anything was given beside the thing that a call is about. A name with nothing behind it, as
// in team="", is given: it empties something.
func AnyGiven(c *bot.Call) bool {
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		raw, named := c.Raw[p.Name]
		if p.Kind != bot.RefParam && (c.Given(p.Name) || named && raw == "") {
			return true
		}
	}
	return false
}
