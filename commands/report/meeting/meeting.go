// Package meeting is what happens when people go through a report together: its review, and the messages that show it,
// first as agenda and then as minutes. It knows the report only by its id and its content.
package meeting

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// Review is a meeting that goes through a report, section by section: what was discussed and decided, and what somebody
// took on.
type Review struct {
	Started   time.Time      `json:"started"`
	By        bot.PersonID   `json:"by"`
	Discussed []Point        `json:"discussed,omitempty"`
	Decisions []Point        `json:"decisions,omitempty"`
	Present   []bot.PersonID `json:"present,omitempty"` // who pressed something, and who was named
	Ended     time.Time      `json:"ended,omitzero"`
	Actions   []ActionItem   `json:"-"` // kept apart, for later reports ask for them
}

// Point is a section that was discussed, or a decision.
type Point struct {
	Section string       `json:"section,omitempty"`
	Text    string       `json:"text,omitempty"`
	By      bot.PersonID `json:"by"`
	At      time.Time    `json:"at"`
}

// ActionItem is something that somebody took on when a report was discussed. Reports follow it up like the tasks that
// are left of incidents.
type ActionItem struct {
	N          int
	Section    string
	Text       string
	Owner      bot.PersonID // "" is nobody yet
	By         bot.PersonID
	At         time.Time
	Due, Done  time.Time // zero: none, not yet
	FinishedBy bot.PersonID
}

// Open reports whether the meeting goes on.
func (v *Review) Open() bool { return v != nil && !v.Started.IsZero() && v.Ended.IsZero() }

// Was is when a section was discussed, nil if it was not.
func (v *Review) Was(section string) *Point {
	for k := range v.Discussed {
		if v.Discussed[k].Section == section {
			return &v.Discussed[k]
		}
	}
	return nil
}

// Attends notes that somebody is there. "" and who is noted already change nothing.
func (v *Review) Attends(p bot.PersonID) {
	if p != "" && !slices.Contains(v.Present, p) {
		v.Present = append(v.Present, p)
	}
}

// Agenda is one message of the meeting for each section of the report.
func (v *Review) Agenda(run string, c *digest.Content) []bot.Message {
	var list []bot.Message
	for k := range c.Blocks {
		b := &c.Blocks[k]
		m := bot.Message{
			Title:    fmt.Sprintf("%d of %d · %s", k+1, len(c.Blocks), b.Title),
			Sections: []bot.Section{b.Section(digest.MaxLines)},
		}
		if p := v.Was(b.Name); p != nil {
			m.Tone = bot.Good
			m.Context = append(m.Context, bot.T("✓ discussed, ", p.By, " ", p.At))
		}
		for _, d := range v.Decisions {
			if d.Section == b.Name {
				m.Sections = append(m.Sections, bot.Para(bot.Bold("Decided: "), d.Text, " – ", d.By))
			}
		}
		for _, a := range v.Actions {
			if a.Section == b.Name {
				m.Sections = append(m.Sections, bot.Section{Text: append(bot.T("➕ "), a.Line(run)...)})
			}
		}
		if v.Open() {
			of := func(label, command string, form bool) bot.Action {
				return bot.Action{
					Label: label, Command: command, Args: map[string]string{"run": run, "section": b.Name}, Form: form,
				}
			}
			if v.Was(b.Name) == nil {
				m.Actions = append(m.Actions, of("✓ Discussed", "report.discussed", false))
			}
			m.Actions = append(m.Actions, of("Add action", "report.action", true), of("Decision", "report.decide", true))
		}
		list = append(list, m)
	}
	return list
}

// Closing is the message that ends the agenda, and that becomes the minutes.
func (v *Review) Closing(run string, c *digest.Content) bot.Message {
	if !v.Open() {
		return v.Minutes(run, c)
	}
	left := len(c.Blocks) - len(v.Discussed)
	text := fmt.Sprintf("%s left to discuss. The end of the review posts its minutes here.", digest.Count(left, "section"))
	if left == 0 {
		text = "Everything was discussed. The end of the review posts its minutes here."
	}
	return bot.Message{
		Title: "Review in progress", Tone: bot.Info, Sections: []bot.Section{bot.Para(text)},
		Context: []bot.Text{bot.T("Begun by ", v.By, " ", v.Started)},
		Actions: []bot.Action{
			{Label: "End review", Command: "report.end", Args: map[string]string{"run": run}, Style: bot.Primary, Form: true},
			{Label: "Decision", Command: "report.decide", Args: map[string]string{"run": run}, Form: true},
		},
	}
}

// Minutes are what a meeting leaves behind.
func (v *Review) Minutes(run string, c *digest.Content) bot.Message {
	m := bot.Message{Title: "Minutes · " + c.Title, Tone: bot.Good}
	present := bot.T(bot.Bold("Present: "))
	for k, p := range v.Present {
		if k > 0 {
			present = append(present, bot.T(", ")...)
		}
		present = append(present, bot.T(p)...)
	}
	if len(v.Present) == 0 {
		present = append(present, bot.T("nobody was noted")...)
	}
	m.Sections = append(m.Sections, bot.Section{Text: present})
	var yes, no []string
	for k := range c.Blocks {
		if b := &c.Blocks[k]; v.Was(b.Name) != nil {
			yes = append(yes, b.Title)
		} else {
			no = append(no, b.Title)
		}
	}
	talk := bot.T(bot.Bold("Discussed: "), orNone(yes))
	if len(no) > 0 {
		talk = append(talk, bot.T(" · ", bot.Bold("not discussed: "), strings.Join(no, ", "))...)
	}
	m.Sections = append(m.Sections, bot.Section{Text: talk})
	decided := bot.T(bot.Bold("Decisions: "))
	if len(v.Decisions) == 0 {
		decided = append(decided, bot.T("none")...)
	}
	for _, d := range v.Decisions {
		decided = append(decided, bot.T("\n• "+value.Cut(d.Text, digest.MaxLine)+" – ", d.By)...)
	}
	m.Sections = append(m.Sections, bot.Section{Text: decided})
	actions := bot.T(bot.Bold("Actions: "))
	if len(v.Actions) == 0 {
		actions = append(actions, bot.T("none")...)
	}
	for _, a := range v.Actions {
		actions = append(append(actions, bot.T("\n• ")...), a.Line(run)...)
	}
	m.Sections = append(m.Sections, bot.Section{Text: actions})
	m.Context = []bot.Text{bot.T("Review of "+run+", ", v.Started, " to ", v.Ended)}
	return m
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// Line is the action item of a report in one line.
func (a ActionItem) Line(run string) bot.Text {
	text := bot.T(bot.Bold(figures.ActionID(run, a.N)), " "+value.Cut(a.Text, digest.MaxLine)+" – ")
	if a.Owner == "" {
		text = append(text, bot.T("nobody yet")...)
	} else {
		text = append(text, bot.T(a.Owner)...)
	}
	if !a.Due.IsZero() {
		text = append(text, bot.T(", due ", a.Due)...)
	}
	if !a.Done.IsZero() {
		text = append(text, bot.T(" ✓ done")...)
	}
	return text
}
