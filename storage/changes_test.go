package storage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const (
	digestA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	at      = "'2026-11-25 14:00:00+00:00'"
)

func insertChange(number, requester, state string) string {
	started := "NULL"
	if state == "implementing" {
		started = at
	}
	return `INSERT INTO changes (number, requester, beneficiary, type, state, held, revision, digest, title, env, template, risk_level, risk_score, created_at, started_at, outcome, data, version, entries)
VALUES (` + number + `, '` + requester + `', 'mia', 'normal', '` + state + `', false, 1, '` + digestA + `', 'a', 'prod', '', 'low', 10, ` + at + `, ` + started + `, '', '{}', 1, 0)`
}

func insertVote(n, revision, digest, requester, person, seat string) string {
	return `INSERT INTO change_votes (number, n, revision, digest, requester, beneficiary, stage, person, seat, decision, state, at, data)
VALUES (1, ` + n + `, ` + revision + `, '` + digest + `', '` + requester + `', 'mia', 'peer', '` + person + `', '` + seat + `', 'approve', 'counted', ` + at + `, '{}')`
}

// Whatever the program does, the database refuses what separates the duties.
func TestTheSchemaSeparatesTheDuties(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		db := storagetest.WithPeople(t, url, "test").SQL()
		revision := func(number, n, digest, by string) string {
			return `INSERT INTO change_revisions (number, revision, digest, requester, beneficiary, made_by, made_at, content) VALUES (` + number + `, ` + n + `, '` + digest + `', 'dan', 'mia', '` + by + `', ` + at + `, '{}')`
		}
		execution := "INSERT INTO change_executions (number, revision, digest, started_at) VALUES (1, 1, '" + digestA +
			"', " + at + ")"
		grant := func(id, use string) string {
			return "INSERT INTO change_grants (id, number, revision, digest, env, service, use_n, artifact, run, person, at) " +
				"VALUES ('" + id + "', 1, 1, '" + digestA + "', 'prod', 'db', " + use + ", '', 'r', 'ana', " + at + ")"
		}
		for _, sql := range []string{
			insertChange("1", "dan", "pending"), insertChange("2", "ben", "pending"), revision("1", "1", digestA, "dan"),
			revision("1", "2", digestB, "mia"),
			insertVote("1", "1", digestA, "dan", "ben", "ben"), execution, grant("g1", "1"),
		} {
			if _, err := db.Exec(sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		for name, sql := range map[string]string{
			"a self-approval":                            insertVote("2", "1", digestA, "dan", "dan", "dan"),
			"an approval by whom it was requested for":   insertVote("2", "1", digestA, "dan", "mia", "mia"),
			"an approval with the requester's seat":      insertVote("2", "1", digestA, "dan", "ana", "dan"),
			"a vote that lies about the requester":       insertVote("2", "1", digestA, "ana", "dan", "dan"),
			"a vote for the content of another revision": insertVote("2", "1", digestB, "dan", "chloe", "chloe"),
			"a vote for a revision that does not exist":  insertVote("2", "3", digestA, "dan", "chloe", "chloe"),
			"a second vote of one person":                insertVote("2", "1", digestA, "dan", "ben", "chloe"),
			"a second vote with one seat":                insertVote("2", "1", digestA, "dan", "chloe", "ben"),
			"a vote of nobody":                           insertVote("2", "1", digestA, "dan", "nobody", "nobody"),
			"a vote made one's own change":               "UPDATE change_votes SET requester = 'ben'",
			"a requester changed to who voted":           "UPDATE changes SET requester = 'ben' WHERE number = 1",
			"an edit by somebody else":                   revision("1", "3", digestA, "chloe"),
			"a second content of a revision":             revision("1", "1", digestB, "dan"),
			"a revision's content changed under the vote": "UPDATE change_revisions SET digest = '" + digestB +
				"' WHERE number = 1 AND revision = 1",
			"a revision removed that was voted on": "DELETE FROM change_revisions WHERE number = 1 AND revision = 1",
			"a second execution":                   execution,
			"an execution of other content": "INSERT INTO change_executions (number, revision, digest, started_at) " +
				"VALUES (2, 1, '" + digestB + "', " + at + ")",
			"a second use of a grant":   grant("g2", "1"),
			"an unknown state":          "UPDATE changes SET state = 'done' WHERE number = 1",
			"under way without a start": "UPDATE changes SET state = 'implementing' WHERE number = 1",
			"closed without an outcome": "UPDATE changes SET state = 'closed', started_at = created_at WHERE " +
				"number = 1",
			"a delegation to oneself": "INSERT INTO change_delegations (id, giver, taker, since, until, " +
				"scope) VALUES ('x', 'ana', 'ana', " + at + ", " + at + ", '')",
			"a freeze that ends before it starts": "INSERT INTO change_freezes (id, data, from_at, to_at) VALUES ('x', '{}', " +
				at + ", " + at + ")",
			"a token without an end": "INSERT INTO tokens (id, hash, name, person, scopes, created_at, " +
				"expires_at) VALUES ('x', '" + digestA + "', 'x', 'ana', 'a', " + at + ", NULL)",
			"a token that is good for nothing named": "INSERT INTO tokens (id, hash, name, person, scopes, created_at, " +
				"expires_at) VALUES ('x', '" + digestA + "', 'x', 'ana', '', " + at + ", '2027-01-01 00:00:00+00:00')",
		} {
			t.Run(name, func(t *testing.T) {
				if _, err := db.Exec(sql); err == nil {
					t.Errorf("%s was stored", name)
				}
			})
		}
	})
}

