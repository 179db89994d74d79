package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestForgetDeletesWhatNobodyNeedsAndNothingElse(t *testing.T) {
	const n = 1200 // more than are deleted at once
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		now := bottest.Start
		db := s.SQL()
		exec := func(sql string) {
			t.Helper()
			if _, err := db.Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
		at := func(t time.Time) string { return t.Format("'2006-01-02 15:04:05+00:00'") }
		for k := range n {
			for kind, old := range map[string]time.Time{"old": now.AddDate(0, 0, -10), "new": now.Add(-time.Hour)} {
				exec(fmt.Sprintf("INSERT INTO actions (key, answer, at) VALUES ('%s-%d', '{}', %s)", kind, k, at(old)))
				exec(
					fmt.Sprintf(
						"INSERT INTO inbox (key, platform, back, at, owner, attempt, lease_until) VALUES ('%s-%d', 'test', '{}', %s, "+
							"'nobody', 1, %s)",
						kind, k, at(old), at(old),
					),
				)
				exec(
					fmt.Sprintf(
						"INSERT INTO refs (token, data, expires) VALUES ('%s-%d', '{}', %s)", kind, k, at(old.AddDate(0, 0, 1)),
					),
				)
				exec(
					fmt.Sprintf(
						"INSERT INTO slots (schedule, slot, at) VALUES ('each-minute', '%s-%04d', %s)", old.Format("2006-01-02"), k,
						at(old),
					),
				)
			}
		}
		exec("INSERT INTO refs (token, data, expires) VALUES ('for-ever', '{}', NULL)")
		exec(
			"INSERT INTO slots (schedule, slot, at) VALUES ('monthly', '2026-10-01', " + at(now.AddDate(0, -1, -20)) +
				"), ('monthly', '2026-11-01', " + at(now.AddDate(0, 0, -24)) + ")",
		)
		for range 2 { // the second time there is nothing to do
			if err := s.Forget(context.Background(), now, now.AddDate(0, 0, -7)); err != nil {
				t.Fatal(err)
			}
			for what, want := range map[string]int{
				"actions WHERE key LIKE 'old%'": 0, "actions": n, "refs WHERE token LIKE 'old%'": 0, "refs": n + 1,
				"slots WHERE schedule = 'each-minute'": n, "inbox WHERE key LIKE 'old%'": 0, "inbox": n,
				"slots WHERE schedule = 'monthly'": 1,
			} {
				t.Run(what, func(t *testing.T) {
					var have int
					if err := db.QueryRow("SELECT count(*) FROM " + what).Scan(&have); err != nil || have != want {
						t.Errorf("%s: %d, want %d (%v)", what, have, want, err)
					}
				})
			}
		}
		// The slot that is left is the one that was taken last: it is not taken again.
		if err := s.AddSlot(context.Background(), "monthly", "2026-11-01", bot.Job{Kind: "test.do"}); err != nil {
			t.Fatal(err)
		}
		if q, err := s.QueueState(context.Background(), now.AddDate(1, 0, 0)); err != nil || q.Waiting != 0 {
			t.Errorf("a slot ran twice: %+v %v", q, err)
		}
	})
}
