package notify

import (
	"context"

	"github.com/watchbell/watchbell/bot"
)

const (
	add    = "ops.notify-add"
	list   = "ops.notify-list"
	test   = "ops.notify-test"
	remove = "ops.notify-remove"

	sendAlarm = "notify.send-alarm" // of an object; arg: round/place
	sendTest  = "notify.send-test"  // to a place; arg: who asked for it
)

// grants are what the built-in roles may do: everybody who can be called may say where.
var grants = bot.Grants{"member": {add, list, test, remove}}

// Capability is everything the bot needs to know of telling people beyond chat.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name:   "ops",
			Groups: []bot.Group{{Title: "How you are told", Verbs: []string{"notify-add", "notify-list", "notify-test", "notify-remove"}}},
		},
		Grants:   grants,
		Commands: s.commands(),
		Jobs:     map[string]bot.JobHandler{sendAlarm: s.sendAlarm, sendTest: s.sendTest},
		Urgency:  map[string]bot.Urgency{sendAlarm: bot.Wake, sendTest: bot.Now},
		Pages:    []bot.View{{Name: "bells", Title: "How you are told", Command: list}},
		Bell:     s,
	}
}

// unasked is a parameter that no form asks for.
func unasked(p bot.Param) bot.Param { p.Form = false; return p }

func (s *Service) commands() []bot.Command {
	group := bot.Param{
		Name: "rota", Label: "For a rota", Kind: bot.TextParam, Form: true, Max: 60,
		Help: "Like primary: it rings for whoever is called. Default: it rings for you alone.",
	}
	place := bot.Param{
		Name: "place", Kind: bot.RefParam, Prefix: prefix, Bare: true, Required: true,
		Help: "Like BELL-1, as /ops notify list shows it.",
	}
	return []bot.Command{
		{
			Name: add, Permission: add, Spaced: true, InPerson: true,
			Title: "Be told elsewhere", Submit: "Add it",
			Summary: "add an address at which you are told of pages, beside chat",
			Example: "/ops notify add ntfy://ntfy.sh/my-secret-topic",
			Params: []bot.Param{
				{
					Name: "address", Label: "Address", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Secret: true,
					Max: 2000, Help: "Like ntfy://ntfy.sh/my-secret-topic or ana@example.com. It is kept as a secret.",
				}, group,
			},
			Handle: s.add,
			Intro: func(context.Context, *bot.Call) (bot.Text, error) {
				return s.offered(), nil
			},
		},
		{
			Name: list, Permission: list, Spaced: true, Reads: true,
			Summary: "list where you are told of pages, beside chat", Example: "/ops notify list",
			Params: []bot.Param{unasked(group)}, Handle: s.list,
		},
		{
			Name: test, Permission: test, Spaced: true, InPerson: true,
			Summary: "try out an address", Example: "/ops notify test BELL-1", Params: []bot.Param{place}, Handle: s.test,
		},
		{
			Name: remove, Permission: remove, Spaced: true, InPerson: true,
			Summary: "remove an address", Example: "/ops notify remove BELL-1", Params: []bot.Param{place}, Handle: s.remove,
		},
	}
}
