package storage

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// orNull stores the zero time as NULL.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// nobody stores the absent person as NULL, so that a reference is always to somebody.
func nobody(p bot.PersonID) *string {
	if p == "" {
		return nil
	}
	s := string(p)
	return &s
}

func somebody(s *string) bot.PersonID {
	if s == nil {
		return ""
	}
	return bot.PersonID(*s)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func cut(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	if len(s) > 2000 {
		s = strings.ToValidUTF8(s[:2000], "")
	}
	return s
}
