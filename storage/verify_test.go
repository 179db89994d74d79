package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// records makes something of each kind that the log binds.
func records(t *testing.T, s *storage.Store) {
	t.Helper()
	ctx := context.Background()
	effects := func(actor bot.PersonID, action, object string) bot.Effects {
		return bot.Effects{
			Audit: bot.Audit{
				Actor: actor, Action: action, Object: object, Version: 1, Result: bot.ResultDone, At: bottest.Start,
			},
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		_, err := declareAs(s, fmt.Sprint(n), "ana", nil)
		must(err)
	}
	must(note(s, "INC-2", "", "a line"))
	content := plan.Content{Type: policy.Normal, Title: "Resize", Services: []string{"billing"}, Env: "prod"}
	c, err := s.Changes().Create(ctx, func(n int64, _ change.Look) (*change.Change, bot.Effects, error) {
		c := change.Request(n, content, "dan", "", "test", bottest.Start)
		return c, effects("dan", "change.new", c.ID()), nil
	})
	must(err)
	_, err = s.Changes().Update(ctx, c.ID(), nil, func(c *change.Change, _ change.Look) (bot.Effects, error) {
		c.Votes = []change.Vote{
			{
				Revision: 1, Digest: c.Digest, Stage: "peer", Person: "ben", Seat: "ben", Decision: change.Approve,
				State: change.Counted, At: bottest.Start,
			},
			{
				Revision: 1, Digest: c.Digest, Stage: "peer", Person: "chloe", Seat: "chloe", Decision: change.Approve,
				State: change.Counted, At: bottest.Start,
			},
		}
		return effects("ben", "change.approve", c.ID()), nil
	})
	must(err)
	_, err = s.Changes().AddFreeze(ctx, func(id string) (policy.Freeze, bot.Effects, error) {
		span := policy.Span{From: bottest.Start, To: bottest.Start.Add(time.Hour), Zone: time.UTC, Wide: true}
		return policy.Freeze{ID: id, Reason: "year end", Owner: "ana", Added: bottest.Start, Span: span}, effects(
			"ana", "change.freeze", id,
		), nil
	})
	must(err)
	must(s.OnCall().AddRota(ctx, &oncall.Rota{Name: "primary"}, effects("ana", "oncall.new", "rota/primary")))
	must(
		s.OnCall().AddPage(
			ctx, &oncall.Page{Rota: "primary", At: bottest.Start, Text: "help"},
			func(p *oncall.Page) bot.Effects { return effects("ana", "oncall.page", p.ID()) },
		),
	)
}

func TestTheLogBindsTheRecords(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		records(t, s)
		ctx := context.Background()
		v, err := s.Verify(ctx)
		if err != nil || v.Objects != 7 || v.Unbound != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		for _, c := range []struct{ name, do, undo, object string }{
			{
				"a title", "UPDATE incidents SET title = 'x' WHERE number = 2",
				"UPDATE incidents SET title = 't 1' WHERE number = 2", "INC-2",
			},
			{
				"a service", "UPDATE incident_services SET service = 'x' WHERE number = 3",
				"UPDATE incident_services SET service = 'checkout' WHERE number = 3", "INC-3",
			},
			{
				"a line", "UPDATE incident_entries SET text = text || 'x' WHERE number = 2 AND seq = 1",
				"UPDATE incident_entries SET text = substr(text, 1, length(text) - 1) WHERE number = 2 AND seq = 1", "INC-2",
			},
			{"a state", "UPDATE changes SET held = true", "UPDATE changes SET held = false", "CHG-1"},
			{
				"a decision", "UPDATE change_votes SET decision = 'reject' WHERE n = 2",
				"UPDATE change_votes SET decision = 'approve' WHERE n = 2", "CHG-1",
			},
			{
				"a freeze",
				"UPDATE change_freezes SET to_at = from_at, from_at = from_at WHERE false; UPDATE change_freezes SET data = " +
					"data || ' '",
				"UPDATE change_freezes SET data = trim(data)", "FRZ-1",
			},
			{
				"a rota", "UPDATE oncall_rotas SET data = data || ' '", "UPDATE oncall_rotas SET data = trim(data)",
				"rota/primary",
			},
			{"a page", "UPDATE oncall_pages SET data = data || ' '", "UPDATE oncall_pages SET data = trim(data)", "PAGE-1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, sql := range strings.Split(c.do, "; ") {
					if _, err := s.SQL().Exec(sql); err != nil {
						t.Fatal(err)
					}
				}
				_, err := s.Verify(ctx)
				var record *bot.RecordError
				if !errors.As(err, &record) || record.Object != c.object {
					t.Errorf("found %v, want %s", err, c.object)
				}
				if _, err := s.SQL().Exec(c.undo); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Verify(ctx); err != nil {
					t.Fatalf("put back: %v", err)
				}
			})
		}
		t.Run("a vote that is gone", func(t *testing.T) {
			if _, err := s.SQL().Exec("DELETE FROM change_votes WHERE n = 2"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Verify(ctx); err == nil || !strings.HasPrefix(err.Error(), "CHG-1 ") {
				t.Error(err)
			}
		})
		t.Run("an incident that is gone", func(t *testing.T) {
			for _, table := range []string{"incident_services", "incident_responders", "incident_entries", "incidents"} {
				if _, err := s.SQL().Exec("DELETE FROM " + table + " WHERE number = 2"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Verify(ctx); err == nil || !strings.HasPrefix(err.Error(), "INC-2 is missing") {
				t.Error(err)
			}
		})
	})
}

// TestACheckpointOutlivesTheTail cuts the newest entries off, with the head mended: the log alone looks whole, a
// checkpoint tells.
func TestACheckpointOutlivesTheTail(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx := context.Background()
		for n := range 5 {
			if _, err := declareAs(s, fmt.Sprint(n), "ana", nil); err != nil {
				t.Fatal(err)
			}
		}
		secret, err := s.Secret(ctx)
		if err != nil {
			t.Fatal(err)
		}
		end, err := s.AuditEnd(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SaveCheckpoint(ctx, end.Sign(bot.SigningKey(secret), bottest.Start)); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Verify(ctx); err != nil || v.Checkpoints != 1 {
			t.Fatal(v, err)
		}
		for _, sql := range []string{
			fmt.Sprintf("DELETE FROM audit WHERE seq = %d", end.Seq),
			"UPDATE audit_head SET seq = seq - 1, hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)",
		} {
			if _, err := s.SQL().Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
		if last, err := s.VerifyAudit(ctx); err != nil || last.Seq != end.Seq-1 {
			t.Fatal("the log alone:", last, err)
		}
		var chain *bot.ChainError
		if _, err := s.Verify(ctx); !errors.As(err, &chain) || chain.Seq != end.Seq {
			t.Error("with its checkpoint:", err)
		}
		if _, err := s.SQL().Exec("DELETE FROM checkpoints"); err != nil {
			t.Fatal(err)
		}
		outside, err := bot.ParseSeal(end.Short())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(ctx, outside); !errors.As(err, &chain) || chain.Seq != end.Seq {
			t.Error("with the one in the small print:", err)
		}
		if _, err := s.SQL().Exec(
			"INSERT INTO checkpoints (seq, hash, at, signature) SELECT seq, hash, '2026-11-25 14:00:00+00:00', 'Zm9yZ2Vk' " +
				"FROM audit WHERE seq = 2",
		); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(ctx); !errors.As(err, &chain) || chain.Seq != 2 {
			t.Error("with one that nobody signed:", err)
		}
	})
}
