package oncall

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

var crew = []bot.Person{
	{ID: "ana", Name: "Ana Ruiz", Email: "ana@example.com", Active: true},
	{ID: "ben", Name: "Ben Okafor", Email: "ben@example.com"},
	{ID: "chloe", Name: "Chloé Martin", Email: "chloe@example.com", Active: true},
	{ID: "dan", Name: "Dan Weber", Email: "dan@example.com", Active: true},
	{ID: "olli", Name: "Siobhán O'Neil-Bråten", Active: true}, {ID: "ann", Name: "Ann Lee", Active: true},
	{ID: "joann", Name: "Joann Lee", Active: true},
	{ID: "tim1", Name: "Tim Roth", Active: true}, {ID: "tim2", Name: "Tim Roth", Active: true},
	{ID: "ana-ruiz.discord", Name: "Ana Ruiz", Email: "ana@example.com"}, {ID: "tim3", Name: "Tim Roth"},
}

func calendarOf(events ...string) []byte {
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
	for _, e := range events {
		text += "BEGIN:VEVENT\r\n" + e + "\r\nEND:VEVENT\r\n"
	}
	return []byte(text + "END:VCALENDAR\r\n")
}

// An event is somebody's shift only if it says so without doubt: a wrong person would be called at night.
func TestAShiftIsWhoseTheEventSays(t *testing.T) {
	r := &Rota{Name: "payments-core", Zone: "Europe/Berlin"}
	invite := func(who, status string) string {
		return "\r\nATTENDEE;PARTSTAT=" + status + ":mailto:" + who + "@example.com"
	}
	for _, c := range []struct{ name, event, want string }{
		{"a name", "SUMMARY:Dan Weber", "dan"},
		{"an id", "SUMMARY:@dan", "dan"},
		{"an address", "SUMMARY:<DAN@example.com>", "dan"},
		{"a name and its address", "SUMMARY:Dan Weber <dan@example.com>", "dan"},
		{"words of duty", "SUMMARY:On-call shift: Dan Weber (primary)", "dan"},
		{"the rota's name", "SUMMARY:Payments Core – Dan Weber – secondary on call", "dan"},
		{"a part of another name", "SUMMARY:On call: Jordan Weber", "Nobody here is called On call: Jordan Weber"},
		{"a name in a longer one", "SUMMARY:Joann Lee", "joann"},
		{"an id in a word", "SUMMARY:Planning", "Nobody here is called Planning"},
		{"a name with more", "SUMMARY:Lunch with Dan Weber", "Nobody here is called Lunch with Dan Weber"},
		{"two names", "SUMMARY:Dan Weber, Ana Ruiz", "Nobody here is called"},
		{"a name of two", "SUMMARY:Tim Roth", "has several people (@tim1, @tim2)"},
		{"decomposed letters", "SUMMARY:Siobha\u0301n O'Neil-Bra\u030aten", "olli"},
		{"a curly apostrophe", "SUMMARY:Siobhán O’Neil-Bråten", "olli"},
		{"a name that somebody who has left has too", "SUMMARY:Ana Ruiz", "ana"},
		{"an address that they have too", "SUMMARY:Primary" + invite("ana", "ACCEPTED"), "ana"},
		{"who has left", "SUMMARY:Ben Okafor", "names Ben Okafor, who has left"},
		{"somebody invited", "SUMMARY:Primary" + invite("dan", "NEEDS-ACTION"), "dan"},
		{
			"two invited", "SUMMARY:Primary" + invite("chloe", "NEEDS-ACTION") + invite("dan", "NEEDS-ACTION"),
			"has several people (@chloe, @dan)",
		},
		{
			"two accepted", "SUMMARY:Primary" + invite("chloe", "ACCEPTED") + invite("dan", "ACCEPTED"),
			"has several people (@chloe, @dan)",
		},
		{"two accepted, one named", "SUMMARY:Dan Weber" + invite("chloe", "ACCEPTED") + invite("dan", "ACCEPTED"), "dan"},
		{"one accepted", "SUMMARY:Primary" + invite("chloe", "NEEDS-ACTION") + invite("dan", "ACCEPTED"), "dan"},
		{"one declined", "SUMMARY:Primary" + invite("chloe", "DECLINED") + invite("dan", "NEEDS-ACTION"), "dan"},
		{"all declined", "SUMMARY:Primary" + invite("dan", "DECLINED"), "was declined by @dan"},
		{"named and declined", "SUMMARY:Dan Weber" + invite("dan", "DECLINED"), "was declined by @dan"},
		{"named one, invited another", "SUMMARY:Dan Weber" +
			invite("chloe", "NEEDS-ACTION"), "names @dan and invites @chloe"},
		{"a stranger", "SUMMARY:Dan Weber" + invite("zoe", "ACCEPTED"), "dan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := ReadShifts(
				calendarOf(c.event+"\r\nDTSTART:20261202T080000Z\r\nDTEND:20261202T180000Z"), r, crew, moment("2026-11-25 14:00"),
			)
			switch {
			case err != nil:
				if !strings.Contains(err.Error(), c.want) || len(c.want) < 8 {
					t.Errorf("%v, want %s", err, c.want)
				}
			case len(x.Shifts) != 1 || string(x.Shifts[0].Person) != c.want:
				t.Errorf("%+v, want %s", x, c.want)
			}
		})
	}
}

