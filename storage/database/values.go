package database

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// OrNull stores the zero time as NULL.
func OrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

// OrZero reads NULL as the zero time, and any other in UTC.
func OrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// Nobody stores the absent person as NULL, so that a reference is always to somebody.
func Nobody(p bot.PersonID) *string {
	if p == "" {
		return nil
	}
	s := string(p)
	return &s
}

// Somebody reads NULL as the absent person.
func Somebody(s *string) bot.PersonID {
	if s == nil {
		return ""
	}
	return bot.PersonID(*s)
}

// Now is the time by the clock of this machine, as both databases store it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Cut is a text for people that both databases take, of 2,000 bytes at most.
func Cut(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	if len(s) > 2000 {
		s = strings.ToValidUTF8(s[:2000], "")
	}
	return s
}
