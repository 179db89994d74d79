package bot

import (
	"strings"
	"time"
)

// Plain writes a message as text for terminals and logs, times in loc. Actions are shown as their labels.
func (m Message) Plain(loc *time.Location) string {
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s + "\n")
		}
	}
	line(m.Title)
	for _, s := range m.Sections {
		text := s.Text.Plain(loc)
		if s.Quote && text != "" {
			text = "> " + strings.ReplaceAll(text, "\n", "\n> ")
		}
		line(text)
		for _, f := range s.Fields {
			line("  " + f.Label + ": " + f.Value.Plain(loc))
		}
	}
	for _, c := range m.Context {
		line(c.Plain(loc))
	}
	var labels []string
	for _, a := range m.Actions {
		labels = append(labels, "["+a.Label+"]")
	}
	line(strings.Join(labels, " "))
	return strings.TrimRight(b.String(), "\n")
}

// Line is the message in one line, for notifications: its fallback, or what stands first.
func (m Message) Line() string {
	if m.Fallback != "" {
		return m.Fallback
	}
	if m.Title != "" {
		return m.Title
	}
	for _, s := range m.Sections {
		if len(s.Text) > 0 {
			first, _, _ := strings.Cut(s.Text.Plain(nil), "\n")
			return first
		}
	}
	return ""
}
