package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	inputAction = "v"
	formView    = "watchbell_form"
	infoView    = "watchbell_info"
	maxTyped    = 3000 // characters in one input; what is longer cannot be edited in Slack
	maxMeta     = 3000
)

// MaxInputs implements bot.InputLimiter: of the hundred blocks of a modal each input may take two, with what is wrong with it.
func (a *Adapter) MaxInputs() int { return 45 }

// modal shows a form.
func (a *Adapter) modal(ctx context.Context, f bot.Form, m meta) slack.ModalViewRequest {
	r := &renderer{zone: a.o.Zone, left: maxText, tokens: map[string]int{}}
	if len(f.Intro) > 0 {
		r.sections([]bot.Section{{Text: f.Intro}}, "🟠")
	}
	for _, in := range f.Inputs {
		if in.Error != "" { // of a modal that is filled anew, Slack shows no errors itself
			r.sections([]bot.Section{bot.Para(bot.Bold(in.Label+": "), in.Error)}, "🟠")
		}
		if utf8.RuneCountInString(in.Value) > maxTyped {
			r.sections([]bot.Section{bot.Para(bot.Bold(in.Label), fmt.Sprintf(": this has %d characters, and Slack takes %d. It stays as it is; change it in the web chat or with watchbell do.", utf8.RuneCountInString(in.Value), maxTyped))}, "")
			continue
		}
		r.add(a.input(ctx, in))
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
func (a *Adapter) input(ctx context.Context, in bot.Input) *slack.InputBlock {
	var hint *slack.TextBlockObject
	if in.Help != "" {
		hint = plain(value.Cut(in.Help, 2000))
	}
	b := slack.NewInputBlock(in.Name, plain(value.Cut(in.Label, 2000)), hint, a.element(ctx, in))
	b.Optional = !in.Required
	return b
}

func (a *Adapter) element(ctx context.Context, in bot.Input) slack.BlockElement {
	switch {
	case in.Kind == bot.ChoiceInput:
		return choice(in)
	case in.Kind == bot.ChoicesInput:
		return choices(in)
	case in.Kind == bot.TimeInput && (in.Value == "" || !in.Time.IsZero()): // words that are no time are shown as they are
		e := slack.NewDateTimePickerBlockElement(inputAction)
		if !in.Time.IsZero() {
			e.InitialDateTime = in.Time.Unix()
		}
		return e
	case in.Kind == bot.DayInput && (in.Value == "" || !in.Day.IsZero()): // and words that are no day
		e := slack.NewDatePickerBlockElement(inputAction)
		e.InitialDate = in.Day.String()
		return e
	case in.Kind == bot.FileInput:
		return slack.NewFileInputBlockElement(inputAction).WithMaxFiles(1)
	case in.Kind == bot.PersonInput:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose somebody"), inputAction)
		if id := strings.TrimPrefix(in.Value, "@"); id != "" {
			if account, ok, err := a.o.Core.AccountOf(ctx, bot.PersonID(id), Platform); err == nil && ok {
				e.InitialUser = account.User
			}
		}
		return e
	}
	e := slack.NewPlainTextInputBlockElement(nil, inputAction)
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

// choice is a menu, or where there are more choices than it lists one that asks us for those that fit what somebody types.
func choice(in bot.Input) *slack.SelectBlockElement {
	list := options(in.Options)
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), inputAction, list...)
	if in.Search {
		e = slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain(typeToFind), inputAction)
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
	list := options(in.Options)
	e := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("Choose"), inputAction, list...)
	if in.Search {
		e = slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain(typeToFind), inputAction).WithMinQueryLength(0)
	}
	chosen := strings.Split(in.Value, ",")
	for _, o := range list {
		if slices.Contains(chosen, o.Value) {
			e.InitialOptions = append(e.InitialOptions, o)
		}
	}
	return e
}

// saying is a modal that only tells something.
func (a *Adapter) saying(m bot.Message, in meta) slack.ModalViewRequest {
	title := "Watchbell"
	if m.Title != "" && utf8.RuneCountInString(m.Title) <= bot.MaxFormTitle {
		title, m.Title = m.Title, ""
	}
	in.Token = ""
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Close: plain("Close"), CallbackID: infoView, PrivateMetadata: in.String(),
		Blocks: slack.Blocks{BlockSet: blocks(m, a.o.Zone)},
	}
}

// waiting is a modal for what takes a moment. It is filled when that is over.
func waiting(in meta) slack.ModalViewRequest {
	in.Token = ""
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Watchbell"), Close: plain("Close"), CallbackID: infoView, PrivateMetadata: in.String(),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(plain("One moment …"), nil, nil)}},
	}
}
