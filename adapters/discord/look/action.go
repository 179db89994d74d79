package look

import (
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// maxMenus is how many menus More a message has at most, for up to 100 entries.
const maxMenus = 4

// maxQuestion is how much of a question is shown, so that the message keeps room for what it says.
const maxQuestion = 500

// actions are the buttons of a message, its menus, and its menu More. Menus need a row each.
func (w *writer) actions(m bot.Message) []Component {
	buttons, more := m.Offer()
	var pressed, menus []Component
	for _, act := range buttons {
		c, ok := w.action(act)
		switch {
		case !ok:
			w.lose("the action " + act.Label)
		case c.Type == Button:
			pressed = append(pressed, c)
		default:
			menus = append(menus, row(c))
		}
	}
	if len(pressed) > 0 {
		menus = slices.Insert(menus, 0, row(pressed...))
	}
	rows := append(menus, w.more(more)...)
	w.parts -= countOf(rows)
	return rows
}

// more is the menu More, or several where it has more entries than a menu takes.
func (w *writer) more(list []bot.Action) (rows []Component) {
	var entries []Choice
	for _, act := range list {
		id, ok := w.unique(ID{Kind: PressID, Token: act.Token})
		if !ok || len(entries) == maxMenus*bot.MaxOptions {
			w.lose("the action " + act.Label)
			continue
		}
		entries = append(entries, Choice{Label: name(act.Label, maxOption, "…"), Value: id.String()})
	}
	number := 0
	for some := range slices.Chunk(entries, bot.MaxOptions) {
		rows = append(rows, row(Component{
			Type: StringSelect, CustomID: ID{Kind: MoreID, Number: number}.String(), Placeholder: "More", Options: some,
		}))
		number++
	}
	return rows
}

// action is a button or a menu; ok is false for one that Discord would refuse. A menu asks no question: somebody who
// picks from it has read the one above it.
func (w *writer) action(act bot.Action) (c Component, ok bool) {
	kind := PressID
	if act.Confirm != "" && !picks(act) {
		kind = AskID
	}
	id, ok := w.unique(ID{Kind: kind, Token: act.Token})
	if !ok {
		return c, false
	}
	if !picks(act) {
		return button(act.Label, styleOf(act.Style), id), true
	}
	c = Component{Type: UserSelect, CustomID: id.String(), Placeholder: name(act.Label, maxHolder, "…")}
	if act.People {
		return c, true
	}
	c.Type = StringSelect
	c.Options, ok = choices(act.Options)
	if !ok || len(c.Options) > bot.MaxOptions {
		w.lose("some choices of " + act.Label)
		c.Options = c.Options[:min(len(c.Options), bot.MaxOptions)]
	}
	return c, len(c.Options) > 0
}

// picks reports whether an action is a menu.
func picks(act bot.Action) bool { return act.People || len(act.Options) > 0 }

func styleOf(s bot.Style) int {
	switch s {
	case bot.Primary:
		return PrimaryButton
	case bot.Danger:
		return DangerButton
	}
	return SecondaryButton
}

// choices are the options of a menu; ok is false when some are left out that Discord would refuse.
func choices(list []bot.Option) (taken []Choice, ok bool) {
	ok = true
	for _, o := range list {
		if o.Value == "" || units(o.Value) > maxOption {
			ok = false
			continue
		}
		if slices.ContainsFunc(taken, func(c Choice) bool { return c.Value == o.Value }) {
			continue
		}
		taken = append(taken, Choice{Label: name(o.Label, maxOption, o.Value), Value: o.Value})
	}
	return taken, ok
}

// unique numbers an id so that nothing else in the message has it. ok is false when the token is none that a custom_id
// can carry.
func (w *writer) unique(id ID) (numbered ID, ok bool) {
	key := id.String()
	id.Number = w.seen[key]
	text := id.String()
	back := ReadID(text)
	if id.Token == "" || len(text) > maxID || back.Kind != id.Kind || back.Token != id.Token {
		return id, false
	}
	w.seen[key]++
	return id, true
}

// questions are what the buttons and menus of a message ask, as small print above them.
func (w *writer) questions(m bot.Message) []Component {
	buttons, _ := m.Offer()
	var asked, picked []bot.Action
	for _, act := range buttons {
		switch {
		case act.Confirm == "":
		case picks(act):
			picked = append(picked, act)
		default:
			asked = append(asked, act)
		}
	}
	if len(asked)+len(picked) == 0 {
		return nil
	}
	return w.display("a question", func(f *flow) {
		for _, act := range slices.Concat(asked, picked) {
			f.line("")
			f.add(question(name(act.Label, maxButton, "…")))
			asks := inLine(act.Confirm)
			short := cut(asks, maxQuestion)
			if short != asks {
				w.lose("a part of a question")
			}
			f.words(short, (*escaper).plain)
		}
	})
}

// question is what the line begins with that says what a button asks.
func question(label string) string {
	return smallPrint + new(escaper{start: true}).escape(label, false) + ": "
}

// Confirm asks whether somebody is sure: label is what the button says, about is the question, and the token goes to
// the button that says yes.
func Confirm(label, about, token string, danger bool) Body {
	return confirm(label, token, danger, func(f *flow) { f.words(about, (*escaper).plain) })
}

func confirm(label, token string, danger bool, about func(*flow)) Body {
	style := PrimaryButton
	if danger {
		style = DangerButton
	}
	w := newWriter()
	rows := w.buttons(button(label, style, ID{Kind: PressID, Token: token}), cancel())
	inside := w.display("the question", func(f *flow) {
		f.line("")
		f.words(name(label, maxButton, "…"), func(e *escaper, label string) string {
			return "**" + e.escape(label, false) + ":** "
		})
		about(f)
	})
	if len(w.lost) > 0 {
		inside = append(inside, Component{Type: TextDisplay, Content: cutNote})
	}
	return w.body(bot.Warning, append(inside, rows...))
}

func cancel() Component { return button("Cancel", SecondaryButton, ID{Kind: CancelID}) }

// buttons is a row of buttons.
func (w *writer) buttons(list ...Component) []Component {
	rows := []Component{row(list...)}
	w.parts -= countOf(rows)
	return rows
}

// Asked is the question that a button with an AskID asks, found in the message that the button belongs to. ok is false
// when the message has no such button.
func Asked(message []Component, customID string) (b Body, ok bool) {
	id := ReadID(customID)
	if id.Kind != AskID {
		return Body{}, false
	}
	var lines []string
	var before []Component // buttons that ask something, up to the one that was pressed
	for c := range All(message) {
		switch {
		case c.Type == TextDisplay:
			lines = append(lines, strings.Split(c.Content, "\n")...)
		case ok || c.Type != Button || ReadID(c.CustomID).Kind != AskID:
		default:
			before = append(before, c)
			ok = c.CustomID == customID
		}
	}
	if !ok {
		return Body{}, false
	}
	pressed := before[len(before)-1]
	about := "Are you sure?"
	start := question(pressed.Label)
	for _, c := range before { // equal labels ask in the same order
		if c.Label != pressed.Label {
			continue
		}
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, start) })
		if i < 0 {
			break
		}
		about = strings.TrimPrefix(lines[i], start)
		lines = lines[i+1:]
	}
	return confirm(pressed.Label, id.Token, pressed.Style == DangerButton, func(f *flow) { f.add(about) }), true
}
