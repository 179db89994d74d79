package value

import "testing"

func TestDateLike(t *testing.T) {
	for text, want := range map[string]bool{
		"31.12.2026": true, "31.12.": true, "24/12": true, "2026-02-30": true, "next friday": true, "eow": true, "EOD": true,
		"end of the week": true, "end of month": true,
		"tomorow": true, "firday": true, "dec 24": true, "24th of December": true, "in two weeks": true,
		"friday morning": true, "on friday": true, "next week": true,
		"tonight": true, "Q3": true, "KW48": true, "25:00": true, "fri": true, "30m": true, "tomorrow 09:00 CET": true,
		"to legal": false, "to": false, "dates": false, "next to the door": false, "the vendor calls": false, "": false,
		"at once": false, "5 servers": false,
		"process": false, "on the next page": false, "in full": false, "08:30 they saw 502": false, "friday or we pay": false,
	} {
		if got := DateLike(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestSpellsTime(t *testing.T) {
	for text, want := range map[string]bool{
		"14:05": true, "fri 17:00": true, "tomorrow": true, "30m": true, "in 30m": true,
		"2026-11-28 22:00 Europe/Berlin": true, "14:05 UTC": true, "14:05 EST": true,
		"25:00": false, "14:05 OK": false, "14:05 they saw": false, "next friday": false, "5 servers": false, "eow": false,
		"": false,
	} {
		if got := SpellsTime(text, Future); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
