package report

import (
	"bytes"
	"embed"
	"html/template"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
)

//go:embed page.html
var pages embed.FS

var documents = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"time": func(t time.Time, zone string) string {
		return t.In(digest.Location(zone)).Format("Mon 2 Jan 2006 15:04 MST")
	},
	"span":   func(p value.Span, zone string) string { return digest.PeriodLabel(p, digest.Location(zone)) },
	"better": func(b figures.Better) string { return []string{"", "lower is better", "higher is better"}[b] },
}).ParseFS(pages, "page.html"))

// document is what the template needs.
type document struct {
	*Run
	names map[bot.PersonID]string
}

// Plain is a text as the page shows it: times in the report's zone, people by name.
func (d document) Plain(t bot.Text) string {
	t = slices.Clone(t)
	for n, s := range t {
		if name := d.names[bot.PersonID(s.Ref)]; s.Kind == bot.PersonSpan && name != "" {
			t[n] = bot.Span{Text: name}
		}
	}
	return t.Plain(digest.Location(d.Content.Zone))
}

// Minutes are what a meeting about it said so far; nothing when there was none.
func (d document) Minutes() []bot.Section {
	if d.Review == nil || d.Review.Started.IsZero() && len(d.Review.Actions) == 0 {
		return nil
	}
	sections := d.Review.Minutes(d.ID(), d.Content).Sections
	if d.Review.Started.IsZero() { // actions without a meeting
		return sections[len(sections)-1:]
	}
	return sections
}

// Document is the run as one HTML file that needs nothing else. Whoever names does not know is shown by their id.
func (r *Run) Document(names map[bot.PersonID]string) ([]byte, error) {
	var b bytes.Buffer
	err := documents.ExecuteTemplate(&b, "document", document{r, names})
	return b.Bytes(), err
}

// Body is what a page shows of the run, with its charts.
func (r *Run) Body(names map[bot.PersonID]string) (template.HTML, error) {
	var b bytes.Buffer
	err := documents.ExecuteTemplate(&b, "body", document{r, names})
	return template.HTML(b.String()), err
}
