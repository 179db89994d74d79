package look

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
)

// Limits of modals.
const (
	maxModalTitle = 45
	maxLabel      = 45
	maxHelp       = 100 // description of a label
	maxHint       = 100 // placeholder of a text input
	maxTyped      = 4000
	maxTop        = 5 // components of a modal, a Text Display included
	maxChecked    = 10
)

const modalResponse = 9

// Modal is what an interaction is answered with to open a modal. It has to be the first answer.
type Modal struct {
	Type int       `json:"type"`
	Data ModalData `json:"data"`

	Lost []string `json:"-"` // what did not fit, in words for a log
}

// ModalData is what a modal shows. The inputs have the names of the form's as their custom_ids.
type ModalData struct {
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []Component `json:"components"`
}

// Inputs are the inputs of a form in the order in which modals ask them, which offsets count in: files come last,
// because a step that is kept cannot keep their bytes.
func Inputs(f bot.Form) []bot.Input {
	list := slices.Clone(f.Inputs)
	slices.SortStableFunc(list, func(a, b bot.Input) int { return later(a) - later(b) })
	return list
}

func later(in bot.Input) int {
	if in.Kind == bot.FileInput {
		return 1
	}
	return 0
}

// steps are the offsets at which the steps of a form begin.
func steps(f bot.Form) []int {
	starts := []int{0}
	for next := roomFor(f, 0); next < len(f.Inputs); next += maxTop {
		starts = append(starts, next)
	}
	return starts
}

// stepAt counts the step that an offset is in from 1.
func stepAt(starts []int, offset int) int {
	n := 0
	for _, start := range starts {
		if start <= offset {
			n++
		}
	}
	return n
}

// roomFor is how many inputs a step takes.
func roomFor(f bot.Form, offset int) int {
	if offset == 0 && len(f.Intro) > 0 {
		return maxTop - 1
	}
	return maxTop
}

// Step shows a form from the input number offset on, as many inputs as a modal takes; the first step has its
// introduction. The zone is the person's. user finds the Discord user of a person who was chosen already, "" for
// somebody who has none.
func Step(f bot.Form, offset int, zone *time.Location, user func(bot.PersonID) string) Modal {
	list := Inputs(f)
	offset = min(max(offset, 0), len(list))
	end := min(offset+roomFor(f, offset), len(list))
	next := end
	if end == len(list) {
		next = NoNext
	}
	a := newAsker(zone, user)
	if offset == 0 {
		a.intro(f.Intro)
	}
	for _, in := range list[offset:end] {
		a.ask(in)
	}
	title := f.Title
	if starts := steps(f); len(starts) > 1 {
		title = fmt.Sprintf("%s (%d of %d)", f.Title, stepAt(starts, offset), len(starts))
	}
	return a.modal(title, ID{Kind: FormID, Token: f.Token, Next: next})
}

// Fix shows just the inputs with these numbers, the first five of them.
func Fix(f bot.Form, inputs []int, zone *time.Location, user func(bot.PersonID) string) Modal {
	list := Inputs(f)
	a := newAsker(zone, user)
	for _, i := range inputs {
		if i >= 0 && i < len(list) && len(a.parts) < maxTop {
			a.ask(list[i])
		}
	}
	return a.modal(f.Title, ID{Kind: FormID, Token: f.Token, Next: NoNext})
}

// asker fills one modal.
type asker struct {
	w     *writer
	zone  *time.Location
	user  func(bot.PersonID) string
	parts []Component
}

func newAsker(zone *time.Location, user func(bot.PersonID) string) *asker {
	if zone == nil {
		zone = time.UTC
	}
	return &asker{w: newWriter(), zone: zone, user: user}
}

func (a *asker) intro(t bot.Text) {
	a.say("the introduction", bot.Section{Text: t})
}

func (a *asker) say(what string, s bot.Section) {
	a.parts = append(a.parts, a.w.display(what, func(f *flow) { f.section(s) })...)
}

// ask shows one input, or says why it cannot be changed here.
func (a *asker) ask(in bot.Input) {
	if units(in.Value) > maxTyped {
		a.say("a text that is too long", bot.Para(bot.Bold(name(in.Label, maxLabel, in.Name)), fmt.Sprintf(
			": this has %d characters, and Discord takes %d. It stays as it is; change it in the web chat or with watchbell do.",
			utf8.RuneCountInString(in.Value), maxTyped,
		)))
		return
	}
	field, hint := a.field(in)
	a.parts = append(a.parts, Component{
		Type: Label, Label: name(in.Label, maxLabel, in.Name), Description: description(in, hint), Component: &field,
	})
}

func (a *asker) modal(title string, id ID) Modal {
	if !slices.ContainsFunc(a.parts, func(c Component) bool { return c.Type == Label }) && len(a.parts) < maxTop {
		a.say("the text", bot.Para("Nothing more is needed.")) // Discord shows no empty modal
	}
	for i := len(a.parts) - 1; i >= 0 && len(a.w.lost) > 0; i-- {
		if a.parts[i].Type == TextDisplay {
			a.parts[i].Content += "\n" + cutNote
			break
		}
	}
	return Modal{
		Type: modalResponse, Lost: a.w.lost,
		Data: ModalData{CustomID: id.String(), Title: name(title, maxModalTitle, "Watchbell"), Components: a.parts},
	}
}
