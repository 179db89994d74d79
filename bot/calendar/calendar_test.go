package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

func options(t testing.TB) Options {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Options{Zone: berlin, From: now, Until: now.AddDate(2, 0, 0)}
}

// event is a VEVENT of these lines, with a title unless they have one.
func event(lines ...string) string {
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "SUMMARY") }) {
		lines = append(lines, "SUMMARY:Dan Weber")
	}
	return "BEGIN:VEVENT\r\nDTSTAMP:20261101T000000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func file(parts ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.Join(parts, "") + "END:VCALENDAR\r\n"
}

// said is what was read, a line for each event and for each that was left out. Times are in UTC.
func said(f *File) string {
	var lines []string
	for _, e := range f.Events {
		line := fmt.Sprintf("%s %s", e.Start.Format("2006-01-02 15:04"), e.End.Format("2006-01-02 15:04"))
		if e.Days > 0 {
			line = fmt.Sprintf("%s %dd", e.Day.Format("2006-01-02"), e.Days)
		}
		lines = append(lines, line)
	}
	for _, l := range f.Left {
		lines = append(lines, "left: "+l.Reason)
	}
	return strings.Join(lines, "\n")
}

const berlin = ";TZID=Europe/Berlin:"

// Each form of an event that calendar programs write is one event, at the time that they show.
func TestEventsAreReadAsCalendarProgramsWriteThem(t *testing.T) {
	start, end := "DTSTART"+berlin+"20261202T080000", "DTEND"+berlin+"20261202T180000"
	const usual = "2026-12-02 07:00 2026-12-02 17:00"
	outlook := "BEGIN:VTIMEZONE\r\nTZID:%s\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" +
		"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
	zoned := func(zone string) string {
		return event("DTSTART;TZID="+zone+":20261202T080000", "DTEND;TZID="+zone+":20261202T180000")
	}
	for _, c := range []struct{ name, text, want string }{
		{
			"folded description",
			file(
				event(
					start, end,
					"DESCRIPTION:a text that is broken after seventy-five\r\n  octets\r\n\tand by a tab\r\n\r\n and goes on",
				),
			),
			usual,
		},
		{"empty lines", file("\r\n", event(start, "\r\n\r\n"+end)), usual},
		{"line feeds only", strings.ReplaceAll(file(event(start, end)), "\r\n", "\n"), usual},
		{"carriage returns only", strings.ReplaceAll(file(event(start, end)), "\r\n", "\r"), usual},
		{"a byte order mark", "\uFEFF" + file(event(start, end)), usual},
		{"small letters", strings.ToLower(file(event("DTSTART:20261202T070000Z", "DTEND:20261202T170000Z"))), usual},
		{"a line that is none", file(event(start, end, "this is no property", "X-JUNK;A:=\":b")), usual},
		{"a reminder in it", file(event(start, end, "BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "END:VALARM")), usual},
		{"no zone", file(event("DTSTART:20261202T080000", "DTEND:20261202T180000")), usual},
		{
			"the zone of the file",
			file("X-WR-TIMEZONE:Asia/Taipei\r\n", event("DTSTART:20261202T080000", "DTEND:20261202T180000")),
			"2026-12-02 00:00 2026-12-02 10:00",
		},
		{"UTC", file(event("DTSTART:20261202T070000Z", "DTEND:20261202T170000Z")), usual},
		{"a zone of Windows", file(zoned("W. Europe Standard Time")), usual},
		{
			"a zone of Windows that the file describes",
			file(fmt.Sprintf(outlook, "W. Europe Standard Time"), zoned("W. Europe Standard Time")), usual,
		},
		{
			"a zone that only the file knows",
			file(fmt.Sprintf(outlook, "Customized Time Zone"), zoned("Customized Time Zone")), usual,
		},
		{
			"its summer",
			file(
				fmt.Sprintf(outlook, "Head office"),
				event("DTSTART;TZID=Head office:20270702T080000", "DTEND;TZID=Head office:20270702T180000"),
			),
			"2027-07-02 06:00 2027-07-02 16:00",
		},
		{
			"a quoted zone",
			file(event(`DTSTART;TZID="Europe/Berlin":20261202T080000`, `DTEND;TZID="Europe/Berlin":20261202T180000`)), usual,
		},
		{"a zone with a prefix", file(zoned("/freeassociation.sourceforge.net/Europe/Berlin")), usual},
		{"a zone with a longer prefix", file(zoned("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin")), usual},
		{
			"a zone of three parts", file(zoned("/citadel.org/20210210_1/America/Argentina/Buenos_Aires")),
			"2026-12-02 11:00 2026-12-02 21:00",
		},
		{"an offset", file(zoned("GMT+0200")), "2026-12-02 06:00 2026-12-02 16:00"},
		{"an unknown zone", file(zoned("Mars/Olympus")), `left: is in the time zone "Mars/Olympus", which is not known`},
		{"a zone that is two", file(zoned("GMT+2")), `left: is in the time zone "GMT+2", which is not known`},
		{"a duration", file(event(start, "DURATION:PT10H")), usual},
		{"a duration first", file(event("DURATION:PT10H", start)), usual},
		{"a duration in seconds", file(event(start, "DURATION:PT5400S")), "2026-12-02 07:00 2026-12-02 08:30"},
		{"days and hours", file(event(start, "DURATION:P1DT2H")), "2026-12-02 07:00 2026-12-03 09:00"},
		{
			"hours pass when the clocks jump", file(event("DTSTART"+berlin+"20270327T200000", "DURATION:PT12H")),
			"2027-03-27 19:00 2027-03-28 07:00",
		},
		{
			"days are days of the calendar", file(event("DTSTART"+berlin+"20270327T200000", "DURATION:P1D")),
			"2027-03-27 19:00 2027-03-28 18:00",
		},
		{
			"a time that the clocks jump over", file(event("DTSTART"+berlin+"20270328T023000", "DURATION:PT1H")),
			"2027-03-28 01:30 2027-03-28 02:30",
		},
		{
			"a time that they show twice", file(event("DTSTART"+berlin+"20271031T023000", "DURATION:PT1H")),
			"2027-10-31 00:30 2027-10-31 01:30",
		},
		{"a whole day", file(event("DTSTART;VALUE=DATE:20261202")), "2026-12-02 1d"},
		{"a whole day without VALUE", file(event("DTSTART:20261202", "DTEND:20261202")), "2026-12-02 1d"},
		{"three days", file(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")), "2026-12-24 3d"},
		{"three days by duration", file(event("DTSTART;VALUE=DATE:20261224", "DURATION:P3D")), "2026-12-24 3d"},
		{"a week by duration", file(event("DTSTART;VALUE=DATE:20261224", "DURATION:P1W")), "2026-12-24 7d"},
		{"a day of no duration", file(event("DTSTART;VALUE=DATE:20261224", "DURATION:PT0S")), "2026-12-24 1d"},
		{"no end", file(event(start)), "left: has no end"},
		{"an end before the start", file(event(start, "DTEND"+berlin+"20261201T080000")), "left: ends before it begins"},
		{"no start", file(event(end)), "left: has no start"},
		{
			"a start that is no time", file(event("DTSTART:tomorrow", end)),
			`left: has a line DTSTART that cannot be read ("TOMORROW")`,
		},
		{"cancelled", file(event(start, end, "STATUS:CANCELLED")), "left: is cancelled"},
		{"a calendar that cancels", file("METHOD:CANCEL\r\n", event(start, end)), "left: is cancelled"},
		{
			"an older version",
			file(event("UID:1", start, end, "SEQUENCE:0"), event("UID:1", start, "DURATION:PT1H", "SEQUENCE:2")),
			"2026-12-02 07:00 2026-12-02 08:00\nleft: is an older version of an event that is in the file too",
		},
		{
			"two of one UID",
			file(event("UID:1", start, end), event("UID:1", "DTSTART:20261203T070000Z", "DTEND:20261203T080000Z")),
			usual + "\n2026-12-03 07:00 2026-12-03 08:00",
		},
		{
			"two calendars", file(event(start, end)) + file(event("DTSTART:20261203T070000Z", "DTEND:20261203T080000Z")),
			usual + "\n2026-12-03 07:00 2026-12-03 08:00",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Read([]byte(c.text), options(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := said(f); !strings.EqualFold(got, c.want) {
				t.Errorf("read\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A repetition is what the calendar program shows: without what was dropped, moved or cancelled, with what was added.
func TestRepetitionsAreReadAsCalendarProgramsShowThem(t *testing.T) {
	weekly := []string{"UID:1", "DTSTART" + berlin + "20261130T090000", "DTEND" + berlin + "20261130T170000"}
	series := func(lines ...string) string { return event(append(slices.Clone(weekly), lines...)...) }
	moved := func(lines ...string) string { return event(append([]string{"UID:1"}, lines...)...) }
	const three = "RRULE:FREQ=WEEKLY;COUNT=3"
	for _, c := range []struct{ name, text, want string }{
		{"an empty rule", file(series("RRULE:")), "11-30"},
		{"a count", file(series(three)), "11-30 12-07 12-14"},
		{"until a day", file(series("RRULE:FREQ=WEEKLY;UNTIL=20261214")), "11-30 12-07 12-14"},
		{"until a time of UTC", file(series("RRULE:FREQ=WEEKLY;UNTIL=20261214T075959Z")), "11-30 12-07"},
		{"until just then", file(series("RRULE:FREQ=WEEKLY;UNTIL=20261214T080000Z")), "11-30 12-07 12-14"},
		{"every other week", file(series("RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3")), "11-30 12-14 12-28"},
		{"across the year", file(series("RRULE:FREQ=WEEKLY;INTERVAL=3;UNTIL=20270201")), "11-30 12-21 01-11 02-01"},
		{"some days", file(series("RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4")), "11-30 12-03 12-07 12-10"},
		{"daily", file(series("RRULE:FREQ=DAILY;INTERVAL=3;COUNT=3")), "11-30 12-03 12-06"},
		{
			"daily on working days", file(series("RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=6")),
			"11-30 12-01 12-02 12-03 12-04 12-07",
		},
		{"the last of each month", file(series("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3")), "11-30 12-31 01-31"},
		{"the first Monday", file(series("RRULE:FREQ=MONTHLY;BYDAY=1MO;UNTIL=20270120")), "11-30 12-07 01-04"},
		{
			"the last working day", file(series("RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3")),
			"11-30 12-31 01-29",
		},
		{"yearly", file(series("RRULE:FREQ=YEARLY;COUNT=5")), "11-30 11-30"},
		{"its start counts", file(series("RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3")), "11-30 12-01 12-08"},
		{"never again", file(series("RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30")), "11-30"},
		{"a date dropped", file(series(three, "EXDATE"+berlin+"20261207T090000")), "11-30 12-14"},
		{"a date dropped in another zone", file(series(three, "EXDATE;TZID=Asia/Taipei:20261207T160000")), "11-30 12-14"},
		{"a date dropped in UTC", file(series(three, "EXDATE:20261207T080000Z")), "11-30 12-14"},
		{"a day dropped", file(series(three, "EXDATE;VALUE=DATE:20261207,20261214")), "11-30"},
		{"a date added", file(series(three, "RDATE"+berlin+"20261209T090000")), "11-30 12-07 12-09 12-14"},
		{"a day added", file(series(three, "RDATE;VALUE=DATE:20261209")), "11-30 12-07 12-09 12-14"},
		{
			"a period added", file(series(three, "RDATE;VALUE=PERIOD:20261209T080000Z/PT2H,20261210T080000Z/20261210T100000Z")),
			"11-30 12-07 12-09(2h) 12-10(2h) 12-14",
		},
		{
			"one moved",
			file(
				series(three),
				moved("RECURRENCE-ID"+berlin+"20261207T090000", "DTSTART"+berlin+"20261208T090000", "DURATION:PT8H"),
			),
			"11-30 12-08 12-14",
		},
		{
			"one moved, before its series",
			file(moved("RECURRENCE-ID:20261207T080000Z", "DTSTART"+berlin+"20261208T090000", "DURATION:PT8H"), series(three)),
			"11-30 12-08 12-14",
		},
		{
			"one moved by its day",
			file(series(three), moved("RECURRENCE-ID;VALUE=DATE:20261207", "DTSTART"+berlin+"20261208T090000", "DURATION:PT8H")),
			"11-30 12-08 12-14",
		},
		{
			"one cancelled",
			file(
				series(three),
				moved(
					"RECURRENCE-ID"+berlin+"20261207T090000", "DTSTART"+berlin+"20261207T090000", "DURATION:PT8H", "STATUS:CANCELLED",
				),
			),
			"11-30 12-14 left: is cancelled",
		},
		{
			"one moved without its series",
			file(moved("RECURRENCE-ID"+berlin+"20261207T090000", "DTSTART"+berlin+"20261208T090000", "DURATION:PT8H")), "12-08",
		},
		{
			"all later ones changed",
			file(
				series("RRULE:FREQ=WEEKLY;COUNT=5"),
				moved(
					"RECURRENCE-ID;RANGE=THISANDFUTURE"+berlin+"20261214T090000", "DTSTART"+berlin+"20261214T100000", "DURATION:PT8H",
				),
			),
			"11-30 12-07 left: changes all later ones of its series at once (THISANDFUTURE), which is not understood: the " +
				"series is read up to there",
		},
		{"hourly", file(series("RRULE:FREQ=HOURLY;COUNT=3")), "left: repeats more often than daily, which no shift does"},
		{
			"each minute by day",
			file(series("RRULE:FREQ=DAILY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24")),
			"left: repeats more often than daily, which no shift does",
		},
		{
			"a rule of another calendar", file(series("RRULE:RSCALE=CHINESE;FREQ=YEARLY")),
			"left: repeats by a rule that is not understood (RSCALE=CHINESE)",
		},
		{
			"a rule with an exception by rule", file(series(three, "EXRULE:FREQ=WEEKLY;INTERVAL=2")),
			"left: repeats by a rule that is not understood (EXRULE)",
		},
		{
			"an exception that cannot be read", file(series(three, "EXDATE:20269999")),
			`left: has a line EXDATE that cannot be read ("20269999")`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Read([]byte(c.text), options(t))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range f.Events {
				day := e.Start.Format("01-02")
				if d := e.End.Sub(e.Start); d != 8*time.Hour {
					day += "(" + strings.TrimSuffix(d.String(), "0m0s") + ")"
				}
				got = append(got, day)
			}
			for _, l := range f.Left {
				got = append(got, "left: "+l.Reason)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("read %s\nwant %s", text, c.want)
			}
		})
	}
}

// A repeating shift keeps its local time when the clocks change, and so does its end.
func TestRepetitionsKeepTheirLocalTime(t *testing.T) {
	f, err := Read(
		[]byte(file(event("DTSTART"+berlin+"20270322T090000", "DTEND"+berlin+
			"20270329T090000", "RRULE:FREQ=WEEKLY;COUNT=2"))),
		options(t),
	)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(f), "2027-03-22 08:00 2027-03-29 07:00\n2027-03-29 07:00 2027-04-05 07:00"; got != want {
		t.Errorf("read\n%s\nwant\n%s", got, want)
	}
}

// A letter of two bytes may be folded between them, and an address between any two letters.
func TestFoldsMayBeAnywhere(t *testing.T) {
	whole := event(
		"SUMMARY:Siobhán  O'Neil", "ATTENDEE;CN=Dan;PARTSTAT=ACCEPTED:MAILTO:Dan.Weber@example.com",
		"DTSTART:20261202T070000Z", "DTEND:20261202T170000Z",
	)
	for n := 1; n < len(whole); n++ {
		if strings.ContainsAny(whole[n-1:n+1], "\r\n") {
			continue
		}
		f, err := Read([]byte(file(whole[:n]+"\r\n "+whole[n:])), options(t))
		if err != nil || len(f.Events) != 1 {
			t.Fatalf("folded after %q: %v, %+v", whole[:n], err, f)
		}
		e := f.Events[0]
		if e.Title != "Siobhán  O'Neil" || len(e.Attendees) != 1 ||
			e.Attendees[0] != (Attendee{Email: "dan.weber@example.com", Name: "Dan", Status: Accepted}) {
			t.Fatalf("folded after %q: %+v", whole[:n], e)
		}
	}
}

func TestWhatIsNoCalendarIsRefused(t *testing.T) {
	many := strings.Repeat(event("DTSTART:20261202T070000Z", "DTEND:20261202T170000Z"), MaxEvents+1)
	for _, c := range []struct{ name, text, want string }{
		{"text", "hello", "BEGIN:VCALENDAR"},
		{"nothing", "", "BEGIN:VCALENDAR"},
		{"half of a file", file(event("DTSTART:20261202T070000Z"))[:90], "a part of it is missing"},
		{"a large file", strings.Repeat("x", MaxSize+1), "the limit is 4 MiB"},
		{"many events", file(many), "more than 5000 events"},
		{"components in components", strings.Repeat("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", 20), "a part of it is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if f, err := Read([]byte(c.text), options(t)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v %+v", err, f)
			}
		})
	}
}

// Every Windows name leads to a zone.
func TestWindowsZonesAreKnown(t *testing.T) {
	if n := len(windowsZones()); n < 130 {
		t.Errorf("%d zones", n)
	}
	for name := range windowsZones() {
		if named(name) == nil {
			t.Errorf("%s is not known", name)
		}
	}
}
