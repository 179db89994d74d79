package value

import (
	"testing"
	"time"
)

func TestShortDatesShowTheirYearWhenTheyAreFarAway(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct{ at, want string }{
		{"2028-02-29", "Tue 29 Feb 2028"}, {"2027-01-04", "Mon 4 Jan"}, {"2027-10-24", "Sun 24 Oct"},
		{"2027-10-26", "Tue 26 Oct 2027"},
		{"2026-01-02", "Fri 2 Jan"}, {"2025-12-24", "Wed 24 Dec 2025"}, {"2026-12-31", "Thu 31 Dec"},
	} {
		at, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Short(at, now, "Mon 2 Jan"); got != c.want {
			t.Errorf("%s: %s, want %s", c.at, got, c.want)
		}
	}
}
