package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

const (
	maxParts     = 24 // messages in the thread
	shownReaders = 5
)

// parts renders a report: first the message everybody sees, then those of its thread.
func (r *Run) parts(address string) []bot.Message {
	c := r.Content
	main := bot.Message{
		Title: c.Title, Tone: c.Verdict.Level.Tone(),
		Fallback: c.Verdict.Level.Sign() + " " + c.Title + ": " + c.Verdict.Text,
	}
	if r.Draft {
		main.Title += " · DRAFT"
		main.Tone = bot.Info
	}
	main.Sections = append(main.Sections, bot.Para(bot.Bold(value.Cut(c.Verdict.Text, digest.MaxHead))))
	if r.Summary != "" {
		main.Sections = append(main.Sections, bot.Section{Text: bot.T(r.Summary), Quote: true})
	}
	if r.Draft && r.Summary == "" {
		main.Sections = append(main.Sections, bot.Para(c.Suggested()))
	}
	var thread []bot.Message
	if c.Quiet && r.Empty != timetable.EmptyPost {
		if b := c.Block("people"); b != nil {
			main.Sections = append(main.Sections, b.Section(digest.MaxLines))
		}
	} else {
		for k := range c.Blocks {
			b := &c.Blocks[k]
			main.Sections = append(main.Sections, b.Section(digest.MaxLines))
			thread = append(thread, b.Thread()...)
			main.Actions = append(main.Actions, b.Actions...)
		}
	}
	for _, text := range c.Restated[:min(digest.MaxLines, len(c.Restated))] {
		main.Sections = append(main.Sections, bot.Para(value.Cut(text, digest.MaxLine)))
	}
	if n := len(c.Restated) - digest.MaxLines; n > 0 {
		main.Sections = append(main.Sections, bot.Para(fmt.Sprintf("… and %d more restated numbers on its page", n)))
	}
	main.Actions = append(main.Actions, r.buttons()...)
	main.Context = r.context(address)
	return append([]bot.Message{main}, thread[:min(maxParts, len(thread))]...)
}

// buttons are those that every report has.
func (r *Run) buttons() []bot.Action {
	run := map[string]string{"run": r.ID()}
	if r.Number == 0 { // a preview
		return nil
	}
	var list []bot.Action
	if r.Draft {
		list = append(list, r.draftButtons()...)
	} else {
		if r.Content.Handover != nil && r.Content.Handover.Accepted.IsZero() {
			list = append(list, bot.Action{
				Label: "Accept hand-over", Command: "oncall.accept", Args: map[string]string{"handover": r.Content.Handover.ID},
				Style: bot.Primary,
			})
		}
		list = append(list, bot.Action{Label: "✓ Read", Command: "report.ack", Args: run})
		if r.Report.Reviewable() {
			list = append(list, r.meetingButtons()...)
		}
	}
	list = append(list, bot.Action{Label: "Details", Command: "report.details", Args: run})
	if r.Content.Verdict.Level != digest.Green {
		list = append(
			list, bot.Action{Label: "Why " + string(r.Content.Verdict.Level) + "?", Command: "report.why", Args: run},
		)
	}
	list = append(list, bot.Action{
		Label: "CSV", Command: "report.export", Args: map[string]string{"run": r.ID(), "format": "csv"},
	})
	if r.Schedule != 0 {
		list = append(list, bot.Action{
			Label: "Settings", Command: "report.settings",
			Args: map[string]string{"schedule": fmt.Sprintf("SCH-%d", r.Schedule)}, Form: true,
		})
	}
	return list
}

func (r *Run) draftButtons() []bot.Action {
	run := map[string]string{"run": r.ID()}
	return []bot.Action{
		{
			Label: "Publish", Command: "report.publish", Args: run, Style: bot.Primary,
			Confirm: "Publish it in " + channelLabel(r.Channel) + " as it is now? Its numbers are frozen then.",
		},
		{Label: "Edit summary", Command: "report.edit", Args: run, Form: true},
	}
}

// meetingButtons begin the meeting, or take on something without one.
func (r *Run) meetingButtons() []bot.Action {
	run := map[string]string{"run": r.ID()}
	return []bot.Action{
		{Label: "Start review", Command: "report.review", Args: run},
		{Label: "Add action", Command: "report.action", Args: run, Form: true},
	}
}

