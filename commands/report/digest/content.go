// Package digest says what a report tells: a verdict, sections with what needs somebody, tables and charts. Build is a
// pure function of facts and of a view (kind, period, zone, scope); what it returns is stored, and all that shows the
// report shows that.
package digest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/chart"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// Content is a finished report: all that it says, computed once and kept, so that the message, the page, the charts and
// the CSV never differ.
type Content struct {
	Kind     Kind              `json:"kind"`
	Title    string            `json:"title"`
	Zone     string            `json:"zone"`
	Period   value.Span        `json:"period"`
	AsOf     time.Time         `json:"as_of"`
	Scope    figures.Scope     `json:"scope,omitzero"`
	Verdict  Verdict           `json:"verdict"`
	Quiet    bool              `json:"quiet,omitempty"` // nothing happened and nothing is due
	Blocks   []Block           `json:"blocks"`
	Metrics  []figures.Metric  `json:"metrics"`
	Tables   []Table           `json:"tables,omitempty"`
	Charts   []chart.Chart     `json:"charts,omitempty"`
	Restated []string          `json:"restated,omitempty"`
	Skipped  []string          `json:"skipped,omitempty"` // slots that were missed, in words
	Late     time.Duration     `json:"late,omitempty"`
	Next     time.Time         `json:"next,omitzero"`
	Handover *figures.Handover `json:"handover,omitempty"`

	AuditSeal string `json:"audit_seal,omitempty"` // the newest checkpoint of the audit log
}

// Verdict is the whole report in one sentence, and why.
type Verdict struct {
	Level Level    `json:"level"`
	Text  string   `json:"text"`
	Why   []Reason `json:"why,omitempty"`
}

// Level is green, yellow or red.
type Level string

const (
	Green  Level = "green"
	Yellow Level = "yellow"
	Red    Level = "red"
)

// Tone is how a message of this level looks.
func (l Level) Tone() bot.Tone {
	return map[Level]bot.Tone{Green: bot.Good, Yellow: bot.Warning, Red: bot.Critical}[l]
}

// Sign is its light, for texts.
func (l Level) Sign() string {
	return map[Level]string{Green: "🟢", Yellow: "🟡", Red: "🔴"}[l]
}

// Reason is one thing that a verdict rests on.
type Reason struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Rule  string `json:"rule"` // why that counts
}

// Block is a section as it is shown: at most five lines in the report itself, all of them in its thread and on its
// page.
type Block struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Head    bot.Text     `json:"head,omitempty"`  // numbers, in one line
	Lines   []bot.Text   `json:"lines,omitempty"` // things, the most important first
	Actions []bot.Action `json:"actions,omitempty"`
	// Each, if there is one for each line, makes it a message of its own in the thread with these buttons.
	Each [][]bot.Action `json:"each,omitempty"`
}

// Table is what the page and the CSV show.
type Table struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	Header []string   `json:"header"`
	Rows   [][]string `json:"rows"`
}

// MaxLines of a section are shown in the report itself.
const MaxLines = 5

// Metric finds a number by its name.
func (c *Content) Metric(name string) (figures.Metric, bool) {
	for _, m := range c.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return figures.Metric{}, false
}

// CSV is the report as one table: first its numbers, then the things it names. Cells that a spreadsheet would take for
// a formula are made text.
func (c *Content) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	write := func(cells ...string) { _ = w.Write(value.Cells(cells)) }
	zone := Location(c.Zone)
	write("report", c.Title)
	write("from", c.Period.From.In(zone).Format(time.RFC3339))
	write("to", c.Period.To.In(zone).Format(time.RFC3339))
	write("as of", c.AsOf.In(zone).Format(time.RFC3339))
	write("verdict", string(c.Verdict.Level), c.Verdict.Text)
	write()
	write("metric", "label", "value", "shown as")
	for _, m := range c.Metrics {
		write(m.Name, m.Label, fmt.Sprintf("%.6g", m.Value), m.Text)
	}
	for _, t := range c.Tables {
		write()
		write(t.Title)
		write(t.Header...)
		for _, row := range t.Rows {
			write(row...)
		}
	}
	w.Flush()
	return b.Bytes()
}
