package storage_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// dueNow is what the table says, in words.
func dueNow(t *testing.T, s *storage.Store) []string {
	t.Helper()
	list, err := s.DuesUntil(t.Context(), value.Day{Year: 2100, Month: 1, Day: 1}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, d := range list {
		when := d.On.String()
		if !d.At.IsZero() {
			when = d.At.Format(time.DateTime)
		}
		words = append(words, d.Label()+" "+when+" "+d.Text+" @"+string(d.Owner))
	}
	return words
}

func edit(t *testing.T, s *storage.Store, id string, decide func(*incident.Incident)) {
	t.Helper()
	_, err := s.Incidents().Update(t.Context(), id, func(i *incident.Incident) (bot.Effects, error) {
		decide(i)
		return effects(id), nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsDueIsSavedWithItsThing(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		declared, err := declareAs(s, "k", "dan", nil)
		if err != nil {
			t.Fatal(err)
		}
		inc := declared.ID()
		dan := incident.Actor{Person: "dan"}
		due := bottest.Start.Add(48 * time.Hour)
		is := func(what string, want ...string) {
			t.Helper()
			if got := dueNow(t, s); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		is("nothing has a date")
		edit(t, s, inc, func(i *incident.Incident) {
			for _, text := range []string{"Alert on it", "Write it down"} {
				if _, err := i.AddTask(
					dan, incident.Task{Text: text, Owner: "ana", Due: due, FollowUp: true}, bottest.Start,
				); err != nil {
					t.Fatal(err)
				}
			}
		})
		is(
			"two follow-ups", "INC-1 task 1 2026-11-27 14:02:00 Alert on it @ana",
			"INC-1 task 2 2026-11-27 14:02:00 Write it down @ana",
		)
		edit(t, s, inc, func(i *incident.Incident) {
			if _, err := i.GiveTask(dan, 2, "ben", bottest.Start); err != nil {
				t.Fatal(err)
			}
			if _, err := i.FinishTask(dan, 1, bottest.Start); err != nil {
				t.Fatal(err)
			}
		})
		is("one is done, the other has another owner", "INC-1 task 2 2026-11-27 14:02:00 Write it down @ben")

		t.Run("rebuilt", func(t *testing.T) {
			if _, err := s.SQL().Exec("UPDATE dues SET text = 'forged', owner = 'ana'"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.SQL().Exec(
				"INSERT INTO dues (object, what, day, at, name, text, owner, team, audience, urgent, done, reassign) SELECT " +
					"'INC-7', what, day, at, name, text, owner, team, audience, urgent, done, reassign FROM dues",
			); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second finds nothing to do
				if err := s.RebuildDues(t.Context(), s.Incidents().Dues); err != nil {
					t.Fatal(err)
				}
				is("as the incident says", "INC-1 task 2 2026-11-27 14:02:00 Write it down @ben")
			}
		})
	})
}

// Dues of one commit group that concern the same row are written one after the other.
func TestTheSameDueTwiceAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		const many = 40
		errs := make(chan error, many)
		for n := range many {
			go func() {
				e := effects("LMP-1")
				e.Dues = []bot.Due{{Object: "LMP-1", What: "look", On: value.DayOf(bottest.Start).Add(n % 2), Text: "look"}}
				if n%3 == 0 {
					e.Dues = []bot.Due{{Object: "LMP-1", What: "look"}}
				}
				for {
					err := s.Record(context.Background(), e)
					if err == bot.ErrStale { // as Receive does
						continue
					}
					errs <- err
					return
				}
			}()
		}
		for range many {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

// A date is the same day for everybody; a moment lies on its day in UTC.
func TestDuesKeepTheirDay(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		e := effects("CTR-1")
		far, _ := time.LoadLocation("Pacific/Auckland")
		e.Dues = []bot.Due{
			{
				Object: "CTR-1", What: "notice", On: value.Day{Year: 2027, Month: 3, Day: 1}, Text: "send the notice",
				Team: "network", Urgent: true,
				Audience: bot.Audience{People: []bot.PersonID{"ana"}},
				Done:     &bot.Action{Label: "Done", Command: "contract.settle", Args: map[string]string{"id": "CTR-1"}},
			},
			{Object: "CTR-1", What: "call", At: time.Date(2027, 3, 1, 9, 0, 0, 0, far), Text: "call them"},
		}
		if err := s.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		early, err := s.DuesUntil(t.Context(), value.Day{Year: 2027, Month: 2, Day: 28}, 10)
		if err != nil || len(early) != 1 || !early[0].At.Equal(e.Dues[1].At) {
			t.Errorf("on the day before: %+v, %v", early, err)
		}
		all, err := s.DuesUntil(t.Context(), value.Day{Year: 2027, Month: 3, Day: 1}, 10)
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		d := all[1]
		if d.On != e.Dues[0].On || !d.At.IsZero() || d.Team != "network" || !d.Urgent || d.Done == nil ||
			d.Done.Args["id"] != "CTR-1" ||
			!slices.Equal(d.Audience.People, []bot.PersonID{"ana"}) || d.Reassign != nil {
			t.Errorf("%+v", d)
		}
	})
}
