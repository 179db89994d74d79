package console

import (
	"html/template"
	"maps"

	"github.com/watchbell/watchbell/adapters/web/markup"
)

// ownIcons are drawn like those of the chat, which the console has too.
var ownIcons = map[string]template.HTML{
	"flag":   `<path d="M5.5 21V4h12L15 8l2.5 4h-12"/>`,
	"swap":   `<path d="M4 8h14.5M15 4.5 18.5 8 15 11.5M20 16H5.5M9 12.5 5.5 16 9 19.5"/>`,
	"phone":  `<path d="M5 4h4l1.5 4.5-2.3 1.7a12 12 0 0 0 5.6 5.6l1.7-2.3L20 15v4a1.5 1.5 0 0 1-1.6 1.5A15.5 15.5 0 0 1 3.5 5.6 1.5 1.5 0 0 1 5 4z"/>`,
	"clock":  `<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.3 2"/>`,
	"chart":  `<path d="M4 20h16M7 20v-7M12 20V5M17 20v-10"/>`,
	"book":   `<path d="M5 4.5h14v15H6.5A1.5 1.5 0 0 1 5 18z"/><path d="M5 17a1.5 1.5 0 0 1 1.5-1.2H19M9 8.5h6"/>`,
	"check":  `<path d="m5 12.5 4.5 4.5L19 7"/>`,
	"undo":   `<path d="M8 5 4 9l4 4M4.5 9H14a5.5 5.5 0 0 1 0 11h-3"/>`,
	"person": `<circle cx="12" cy="8" r="3.8"/><path d="M4.5 20.5c.6-4.2 3.5-6.3 7.5-6.3s6.9 2.1 7.5 6.3"/>`,
	"up":     `<path d="m6 14 6-6 6 6"/>`,
	"list":   `<path d="M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1"/>`,
	"file":   `<path d="M6 3.5h8l4.5 4.5v12.5H6z"/><path d="M14 3.5V8h4.5"/>`,
	"plus":   `<path d="M12 5v14M5 12h14"/>`,
	"chat":   `<path d="M4 5.5h16v11h-9l-4.5 4v-4H4z"/>`,
}

// icons are all that a page can draw.
func icons() map[string]template.HTML {
	all := maps.Clone(markup.Icons)
	maps.Copy(all, ownIcons)
	return all
}
