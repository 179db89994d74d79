package token

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/value"
)

var makeAction = bot.Action{Label: "Make a token", Command: create, Form: true}

// revokeAction is a menu of the tokens that can be revoked, if there are any.
func revokeAction(tokens []access.Token, now time.Time) (bot.Action, bool) {
	a := bot.Action{
		Label: "Revoke", Command: revoke, Choose: "token", Style: bot.Danger,
		Confirm: "Revoke this token? Whatever acts by it stops working at once, and nobody can take that back.",
	}
	for _, t := range tokens {
		if t.Good(now) && len(a.Options) < bot.MaxOptions {
			a.Options = append(a.Options, bot.Option{Value: t.ID, Label: value.Shown(t.Name, 50) + " · " + t.ID})
		}
	}
	return a, len(a.Options) > 0
}

func actions(tokens []access.Token, now time.Time) []bot.Action {
	list := []bot.Action{makeAction}
	if a, some := revokeAction(tokens, now); some {
		list = append(list, a)
	}
	return list
}

func kindOf(t access.Token) string {
	if t.Kind == access.Agent {
		return agent
	}
	return script
}

// state is whether a token can be used, or since when it cannot.
func state(t access.Token, now time.Time) bot.Text {
	switch {
	case !t.Revoked.IsZero():
		return bot.T("revoked ", t.Revoked)
	case !t.Good(now):
		return bot.T("expired")
	}
	return bot.T(good)
}

func used(t access.Token) bot.Text {
	if t.Used.IsZero() {
		return bot.T("never")
	}
	return bot.T(t.Used)
}

// page is what a console shows and programs read.
func page(tokens []access.Token, next map[string]string, now time.Time) bot.Page {
	table := bot.Table{
		Columns: []string{"Token", "Name", "Kind", "Owner", "Scopes", "Made", "Expires", "Last used", "State"}, Next: next,
	}
	for _, t := range tokens {
		table.Rows = append(table.Rows, bot.Row{Object: t.ID, Cells: []bot.Text{
			bot.T(t.ID), bot.T(t.Name), bot.T(kindOf(t)), bot.T(t.Person), bot.T(strings.Join(t.Scopes, ", ")), bot.T(t.Created),
			bot.T(t.Expires), used(t), state(t, now),
		}})
	}
	return bot.Page{Title: "API tokens", Table: &table, Actions: actions(tokens, now)}
}

// listMessage is the list in a chat.
func listMessage(tokens []access.Token, everybody bool, now time.Time) bot.Message {
	m := bot.Message{Title: "Your tokens", Tone: bot.Info, Actions: actions(tokens, now)}
	if everybody {
		m.Title = "Tokens of everybody"
	}
	if len(tokens) == 0 {
		m.Sections = []bot.Section{bot.Para("There are none. By a token, a script or an agent acts for you.")}
		return m
	}
	for _, t := range tokens[:min(len(tokens), inMessage)] {
		m.Sections = append(m.Sections, bot.Section{Text: line(t, now)})
	}
	if more := len(tokens) - inMessage; more > 0 {
		m.Context = []bot.Text{bot.T(fmt.Sprintf("%s more. The page of tokens and the API list all.", value.Counted(more, "token")))}
	}
	return m
}

func line(t access.Token, now time.Time) bot.Text {
	text := bot.T(bot.Bold(value.Shown(t.Name, access.MaxName)), " ", bot.Code(t.ID), " · "+kindOf(t)+" of ", t.Person)
	text = append(text, bot.T("\n", value.Shown(strings.Join(t.Scopes, ", "), 300), "\n")...)
	text = append(text, state(t, now)...)
	if t.Good(now) {
		text = append(text, bot.T(" until ", t.Expires)...)
	}
	return append(text, bot.T(bot.T(" · last used "), used(t))...)
}

// secretMessage shows the secret, once.
func secretMessage(t access.Token, secret string) bot.Message {
	m := madeMessage(t)
	m.Sections = append([]bot.Section{
		{Text: bot.T(bot.Code(secret))},
		bot.Para("This is shown once, to you alone. Put it where the program finds it, and into no chat, ticket or repository."),
	}, m.Sections...)
	switch {
	case t.Kind == access.Agent:
		m.Context = []bot.Text{bot.T("The agent connects to /mcp at the address of the API, with this as its bearer token.")}
	case t.Feeds():
		m.Context = []bot.Text{bot.T("The address of the calendar is /calendar/, this, and .ics, at the address of the API.")}
	}
	return m
}

// madeMessage says that a token was made, without its secret.
func madeMessage(t access.Token) bot.Message {
	return bot.Message{
		Title: "Token " + value.Shown(t.Name, access.MaxName), Tone: bot.Good,
		Sections: []bot.Section{{Fields: []bot.Field{
			{Label: "Token", Value: bot.T(bot.Code(t.ID))},
			{Label: "For", Value: bot.T(t.Person)},
			{Label: "What acts by it", Value: bot.T(kindOf(t))},
			{Label: "Scopes", Value: bot.T(value.Shown(strings.Join(t.Scopes, ", "), 500))},
			{Label: "Expires", Value: bot.T(t.Expires)},
		}}},
		Actions: []bot.Action{{
			Label: "Revoke", Command: revoke, Args: map[string]string{"token": t.ID}, Style: bot.Danger,
			Confirm: "Revoke this token? Whatever acts by it stops working at once, and nobody can take that back.",
		}},
	}
}

func revokedMessage(t access.Token) bot.Message {
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{
		bot.Para(bot.Bold(value.Shown(t.Name, access.MaxName)), " ", bot.Code(t.ID), " of ", t.Person,
			" is revoked. Within a second, nothing can act by it."),
	}}
}
