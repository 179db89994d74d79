// Package markup makes the HTML of the web chat.
//
// MessageFor and FormFor turn messages and forms into plain values, as one person is to see them. Render and Send put
// these values into the templates, and so do the pages of package web. Bidi and Icon make the small pieces that all
// pages share.
package markup

import (
	"html/template"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// Bidi is a text as HTML. What is written from right to left in it is isolated, so that neither it nor what stands
// around it is laid out in the order of the other. Isolates that the text brings along, see value.Isolate, become
// elements. Other text is only escaped.
func Bidi(text string) template.HTML {
	if !value.RightToLeft(text) {
		return template.HTML(template.HTMLEscapeString(text))
	}
	const open, end = "\u2068", "\u2069"
	if !strings.Contains(text, open) {
		text = open + text + end
	}
	var b strings.Builder
	depth := 0
	for _, r := range text {
		switch string(r) {
		case open:
			b.WriteString("<bdi>")
			depth++
		case end:
			if depth > 0 {
				b.WriteString("</bdi>")
				depth--
			}
		default:
			template.HTMLEscape(&b, []byte(string(r)))
		}
	}
	b.WriteString(strings.Repeat("</bdi>", depth)) // what was cut off
	return template.HTML(b.String())
}
