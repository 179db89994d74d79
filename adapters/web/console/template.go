package console

import (
	"embed"
	"html/template"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/markup"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = template.Must(
	template.New("").Funcs(markup.Funcs()).Funcs(template.FuncMap{
		"icons": icons, "sign": orderSign, "typed": typed,
		// drawings come from the core, which draws them itself: nothing that people typed is markup in them
		"svg": func(s string) template.HTML { return template.HTML(s) },
	}).ParseFS(templateFiles, "templates/*.html"),
)

// orderSign is the icon of an order.
func orderSign(order string) string {
	if order == "descending" {
		return "chevron"
	}
	return "up"
}

// typed reports whether a filter has to be sent: those of few options are links.
func typed(list []filterView) bool {
	return slices.ContainsFunc(list, func(f filterView) bool { return !f.Pick })
}

func render(name string, data any) (string, error) {
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, name, data)
	return b.String(), err
}
