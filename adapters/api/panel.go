package api

import "github.com/watchbell/watchbell/bot"

// panelOf is a part of a page for programs: its texts as they are in a table.
func panelOf(p bot.Panel) object {
	o := object{"title": p.Title}
	if p.Note != "" {
		o["note"] = p.Note
	}
	if len(p.Facts) > 0 {
		o["facts"] = saidFields(p.Facts)
	}
	if len(p.Lines) > 0 {
		lines := []object{}
		for _, l := range p.Lines {
			line := object{"title": l.Title, "done": l.Done}
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
		entries := []object{}
		for _, e := range p.Entries {
			entries = append(entries, object{"at": cell(e.At), "text": cell(e.Text), "said": cell(e.Said)})
		}
		o["entries"] = entries
	}
	if p.Message != nil {
		o["message"] = newSaid(p.Message)
	}
	if p.Week != nil {
		o["week"] = p.Week
	}
	return o
}
