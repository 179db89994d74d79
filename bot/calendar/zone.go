package calendar

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// zone tells how far its clocks are ahead of UTC.
type zone struct {
	offset func(at time.Time) time.Duration
}

var utcZone = &zone{func(time.Time) time.Duration { return 0 }}

func zoneOf(loc *time.Location) *zone {
	return &zone{func(at time.Time) time.Duration {
		_, seconds := at.In(loc).Zone()
		return time.Duration(seconds) * time.Second
	}}
}

// instant is when the clocks show a time: the first time when they show it twice, and of a time that they jump over
// what it would be if they had not jumped yet. So says RFC 5545, section 3.3.5.
func (z *zone) instant(wall time.Time) time.Time {
	const apart = 24 * time.Hour // no two jumps are closer
	before := z.offset(wall.Add(-apart))
	at := wall.Add(-before)
	if z.offset(at) == before {
		return at
	}
	after := z.offset(wall.Add(apart))
	if later := wall.Add(-after); z.offset(later) == after {
		return later
	}
	return at
}

// wall is what the clocks show.
func (z *zone) wall(at time.Time) time.Time { return at.UTC().Add(z.offset(at)) }

// zones are those of one file. It names them by IANA, by Windows, or by names of its own that it describes.
type zones struct {
	described map[string]*component
	known     map[string]*zone // nil: not known
	owner     *time.Location
	file      string // the zone of the whole file, "" when it has none
	options   Options
	work      *work
}

func newZones(obj *component, o Options, w *work) *zones {
	z := &zones{described: map[string]*component{}, known: map[string]*zone{}, owner: o.Zone, options: o, work: w}
	if p, ok := obj.first("X-WR-TIMEZONE"); ok {
		z.file = strings.TrimSpace(p.Value)
	}
	for _, part := range obj.parts {
		if p, ok := part.first("TZID"); part.kind == "VTIMEZONE" && ok {
			z.described[strings.TrimSpace(p.Value)] = part
		}
	}
	return z
}

// home is the zone of times that name none: the file's, else that of whoever reads it.
func (z *zones) home() (*zone, error) {
	if z.file != "" {
		return z.find(z.file)
	}
	if z.known[""] == nil {
		z.known[""] = zoneOf(z.owner)
	}
	return z.known[""], nil
}

// lookWork is the work of looking up a name.
const lookWork = 20

// find is the zone of a name.
func (z *zones) find(name string) (*zone, error) {
	name = strings.TrimSpace(name)
	found, looked := z.known[name]
	if !looked && z.work.do(lookWork) {
		found = z.look(name)
		z.known[name] = found
	}
	if found == nil {
		return utcZone, unknownZone(value.Cut(value.Line(name), 80))
	}
	return found, nil
}

func (z *zones) look(name string) *zone {
	if found := named(name); found != nil {
		return found
	}
	part := z.described[name]
	if part == nil {
		return fixed(name)
	}
	if p, ok := part.first("X-LIC-LOCATION"); ok {
		if found := named(strings.TrimSpace(p.Value)); found != nil {
			return found
		}
	}
	if found := z.describedZone(part); found != nil {
		return found
	}
	return fixed(name)
}

// single are the names without a slash that mean one clock.
var single = []string{"UTC", "GMT", "Z", "CET", "MET", "EET", "WET", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"}

// named finds a zone by its IANA name, also behind a prefix like /freeassociation.sourceforge.net/, or by its Windows
// name.
func named(name string) *zone {
	if iana, ok := windowsZones()[strings.ToLower(name)]; ok {
		name = iana
	}
	if slices.Contains(single, strings.ToUpper(name)) {
		return abbreviated(strings.ToUpper(name))
	}
	parts := strings.Split(strings.ReplaceAll(name, " ", "_"), "/")
	for n := max(0, len(parts)-3); n < len(parts)-1; n++ {
		if loc := value.KnownZone(strings.Join(parts[n:], "/")); loc != nil {
			return zoneOf(loc)
		}
	}
	if last := parts[len(parts)-1]; len(parts) > 1 && slices.Contains(single, last) {
		return abbreviated(last)
	}
	return nil
}

func abbreviated(name string) *zone {
	if name == "Z" || name == "GMT" {
		return utcZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zoneOf(loc)
}

var offsetName = regexp.MustCompile(`^(?i:UTC|GMT)?([+-])(\d\d):?(\d\d)$`)

// fixed is the zone of a name that is an offset, like GMT+0200 and UTC+02:00: two hours ahead. GMT+2 is none, for it
// means both that and its opposite.
func fixed(name string) *zone {
	m := offsetName.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	offset, ok := readOffset(m[1] + m[2] + m[3])
	if !ok {
		return nil
	}
	return &zone{func(time.Time) time.Duration { return offset }}
}

// readOffset reads an offset from UTC like +0530 or -023000.
func readOffset(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, err := strconv.Atoi((s[1:] + "00")[:6])
	if err != nil || n < 0 {
		return 0, false
	}
	d := time.Duration(n/10000)*time.Hour + time.Duration(n/100%100)*time.Minute + time.Duration(n%100)*time.Second
	if d > 26*time.Hour {
		return 0, false
	}
	if s[0] == '-' {
		d = -d
	}
	return d, true
}

//go:embed windows.tsv
var windowsTable string

// windowsZones maps Windows' names in lower case to IANA's.
var windowsZones = sync.OnceValue(func() map[string]string {
	table := map[string]string{}
	for line := range strings.Lines(windowsTable) {
		if name, iana, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && !strings.HasPrefix(line, "#") {
			table[strings.ToLower(name)] = iana
		}
	}
	return table
})
