package oncall

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

func moment(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// A turn is at the same local time before and after the clocks change.
func TestTurnsKeepTheirLocalTime(t *testing.T) {
	r := &Rota{Zone: "Europe/Berlin", People: []bot.PersonID{"ana", "ben"}, Every: 7, Minute: 9 * 60, Anchor: "2026-10-19"}
	shifts := r.Shifts(moment("2026-10-19 08:00"), moment("2026-11-02 07:00"), nil)
	want := []Shift{
		{Person: "ana", From: moment("2026-10-19 07:00"), To: moment("2026-10-26 08:00")},
		{Person: "ben", From: moment("2026-10-26 08:00"), To: moment("2026-11-02 08:00")},
	}
	if !slices.Equal(shifts, want) {
		t.Errorf("%v", shifts)
	}
	if now, next := r.At(moment("2026-10-26 07:59"), nil); now.Person != "ana" || next.Person != "ben" {
		t.Errorf("a minute before: %v, %v", now, next)
	}
	if now, _ := r.At(moment("2026-10-26 08:00"), nil); now.Person != "ben" {
		t.Errorf("at the turn: %v", now)
	}
}

// Whoever the shifts say is on call at a moment is who the newest stand, else the rota, names; and they leave no hole.
func TestShiftsAgreeWithAskingEachMinute(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	r := &Rota{
		Zone: "Europe/Berlin", People: []bot.PersonID{"ana", "ben", "chloe"}, Every: 1, Minute: 9 * 60, Anchor: "2026-10-20",
	}
	begin := moment("2026-10-24 00:00")
	for range 50 {
		var stands []Stand
		for n := range rnd.IntN(6) {
			from := begin.Add(time.Duration(rnd.IntN(72*60)) * time.Minute)
			stands = append(stands, Stand{
				N: n + 1, Person: []bot.PersonID{"ana", "dan", ""}[rnd.IntN(3)], From: from,
				To: from.Add(time.Duration(1+rnd.IntN(600)) * time.Minute), Asked: rnd.IntN(5) == 0, Gone: rnd.IntN(5) == 0,
			})
		}
		shifts := r.Shifts(begin, begin.Add(72*time.Hour), stands)
		for k := 1; k < len(shifts); k++ {
			if !shifts[k].From.Equal(shifts[k-1].To) {
				t.Fatalf("a hole between %v and %v", shifts[k-1], shifts[k])
			}
		}
		for at := begin; at.Before(begin.Add(72 * time.Hour)); at = at.Add(7 * time.Minute) {
			want := bot.PersonID("")
			for k := range 20 {
				if !at.Before(r.turn(k)) && at.Before(r.turn(k+1)) {
					want = r.People[k%3]
				}
			}
			for _, s := range stands {
				if s.counts() && !at.Before(s.From) && at.Before(s.To) {
					want = s.Person
				}
			}
			k := slices.IndexFunc(shifts, func(s Shift) bool { return !at.Before(s.From) && at.Before(s.To) })
			if k < 0 || shifts[k].Person != want {
				t.Fatalf("at %s: %v, want %q", at, shifts, want)
			}
		}
	}
}

func TestGapsAreWhereNobodyAnswers(t *testing.T) {
	r := &Rota{Zone: "UTC"} // every shift is imported
	stands := []Stand{
		{N: 1, Person: "ana", From: moment("2026-11-25 00:00"), To: moment("2026-11-25 12:00")},
		{N: 2, Person: "eve", From: moment("2026-11-25 12:00"), To: moment("2026-11-25 18:00")},
	}
	active := func(who bot.PersonID) bool { return who != "eve" }
	gaps := r.Gaps(moment("2026-11-25 06:00"), moment("2026-11-26 00:00"), stands, active)
	if len(gaps) != 1 || gaps[0].From != moment("2026-11-25 12:00") || gaps[0].To != moment("2026-11-26 00:00") {
		t.Errorf("%v", gaps)
	}
}

func TestAHandoverIsAcceptedByWhoTakesOver(t *testing.T) {
	h := &Handover{Number: 1, Rota: "primary", From: "ana", To: "ben", At: moment("2026-11-30 08:00")}
	now := Shift{Person: "ben"}
	if Responsible(now, h) != "ana" {
		t.Error("whoever hands over stays responsible")
	}
	if err := h.Accept("dan", "mia", h.At); err == nil {
		t.Error("somebody else accepted it")
	}
	if err := h.Accept("ben", "mia", h.At); err != nil || Responsible(now, h) != "ben" {
		t.Error(err)
	}
	if err := h.Accept("ben", "mia", h.At); err == nil {
		t.Error("it was accepted twice")
	}
}

func TestAPageGoesOnUntilSomebodyAnswers(t *testing.T) {
	p := &Page{Number: 1, At: moment("2026-11-25 14:00"), Chain: []bot.PersonID{"ana", "ben"}, Every: 10 * time.Minute}
	at := p.At
	var called []string
	for !p.Due().IsZero() {
		at = p.Due()
		if p.Go(at) {
			called = append(called, string(p.Calls[len(p.Calls)-1].Person))
		}
	}
	if strings.Join(called, " ") != "ana ben ana ben ana ben" || p.Failed.IsZero() {
		t.Errorf("called %v, failed %v", called, p.Failed)
	}
	if err := p.Ack("dan", at); err != nil || !p.Failed.IsZero() || !p.Due().IsZero() {
		t.Error("whoever reads it can still take it:", err)
	}
}
