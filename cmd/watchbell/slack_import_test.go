package main

import (
	"strings"
	"testing"
)

// In Slack a calendar is imported by a form that takes the file as it is, folds and all.
func TestSlackTakesACalendarFile(t *testing.T) { onTime(t, slackImport) }

func slackImport(t *testing.T, w *timed) {
	t.Helper()
	w.asks("/oncall", "U0ANA", `new primary people=@ana,@ben handover="mon 09:00" tz=UTC`, "is made")
	if _, err := w.fake.Command("U0ANA", w.general, w.key(), "/oncall", "import primary"); err != nil {
		t.Fatal(err)
	}
	w.modal("U0ANA", "Import shifts", map[string]string{"ics": strings.Join([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:1", "SUMMARY:Dan",
		"  Weber", "DTSTART:20261202T080000Z", "DTEND:20261202T180000Z", "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")})
	w.sees(w.general, "U0ANA", "Imported 1 shift into")
}
