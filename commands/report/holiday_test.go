package report_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

const works = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" +
	"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Team " +
	"lunch\r\nDTSTART;TZID=Europe/Berlin:20261210T120000\r\nDTEND;TZID=Europe/Berlin:20261210T130000\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Night " +
	"shift\r\nDTSTART:20261211T210000Z\r\nDTEND:20261212T030000Z\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:3\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Year " +
	"end\r\nDTSTART;VALUE=DATE:20261231\r\nEND:VEVENT\r\n" +
	"END:VCALENDAR\r\n"

func (w *world) withFile(who, text, name, data string) bot.Reply {
	w.T.Helper()
	return w.Send(who, bot.Request{Text: text, Files: map[string]bot.Upload{"ics": {Name: name, Data: []byte(data)}}})
}

// Only whole days are holidays: an appointment in the same file takes no digest away, and the answer says that it was
// left out.
func TestAnAppointmentIsNoHoliday(t *testing.T) {
	each(t, func(w *world) {
		r := w.withFile("mia", "/report holidays works", "works.ics", works)
		w.Contains(
			bottest.Rendered(r), "The calendar works has 1 holiday.", "2 events left out", "Team lunch, Thu 10 Dec 2026 12:00",
			"Night shift", "is an appointment, and only whole days are holidays",
		)
		w.Contains(w.done("mia", "/report holidays works"), "Thu 31 Dec 2026 Year end")
	})
}

// A holiday of several days is each of them, and ends before the day that the file names as its end.
func TestAHolidayOfSeveralDaysIsEachOfThem(t *testing.T) {
	each(t, func(w *world) {
		const file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" +
			"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Company " +
			"days\r\nDTSTART;VALUE=DATE:20270104\r\nDTEND;VALUE=DATE:20270107\r\nEND:VEVENT\r\n" +
			"BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Stocktaking\r\nDTSTART;VALUE=DATE:20261228\r\nDURATION:P2D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		w.Contains(
			bottest.Rendered(w.withFile("mia", "/report holidays works", "works.ics", file)),
			"The calendar works has 5 holidays.",
		)
		days := w.done("mia", "/report holidays works")
		w.Contains(
			days, "Mon 28 Dec 2026 Stocktaking", "Tue 29 Dec 2026 Stocktaking", "Mon 4 Jan 2027 Company days", "Tue 5 Jan 2027",
			"Wed 6 Jan 2027",
		)
		for _, not := range []string{"30 Dec", "7 Jan"} {
			if strings.Contains(days, not) {
				t.Errorf("%s is no holiday: %s", not, days)
			}
		}
	})
}

// A calendar belongs to who made it: others would move everybody's digests with it.
func TestAHolidayCalendarIsReplacedByItsOwner(t *testing.T) {
	each(t, func(w *world) {
		w.done("ben", "/report holidays works dates=2026-12-24")
		r := w.Type("dan", "/report holidays works dates=2026-12-31")
		if r.Status != bot.Refused {
			t.Errorf("%s: %s", r.Status, bottest.Rendered(r))
		}
		w.Contains(bottest.Rendered(r), "Ben", "only they and administrators replace it")
		w.Contains(w.done("dan", "/report holidays works"), "Thu 24 Dec 2026")
		w.done("ben", "/report holidays works dates=2026-12-25")
		w.Contains(w.done("ben", "/report holidays works"), "Fri 25 Dec 2026")
	})
}
