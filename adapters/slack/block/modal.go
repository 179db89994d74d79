package block

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// InputAction is the action id of each input of a form: what it holds is found by the name of its block and this.
const InputAction = "v"

// MaxInputs is how many inputs a form may have: of the hundred blocks of a modal each may take two, with what is wrong
// with it.
const MaxInputs = 45

const (
	formView = "watchbell_form"
	infoView = "watchbell_info"
	maxTyped = 3000 // characters in one input; what is longer cannot be edited in Slack
)

// Modal shows a form. user finds the Slack user of a person who was chosen already, "" for somebody who has none.
func Modal(f bot.Form, m Meta, zone *time.Location, user func(bot.PersonID) string) slack.ModalViewRequest {
	r := newRenderer(zone)
	if len(f.Intro) > 0 {
		r.sections([]bot.Section{{Text: f.Intro}}, "🟠")
	}
	for _, in := range f.Inputs {
		if in.Error != "" { // of a modal that is filled anew, Slack shows no errors itself
			r.sections([]bot.Section{bot.Para(bot.Bold(in.Label+": "), in.Error)}, "🟠")
		}
		if utf8.RuneCountInString(in.Value) > maxTyped {
			r.sections([]bot.Section{
				bot.Para(
					bot.Bold(in.Label),
					fmt.Sprintf(
						": this has %d characters, and Slack takes %d. It stays as it is; change it in the web chat or with watchbell do.",
						utf8.RuneCountInString(in.Value), maxTyped,
					),
				),
			}, "")
			continue
		}
		r.add(input(in, user))
	}
	if len(r.blocks) == 0 { // nothing is asked, and Slack shows no empty modal
		r.sections([]bot.Section{bot.Para("Nothing more is needed.")}, "")
	}
	title, submit := value.Cut(f.Title, bot.MaxFormTitle), value.Cut(f.Submit, bot.MaxFormTitle)
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain(submit), Close: plain("Cancel"), CallbackID: formView,
		PrivateMetadata: m.String(), Blocks: slack.Blocks{BlockSet: r.blocks},
	}
}

// input is one question. Its block is named like the input, so that an error finds it.
func input(in bot.Input, user func(bot.PersonID) string) *slack.InputBlock {
	var hint *slack.TextBlockObject
	if in.Help != "" {
		hint = plain(value.Cut(in.Help, 2000))
	}
	b := slack.NewInputBlock(in.Name, plain(value.Cut(in.Label, 2000)), hint, element(in, user))
	b.Optional = !in.Required
	return b
}

func element(in bot.Input, user func(bot.PersonID) string) slack.BlockElement {
	switch {
	case in.Kind == bot.ChoiceInput:
		return choice(in)
	case in.Kind == bot.ChoicesInput:
		return choices(in)
	case in.Kind == bot.TimeInput && (in.Value == "" || !in.Time.IsZero()): // words that are no time are shown as they are
		e := slack.NewDateTimePickerBlockElement(InputAction)
		if !in.Time.IsZero() {
			e.InitialDateTime = in.Time.Unix()
		}
		return e
	case in.Kind == bot.DayInput && (in.Value == "" || !in.Day.IsZero()): // and words that are no day
		e := slack.NewDatePickerBlockElement(InputAction)
		e.InitialDate = in.Day.String()
		return e
	case in.Kind == bot.FileInput:
		return slack.NewFileInputBlockElement(InputAction).WithMaxFiles(1)
	case in.Kind == bot.PersonInput:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose somebody"), InputAction)
		if id := strings.TrimPrefix(in.Value, "@"); id != "" {
			e.InitialUser = user(bot.PersonID(id))
		}
		return e
	}
	e := slack.NewPlainTextInputBlockElement(nil, InputAction)
	e.Multiline = in.Kind == bot.ParagraphInput
	e.InitialValue = in.Value
	e.MaxLength = min(max(in.Max, 1), maxTyped)
	if in.Max == 0 {
		e.MaxLength = maxTyped
	}
	// People paste text that is a little too long; the core says so and keeps it, while Slack would not take it at all.
	e.MaxLength = min(maxTyped, max(e.MaxLength*2, utf8.RuneCountInString(in.Value)))
	return e
}

// choice is a menu, or where there are more choices than it lists one that asks us for those that fit what somebody
// types.
func choice(in bot.Input) *slack.SelectBlockElement {
	list := Options(in.Options)
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), InputAction, list...)
	if in.Search {
		e = slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain(typeToFind), InputAction)
		e.MinQueryLength = new(int)
	}
	for _, o := range list {
		if o.Value == in.Value {
			e.InitialOption = o
		}
	}
	return e
}

const typeToFind = "Type to find"

// choices is choice where several may be chosen.
func choices(in bot.Input) *slack.MultiSelectBlockElement {
	list := Options(in.Options)
	e := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("Choose"), InputAction, list...)
	if in.Search {
		e = slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain(typeToFind), InputAction).
			WithMinQueryLength(0)
	}
	chosen := strings.Split(in.Value, ",")
	for _, o := range list {
		if slices.Contains(chosen, o.Value) {
			e.InitialOptions = append(e.InitialOptions, o)
		}
	}
	return e
}

// Notice is a modal that only tells something.
func Notice(m bot.Message, in Meta, zone *time.Location) slack.ModalViewRequest {
	title := "Watchbell"
	if m.Title != "" && utf8.RuneCountInString(m.Title) <= bot.MaxFormTitle {
		title, m.Title = m.Title, ""
	}
	in.Token = ""
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Close: plain("Close"), CallbackID: infoView, PrivateMetadata: in.String(),
		Blocks: slack.Blocks{BlockSet: Message(m, zone)},
	}
}

// Waiting is a modal for what takes a moment. It is filled when that is over.
func Waiting(in Meta) slack.ModalViewRequest {
	in.Token = ""
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Watchbell"), Close: plain("Close"), CallbackID: infoView,
		PrivateMetadata: in.String(),
		Blocks:          slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(plain("One moment …"), nil, nil)}},
	}
}
