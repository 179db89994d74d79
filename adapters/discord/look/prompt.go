package look

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Kept says that the inputs of a form before the number next are kept, and leads to the others. Where nothing more has
// to be filled in, the form can be sent off without them. f holds what was kept.
func Kept(f bot.Form, next int) Body {
	list := Inputs(f)
	next = min(max(next, 0), len(list))
	rest := list[next:]
	starts := steps(f)
	words := "All of it is kept."
	if len(rest) > 0 {
		words = fmt.Sprintf("Step %d of %d is kept.", stepAt(starts, next)-1, len(starts))
	}
	m := bot.Message{Tone: bot.Info, Sections: []bot.Section{bot.Para(words)}}
	var needed, asked []string
	for _, in := range rest {
		label := name(in.Label, maxLabel, in.Name)
		if lacks(in) {
			needed = append(needed, label)
		} else {
			asked = append(asked, label)
		}
	}
	m.Sections = append(m.Sections, listed("Still needed", needed)...)
	m.Sections = append(m.Sections, listed("Not asked yet", asked)...)
	var buttons []Component
	send := submit(f)
	if len(rest) > 0 {
		send += " without the rest"
		buttons = append(buttons, button("Continue", PrimaryButton, ID{Kind: StepID, Offset: next, Token: f.Token}))
	}
	if len(needed) == 0 {
		buttons = append(buttons, button(send, SecondaryButton, ID{Kind: SendID, Token: f.Token}))
	}
	return said(m, buttons...)
}

func listed(label string, names []string) []bot.Section {
	if len(names) == 0 {
		return nil
	}
	return []bot.Section{{Fields: []bot.Field{{Label: label, Value: bot.T(strings.Join(names, ", "))}}}}
}

// lacks reports whether a form cannot be sent off without an answer to the input.
func lacks(in bot.Input) bool { return in.Required && in.Value == "" }

func submit(f bot.Form) string { return name(f.Submit, bot.MaxFormTitle, "Save") }

// Wrong says what is wrong with a form, and leads to the inputs that have to change. Where others changed something
// meanwhile and nothing else is wrong, the form can be sent off again as it is.
func Wrong(f bot.Form) Body {
	m := bot.Message{Tone: bot.Warning}
	if len(f.Intro) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: f.Intro})
	}
	var wrong, files []int
	conflicts := true
	list := Inputs(f)
	for i, in := range list {
		switch {
		case in.Error != "":
			label := name(in.Label, maxLabel, in.Name)
			words := strings.TrimPrefix(in.Error, label+": ") // many say which input they are about
			m.Sections = append(m.Sections, bot.Section{Fields: []bot.Field{{Label: label, Value: bot.T(words)}}})
			wrong = append(wrong, i)
			conflicts = conflicts && in.Conflict
		case in.Kind == bot.FileInput:
			files = append(files, i)
		}
	}
	open := button("Open the form", PrimaryButton, ID{Kind: StepID, Token: f.Token})
	if len(wrong) == 0 {
		if len(m.Sections) == 0 {
			m.Sections = []bot.Section{bot.Para("Something in this form has to change.")}
		}
		return said(m, open)
	}
	for _, i := range files {
		label := name(list[i].Label, maxLabel, list[i].Name)
		words := "Files are not kept. If you attached one, attach it again: "
		m.Sections = append(m.Sections, bot.Para(words, bot.Bold(label)))
	}
	buttons := []Component{fixing(f, wrong, files)}
	if conflicts && len(files) == 0 {
		buttons = append(buttons, button(submit(f)+" as it is", SecondaryButton, ID{Kind: SendID, Token: f.Token}))
	}
	return said(m, buttons...)
}

// Again says what is wrong with one of several steps of a form, and opens the step again. next is where the step after
// it begins, which is asked when nothing is wrong any more.
func Again(f bot.Form, next int) Body {
	m := bot.Message{Tone: bot.Warning}
	for _, in := range Inputs(f) {
		if in.Error != "" {
			m.Sections = append(m.Sections, bot.Section{Fields: []bot.Field{
				{Label: name(in.Label, maxLabel, in.Name), Value: bot.T(in.Error)},
			}})
		}
	}
	start := 0
	for _, s := range steps(f) {
		if s < next {
			start = s
		}
	}
	return said(m, button("Open the form", PrimaryButton, ID{Kind: StepID, Offset: start, Token: f.Token}))
}

// fixing is the button that asks for wrong inputs, and for the files, again.
func fixing(f bot.Form, wrong, files []int) Component {
	label := "Fix"
	files = files[:min(len(files), maxTop-1)]
	if most := maxTop - len(files); len(wrong) > most {
		wrong = wrong[:most]
		label = fmt.Sprintf("Fix the first %d", most)
	}
	inputs := slices.Concat(wrong, files)
	slices.Sort(inputs)
	return button(label, PrimaryButton, ID{Kind: FixID, Inputs: inputs, Token: f.Token})
}

// Ready says that a form that could not be shown in time is ready.
func Ready(f bot.Form) Body {
	title := name(f.Title, bot.MaxFormTitle, "Watchbell")
	m := bot.Message{Tone: bot.Info, Sections: []bot.Section{
		bot.Para("Your form “", title, "” is ready. Everything you typed is kept in it."),
	}}
	return said(m, button("Open the form", PrimaryButton, ID{Kind: StepID, Token: f.Token}))
}

// said is a message of ours with buttons that only Discord needs.
func said(m bot.Message, buttons ...Component) Body {
	w := newWriter()
	return w.message(m, w.buttons(buttons...))
}
