package value

import (
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that zones load on machines without a zone database
)

var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$`)

// Zone returns the time zone with exactly this IANA name, such as
// Europe/Berlin or UTC. Other abbreviations are refused, as they name
// an offset or several places rather than one place's clock, and so is Local,
// which is another zone on every machine.
func Zone(name string) (*time.Location, error) {
	if loc := KnownZone(name); loc != nil {
		return loc, nil
	}
	if near := nearestZone(name); near != "" {
		return nil, refuse("%s is not the name of a time zone. Did you mean %s?", quote(name), near)
	}
	return nil, refuse("%s is not the name of a time zone. Write UTC or a name such as Europe/Berlin.", quote(name))
}

// KnownZone is Zone without advice, which takes long: nil of a name that is none.
func KnownZone(name string) *time.Location {
	abbreviation := !strings.Contains(name, "/") && name == strings.ToUpper(name)
	switch {
	case name == "UTC":
		return time.UTC
	case !zoneName.MatchString(name), abbreviation, name == "Local", name == "Factory":
		return nil
	}
	return loadZone(name)
}

// zones keeps what was loaded, for everyone who asks something has one; there are some six hundred.
var zones sync.Map

func loadZone(name string) *time.Location {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, loc)
	return loc
}

// commonZones are the names to suggest; Zone knows all others too.
var commonZones = strings.Fields(`
	UTC
	Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi
	America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver America/Halifax
	America/Lima America/Los_Angeles America/Mexico_City America/New_York America/Phoenix
	America/Santiago America/Sao_Paulo America/Toronto America/Vancouver
	Asia/Bangkok Asia/Beirut Asia/Dhaka Asia/Dubai Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem
	Asia/Karachi Asia/Kolkata Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore
	Asia/Taipei Asia/Tehran Asia/Tokyo
	Australia/Adelaide Australia/Brisbane Australia/Melbourne Australia/Perth Australia/Sydney
	Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Dublin Europe/Helsinki Europe/Istanbul
	Europe/Kyiv Europe/Lisbon Europe/London Europe/Madrid Europe/Moscow Europe/Paris Europe/Prague
	Europe/Rome Europe/Stockholm Europe/Vienna Europe/Warsaw Europe/Zurich
	Pacific/Auckland Pacific/Honolulu`)

// spellings are what people may have meant, in lower case: the names of zones and of their cities.
type spellings struct {
	words []string
	zones map[string]string
}

func (s *spellings) add(word, zone string) {
	word = strings.ToLower(word)
	if s.zones == nil {
		s.zones = map[string]string{}
	}
	if _, there := s.zones[word]; !there {
		s.words, s.zones[word] = append(s.words, word), zone
	}
}

// nearest is the zone of the nearest word, "" if none is near.
func (s *spellings) nearest(word string) string { return s.zones[Nearest(word, s.words)] }

var zoneNames, zoneCities = func() (names, cities spellings) {
	for _, zone := range commonZones {
		names.add(zone, zone)
		cities.add(zone[strings.LastIndexByte(zone, '/')+1:], zone)
	}
	return names, cities
}()

// nearestZone also finds a zone by its city alone, as in Berlin.
func nearestZone(name string) string {
	name = strings.ReplaceAll(Line(name), " ", "_")
	if near := zoneNames.nearest(name); near != "" {
		return near
	}
	city := name[strings.LastIndexByte(name, '/')+1:]
	if len(city) < 3 {
		return ""
	}
	return zoneCities.nearest(city)
}

// reading is when the clocks of a zone show one local time: at one instant, at
// two when they are set back over it, or at none when they jump over it.
type reading struct {
	zone  *time.Location
	local time.Time   // what the clocks show, written as if it were UTC
	at    []time.Time // earliest first
	jump  time.Time   // the instant of the jump, when at is empty
}

func read(local time.Time, zone *time.Location) reading {
	r := reading{zone: zone, local: local}
	// No offset exceeds 26 hours, so every instant that shows local is near.
	const reach = 26 * time.Hour
	previous := 0
	for t, end := local.Add(-reach).In(zone), local.Add(reach); !t.After(end); {
		from, to := t.ZoneBounds()
		_, offset := t.Zone()
		at := local.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to)):
			r.at = append(r.at, at)
		case at.Before(from) && !local.Add(-time.Duration(previous)*time.Second).Before(from):
			r.jump = from
		}
		if !to.After(t) {
			break
		}
		t, previous = to, offset
	}
	return r
}

func (r reading) first() time.Time {
	if len(r.at) == 0 {
		return r.jump
	}
	return r.at[0]
}

func (r reading) last() time.Time {
	if len(r.at) == 0 {
		return r.jump
	}
	return r.at[len(r.at)-1]
}

// Instants are when the clocks of zone show a local time, whose numbers local carries in UTC: twice when they are set
// back over it, else the same. One that the clocks jump over is the moment of the jump.
func Instants(local time.Time, zone *time.Location) (first, last time.Time) {
	r := read(local, zone)
	return r.first(), r.last()
}
