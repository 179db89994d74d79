package markup

import (
	"embed"
	"html/template"
	"net/http"
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(Funcs()).Funcs(template.FuncMap{
	"icons": func() map[string]template.HTML { return Icons },
}).ParseFS(templateFiles, "templates/*.html"))

// Render executes the template of that name into text.
func Render(name string, data any) (string, error) {
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, name, data)
	return b.String(), err
}

// Send renders a template and sends it; a template that fails sends nothing of itself.
func Send(w http.ResponseWriter, name string, data any) error {
	html, err := Render(name, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(html))
	if err != nil {
		return nil // the reader went away
	}
	return nil
}

// roles are somebody's roles in words.
func roles(p bot.Person) string { return strings.ReplaceAll(strings.Join(p.Roles, ", "), "-", " ") }

// initials are the letters of somebody's picture.
func initials(name string) string {
	var letters []rune
	for word := range strings.FieldsSeq(name) {
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				letters = append(letters, unicode.ToUpper(r))
				break
			}
		}
	}
	switch n := len(letters); {
	case n == 0:
		return "?"
	case n > 2:
		return string(letters[0]) + string(letters[n-1])
	}
	return string(letters)
}

// shade is one of eight colours for somebody's picture, the same every time.
func shade(id bot.PersonID) int {
	n := 0
	for _, b := range []byte(id) {
		n = (n*31 + int(b)) % 8
	}
	return n
}

// Funcs are what templates of other packages need to show people, icons and texts as these do.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"icon": Icon, "bidi": Bidi, "rtl": rtl, "initials": initials, "shade": shade, "roles": roles,
	}
}
