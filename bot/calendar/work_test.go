//go:build linux && !race

package calendar

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// worst are files that take as long as a file can, each by another way.
func worst() map[string]string {
	fill := func(part func(n int) string) string {
		var b strings.Builder
		for n := 0; b.Len() < MaxSize-8<<10; n++ {
			b.WriteString(part(n))
		}
		return file(b.String())
	}
	each := func(lines string) string {
		return fill(func(n int) string {
			return fmt.Sprintf(
				"BEGIN:VEVENT\nUID:%d\nDTSTART:20261130T090000\nDTEND:20261130T100000\n%s\nEND:VEVENT\n", n, lines,
			)
		})
	}
	head := "BEGIN:VEVENT\nDTSTART:20261130T090000\nDTEND:20261130T100000\n"
	return map[string]string{
		"single events of the past": strings.ReplaceAll(each("SUMMARY:x"), "2026113", "2016113"),
		"never again, yearly":       each("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
		"never again, monthly":      each("RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"),
		"never again, daily":        each("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
		"a count from long ago":     strings.ReplaceAll(each("RRULE:FREQ=DAILY;COUNT=1000000"), "2026113", "0001013"),
		"months from long ago": strings.ReplaceAll(
			each("RRULE:FREQ=MONTHLY;COUNT=1000000;BYDAY=5MO"), "2026113", "0001013",
		),
		"all days excepted": each("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20261130"),
		"long lists": each(
			"RRULE:FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2;BYDAY=" + strings.Repeat("MO,TU,WE,1FR,", 200) + "SU",
		),
		"times of a day": each(
			"RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMONTHDAY=31;BYMONTH=2",
		),
		"dates dropped": file(
			head + strings.Repeat("EXDATE:"+strings.Repeat("20261202T090000Z,", 3000)+"20261202T090000Z\n", 80) + "END:VEVENT\n",
		),
		"attendees": file(head + strings.Repeat("ATTENDEE:mailto:a@b\n", 200_000) + "END:VEVENT\n"),
		"parameters": file(
			head + strings.Repeat("ATTENDEE"+strings.Repeat(";A=b", 250)+":"+strings.Repeat("x", 60_000)+"\n", 68) +
				"END:VEVENT\n",
		),
		"zones": fill(func(n int) string {
			return fmt.Sprintf("BEGIN:VEVENT\nDTSTART;TZID=Europe/Nowhere%d:20261130T090000\nEND:VEVENT\n", n)
		}),
		"zones of its own": fill(func(n int) string {
			return fmt.Sprintf(
				"BEGIN:VTIMEZONE\nTZID:z%d\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=DAILY\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=z%d:20261130T090000\nEND:VEVENT\n",
				n, n,
			)
		}),
		"one letter a line": "BEGIN:VCALENDAR\n" + strings.Repeat("x\n y\n", MaxSize/6),
		"deep":              strings.Repeat("BEGIN:VCALENDAR\n", MaxSize/17),
	}
}

// The bounds count work and not seconds. This holds them against seconds: none of the files may take two of them,
// refused or read.
func TestTheWorstFilesTakeLessThanTwoSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	for name, text := range worst() {
		t.Run(name, func(t *testing.T) {
			if len(text) > MaxSize {
				t.Fatalf("%d bytes are refused at once", len(text))
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			begin := spent(t)
			f, err := Read([]byte(text), options(t))
			took := spent(t) - begin
			if err == nil && len(f.Events) > MaxEvents {
				t.Errorf("%d events", len(f.Events))
			}
			t.Log(took.Round(time.Millisecond), err)
			if took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// spent is the time that this thread has had a processor: on a machine that is busy with other things the wall clock
// tells nothing.
func spent(t *testing.T) time.Duration {
	t.Helper()
	const thread = 1 // RUSAGE_THREAD
	var use syscall.Rusage
	if err := syscall.Getrusage(thread, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func BenchmarkRead(b *testing.B) {
	for name, text := range worst() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			o := options(b)
			for b.Loop() {
				_, _ = Read([]byte(text), o)
			}
		})
	}
}
