package account

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var (
	linkAction  = bot.Action{Label: "Link another account", Command: linkMine}
	enterAction = bot.Action{Label: "Enter a code", Command: linkMine, Form: true}
)

// facts are who somebody is, beside their accounts.
func facts(o *Owner, zone *time.Location) []bot.Field {
	known := "by the configuration"
	if !o.Configured {
		known = "enrolled when first seen"
	}
	list := func(words []string) bot.Text {
		if len(words) == 0 {
			return bot.T("none")
		}
		return bot.T(strings.Join(words, ", "))
	}
	return []bot.Field{
		{Label: "Name", Value: bot.T(o.Name)},
		{Label: "Id", Value: bot.T(bot.Code("@" + string(o.ID)))},
		{Label: "Known", Value: bot.T(known)},
		{Label: "Roles", Value: list(o.Roles)},
		{Label: "Groups", Value: list(o.Groups)},
		{Label: "Time zone", Value: bot.T(o.LocationOr(zone).String())},
	}
}

// card is the answer to "who am I".
func card(o *Owner, using bot.Account, zone *time.Location) bot.Message {
	m := bot.Message{Title: "You are " + value.Line(o.Name), Tone: bot.Info}
	m.Sections = []bot.Section{{Fields: facts(o, zone)[1:]}}
	s := bot.Section{Text: bot.T(bot.Bold("Your accounts"))}
	for _, h := range o.Held {
		s.Fields = append(s.Fields, bot.Field{Label: upper(label(h.Platform)), Value: accountLine(h, using)})
	}
	m.Sections = append(m.Sections, s)
	m.Actions = []bot.Action{linkAction, enterAction}
	if a, some := unlinkAction(o, using); some {
		m.Actions = append(m.Actions, a)
	}
	return m
}

func accountLine(h Held, using bot.Account) bot.Text {
	line := bot.T(bot.Code(Name(h.Account)), " · ")
	switch {
	case everybodys(h.Platform):
		line = append(line, bot.T("everybody has one")...)
	case h.Given:
		line = append(line, bot.T("by the configuration")...)
	case !h.Linked.IsZero():
		line = append(line, bot.T("linked ", h.Linked)...)
	default:
		line = append(line, bot.T("enrolled")...)
	}
	if h.Account == using {
		line = append(line, bot.T(" · ", bot.Bold("you are using it now"))...)
	}
	return line
}

// unlinkAction is a menu of the accounts that can be unlinked, if there are any.
func unlinkAction(o *Owner, using bot.Account) (bot.Action, bool) {
	a := bot.Action{
		Label: "Unlink", Command: unlinkMine, Choose: "account",
		Confirm: "Unlink this account? Nobody can act with it until an administrator links it again.",
	}
	for _, h := range o.removable(using) {
		if name := Name(h.Account); len(a.Options) < bot.MaxOptions && len(name) <= 75 {
			a.Options = append(a.Options, bot.Option{Value: name, Label: name})
		}
	}
	return a, len(a.Options) > 0
}

// page is the same for consoles and programs.
func page(o *Owner, using bot.Account, zone *time.Location) bot.Page {
	t := &bot.Table{Columns: []string{"Platform", "Account"}}
	for _, h := range o.Held {
		t.Rows = append(t.Rows, bot.Row{
			Object: Name(h.Account), Cells: []bot.Text{bot.T(upper(label(h.Platform))), accountLine(h, using)},
		})
	}
	return bot.Page{Title: "Me", Facts: facts(o, zone), Table: t, Actions: []bot.Action{linkAction, enterAction}}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// codeMessage shows a code, once.
func codeMessage(code string, expires time.Time) bot.Message {
	shown := Grouped(code)
	return bot.Message{
		Title: "Link another account", Tone: bot.Info,
		Sections: []bot.Section{
			bot.Para("Your code: ", bot.Code(shown)),
			bot.Para(
				"Where you want to be known as well, for example in Discord or in Slack, type ",
				bot.Code("/ops me link "+shown), ". That account is yours then.",
			),
		},
		Context: []bot.Text{
			bot.T("It works once, until ", expires, ". Only you see it, and it is not shown again."),
			bot.T("Give it to nobody: whoever types it acts as you."),
		},
		Fallback: "A code that links another account",
	}
}

// codeWasMade stands for codeMessage wherever answers are kept.
func codeWasMade(at time.Time) bot.Message {
	return bot.Message{
		Tone: bot.Info,
		Sections: []bot.Section{
			bot.Para("A code was made here at ", at, " and shown once. If you missed it, make another."),
		},
		Actions: []bot.Action{linkAction},
	}
}

func done(parts ...any) bot.Message {
	m := bot.Say(parts...)
	m.Tone = bot.Good
	return m
}

// linkedMessage is the answer to whoever linked an account.
func linkedMessage(x Situation, m Move) bot.Message {
	text := done(bot.Code(Name(m.Account)), " on "+label(m.Account.Platform)+" is an account of ", m.To, " now.")
	if len(x.To.Roles) > 0 {
		text.Context = append(text.Context, bot.T("Roles: "+strings.Join(x.To.Roles, ", ")))
	}
	if m.From != "" {
		text.Context = append(text.Context, bot.T(
			"What was done with it as ", bot.Code("@"+string(m.From)), " stays recorded under that name.",
		))
	}
	return text
}

// unlinkedMessage is the answer to whoever unlinked an account.
func unlinkedMessage(m Move) bot.Message {
	name := Name(m.Account)
	text := done(bot.Code(name), " on "+label(m.Account.Platform)+" is no longer an account of ", m.From, ".")
	text.Context = []bot.Text{
		bot.T("Nobody can act with it until an administrator links it: ", bot.Code("/ops account link @somebody "+name)),
	}
	return text
}

// wasLinked tells an owner what happened to their accounts.
func wasLinked(m Move) bot.Message {
	name := Name(m.Account)
	unlink := bot.Action{
		Label: "Unlink it", Command: unlinkMine, Args: map[string]string{"account": name}, Style: bot.Danger,
	}
	return bot.Message{
		Title: "An account was linked to you", Tone: bot.Warning,
		Sections: []bot.Section{
			bot.Para(
				"Your account ", bot.Code(name), " on "+label(m.Account.Platform)+" was linked ", m.At, " by ", m.By,
				". Whoever uses it acts as you.",
			),
			bot.Para("If this was not you: ", bot.Code("/ops me unlink "+name)),
		},
		Actions: []bot.Action{unlink},
	}
}

func wasUnlinked(m Move) bot.Message {
	return bot.Message{
		Title: "An account was unlinked", Tone: bot.Info,
		Sections: []bot.Section{
			bot.Para(
				"The account ", bot.Code(Name(m.Account)), " on "+label(m.Account.Platform)+" was unlinked from you ", m.At, " by ",
				m.By, ". Nobody can act with it until an administrator links it.",
			),
		},
	}
}
