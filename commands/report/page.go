package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"time"

	"github.com/watchbell/watchbell/bot"
)

//go:embed page.html
var pages embed.FS

var documents = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"plain":  func(t bot.Text, zone string) string { return t.Plain(location(zone)) },
	"time":   func(t time.Time, zone string) string { return t.In(location(zone)).Format("Mon 2 Jan 2006 15:04 MST") },
	"span":   func(p Span, zone string) string { return periodLabel(p, location(zone)) },
	"better": func(b Better) string { return []string{"", "lower is better", "higher is better"}[b] },
}).ParseFS(pages, "page.html"))

// picture is a chart in a document.
type picture struct {
	Chart
	Light template.URL
	Dark  template.Srcset // of one picture; its type keeps the comma of a data address
}

// document is what the template needs.
type document struct {
	*Run
	Pictures []picture
	Name     string
	Whole    bool // it stands by itself
}

// Minutes are what a meeting about it said so far; nothing when there was none.
func (d document) Minutes() []bot.Section {
	if d.Review == nil || d.Review.Started.IsZero() && len(d.Review.Actions) == 0 {
		return nil
	}
	sections := d.minutes().Sections
	if d.Review.Started.IsZero() { // actions without a meeting
		return sections[len(sections)-1:]
	}
	return sections
}

// Document is the run as one HTML file that needs nothing else.
func (r *Run) Document() ([]byte, error) {
	d := document{Run: r, Whole: true}
	for _, c := range r.Content.Charts {
		f, err := c.File()
		if err != nil {
			return nil, err
		}
		inline := func(data []byte) string { return "data:image/png;base64," + base64.StdEncoding.EncodeToString(data) }
		d.Pictures = append(d.Pictures, picture{c, template.URL(inline(f.Data)), template.Srcset(inline(f.Dark))})
	}
	var b bytes.Buffer
	err := documents.ExecuteTemplate(&b, "document", d)
	return b.Bytes(), err
}

// Body is what a page shows of the run; its pictures are at address/chart name.
func (r *Run) Body(address string) (template.HTML, error) {
	d := document{Run: r}
	for _, c := range r.Content.Charts {
		d.Pictures = append(d.Pictures, picture{c, template.URL(fmt.Sprintf("%s/%s.png", address, c.Name)), template.Srcset(fmt.Sprintf("%s/%s-dark.png", address, c.Name))})
	}
	var b bytes.Buffer
	err := documents.ExecuteTemplate(&b, "body", d)
	return template.HTML(b.String()), err
}

// Picture draws a chart of the run by its name, like incidents or incidents-dark.
func (r *Run) Picture(name string, onDark bool) ([]byte, error) {
	for _, c := range r.Content.Charts {
		if c.Name == name {
			return c.PNG(onDark)
		}
	}
	return nil, bot.ErrNoSuch
}
