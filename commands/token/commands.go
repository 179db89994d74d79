// Package token is how people see, make and end the tokens by which programs act for them. What a token is stands in
// bot/access; this is its part of the umbrella /ops.
//
//	/ops tokens           whose token may do what, until when, and when it was last used
//	/ops token create     ── the secret ──> shown once, to whoever made it, and kept nowhere
//	/ops token revoke ID  ── within a second ──> no instance takes it any more
//
// People see, make and end their own; administrators those of everybody. No token makes or ends one.
package token

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

const (
	list   = "ops.tokens"
	create = "ops.token-create"
	revoke = "ops.token-revoke"

	// everybodys is the right to see, make and end the tokens of others.
	everybodys = "ops:tokens"
)

// grants are what the built-in roles may do.
var grants = bot.Grants{
	"member":  {list, create, revoke},
	"auditor": {list},
	"admin":   {everybodys},
}

// Capability is everything the bot needs to know of tokens.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name:   "ops",
			Groups: []bot.Group{{Title: "Programs that act for you", Verbs: []string{"tokens", "token-create", "token-revoke"}}},
		},
		Grants:   grants,
		Commands: s.commands(),
		Pages:    []bot.View{{Name: "tokens", Title: "API tokens", Command: list}},
	}
}

// Which tokens are listed, and for whom one is.
const (
	good = "good"
	all  = "all"

	script = "script"
	agent  = "agent"
)

func (s *Service) commands() []bot.Command {
	return []bot.Command{
		{
			Name: list, Permission: list, Reads: true, Summary: "the tokens by which programs act for you",
			Example: "/ops tokens", Handle: s.list,
			Params: []bot.Param{
				{
					Name: "which", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: fixed(good, all),
					Help: "good for those that can be used, or all. Default good.",
				},
				{Name: "after", Kind: bot.TextParam, Max: 20, Hidden: true},
			},
		},
		{
			Name: create, Permission: create, Spaced: true, InPerson: true, Title: "Make a token", Submit: "Make it",
			Summary: "make a token, by which a script or an agent acts for you",
			Example: `/ops token create deploy-helper scope=change.new,change.gate kind=agent expires=30d`,
			Handle:  s.create, Params: s.createParams(),
		},
		{
			Name: revoke, Permission: revoke, Spaced: true, InPerson: true, Title: "Revoke a token", Submit: "Revoke it",
			Summary: "end a token at once", Example: "/ops token revoke 4f1c2a9b", Handle: s.revoke,
			Params: []bot.Param{{
				Name: "token", Label: "Token", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 20,
				Help: "Its id, as /ops tokens lists it, like 4f1c2a9b.",
			}},
		},
	}
}

func (s *Service) createParams() []bot.Param {
	return []bot.Param{
		{
			Name: "name", Label: "Name", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: access.MaxName,
			Help: "What it is for, like deploy-web. What an agent does is marked with it.",
		},
		{
			Name: "scope", Label: "What it may do", Kind: bot.ChoiceParam, Form: true, Required: true, Many: true,
			Options: s.scopes, Help: "Names of commands, like change.gate, or all of a noun, like change.*",
			// Every word is taken here, and refused by a sentence that knows why.
			Parse: func(raw string) (string, bool) { return raw, raw != "" },
		},
		{
			Name: "kind", Label: "What acts by it", Kind: bot.ChoiceParam, Fixed: true, Form: true, Options: fixed(script, agent),
			Help: "script, or agent for a program that decides by itself what to do next. Default script.",
		},
		{
			Name: "owner", Label: "For whom", Kind: bot.PersonParam, Form: true,
			Help: "Whom it acts for, like @ana. Default you; others only by administrators.",
		},
		{
			Name: "expires", Label: "Good for", Kind: bot.DurationParam, Form: true, Longest: access.Longest,
			Help: "Like 30d, at most a year. Default 90d.",
		},
	}
}

func fixed(words ...string) func(context.Context) ([]bot.Option, error) {
	options := make([]bot.Option, len(words))
	for i, w := range words {
		options[i] = bot.Option{Value: w, Label: w}
	}
	return func(context.Context) ([]bot.Option, error) { return options, nil }
}

// scopes are offered in the form: each command, and all of a noun.
func (s *Service) scopes(context.Context) ([]bot.Option, error) {
	var words []string
	for _, p := range s.permissions().All {
		if noun, _, ok := strings.Cut(p, "."); ok {
			words = append(words, noun+".*")
		}
		words = append(words, p)
	}
	slices.Sort(words)
	var options []bot.Option
	for _, w := range slices.Compact(words) {
		options = append(options, bot.Option{Value: w, Label: w})
	}
	return options, nil
}
