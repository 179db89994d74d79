package ladder_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
)

func berlin() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}

// told is a reminder with steps that were told.
func told(steps ...int) []ladder.Told {
	var list []ladder.Told
	for _, s := range steps {
		list = append(list, ladder.Told{Step: s})
	}
	return list
}

func TestWhatIsToldWhen(t *testing.T) {
	zone := berlin()
	at := func(s string) time.Time {
		t.Helper()
		x, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	date := bot.Due{Object: "CTR-1", What: "notice", On: value.Day{Year: 2026, Month: 12, Day: 31}} // a Thursday
	moment := bot.Due{Object: "INC-1", What: "task 1", At: at("2026-11-27 19:30"), Since: at("2026-11-27 18:30")}
	urgent, night := moment, moment
	urgent.Urgent, urgent.At, urgent.Since = true, at("2026-11-27 23:30"), at("2026-11-27 23:25")
	night.At, night.Since = at("2026-11-27 23:30"), at("2026-11-20 23:30")
	short := date
	short.Ladder = []int{3}
	for name, x := range map[string]struct {
		due  bot.Due
		told []ladder.Told
		now  string
		step int // 99: nothing
		look string
	}{
		"long before":               {date, nil, "2026-11-20 10:00", 99, "2026-12-01 09:00"},
		"the first step":            {date, nil, "2026-12-01 09:00", 30, "2026-12-17 09:00"},
		"told before":               {date, told(30), "2026-12-03 10:00", 99, "2026-12-17 09:00"},
		"before work":               {date, nil, "2026-12-01 08:59", 99, "2026-12-01 09:00"},
		"after work on Friday":      {date, told(30), "2026-12-18 17:00", 99, "2026-12-21 09:00"},
		"a pause catches up once":   {date, told(30), "2026-12-28 09:00", 7, "2026-12-30 09:00"},
		"on the day":                {date, told(1), "2026-12-31 09:00", 0, "2027-01-07 09:00"},
		"overdue":                   {date, told(0), "2027-01-06 12:00", 99, "2027-01-07 09:00"},
		"a week overdue":            {date, told(0), "2027-01-07 09:00", -7, "2027-01-14 09:00"},
		"a year overdue":            {date, nil, "2027-12-31 10:00", -364, "2028-01-06 09:00"},
		"told before it is reached": {date, told(-14), "2027-01-13 10:00", 99, "2027-01-14 09:00"},
		"a ladder of its own":       {short, nil, "2026-12-20 10:00", 99, "2026-12-28 09:00"},
		"snoozed": {
			date, []ladder.Told{{Step: 30, Until: at("2026-12-08 00:00")}}, "2026-12-07 10:00", 99,
			"2026-12-08 09:00",
		},
		"snoozed over a step": {
			date, []ladder.Told{{Step: 14, Until: at("2026-12-29 00:00")}}, "2026-12-24 10:00", 99,
			"2026-12-29 09:00",
		},
		"after a snooze": {
			date, []ladder.Told{{Step: 30, Until: at("2026-12-08 00:00")}}, "2026-12-08 09:00", 23,
			"2026-12-17 09:00",
		},
		"once after a snooze": {
			date, []ladder.Told{{Step: 30, Until: at("2026-12-08 00:00")}, {Step: 23}}, "2026-12-08 09:01", 99,
			"2026-12-17 09:00",
		},
		"before a moment":     {moment, nil, "2026-11-27 19:29", 99, "2026-11-27 19:30"},
		"a moment":            {moment, nil, "2026-11-27 19:30", 0, "2026-11-28 08:00"},
		"nobody acted":        {moment, told(0), "2026-11-28 08:00", -1, "2026-12-04 09:00"},
		"a moment a week ago": {moment, nil, "2026-12-04 09:00", -7, "2026-12-11 09:00"},
		"at night":            {night, nil, "2026-11-27 23:30", 99, "2026-11-28 08:00"},
		"urgent at night":     {urgent, nil, "2026-11-27 23:30", 0, "2026-11-27 23:45"},
		"and again":           {urgent, told(0), "2026-11-27 23:45", -1, "2026-12-04 09:00"},
		"a moment snoozed a day": {
			urgent, []ladder.Told{{Step: 0, Until: at("2026-11-28 00:00")}}, "2026-11-27 23:50", 99,
			"2026-11-28 00:00",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := ladder.Reminder{Due: x.due, Told: x.told, Hours: ladder.OfficeHours, Zone: zone}
			p := r.Plan(at(x.now))
			if step := 99; p.Tell && p.Step != x.step || !p.Tell && x.step != step {
				t.Errorf("tells %v step %d, want %d", p.Tell, p.Step, x.step)
			}
			if !p.Look.Equal(at(x.look)) {
				t.Errorf("looks again at %s, want %s", p.Look.In(zone), x.look)
			}
		})
	}
}

