package block

import (
	"fmt"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// actions are the buttons of a message and its menu More.
func (r *renderer) actions(m bot.Message) []slack.BlockElement {
	var elements []slack.BlockElement
	buttons, more := m.Offer()
	for _, act := range r.affordable(buttons) {
		elements = append(elements, r.action(act))
	}
	if entries := r.affordable(more); len(entries) > 0 {
		elements = append(
			elements,
			slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("More"), r.unique(MoreAction), entriesOf(entries)...),
		)
	}
	return elements
}

// affordable are the actions that the message has room for.
func (r *renderer) affordable(list []bot.Action) []bot.Action {
	var taken []bot.Action
	for _, act := range list {
		if act.Token == "" {
			continue
		}
		size := weight(act)
		if len(taken) == maxChoices || size > r.forActions {
			r.cut = true
			break
		}
		r.forActions -= size
		r.left -= size
		taken = append(taken, act)
	}
	return taken
}

func entriesOf(list []bot.Action) []*slack.OptionBlockObject {
	var o []*slack.OptionBlockObject
	for _, act := range list {
		o = append(o, slack.NewOptionBlockObject(act.Token, plain(value.Cut(act.Label, maxOption)), nil))
	}
	return o
}

// weight is how much text an action brings.
func weight(act bot.Action) int {
	n := min(utf8.RuneCountInString(act.Label), maxButton)
	if act.Confirm != "" {
		n += min(utf8.RuneCountInString(act.Confirm), 300) + 50
	}
	for _, o := range act.Options {
		n += min(utf8.RuneCountInString(o.Label), maxOption)
	}
	return n
}

// unique is an id that nothing else in the message has, as Slack wants it.
func (r *renderer) unique(id string) string {
	n := r.tokens[id]
	r.tokens[id]++
	if n > 0 && id != "" {
		return fmt.Sprintf("%d %s", n, id)
	}
	return id
}

func (r *renderer) action(act bot.Action) slack.BlockElement {
	id := r.unique(act.Token)
	label := value.Cut(act.Label, maxButton)
	var confirm *slack.ConfirmationBlockObject
	if act.Confirm != "" {
		confirm = slack.NewConfirmationBlockObject(
			plain("Are you sure?"), plain(value.Cut(act.Confirm, 300)), plain(value.Cut(act.Label, 30)), plain("No"),
		)
		if act.Style == bot.Danger {
			confirm.Style = slack.StyleDanger
		}
	}
	switch {
	case act.People:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain(label), id)
		e.Confirm = confirm
		return e
	case len(act.Options) > 0:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(label), id, Options(act.Options)...)
		e.Confirm = confirm
		return e
	}
	b := slack.NewButtonBlockElement(id, "", plain(label))
	b.Confirm = confirm
	switch act.Style {
	case bot.Primary:
		b.Style = slack.StylePrimary
	case bot.Danger:
		b.Style = slack.StyleDanger
	}
	return b
}

// Options are the entries of a menu, or what is found by typing into one.
func Options(list []bot.Option) []*slack.OptionBlockObject {
	var o []*slack.OptionBlockObject
	for _, opt := range list {
		o = append(o, slack.NewOptionBlockObject(opt.Value, plain(value.Cut(opt.Label, maxOption)), nil))
	}
	return o
}
