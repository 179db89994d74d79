package view

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// part is a part of the post-mortem that people write.
type part struct{ Title, Text string }

func parts(w incident.Written) []part {
	return []part{
		{"What happened", w.Happened}, {"Contributing factors", w.Contributing}, {"What went well", w.WentWell},
		{"What was hard", w.WasHard},
	}
}

// Review is the post-mortem as a page.
func Review(i *incident.Incident, entries []incident.Entry, now time.Time) bot.Page {
	write := incident.Act("Write the review", "incident.review", i)
	write.Form, write.Style = true, bot.Primary
	p := bot.Page{
		Title: "Post-mortem: " + value.Isolate(i.Title), Object: i.ID(),
		Marks: []bot.Mark{severity(i.Severity), state(i)}, Meta: meta(i, now),
		Files: Page(i, nil, nil, nil, now).Files,
	}
	if !i.State.Open() && i.State != incident.Cancelled {
		p.Actions = []bot.Action{write}
	}
	if i.Impact != "" || i.Resolution != "" {
		p.Panels = append(p.Panels, bot.Panel{Title: "Summary", Facts: []bot.Field{
			{Label: "Impact", Value: bot.T(cmp.Or(i.Impact, "not described"))},
			{Label: "Resolution", Value: bot.T(cmp.Or(i.Resolution, "not yet"))},
		}})
	}
	for _, w := range parts(i.Written) {
		panel := bot.Panel{Title: w.Title, Empty: "To be written."}
		if w.Text != "" {
			panel.Message = &bot.Message{Sections: []bot.Section{bot.Para(w.Text)}}
		}
		p.Panels = append(p.Panels, panel)
	}
	p.Panels = append(p.Panels, tasks(i, now, true))
	line := Timeline(i, entries)
	line.Actions = nil
	return p.With(line, facts(i, nil), times(i))
}

//go:embed review.html
var reviewHTML string

var reviewTemplate = template.Must(template.New("review").Parse(reviewHTML))

// HTML is the post-mortem as a document of its own, that loads nothing and can be printed. Whoever names does not know
// is shown by their id.
func HTML(i *incident.Incident, entries []incident.Entry, names map[bot.PersonID]string) ([]byte, error) {
	name := func(p bot.PersonID) string { return cmp.Or(names[p], "@"+string(p)) }
	type row struct{ At, Text, By string }
	doc := struct {
		*incident.Incident
		Lasted      string
		Parts       []part
		Facts       []part
		Tasks, Rows []row
	}{
		Incident: i, Lasted: value.FormatDuration(i.Duration(i.LastHuman)), Parts: parts(i.Written),
	}
	for _, f := range incident.TimeFields(i) {
		doc.Facts = append(doc.Facts, part{f.Label, f.Value.Plain(time.UTC)})
	}
	for _, r := range []part{
		{"Lead", string(i.Lead)}, {"Deputy", string(i.Deputy)}, {"Comms", string(i.Comms)}, {"Scribe", string(i.Scribe)},
	} {
		if r.Text != "" {
			doc.Facts = append(doc.Facts, part{r.Title, name(bot.PersonID(r.Text))})
		}
	}
	for _, t := range i.Tasks {
		by := "nobody"
		if t.Owner != "" {
			by = name(t.Owner)
		}
		done := "open"
		if !t.Done.IsZero() {
			done = "done"
		}
		doc.Tasks = append(doc.Tasks, row{done, fmt.Sprintf("%d. %s", t.N, t.Text), by})
	}
	for _, e := range entries {
		by := ""
		if e.By != "" {
			by = name(e.By)
		}
		doc.Rows = append(doc.Rows, row{e.At.UTC().Format("2006-01-02 15:04"), e.Text, by})
	}
	var b bytes.Buffer
	err := reviewTemplate.Execute(&b, doc)
	return b.Bytes(), err
}
