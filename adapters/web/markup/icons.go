package markup

import "html/template"

// Icons are drawn on 24 by 24 with a line of currentColor.
var Icons = map[string]template.HTML{
	"bell":     `<path d="M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9"/><path d="M10 20.5a2.2 2.2 0 0 0 4 0"/>`,
	"pin":      `<path d="M9 3.5h6l-.8 6.2 3.3 3.3v2H6.5v-2l3.3-3.3z"/><path d="M12 15v6"/>`,
	"people":   `<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.5-3.8 3-5.8 6.5-5.8s6 2 6.5 5.8"/><path d="M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.7c2.1.8 3.3 2.6 3.6 5.3"/>`,
	"reply":    `<path d="M4 5.5h16v11h-9l-4.5 4v-4H4z"/>`,
	"more":     `<circle cx="5.5" cy="12" r=".9" fill="currentColor"/><circle cx="12" cy="12" r=".9" fill="currentColor"/><circle cx="18.5" cy="12" r=".9" fill="currentColor"/>`,
	"send":     `<path d="M4.5 12h6M4.5 12 3 4.5 21 12 3 19.5z"/>`,
	"calendar": `<path d="M4 6.5h16v13H4zM4 10.5h16M8 3.5v5M16 3.5v5"/>`,
	"close":    `<path d="m6 6 12 12M18 6 6 18"/>`,
	"home":     `<path d="M4 11.5 12 4l8 7.5V20h-5.5v-5.5h-5V20H4z"/>`,
	"menu":     `<path d="M4 7h16M4 12h16M4 17h16"/>`,
	"chevron":  `<path d="m7 10 5 5 5-5"/>`,
	"updown":   `<path d="m8 10 4-4 4 4M8 14l4 4 4-4"/>`,
	"eye":      `<path d="M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>`,
	"search":   `<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
	"down":     `<path d="M12 5v14M6 13l6 6 6-6"/>`,
	"good":     `<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.7 5.2-5.7"/>`,
	"info":     `<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>`,
	"warning":  `<path d="M12 3.5 2.5 20h19z"/><path d="M12 10v4.5M12 17.2v.1"/>`,
	"critical": `<path d="M8.3 2.5h7.4l5.8 5.8v7.4l-5.8 5.8H8.3l-5.8-5.8V8.3z"/><path d="M12 7.5V13M12 16.3v.1"/>`,
}

// Icon shows one of the pictures that every page has once, in its sprite.
func Icon(name string) template.HTML {
	return template.HTML(
		`<svg class="icon" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`,
	)
}
