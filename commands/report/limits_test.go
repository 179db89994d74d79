package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// randomFacts are a lot of things in words that are long and hostile.
func randomFacts(r *rand.Rand, now time.Time) *figures.Facts {
	words := []string{
		"VPN", "<@U024BE7LH>", "<!channel>", "*bold*", "```", "=1+1", "日本語", "👩‍🚒", "\u202e", "a|b", "<script>", "&amp;",
		strings.Repeat("x", 300),
	}
	text := func() string {
		var list []string
		for range 1 + r.IntN(40) {
			list = append(list, words[r.IntN(len(words))])
		}
		return strings.Join(list, " ")
	}
	when := func() time.Time {
		if r.IntN(5) == 0 {
			return time.Time{}
		}
		return now.Add(-time.Duration(r.IntN(40*24*60)) * time.Minute)
	}
	f := &figures.Facts{At: now, Began: now.AddDate(-1, 0, 0)}
	for n := range 8 {
		f.Services = append(f.Services, bot.Service{
			ID: string(rune('a' + n)), Name: text(), Tier: 1 + n%4, Target: []float64{0, 0.9, 0.999}[n%3],
		})
	}
	service := func() []string { return []string{f.Services[r.IntN(len(f.Services))].ID} }
	for n := range r.IntN(120) {
		start := now.Add(-time.Duration(1+r.IntN(40*24*60)) * time.Minute)
		f.Incidents = append(f.Incidents, figures.Incident{
			Number: int64(n + 1), Title: text(), Severity: []string{"sev1", "sev2", "sev3", "sev4", "unknown"}[r.IntN(5)],
			State:    []string{"investigating", "resolved", "review", "closed", "cancelled", "paused"}[r.IntN(6)],
			Services: service(), Lead: bot.PersonID([]string{"", "ana"}[r.IntN(2)]),
			Started: start, Detected: start, Declared: start, Acked: when(), Resolved: when(), ReviewDue: when(),
			NextUpdate: when(), Impact: text(), Resolution: text(), Suspects: []string{"CHG-1"},
		})
	}
	for n := range r.IntN(120) {
		start := when()
		f.Changes = append(f.Changes, figures.Change{
			Number: int64(n + 1), Title: text(), Type: []string{"normal", "standard", "emergency"}[r.IntN(3)],
			State: []string{"pending", "approved", "implementing", "rolling_back", "closed"}[r.IntN(5)],
			Risk:  []string{"", "low", "medium", "high"}[r.IntN(4)], Services: service(), Requester: "dan",
			Start: start, End: start.Add(time.Hour), Submitted: when(), Decided: when(), Started: when(), Finished: when(),
			Outcome: []string{"", "success", "failed", "rolled_back"}[r.IntN(4)], Caused: r.IntN(5) == 0,
			Backout: r.IntN(2) == 0, Waiting: []string{text()}, Reasons: []string{text(), text()},
		})
	}
	for n := range r.IntN(60) {
		f.FollowUps = append(f.FollowUps, figures.FollowUp{
			Incident: "INC-1", N: n + 1, Text: text(), Created: when(), Due: when(),
		})
	}
	for n := range r.IntN(60) {
		d := bot.Due{
			Object: "INC-1", What: fmt.Sprint(n), Text: text(), At: when(), Owner: bot.PersonID([]string{"", "ana"}[r.IntN(2)]),
		}
		if r.IntN(2) == 0 {
			d.At, d.On = time.Time{}, value.DayOf(d.At)
		}
		f.Dues = append(f.Dues, d)
		f.Happened = append(f.Happened, bot.Happening{
			Object: "CTR-1", One: "contract renewed", Many: "contracts renewed", Text: text(), At: when(),
		})
	}
	for range r.IntN(4) {
		rota := figures.Rota{Name: text(), Now: bot.PersonID([]string{"", "ana"}[r.IntN(2)]), Until: when()}
		for range r.IntN(50) {
			rota.Pages = append(rota.Pages, figures.Page{Text: text(), At: when()})
		}
		for range r.IntN(20) {
			rota.Gaps = append(rota.Gaps, value.Span{From: now, To: now.Add(time.Hour)})
		}
		f.Rotas = append(f.Rotas, rota)
	}
	return f
}

// Whatever the facts are, a report keeps to what a phone and every platform can show.
func TestReportsKeepTheirSize(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	now := on("2026-11-25 08:00")
	berlin := zone(t, "Europe/Berlin")
	for round := range 30 {
		f := randomFacts(r, now)
		for _, k := range timetable.Kinds {
			p, err := ParsePeriod("", k.Kind, now, berlin)
			if err != nil {
				t.Fatal(err)
			}
			v := digest.View{
				Kind: k.Kind, Period: p, Earlier: []value.Span{{From: p.From.Add(-p.Length()), To: p.From}}, Zone: berlin,
				Handover: &figures.Handover{
					ID: "HO-1", Rota: "primary", From: "ana", To: "ben", At: now, Shift: p,
					Ahead: value.Span{From: now, To: now.AddDate(0, 0, 7)}, Watch: []string{strings.Repeat("look ", 200)},
				},
			}
			c := digest.Build(f, v)
			for i := range 20 {
				c.Restated = append(c.Restated, strings.Repeat("Restated ", i+1))
			}
			run := &Run{
				Number: 1, Schedule: 1, Report: k.Kind, Content: &c, Channel: "ops", Draft: round%7 == 0,
				Summary: strings.Repeat("s", 2000*(round%2)),
			}
			for n, m := range run.parts("https://watchbell.example.com") {
				text := m.Plain(berlin)
				switch size := utf8.RuneCountInString(text); {
				case n == 0 && size > 11_000:
					t.Fatalf("round %d: the %s has %d characters", round, k.Kind, size)
				case n > 0 && size > 6_000:
					t.Fatalf("round %d: message %d of the %s has %d characters", round, n, k.Kind, size)
				}
				if len(m.Actions) > 25 {
					t.Fatalf("round %d: %d buttons", round, len(m.Actions))
				}
				if n == 0 {
					for _, s := range m.Sections {
						if lines := strings.Count(s.Text.Plain(berlin), "\n• "); lines > digest.MaxLines {
							t.Fatalf("round %d: a section has %d lines:\n%s", round, lines, s.Text.Plain(berlin))
						}
					}
				}
			}
			if csv := string(c.CSV()); strings.Contains(csv, "\n=1") || strings.Contains(csv, ",=1") {
				t.Fatalf("round %d: the CSV has a formula", round)
			}
			if round == 0 && k.Kind == digest.Daily {
				page, err := run.Document(nil)
				if err != nil || strings.Contains(string(page), "<script>") {
					t.Fatalf("round %d: %v, or a script", round, err)
				}
			}
		}
	}
}
