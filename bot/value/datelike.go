package value

import (
	"regexp"
	"strings"
	"time"
)

// SpellsTime reports whether When understands how a text spells a point in time, wherever that lies: the time may still
// be in the wrong direction, or one that the clocks jump over.
func SpellsTime(s string, toward Toward) bool {
	text := Line(s)
	if text == "" {
		return false
	}
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	q := question{text: text, now: now, home: time.UTC, zone: time.UTC, toward: toward}
	_, err := q.answer()
	if e, ok := err.(*Error); !ok || e.misspelled {
		return err == nil
	}
	i := strings.LastIndexByte(text, ' ') + 1
	return DateLike(text) || i > 0 && DateLike(text[:i]) && len(text)-i > 3 && nearestZone(text[i:]) != ""
}

var (
	dated = regexp.MustCompile(
		`^(\d{1,4}([./:-]\d{1,4})+\.?|\d+(st|nd|rd|th|s|m|h|d|w|min|mins|hrs?|am|pm)|q[1-4]|k?w\d{1,2}|eo[dwmqy]|cob)$`,
	)
	counted = regexp.MustCompile(`^(\d+\.?|an?|one|two|three|four|five|six|ten|next|this|coming|end|in)$`)
	unit    = regexp.MustCompile(
		`^(minute|hour|day|week|month|quarter|year|sprint)s?$|^(morning|afternoon|evening|night)$`,
	)
	filler = regexp.MustCompile(
		`^(on|by|at|of|the|from|now|ago|am|pm|noon|midnight|business|working|z|utc|gmt|[a-z]{1,3}t|[^:]*[a-z][^:]*/[^:]*|[^:]*/[^:]*[a-z][^:]*|[+-]\d\d:?\d\d)$`,
	)
)

var dayWords = []string{
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tonight", "tomorrow",
	"yesterday", "weekend", "tmrw",
	"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
	"sept", "may",
}

// DateLike reports whether all of a text is about a point in time, in whatever spelling: 31.12.2026, next friday, end
// of the week, eow, tomorow. People who write it mean a date, so when When does not understand it they have to be
// asked.
func DateLike(s string) bool {
	meant, number, length := false, false, false
	words := strings.Fields(strings.ToLower(Line(s)))
	for _, w := range words {
		w = strings.Trim(w, ",;!?()")
		switch {
		case dated.MatchString(w) || dayWord(w):
			meant = true
		case counted.MatchString(w):
			number = true
		case unit.MatchString(w):
			length = true
		case !filler.MatchString(strings.Trim(w, ".")):
			return false
		}
	}
	return meant || number && length
}

// dayWord knows the names of days and months from three letters up, and the longer ones with a slip.
func dayWord(w string) bool {
	w = strings.TrimRight(w, ".")
	for _, name := range dayWords {
		if len(w) >= 3 && strings.HasPrefix(name, w) {
			return true
		}
	}
	return len(w) >= 5 && Nearest(w, dayWords) != ""
}