func TestHolidaysAreNoWorkingHours(t *testing.T) {
	h := ladder.OfficeHours
	h.Week.Free = func(d value.Day) bool { return d.Month == 12 && d.Day >= 24 && d.Day <= 26 }
	open := h.Open(time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC), time.UTC)
	if want := time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC); !open.Equal(want) {
		t.Errorf("%s, want %s", open, want)
	}
}

func TestWhoHears(t *testing.T) {
	people := bottest.People("test")
	people[1].Groups, people[2].Groups = []string{"network"}, []string{"network"} // ben, chloe
	staff := ladder.StaffOf(people, time.UTC)
	owned := bot.Due{Owner: "dan", Team: "network", Lead: "ana"}
	for name, x := range map[string]struct {
		due  bot.Due
		step int
		want string
	}{
		"the owner":                {owned, 7, "[dan]"},
		"the lead, if nobody acts": {owned, -1, "[dan ana]"},
		"the team":                 {owned, -7, "[dan ana ben chloe]"},
		"the managers":             {owned, -14, "[dan ana ben chloe mia]"},
		"nobody's":                 {bot.Due{Team: "network"}, 7, "[ben chloe]"},
		"nobody's, without a team": {bot.Due{}, 7, "[mia]"},
		"an empty team":            {bot.Due{Team: "storage"}, 7, "[mia]"},
		"of somebody who left":     {bot.Due{Owner: "eve", Team: "network"}, 0, "[ben chloe]"},
		"of somebody unknown":      {bot.Due{Owner: "nobody"}, 0, "[mia]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(ladder.Hearers(x.due, x.step, staff)); got != x.want {
				t.Errorf("%s, want %s", got, x.want)
			}
		})
	}
}

// naive is the ladder as the page that asks for it words it, hour by hour, and keeps a set of steps that are done.
type naive struct {
	zone   *time.Location
	ladder []int
	done   map[string]map[int]bool // by date
	extra  map[string]map[int]int  // the step that snoozing another added, by that other
	quiet  map[string]time.Time
}

func (n *naive) tell(on value.Day, now time.Time) (int, bool) {
	local, key := now.In(n.zone), on.String()
	if n.done[key] == nil {
		n.done[key] = map[int]bool{}
	}
	left := on.Since(value.DayOf(local))
	if local.Hour() < 9 || local.Hour() >= 17 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday ||
		now.Before(n.quiet[key]) {
		return 0, false
	}
	steps := slices.Clone(n.ladder)
	for _, s := range n.extra[key] {
		steps = append(steps, s)
	}
	for late := 7; late <= -left; late += 7 {
		steps = append(steps, -late)
	}
	best := math.MaxInt
	for _, s := range steps {
		if s >= left && s < best {
			best = s
		}
	}
	for _, s := range slices.Sorted(maps.Keys(n.done[key])) {
		if s <= best {
			return 0, false // this one or a smaller one was told
		}
	}
	if best == math.MaxInt {
		return 0, false
	}
	n.done[key][best] = true
	return best, true
}

