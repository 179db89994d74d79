package bot

import "slices"

// Panel is one titled part of a page. It holds what its fields say, in their order; most panels have one of them.
type Panel struct {
	Title string `json:"title"`
	Note  string `json:"note,omitempty"` // beside the title, like how many there are
	Place Place  `json:"place,omitempty"`
	Rank  int    `json:"-"` // on Home, where panels of several capabilities meet: the smallest comes first

	Facts   []Field  `json:"facts,omitempty"`
	Lines   []Line   `json:"lines,omitempty"`
	Table   *Table   `json:"table,omitempty"`
	Message *Message `json:"message,omitempty"`
	Entries []Entry  `json:"entries,omitempty"` // a timeline, the newest first
	Picture *Picture `json:"picture,omitempty"`
	Week    *Week    `json:"week,omitempty"`

	Empty   string   `json:"empty,omitempty"` // stands for all of these where there are none
	More    *Jump    `json:"more,omitempty"`
	Actions []Action `json:"-"`
}

// Place is where a panel stands on its page.
type Place string

const (
	Main  Place = ""      // in the middle, in the order of the page
	Mine  Place = "mine"  // before everything else, because it waits for whoever looks
	Aside Place = "aside" // beside the rest, or below it on a phone
)

// Titles of panels that several capabilities have a part in: on Home they become one panel each.
const (
	WaitsForMe = "Waits for me"
	MyDuties   = "My tasks and duties due"
	AheadTitle = "On call and ahead"
)

// Ranks of the panels of Home. What waits stands before them.
const (
	RankDuties = 10 * (iota + 1)
	RankMine
	RankIncidents
	RankChanges
	RankServices
	RankAhead
)

// Mark is a word that says at a glance how a thing stands.
type Mark struct {
	Text  string `json:"text"`
	Tone  Tone   `json:"tone,omitempty"`
	Level int    `json:"level,omitempty"` // of a severity: 1 is the worst, 4 the least; 0 is a state
	Over  bool   `json:"over,omitempty"`  // it has come to its end, so it is shown quietly
}

// Line is a row of a list: a mark, a thing with its small print, and what stands at the end.
type Line struct {
	Mark   Mark   `json:"mark,omitzero"`
	Lead   Text   `json:"lead,omitempty"` // in place of a mark, like a time of day
	Object string `json:"object,omitempty"`
	Jump   *Jump  `json:"jump,omitempty"` // where it leads, when it is no thing with a page of its own
	Title  string `json:"title"`
	State  Mark   `json:"state,omitzero"` // begins the small print
	Note   Text   `json:"note,omitempty"`
	End    Text   `json:"end,omitempty"`
	Tone   Tone   `json:"tone,omitempty"` // of the end: Warning for soon, Critical for late
	Done   bool   `json:"done,omitempty"`

	Tick    *Action  `json:"-"` // ticks it off
	Actions []Action `json:"-"`
}

// Entry is a line of a timeline.
type Entry struct {
	At   Text `json:"at"`
	Icon Icon `json:"icon,omitempty"`
	Tone Tone `json:"tone,omitempty"`
	Text Text `json:"text"`
	Said Text `json:"said,omitempty"` // words of a person, set apart
}

// Icon names a sign that a console draws beside a line. Without one it draws none.
type Icon string

// Jump leads to a page: a thing's own, or a view.
type Jump struct {
	Label  string            `json:"label"`
	Object string            `json:"object,omitempty"`
	View   string            `json:"view,omitempty"`
	Args   map[string]string `json:"args,omitempty"`
}

// Picture is a drawing, as an SVG document without script and without anything from elsewhere.
type Picture struct {
	SVG string `json:"svg"`
	Alt string `json:"alt"` // what it shows, in words
}

// bare reports whether a panel shows nothing but perhaps why.
func (p Panel) bare() bool {
	return len(p.Facts)+len(p.Lines)+len(p.Entries) == 0 && p.Table == nil && p.Message == nil && p.Picture == nil &&
		p.Week == nil
}

// Merge puts panels in order: those of a place by their rank, and those with the same title as one. A part that has
// nothing to show adds nothing to one that has.
func Merge(panels []Panel) []Panel {
	slices.SortStableFunc(panels, func(a, b Panel) int { return a.Rank - b.Rank })
	var all []Panel
	for _, p := range panels {
		i := slices.IndexFunc(all, func(o Panel) bool { return o.Title == p.Title && o.Place == p.Place })
		switch {
		case i < 0:
			all = append(all, p)
		case p.bare() && len(p.Actions) == 0:
		case all[i].bare() && len(all[i].Actions) == 0:
			all[i] = p
		default:
			o := &all[i]
			o.Facts, o.Lines = slices.Concat(o.Facts, p.Facts), slices.Concat(o.Lines, p.Lines)
			o.Entries, o.Actions = slices.Concat(o.Entries, p.Entries), slices.Concat(o.Actions, p.Actions)
			if o.More == nil {
				o.More = p.More
			}
		}
	}
	return all
}

// mapped is a copy of a panel with each of its texts replaced.
func (p Panel) mapped(by func(Text) Text) Panel {
	p.Facts = mappedFields(p.Facts, by)
	p.Lines = slices.Clone(p.Lines)
	for i := range p.Lines {
		l := &p.Lines[i]
		l.Lead, l.Note, l.End = by(l.Lead), by(l.Note), by(l.End)
	}
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		e := &p.Entries[i]
		e.At, e.Text, e.Said = by(e.At), by(e.Text), by(e.Said)
	}
	p.Table, p.Week = p.Table.mapped(by), p.Week.mapped(by)
	if p.Message != nil {
		m := p.Message.Mapped(by)
		p.Message = &m
	}
	return p
}

func mappedFields(fields []Field, by func(Text) Text) []Field {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].Value = by(fields[i].Value)
	}
	return fields
}

// Acting is a copy of a page whose lists of actions are replaced, each as a whole: the page's, those of its panels and
// of their lines and messages. It stops at the first error.
func (p Page) Acting(by func([]Action) ([]Action, error)) (Page, error) {
	var err error
	replace := func(list []Action) []Action {
		if err != nil || len(list) == 0 {
			return nil
		}
		list, err = by(list)
		return list
	}
	message := func(m *Message) *Message {
		if m == nil {
			return nil
		}
		acting := *m
		acting.Actions = replace(m.Actions)
		return &acting
	}
	p.Actions, p.Message = replace(p.Actions), message(p.Message)
	p.Panels = slices.Clone(p.Panels)
	for i := range p.Panels {
		panel := &p.Panels[i]
		panel.Actions, panel.Message = replace(panel.Actions), message(panel.Message)
		panel.Lines = slices.Clone(panel.Lines)
		for k := range panel.Lines {
			l := &panel.Lines[k]
			l.Actions = replace(l.Actions)
			if l.Tick == nil {
				continue
			}
			tick := replace([]Action{*l.Tick})
			l.Tick = nil
			if len(tick) > 0 {
				l.Tick = &tick[0]
			}
		}
	}
	return p, err
}

// Without is the page without the panels that show nothing, not even why.
func (p Page) Without() Page {
	p.Panels = slices.DeleteFunc(slices.Clone(p.Panels), func(x Panel) bool { return x.bare() && x.Empty == "" })
	return p
}
