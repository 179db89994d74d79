package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func record(t *testing.T, s *storage.Store, n int) {
	t.Helper()
	for i := range n {
		err := s.Record(context.Background(), bot.Effects{
			Audit: bot.Audit{
				Actor: "ana", Action: "test.act", Object: fmt.Sprintf("T-%d", i), Result: bot.ResultDenied, Detail: "detail",
				At: bottest.Start,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditVerifyNamesTheFirstBadEntry(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		if last, err := s.VerifyAudit(ctx, bot.Seal{}); last.Seq != 0 || err != nil {
			t.Fatalf("empty log: %s %v", last, err)
		}
		record(t, s, 10)
		known, err := s.VerifyAudit(ctx, bot.Seal{})
		if known.Seq != 10 || err != nil {
			t.Fatalf("half a log: %s %v", known, err)
		}
		record(t, s, 10)
		if last, err := s.VerifyAudit(ctx, known); last.Seq != 20 || err != nil {
			t.Fatalf("whole log: %s %v", last, err)
		}
		for _, c := range []struct {
			name string
			do   []string
			bad  int64
		}{
			{"changed", []string{"UPDATE audit SET detail = 'other' WHERE seq = 7"}, 7},
			{"actor changed", []string{"UPDATE audit SET actor = 'ben' WHERE seq = 1"}, 1},
			{
				"hash changed",
				[]string{
					"UPDATE audit SET hash = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' WHERE seq = 9",
				},
				9,
			},
			{"removed", []string{"DELETE FROM audit WHERE seq = 5"}, 5},
			{"first removed", []string{"DELETE FROM audit WHERE seq = 1"}, 1},
			{"last removed", []string{"DELETE FROM audit WHERE seq = 20"}, 20},
			{"closed up", []string{"DELETE FROM audit WHERE seq = 20", "UPDATE audit_head SET seq = 19"}, 19},
			{
				"added",
				[]string{
					"INSERT INTO audit SELECT 21, at, actor, action, object, version, result, detail, source, key, hash, " +
						"'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', digest FROM audit WHERE seq = 20",
				},
				21,
			},
			{
				"swapped",
				[]string{
					"UPDATE audit SET seq = 1000 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 4",
					"UPDATE audit SET seq = 4 WHERE seq = 1000",
				},
				3,
			},
			{"emptied", []string{"DELETE FROM audit", "UPDATE audit_head SET seq = 0"}, 1},
			{
				"written anew, shorter",
				[]string{"DELETE FROM audit", "UPDATE audit_head SET seq = 0, hash = '" + bot.ChainStart + "'"}, 1,
			},
			{"a column gone", []string{"ALTER TABLE audit RENAME COLUMN detail TO other"}, 1},
			{"number changed", []string{"UPDATE audit SET seq = 500 WHERE seq = 12"}, 12},
		} {
			t.Run(c.name, func(t *testing.T) {
				err := inScratch(t, s.SQL(), c.do, func() error {
					_, err := s.VerifyAudit(ctx, known)
					return err
				})
				var chain *bot.ChainError
				if !errors.As(err, &chain) || chain.Seq != c.bad {
					t.Errorf("found %v, want entry %d", err, c.bad)
				}
			})
		}
		if last, err := s.VerifyAudit(ctx, known); last.Seq != 20 || err != nil {
			t.Errorf("after restoring: %s %v", last, err)
		}
	})
}

// inScratch tampers with the log, checks, and puts everything back.
func inScratch(t *testing.T, db *sql.DB, statements []string, check func() error) error {
	t.Helper()
	exec := func(sql string) {
		if _, err := db.Exec(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec("CREATE TABLE audit_copy AS SELECT * FROM audit")
	exec("CREATE TABLE head_copy AS SELECT * FROM audit_head")
	for _, sql := range statements {
		exec(sql)
	}
	err := check()
	_, _ = db.Exec("ALTER TABLE audit RENAME COLUMN other TO detail") // back, if it was
	exec("DELETE FROM audit")
	exec("DELETE FROM audit_head")
	exec("INSERT INTO audit SELECT * FROM audit_copy")
	exec("INSERT INTO audit_head SELECT * FROM head_copy")
	exec("DROP TABLE audit_copy")
	exec("DROP TABLE head_copy")
	return err
}
