package report

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// viewName is the view of runs.
const viewName = "reports"

// runPrefix begins the ids of runs.
const runPrefix = "R"

// runRows is how many runs a page lists.
const runRows = 50

// page is a run with all that it says: the verdict, its sections, charts and tables.
func (r *Run) page(acks []Ack) bot.Page {
	c := r.Content
	mark := bot.Mark{Text: map[digest.Level]string{
		digest.Green: "Green", digest.Yellow: "Yellow", digest.Red: "Red",
	}[c.Verdict.Level], Tone: c.Verdict.Level.Tone()}
	p := bot.Page{
		Title: c.Title, Object: r.ID(), Meta: []bot.Text{
			bot.T(digest.PeriodLabel(c.Period, digest.Location(c.Zone))), bot.T("as of ", c.AsOf),
		},
		Actions: []bot.Action{
			{Label: "I have read it", Command: "report.ack", Args: map[string]string{"run": r.ID()}},
			{Label: "Why?", Command: "report.why", Args: map[string]string{"run": r.ID()}},
		},
		Files: []bot.Download{{Label: "CSV", Name: "csv"}, {Label: "HTML", Name: "html"}},
	}
	if mark.Text != "" {
		p.Marks = []bot.Mark{mark}
	}
	said := bot.Message{Tone: c.Verdict.Level.Tone(), Sections: []bot.Section{bot.Para(bot.Bold(c.Verdict.Text))}}
	if r.Summary != "" {
		said.Sections = append(said.Sections, bot.Para(r.Summary))
	}
	for _, w := range c.Verdict.Why {
		said.Sections = append(said.Sections, bot.Para(w.Text+". "+w.Rule))
	}
	if c.Verdict.Text != "" || r.Summary != "" {
		p = p.With(bot.Panel{Title: "In short", Message: &said})
	}
	for _, x := range c.Charts {
		p = p.With(bot.Panel{Title: x.Title, Picture: &bot.Picture{SVG: string(x.SVG()), Alt: x.Title + ". " + x.Alt}})
	}
	for k := range c.Blocks {
		p = p.With(blockPanel(&c.Blocks[k]))
	}
	for _, t := range c.Tables {
		table := &bot.Table{Columns: t.Header}
		for _, row := range t.Rows {
			cells := make([]bot.Text, len(row))
			for k, cell := range row {
				cells[k] = bot.T(cell)
			}
			table.Rows = append(table.Rows, bot.Row{Cells: cells})
		}
		p = p.With(bot.Panel{Title: t.Title, Table: table})
	}
	var read []bot.Text
	for _, a := range acks {
		read = append(read, bot.T(a.Person, " ", a.At))
	}
	if len(read) > 0 {
		m := bot.Message{}
		for _, t := range read {
			m.Sections = append(m.Sections, bot.Section{Text: t})
		}
		p = p.With(bot.Panel{Title: "Read by", Note: fmt.Sprint(len(read)), Message: &m})
	}
	return p
}

// blockPanel is a section of a report with all its lines.
func blockPanel(b *digest.Block) bot.Panel {
	p := bot.Panel{Title: b.Title, Empty: "Nothing to tell."}
	m := bot.Message{}
	if len(b.Head) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: b.Head})
	}
	for _, l := range b.Lines {
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T("• "), l...)})
	}
	if len(m.Sections) > 0 {
		p.Message = &m
	}
	return p
}

// runsPage lists runs, the newest first.
func runsPage(list []*Run, acks map[int64]int) bot.Page {
	t := &bot.Table{Columns: []string{"Run", "Report", "Where", "For", "State", "Posted", "Late by", "Read by"}, Main: 1}
	for _, r := range list {
		title, posted := r.Report.Title(), bot.Text{}
		if !r.PostedAt.IsZero() {
			posted = bot.T(r.PostedAt)
		}
		late := ""
		if d := r.Lateness(); d > 0 {
			late = figures.Length(d)
		}
		object := ""
		if r.Content != nil {
			object = r.ID()
		}
		t.Rows = append(t.Rows, bot.Row{Object: object, Cells: []bot.Text{
			bot.T(r.ID()), bot.T(title), bot.T(r.where()), bot.T(cmp.Or(r.Slot, "on demand")), bot.T(string(r.State)), posted,
			bot.T(late), bot.T(fmt.Sprint(acks[r.Number])),
		}})
	}
	var kinds []bot.Option
	for _, k := range []digest.Kind{digest.Daily, digest.Weekly, digest.Monthly} {
		kinds = append(kinds, bot.Option{Value: string(k), Label: k.Title()})
	}
	return bot.Page{
		Title: "Reports", Table: t, Filters: []bot.Filter{{Arg: "report", Label: "Report", Options: kinds}},
		Actions: []bot.Action{
			{Label: "Preview the digest", Command: "report.preview", Args: map[string]string{"report": string(digest.Daily)}},
			{Label: "Schedules", Command: "report.schedules"},
			{Label: "Subscribe a channel", Command: "report.subscribe", Form: true},
		},
	}
}

func (s *Service) listRuns(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	list, err := s.keep.Runs(ctx, RunFilter{Report: digest.Kind(c.Text("report")), Limit: runRows})
	if err != nil {
		return bot.Reply{}, err
	}
	acks := map[int64]int{}
	for _, r := range list {
		read, err := s.keep.Acks(ctx, r.Number)
		if err != nil {
			return bot.Reply{}, err
		}
		acks[r.Number] = len(read)
	}
	return bot.Look(runsPage(list, acks)), nil
}

// board says which report comes next.
func (s *Service) board(ctx context.Context, _ bot.Person) ([]bot.Panel, error) {
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	text := bot.T("No report is scheduled yet.")
	var first time.Time
	for _, x := range all {
		if !x.Active(now) {
			continue
		}
		cal, err := s.calendar(ctx, x.Holidays)
		if err != nil {
			continue // its page of settings says that its calendar is gone
		}
		next := x.Next(value.Later(now, x.Since()), 1, cal)
		if len(next) > 0 && (first.IsZero() || next[0].At.Before(first)) {
			first = next[0].At
			text = bot.T(x.Report.Title()+", ", first, " in "+channelLabel(x.Channel))
		}
	}
	return []bot.Panel{{
		Title: bot.AheadTitle, Place: bot.Aside, Rank: bot.RankAhead + 1,
		Facts: []bot.Field{{Label: "Next report", Value: text}},
	}}, nil
}

// file is a run as a file.
func (s *Service) file(ctx context.Context, p bot.Person, id, name string) (bot.File, error) {
	if name != "csv" && name != "html" {
		return bot.File{}, bot.ErrNoSuch
	}
	r, _, err := s.Find(ctx, strings.ToUpper(id), p)
	if err != nil {
		return bot.File{}, err
	}
	names, err := s.chat.Names(ctx)
	if err != nil {
		return bot.File{}, err
	}
	return r.File(name, names)
}