// context is the small print: what period, as of when, what is missing.
func (r *Run) context(address string) []bot.Text {
	c := r.Content
	zone := digest.Location(c.Zone)
	text := bot.T(digest.PeriodLabel(c.Period, zone) + " " + zone.String())
	if c.Scope.Team != "" {
		text = append(text, bot.T(" · team "+c.Scope.Team)...)
	}
	if len(c.Scope.Services) > 0 {
		text = append(text, bot.T(" · "+strings.Join(c.Scope.Services, ", "))...)
	}
	text = append(text, bot.T(" · data as of "+c.AsOf.In(zone).Format("15:04:05 MST"))...)
	if r.Number > 0 {
		if address != "" {
			text = append(text, bot.T(" · ", bot.Link(r.ID(), address+"/report/"+r.ID()))...)
		} else {
			text = append(text, bot.T(" · "+r.ID())...)
		}
	}
	list := []bot.Text{text}
	if c.Late > 0 {
		list = append(
			list,
			bot.T(
				fmt.Sprintf(
					"⏰ Late by %s: it was due at %s.", figures.Length(c.Late),
					value.Short(r.DueAt.In(zone), c.AsOf, "Mon 2 Jan 15:04"),
				),
			),
		)
	}
	if len(c.Skipped) > 0 {
		list = append(
			list,
			bot.T("Skipped, because only the newest is posted: "+strings.Join(c.Skipped, ", ")+
				". This report covers their time."),
		)
	}
	if c.AuditSeal != "" {
		list = append(list, bot.T("Audit log ", bot.Code(c.AuditSeal)))
	}
	if !c.Next.IsZero() {
		list = append(list, bot.T("Next: "+value.Short(c.Next.In(zone), c.AsOf, "Mon 2 Jan 15:04")))
	}
	if c.Kind == digest.Weekly || c.Kind == digest.Monthly {
		list = append(
			list,
			bot.T(
				"Resolve runs from the start of the impact to the last resolution; medians, never means. Definitions: /report help",
			),
		)
	}
	return list
}

func channelLabel(name string) string {
	if name == "" {
		return "the channel"
	}
	return "#" + name
}

// where a run is posted, as people name it.
func (r *Run) where() string {
	if r.Place.Channel == "" {
		return "direct messages"
	}
	return channelLabel(r.Channel)
}

// withReaders adds who has read it.
func withReaders(m bot.Message, acks []Ack, zone *time.Location) bot.Message {
	if len(acks) == 0 {
		return m
	}
	text := bot.T("Read by ")
	for k, a := range acks {
		if k == shownReaders {
			text = append(text, bot.T(fmt.Sprintf(" and %d more", len(acks)-k))...)
			break
		}
		if k > 0 {
			text = append(text, bot.T(", ")...)
		}
		text = append(text, bot.T(a.Person, " "+a.At.In(zone).Format("15:04"))...)
	}
	m.Context = append(slices.Clone(m.Context), text)
	return m
}

// confirmation says what a schedule does, with its zone and the next three times.
func confirmation(s *timetable.Schedule, now time.Time, cal timetable.Calendar) string {
	zone := s.Location()
	name, offset := now.In(zone).Zone()
	next := "Next: "
	slots := s.Next(now, 3, cal)
	if len(slots) == 0 {
		next = "It never comes due"
	}
	for k, slot := range slots {
		if k > 0 {
			next += ", "
		}
		next += value.Short(slot.At.In(zone), now, "Mon 2 Jan 15:04")
	}
	text := fmt.Sprintf(
		"%s → %s, %s %s (now %s, %s). %s.", s.Report.Title(), channelLabel(s.Channel), s.Rule, s.Zone, name,
		utcLabel(offset), next,
	)
	if s.Holidays != "" {
		text += " Holidays of " + s.Holidays + " are " + map[timetable.OnHoliday]string{
			timetable.Skip: "skipped", timetable.Shift: "shifted to the next workday",
		}[s.OnFree] + "."
	}
	return text
}

func utcLabel(offset int) string {
	if offset == 0 {
		return "UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	text := fmt.Sprintf("UTC%s%d", sign, offset/3600)
	if m := offset % 3600 / 60; m != 0 {
		text += fmt.Sprintf(":%02d", m)
	}
	return text
}

func done(parts ...any) bot.Message {
	m := bot.Say(parts...)
	m.Tone = bot.Good
	return m
}

func shorten(s string, n int) string { return value.Cut(value.Line(s), n) }
