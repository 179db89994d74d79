package storage_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// notices are so many dues of dan, on as many days after the start.
func notices(n int) []bot.Due {
	list := make([]bot.Due, n)
	for k := range list {
		list[k] = bot.Due{
			Object: fmt.Sprintf("CTR-%d", k+1), What: "notice", On: value.DayOf(bottest.Start).Add(k), Owner: "dan",
			Ladder: []int{5, 0}, Open: &bot.Action{Label: "Open", Command: "contract.show"},
		}
	}
	return list
}

func saveDues(t *testing.T, s *storage.Store, list ...bot.Due) {
	t.Helper()
	e := effects("CTR-1")
	e.Dues = list
	if err := s.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// tellAll decides to tell everything as one step in one message, and to look again a day later.
func tellAll(step int, now time.Time) due.Decide {
	return func(list []due.Entry, _ func(bot.PersonID, string) (time.Time, error)) ([]due.Outcome, error) {
		outcomes := make([]due.Outcome, len(list))
		for k := range list {
			outcomes[k] = due.Outcome{
				Step: step, To: []due.Message{{Who: "dan", Name: "today", At: now}}, Look: now.AddDate(0, 0, 1),
			}
		}
		return outcomes, nil
	}
}

func TestTheLedgerOfReminders(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		r, now := s.Reminders(), bottest.Start
		if at, err := r.NextLook(t.Context()); err != nil || !at.IsZero() {
			t.Fatalf("without anything due: %s, %v", at, err)
		}
		saveDues(t, s, notices(3)...)
		look := func(at time.Time, want int) {
			t.Helper()
			if n, err := r.Look(t.Context(), at, 100, tellAll(5, at)); err != nil || n != want {
				t.Fatalf("looked at %d, %v, want %d", n, err, want)
			}
		}
		look(now, 3)
		look(now, 0) // until the next day
		if at, err := r.NextLook(t.Context()); err != nil || !at.Equal(now.AddDate(0, 0, 1)) {
			t.Errorf("next at %s, %v", at, err)
		}
		jobs, err := s.ClaimJobs(t.Context(), bot.Claim{Owner: "me", Now: now, Lease: time.Minute, Limit: 10})
		if err != nil || !slices.ContainsFunc(jobs, func(j bot.Job) bool {
			return j.Kind == due.TellJob && j.Object == "dan" && j.Arg == "today"
		}) {
			t.Errorf("jobs: %+v, %v", jobs, err)
		}
		items, err := r.Of(t.Context(), "dan", "today")
		if err != nil || len(items) != 3 || items[1].Due.Object != "CTR-2" || items[1].Step != 5 {
			t.Fatalf("in the message: %+v, %v", items, err)
		}
		if d := items[1].Due; d.Open == nil || d.Open.Command != "contract.show" || !slices.Equal(d.Ladder, []int{5, 0}) {
			t.Errorf("%+v", d)
		}

		moved := notices(3)[1]
		moved.On = moved.On.Add(10)
		saveDues(t, s, bot.Due{Object: "CTR-1", What: "notice"}, moved)
		if items, err = r.Of(t.Context(), "dan", "today"); err != nil || len(items) != 1 || items[0].Due.Object != "CTR-3" {
			t.Errorf("one is settled, one has moved: %+v, %v", items, err)
		}
		entries, err := r.Find(t.Context(), "CTR-2")
		if err != nil || len(entries) != 1 || len(entries[0].Told) != 0 {
			t.Errorf("after it moved: %+v, %v", entries, err)
		}
		look(now, 1) // what has changed is looked at anew

		until := now.AddDate(0, 0, 3)
		wish := due.Snooze{Due: notices(3)[2], Step: 5, By: "dan", At: now, Until: until, Why: "on holiday"}
		if err := r.Snooze(t.Context(), wish, effects("CTR-3")); err != nil {
			t.Fatal(err)
		}
		if entries, err = r.Find(t.Context(), "CTR-3"); err != nil || len(entries[0].Told) != 1 ||
			!entries[0].Told[0].Until.Equal(until) {
			t.Errorf("snoozed: %+v, %v", entries, err)
		}
		if items, err = r.Of(t.Context(), "dan", "today"); err != nil || len(items) != 2 {
			t.Errorf("snoozing takes nothing out of a message: %+v, %v", items, err)
		}
		look(now, 1) // snoozing has it looked at, too
		wish.Due = notices(3)[1]
		if err := r.Snooze(t.Context(), wish, effects("CTR-2")); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("the date has moved: %v", err)
		}
		if _, err := s.VerifyAudit(t.Context(), bot.Seal{}); err != nil {
			t.Error(err)
		}
	})
}