// newToken completes a token.
func newToken(t *testing.T, of access.Token) (access.Token, string) {
	t.Helper()
	token, secret, err := access.New(of)
	if err != nil {
		t.Fatal(err)
	}
	return token, secret
}

// allowed decides that a token may be revoked.
func allowed(e bot.Effects) func(access.Token) (bot.Effects, error) {
	return func(access.Token) (bot.Effects, error) { return e, nil }
}

func TestTokensAreStoredHashed(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx := context.Background()
		token, secret := newToken(t, access.Token{
			Name: "ci", Person: "dan", Scopes: []string{"change.gate"}, Created: bottest.Start, Expires: bottest.Start.Add(time.Hour),
		})
		e := bot.Effects{
			Audit: bot.Audit{Action: "token.create", Object: "token/" + token.ID, Result: bot.ResultDone, At: bottest.Start},
		}
		if err := s.AddToken(ctx, token, e); err != nil {
			t.Fatal(err)
		}
		got, err := s.TokenOf(ctx, access.Hash(secret))
		if err != nil || got.Person != "dan" || len(got.Scopes) != 1 {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := s.TokenOf(ctx, secret); !errors.Is(err, bot.ErrNoSuch) {
			t.Error("a token was found by its secret")
		}
		for _, column := range []string{"id", "hash", "name", "scopes"} {
			t.Run(column, func(t *testing.T) {
				var text string
				if err := s.SQL().QueryRow("SELECT " + column + " FROM tokens").Scan(&text); err != nil ||
					strings.Contains(text, secret) {
					t.Error(column, text, err)
				}
			})
		}
		// It outlives the people being read from the configuration again, and its person may still act by it.
		if err := s.SyncPeople(ctx, bottest.People("test"), bottest.Start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Identify(ctx, bot.Account{Platform: api.Platform, User: "dan"}); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := s.RevokeToken(ctx, token.ID, bottest.Start, allowed(e)); err != nil {
				t.Error(err)
			}
		}
		if got, _ = s.TokenOf(ctx, access.Hash(secret)); got.Revoked.IsZero() {
			t.Error("not revoked")
		}
		if _, err := s.RevokeToken(ctx, "none", bottest.Start, allowed(e)); !errors.Is(err, bot.ErrNoSuch) {
			t.Error(err)
		}
	})
}

// An agent's token is of its owner, and is none any more once they are inactive.
func TestTokensOfAgents(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		ctx := context.Background()
		made := map[string]access.Token{}
		for n, of := range []bot.PersonID{"dan", "ana"} {
			at := bottest.Start.Add(time.Duration(n) * time.Minute)
			token, _ := newToken(t, access.Token{
				Name: "helper", Kind: access.Agent, Person: of, Scopes: []string{"change.*", "incident:override"}, Created: at,
				Expires: at.Add(time.Hour),
			})
			e := bot.Effects{Audit: bot.Audit{Action: "token.create", Object: "token/" + token.ID, Result: bot.ResultDone, At: at}}
			if err := s.AddToken(ctx, token, e); err != nil {
				t.Fatal(err)
			}
			made[string(of)] = token
		}
		dans := made["dan"]
		if got, err := s.TokenOf(ctx, dans.Hash); err != nil || !cmp.Equal(got, dans) {
			t.Errorf("%+v %v", got, err)
		}
		if list, err := s.Tokens(ctx, "dan"); err != nil || !cmp.Equal(list, []access.Token{dans}) {
			t.Errorf("of dan: %+v %v", list, err)
		}
		if list, err := s.Tokens(ctx, ""); err != nil || !cmp.Equal(list, []access.Token{made["ana"], dans}) {
			t.Errorf("of everybody: %+v %v", list, err)
		}
		used := bottest.Start.Add(10 * time.Minute)
		for _, at := range []time.Time{used, used.Add(time.Second), used.Add(-time.Hour)} {
			if err := s.TokenUsed(ctx, dans.ID, at); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.TokenOf(ctx, dans.Hash); err != nil || !got.Used.Equal(used) {
			t.Errorf("used %s %v", got.Used, err)
		}
		rest := slices.DeleteFunc(bottest.People("test"), func(p bot.Person) bool { return p.ID == "dan" })
		if err := s.SyncPeople(ctx, rest, bottest.Start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.TokenOf(ctx, dans.Hash); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("of somebody who left: %+v %v", got, err)
		}
		if _, err := s.TokenOf(ctx, made["ana"].Hash); err != nil {
			t.Error(err)
		}
		if _, err := s.Verify(ctx); err != nil {
			t.Error(err)
		}
	})
}