// Dates over three years, hour by hour, with downtimes, moved dates and snoozes: the ladder tells exactly what the
// brute force tells, although it looks only when it said it would.
func TestDatesAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{
			"Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "America/Sao_Paulo", "UTC",
		}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		steps := rapid.SampledFrom([][]int{{30, 14, 7, 1, 0}, {120, 90, 60, 30, 0}, {3, 2, 1, 0}, {0}}).Draw(t, "steps")
		n := &naive{
			zone: zone, ladder: steps, done: map[string]map[int]bool{}, extra: map[string]map[int]int{},
			quiet: map[string]time.Time{},
		}
		d := bot.Due{
			Object: "CTR-1", What: "notice", Ladder: steps,
			On: value.DayOf(start).Add(rapid.IntRange(0, 400).Draw(t, "on")),
		}
		ledger := map[string][]ladder.Told{}
		look, down := start, 0
		event := rapid.IntRange(0, 3000)
		settled := start.AddDate(0, 0, rapid.IntRange(0, 3*365).Draw(t, "settled"))
		for hour := range 3 * 365 * 24 {
			now := start.Add(time.Duration(hour) * time.Hour)
			if hour%97 == 0 {
				switch e := event.Draw(t, "event"); {
				case e < 60:
					down = hour + rapid.IntRange(1, 500).Draw(t, "down")
				case e < 120:
					d.On, look = value.DayOf(now).Add(rapid.IntRange(-30, 200).Draw(t, "moved")), now
				case e < 400 && len(ledger[d.Key()]) > 0 && hour >= down:
					days := rapid.SampledFrom([]int{1, 3, 7, 14}).Draw(t, "days")
					until := value.DayOf(now.In(zone)).Add(days)
					last := &ledger[d.Key()][len(ledger[d.Key()])-1]
					last.Until = until.At(0, zone)
					n.quiet[d.Key()] = last.Until
					if n.extra[d.Key()] == nil {
						n.extra[d.Key()] = map[int]int{}
					}
					n.extra[d.Key()][last.Step] = min(d.On.Since(until), last.Step-1)
					look = now
				}
			}
			if hour < down || now.After(settled) {
				continue
			}
			want, tells := n.tell(d.On, now)
			var p ladder.Plan
			if !look.After(now) {
				r := ladder.Reminder{Due: d, Told: ledger[d.Key()], Hours: ladder.OfficeHours, Zone: zone}
				p = r.Plan(now)
				if !p.Look.After(now) {
					t.Fatalf("%s: would look again at %s", now, p.Look)
				}
				look = p.Look
			}
			if p.Tell != tells || tells && p.Step != want {
				t.Fatalf(
					"%s, due on %s, told %v: tells %v %d, want %v %d", now.In(zone), d.On, ledger[d.Key()], p.Tell, p.Step, tells,
					want,
				)
			}
			if p.Tell {
				ledger[d.Key()] = append(ledger[d.Key()], ladder.Told{Step: p.Step})
			}
		}
	})
}

// Moments, minute by minute over two days: told when they come and once again, at night only when urgent, and never
// after that day before a week is over.
func TestMomentsAgainstBruteForce(t *testing.T) {
	zone := berlin()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 3, 27, 0, 0, 0, 0, zone) // the clocks change in this weekend
		minutes := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Minute
		}
		d := bot.Due{
			Object: "INC-1", What: "task 1", At: start.Add(minutes("at", 2*1440)), Urgent: rapid.Bool().Draw(t, "urgent"),
		}
		d.Since = d.At.Add(-minutes("since", 1000))
		pause := min(max(d.At.Sub(d.Since), 15*time.Minute), 4*time.Hour)
		from, to := start.Add(minutes("down from", 3*1440)), minutes("down for", 1440)
		quietAt := func(now time.Time) bool {
			hour := now.In(zone).Hour()
			return !d.Urgent && (hour < 8 || hour >= 20)
		}
		var ledger []ladder.Told
		look := start
		for minute := range 5 * 1440 {
			now := start.Add(time.Duration(minute) * time.Minute)
			if !now.Before(from) && now.Before(from.Add(to)) {
				continue
			}
			want := 99
			switch {
			case quietAt(now):
			case len(ledger) == 0 && !now.Before(d.At.Add(pause)):
				want = -1
			case len(ledger) == 0 && !now.Before(d.At):
				want = 0
			case len(ledger) == 1 && ledger[0].Step == 0 && !now.Before(d.At.Add(pause)):
				want = -1
			}
			got := 99
			if !look.After(now) {
				p := ladder.Reminder{Due: d, Told: ledger, Hours: ladder.OfficeHours, Zone: zone}.Plan(now)
				if look = p.Look; p.Tell {
					got = p.Step
				}
			}
			if got != want {
				t.Fatalf("%s, due at %s, told %v: tells %d, want %d", now, d.At, ledger, got, want)
			}
			if got != 99 {
				ledger = append(ledger, ladder.Told{Step: got})
			}
		}
	})
}
