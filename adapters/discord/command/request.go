package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// Request is what somebody asked for with a command. A subcommand comes with its arguments, so that a form asks only
// for what they lack; more and umbrellas come as typed text; an entry in the menu of messages comes without arguments,
// and whoever knows the message adds it.
//
// The values may be anything: nobody has to choose what was suggested. The error is a *bot.Error for people, or an
// *UnknownMention.
func (l *Layout) Request(d payload.Data, names Names) (bot.Request, error) {
	if d.Type == payload.MessageCommand {
		if name, ok := l.shortcuts[d.Name]; ok {
			return bot.Request{Shortcut: name}, nil
		}
		return bot.Request{}, outdated(fmt.Sprintf("%q", d.Name))
	}
	n, ok := l.nouns[d.Name]
	if !ok || d.Type > payload.ChatInput {
		return bot.Request{}, outdated("/" + d.Name)
	}
	names.label = labels(d.Resolved)
	called, options := below(d.Options)
	if called == "" || called == moreVerb {
		return n.line(options, names)
	}
	v, ok := n.verbs[called]
	if !ok {
		return bot.Request{}, outdated("/" + d.Name + " " + called)
	}
	args, err := v.arguments(options, names)
	return bot.Request{Shortcut: v.Name, Args: args}, err
}

// outdated refuses what Discord still shows somebody although it is registered no more.
func outdated(what string) error {
	return bot.Errorf(
		bot.NotFound, "There is no %s any more: Watchbell was updated since Discord loaded its commands. Please reload "+
			"Discord (Ctrl+R, or close the app on a phone) and choose it again.", bot.Shown(what),
	)
}

// below are the subcommand that was called, "" for none, and the arguments.
func below(options []payload.Option) (string, []payload.Option) {
	if len(options) == 1 && (options[0].Type == subcommand || options[0].Type == group) {
		return options[0].Name, options[0].Options
	}
	return "", options
}

// labels are how people are called who are mentioned.
func labels(r payload.Resolved) func(user string) string {
	return func(user string) string {
		u := r.Users[user]
		for _, name := range []string{r.Members[user].Nick, u.GlobalName, u.Name} {
			if name != "" {
				return name
			}
		}
		return ""
	}
}

// line is what would be typed in another chat.
func (n *noun) line(options []payload.Option, names Names) (bot.Request, error) {
	do, rest := inputs(options)
	text, err := Mentions(n.typed(do)+" "+rest, names)
	return bot.Request{Text: strings.TrimSpace(text)}, err
}

// inputs are the inputs of anything.
func inputs(options []payload.Option) (do, rest string) {
	for i := range options {
		switch o := &options[i]; o.Name {
		case doOption:
			do = o.Text()
		case textOption:
			rest = o.Text()
		}
	}
	return do, rest
}

// typed is the beginning of a line with a verb, which somebody may have typed as a whole line, or copied with what it
// does from the list of suggestions.
func (n *noun) typed(do string) string {
	do = strings.TrimSpace(do)
	if first, rest, _ := strings.Cut(strings.TrimPrefix(do, "/"), " "); strings.EqualFold(first, n.Name) {
		do = strings.TrimSpace(rest)
	}
	for _, v := range n.verbs {
		if strings.EqualFold(do, v.Entry()) || strings.EqualFold(do, cut(v.Entry(), maxName)) {
			do = v.Behind()
			break
		}
	}
	return strings.TrimSpace("/" + n.Name + " " + do)
}

// arguments are the options by the names of their parameters. They are never nil: what lacks is asked for.
func (v *verb) arguments(options []payload.Option, names Names) (map[string]string, error) {
	args := map[string]string{}
	for i := range options {
		o := &options[i]
		p, ok := v.params[o.Name]
		if !ok {
			return nil, outdated(fmt.Sprintf("/%s %s %s", v.Noun(), v.Verb(), o.Name))
		}
		value, err := argument(p, o, names)
		if err != nil {
			return nil, err
		}
		args[p.Name] = value
	}
	return args, nil
}

// argument is the value of an option as the parameter reads it.
func argument(p *bot.Param, o *payload.Option, names Names) (string, error) {
	switch {
	case o.Type == user:
		return picked(p, o.Text(), names)
	case o.Type == boolean && o.Text() == "true":
		return "yes", nil
	case o.Type == boolean:
		return "no", nil
	}
	typed, err := Mentions(o.Text(), names)
	if p.Kind == bot.RefParam {
		typed = idIn(p, typed)
	}
	return typed, err
}

// picked is somebody whom a person picked.
func picked(p *bot.Param, user string, names Names) (string, error) {
	id, err := names.Person(user)
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		who := names.label(user)
		if who == "" {
			who = "This person"
		}
		return "", bot.Errorf(
			bot.NotFound, "%s: %s cannot be chosen. Guests, bots and people who left are excluded. Choose somebody else.",
			p.Caption(), bot.Shown(who),
		).About(p.Name)
	case err != nil:
		return "", &UnknownMention{user, "who this person is", err}
	}
	return "@" + id, nil
}

// idIn is the id at the beginning of what a suggestion shows, like "INC-4 Checkout is down".
func idIn(p *bot.Param, typed string) string {
	first, _, more := strings.Cut(strings.TrimSpace(typed), " ")
	if id, err := ask.ReadRef(p, first); more && err == nil {
		return fmt.Sprint(id)
	}
	return typed
}
