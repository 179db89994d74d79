package said

import "github.com/watchbell/watchbell/bot"

// panelOf is a part of a page for programs: its texts as they are in a table.
func panelOf(p bot.Panel) Object {
	o := Object{"title": p.Title}
	if p.Note != "" {
		o["note"] = p.Note
	}
	if len(p.Facts) > 0 {
		o["facts"] = fields(p.Facts)
	}
	if len(p.Lines) > 0 {
		lines := []Object{}
		for _, l := range p.Lines {
			line := Object{"title": l.Title, "done": l.Done}
			for name, text := range map[string]string{
				"object": l.Object, "mark": l.Mark.Text, "state": l.State.Text, "note": cell(l.Note), "end": cell(l.End),
			} {
				if text != "" {
					line[name] = text
				}
			}
			lines = append(lines, line)
		}
		o["lines"] = lines
	}
	if len(p.Entries) > 0 {
		entries := []Object{}
		for _, e := range p.Entries {
			entries = append(entries, Object{"at": cell(e.At), "text": cell(e.Text), "said": cell(e.Said)})
		}
		o["entries"] = entries
	}
	if p.Message != nil {
		o["message"] = NewMessage(p.Message)
	}
	if p.Week != nil {
		o["week"] = p.Week
	}
	return o
}