// Times without a zone, and whole days, are meant in the zone of the rota.
func TestAShiftWithoutAZoneIsInTheZoneOfTheRota(t *testing.T) {
	r := &Rota{Name: "primary", Zone: "America/New_York"}
	for _, c := range []struct{ name, times, from, to string }{
		{"a floating time", "DTSTART:20261202T080000\r\nDTEND:20261202T180000", "2026-12-02 13:00", "2026-12-02 23:00"},
		{"a whole day", "DTSTART;VALUE=DATE:20261202\r\nDTEND;VALUE=DATE:20261203", "2026-12-02 05:00", "2026-12-03 05:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := ReadShifts(calendarOf("SUMMARY:Dan Weber\r\n"+c.times), r, crew, moment("2026-11-25 14:00"))
			if err != nil {
				t.Fatal(err)
			}
			if len(x.Shifts) != 1 || !x.Shifts[0].From.Equal(moment(c.from)) || !x.Shifts[0].To.Equal(moment(c.to)) {
				t.Errorf("%+v, want %s to %s", x.Shifts, c.from, c.to)
			}
		})
	}
}

// What is left out of a file is told, with the reason, beside what is imported.
func TestWhatIsLeftOutIsListed(t *testing.T) {
	r := &Rota{Name: "primary", Zone: "Europe/Berlin"}
	const at = "\r\nDTSTART:20261202T080000Z\r\nDTEND:20261202T180000Z"
	x, err := ReadShifts(
		calendarOf(
			"SUMMARY:Dan Weber"+at, "SUMMARY:Ana Ruiz\r\nSTATUS:CANCELLED"+at, "SUMMARY:Team lunch"+at,
			"SUMMARY:Ana Ruiz\r\nDTSTART:20251202T080000Z\r\nDTEND:20251202T180000Z",
		),
		r, crew, moment("2026-11-25 14:00"),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := x.message(r, moment("2026-11-25 14:00")).Plain(r.Location())
	for _, want := range []string{
		"Imported 1 shift into primary.", "@dan from 2 Dec 09:00 CET", "2 events left out",
		"Nobody here is called Team lunch", "Ana Ruiz, Wed 2 Dec 2026 09:00: is cancelled", "1 event in the past",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// A file that is imported again changes only what changed, so what people swapped meanwhile stays swapped.
func TestImportingAgainKeepsWhatIsTheSame(t *testing.T) {
	now := moment("2026-11-25 14:00")
	shift := func(who bot.PersonID, from, to string) Shift {
		return Shift{Person: who, From: moment(from), To: moment(to)}
	}
	one, two := shift("ana", "2026-12-02 08:00", "2026-12-02 18:00"), shift("dan", "2026-12-03 08:00", "2026-12-03 18:00")
	stands, added := replacing(nil, []Shift{one, two, two}, "mia", now)
	if added != 2 || len(stands) != 2 {
		t.Fatalf("%d: %+v", added, stands)
	}
	swap := Stand{N: 3, Person: "chloe", From: one.From, To: one.To, Source: "swap"}
	changed, added := replacing(
		append(stands, swap), []Shift{one, shift("ana", "2026-12-03 08:00", "2026-12-03 18:00")}, "mia", now,
	)
	if added != 1 || len(changed) != 2 || changed[0].N != 2 || !changed[0].Gone || changed[1].N != 4 ||
		changed[1].Person != "ana" {
		t.Errorf("%d: %+v", added, changed)
	}
}