func TestListsOfWhatIsDue(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		all := notices(9)
		for k := range all {
			if k%3 == 0 {
				all[k].Owner, all[k].Team = "", "network"
			}
		}
		open := &bot.Action{Label: "Open", Command: "contract.show", Args: map[string]string{"contract": "CTR-3"}}
		all[2].Done, all[2].Reassign, all[2].Open, all[2].Ladder = open, open, open, []int{30, 7}
		all[4].On, all[4].At = value.Day{}, bottest.Start.Add(12*time.Hour) // the next day in UTC
		saveDues(t, s, all...)
		list := func(f due.Filter) (ids []string) {
			t.Helper()
			f.Limit = 2
			for {
				some, err := s.Reminders().List(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range some {
					ids = append(ids, d.Object)
				}
				if len(some) < f.Limit {
					return ids
				}
				f.After = due.CursorAt(some[len(some)-1])
			}
		}
		until := value.DayOf(bottest.Start).Add(7)
		for want, f := range map[string]due.Filter{
			"[CTR-1 CTR-2 CTR-5 CTR-3 CTR-4 CTR-6 CTR-7 CTR-8]": {Until: until},
			"[CTR-2 CTR-5 CTR-3 CTR-6 CTR-8]":                   {Until: until, Owner: "dan"},
			"[CTR-1 CTR-4 CTR-7]":                               {Until: until, Team: "network"},
			"[]":                                                {Until: until, Owner: "ana"},
		} {
			if got := fmt.Sprint(list(f)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		whole, err := s.Reminders().List(t.Context(), due.Filter{Until: until, Limit: 20})
		bare, bareErr := s.Reminders().List(t.Context(), due.Filter{Until: until, Limit: 20, Bare: true})
		if err != nil || bareErr != nil {
			t.Fatal(err, bareErr)
		}
		for k := range whole {
			whole[k].Done, whole[k].Reassign, whole[k].Open, whole[k].Ladder = nil, nil, nil, nil
		}
		if len(whole) == 0 || !reflect.DeepEqual(bare, whole) {
			t.Errorf("bare:\n%+v\nwant\n%+v", bare, whole)
		}
	})
}

// Rounds of several instances at once, beside changes of what they look at: each due is told once, and nobody fails.
func TestRoundsAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		const many = 120
		saveDues(t, s, notices(many)...)
		var running sync.WaitGroup
		var mu sync.Mutex
		looked := 0
		for range 4 {
			running.Go(func() {
				for range 20 {
					n, err := s.Reminders().Look(t.Context(), bottest.Start, 10, tellAll(5, bottest.Start))
					mu.Lock()
					if looked += n; err != nil {
						t.Error(err)
					}
					mu.Unlock()
				}
			})
		}
		running.Go(func() {
			for _, d := range notices(many)[:40] {
				d.Text = "changed"
				saveDues(t, s, d)
			}
		})
		running.Wait()
		for n := 1; n > 0; {
			var err error
			if n, err = s.Reminders().Look(t.Context(), bottest.Start, 10, tellAll(5, bottest.Start)); err != nil {
				t.Fatal(err)
			}
			looked += n
		}
		if looked < many || looked > many+40 {
			t.Errorf("looked %d times", looked)
		}
		items, err := s.Reminders().Of(t.Context(), "dan", "today")
		if err != nil || len(items) != many {
			t.Errorf("%d told, %v", len(items), err)
		}
	})
}
