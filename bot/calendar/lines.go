package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// Limits of the lines of a file. The library takes time by the square of what stands in front of a line's value.
const (
	maxLine  = 64 << 10 // bytes, folded ones together
	maxHead  = 1 << 10  // bytes in front of the value
	maxLines = 200_000  // that are of use here
	maxDepth = 16
)

// component is a part of a file that is enclosed in BEGIN and END, with the properties that are of use here.
type component struct {
	kind  string // VEVENT
	props map[string][]property
	parts []*component
}

// property is one line.
type property struct {
	ics.BaseProperty
	bad bool // it cannot be read
}

// param is a parameter by its name in any case, "" when there is none.
func (p property) param(name string) string {
	for k, v := range p.ICalParameters {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// first is the first property of a name; ok is false when there is none.
func (c *component) first(name string) (p property, ok bool) {
	if list := c.props[name]; len(list) > 0 {
		return list[0], true
	}
	return property{}, false
}

// text is the value of a property that is a word, in capitals.
func (c *component) text(name string) string {
	p, _ := c.first(name)
	return strings.ToUpper(strings.TrimSpace(p.Value))
}

// useful are the properties that are read, by component. All others are left alone, however they are written.
var useful = map[string][]string{
	"VCALENDAR": {"METHOD", "X-WR-TIMEZONE"},
	"VEVENT": {"UID", "SUMMARY", "STATUS", "SEQUENCE", "ATTENDEE", "DTSTART", "DTEND", "DURATION",
		"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"},
	"VTIMEZONE": {"TZID", "X-LIC-LOCATION"},
	"STANDARD":  {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
	"DAYLIGHT":  {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
}

var usefulIn = func() map[string]map[string]bool {
	sets := map[string]map[string]bool{}
	for kind, names := range useful {
		sets[kind] = map[string]bool{}
		for _, n := range names {
			sets[kind][n] = true
		}
	}
	return sets
}()

var errCut = errors.New("the file ends in the middle of an event, so a part of it is missing. Export it again")

// parse reads the components of a file. A file may hold several calendars.
func parse(data []byte) ([]*component, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf(
			"the file has %.1f MiB, the limit is %d MiB. Export fewer months", float64(len(data))/(1<<20), MaxSize>>20,
		)
	}
	p := parser{}
	err := eachLine(data, p.line)
	switch {
	case err != nil:
		return nil, err
	case len(p.objects) == 0 && len(p.open) == 0:
		return nil, errors.New(
			"that is not a calendar in the iCalendar format, which begins with BEGIN:VCALENDAR. Choose a file whose name " +
				"ends with .ics",
		)
	case len(p.open) > 0:
		return nil, errCut
	}
	return p.objects, nil
}

// eachLine calls f with each line of a file, unfolded: a line break before a space or a tab is none, wherever it falls,
// also between the bytes of a letter. Empty lines are no lines. Of a line that is too long f gets the beginning.
func eachLine(data []byte, f func(line []byte, long bool) error) error {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	end := byte('\n')
	if bytes.IndexByte(data, '\n') < 0 {
		end = '\r'
	}
	var line []byte
	long := false
	for len(data) > 0 {
		part, rest, _ := bytes.Cut(data, []byte{end})
		data = rest
		part = bytes.TrimSuffix(part, []byte("\r"))
		if len(part) == 0 {
			continue
		}
		if part[0] == ' ' || part[0] == '\t' {
			part = part[1:]
		} else {
			if err := f(line, long); err != nil {
				return err
			}
			line, long = line[:0], false
		}
		if len(line)+len(part) > maxLine {
			long, part = true, part[:max(0, maxLine-len(line))]
		}
		line = append(line, part...)
	}
	return f(line, long)
}

// parser follows the components of a file.
type parser struct {
	objects []*component
	open    []*component // the innermost is the last
	skipped int          // how deep it is inside of a component that is of no use here
	lines   int
}

func (p *parser) line(line []byte, long bool) error {
	end := bytes.IndexAny(line, ":;")
	if end < 1 {
		return nil
	}
	name := strings.ToUpper(string(line[:min(end, 64)]))
	switch name {
	case "BEGIN":
		return p.begin(strings.ToUpper(string(bytes.TrimSpace(line[end+1:]))))
	case "END":
		return p.end(strings.ToUpper(string(bytes.TrimSpace(line[end+1:]))))
	}
	if len(p.open) == 0 || p.skipped > 0 {
		return nil
	}
	in := p.open[len(p.open)-1]
	if !usefulIn[in.kind][name] {
		return nil
	}
	if p.lines++; p.lines > maxLines {
		return fmt.Errorf("the file has more than %d lines. Export fewer months", maxLines)
	}
	in.props[name] = append(in.props[name], readLine(name, line, long))
	return nil
}

func (p *parser) begin(kind string) error {
	switch {
	case kind == "VCALENDAR" && len(p.open) > 0, kind == "VEVENT" && p.skipped == 0 && len(p.open) > 1,
		len(p.open) == maxDepth:
		return errCut
	case kind != "VCALENDAR" && len(p.open) == 0:
		return nil
	case p.skipped > 0 || usefulIn[kind] == nil:
		p.skipped++
		return nil
	}
	if p.lines++; p.lines > maxLines {
		return fmt.Errorf("the file has more than %d lines. Export fewer months", maxLines)
	}
	c := &component{kind: kind, props: map[string][]property{}}
	if len(p.open) > 0 {
		in := p.open[len(p.open)-1]
		in.parts = append(in.parts, c)
	}
	p.open = append(p.open, c)
	return nil
}

func (p *parser) end(kind string) error {
	switch {
	case len(p.open) == 0:
		return nil
	case p.skipped > 0:
		p.skipped--
		return nil
	case p.open[len(p.open)-1].kind != kind:
		return errCut
	}
	last := p.open[len(p.open)-1]
	if p.open = p.open[:len(p.open)-1]; len(p.open) == 0 {
		p.objects = append(p.objects, last)
	}
	return nil
}

// readLine has the library read a line.
func readLine(name string, line []byte, long bool) (p property) {
	defer func() {
		if recover() != nil { // the library trusts its input
			p.bad = true
		}
	}()
	if long || headOf(line) > maxHead {
		return property{bad: true}
	}
	read, err := ics.ParseProperty(ics.ContentLine(name + string(line[len(name):])))
	if err != nil || read == nil {
		return property{bad: true}
	}
	return property{BaseProperty: *read}
}

// headOf is where the value of a line begins: after the first colon that is not quoted.
func headOf(line []byte) int {
	quoted := false
	for n, b := range line {
		switch {
		case b == '"':
			quoted = !quoted
		case b == ':' && !quoted:
			return n
		}
	}
	return len(line)
}
