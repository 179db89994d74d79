package storage_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestManyInstancesStartTogether(t *testing.T) {
	storagetest.EachEmpty(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				s, err := storage.Open(context.Background(), url, storage.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = s.Close() }()
				if last, err := s.VerifyAudit(context.Background(), bot.Seal{}); last.Seq != 0 || err != nil {
					t.Error(last, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestANewerSchemaIsRefused(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		if _, err := s.SQL().Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)"); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		_, err := storage.Open(context.Background(), url, storage.Options{})
		if err == nil || !strings.Contains(err.Error(), "schema 99, which is newer") {
			t.Errorf("opened: %v", err)
		}
	})
}

func TestTheSchemaRefusesWhatMustNeverBe(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		db := s.SQL()
		const incident = `INSERT INTO incidents (number, title, impact, severity, state, reporter, leadless_since, started_at, detected_at, declared_at, resume_state, muted, last_human_at,
updates, update_text, update_by, resolution, end_reason, reopened, happened, contributing, went_well, was_hard, source, origin, version, entries)
VALUES (1, 'a', '', 'sev2', 'investigating', 'ana', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', '', false, '2026-11-25 14:00:00+00:00', 0, '', '', '', '', 0, '', '', '', '', 'test', '', 1, 1)`
		if _, err := db.Exec(incident); err != nil {
			t.Fatal(err)
		}
		for name, sql := range map[string]string{
			"a second incident with the number": incident,
			"an unknown severity":               "UPDATE incidents SET severity = 'sev0'",
			"an unknown state":                  "UPDATE incidents SET state = 'gone'",
			"a lead who is nobody":              "UPDATE incidents SET lead = 'nobody'",
			"neither lead nor since when":       "UPDATE incidents SET leadless_since = NULL",
			"resolved without a time":           "UPDATE incidents SET state = 'resolved', resolution = 'x'",
			"resolved before it started": "UPDATE incidents SET state = 'resolved', resolution = 'x', resolved_at = " +
				"'2026-11-25 13:00:00+00:00'",
			"cancelled without a reason": "UPDATE incidents SET state = 'cancelled'",
			"paused without an end":      "UPDATE incidents SET state = 'paused'",
			"a task of no incident": "INSERT INTO incident_tasks (number, n, text, follow_up, created_by, created_at) " +
				"VALUES (2, 1, 'x', false, 'ana', '2026-11-25 14:00:00+00:00')",
			"a task done by nobody": "INSERT INTO incident_tasks (number, n, text, follow_up, created_by, created_at, " +
				"done_at) VALUES (1, 1, 'x', false, 'ana', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00')",
			"an account of nobody": "INSERT INTO accounts (platform, workspace, user_id, person) VALUES ('x', '', 'x', " +
				"'nobody')",
			"an entry of no incident": "INSERT INTO incident_entries (number, seq, at, recorded_at, kind, text, link) VALUES " +
				"(9, 1, '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', 'note', 'x', '')",
			"a code of nobody": "INSERT INTO link_codes (person, hash, platform, workspace, user_id, made_at, expires_at) " +
				"VALUES ('nobody', '" + strings.Repeat("a", 64) + "', 'x', '', 'x', '2026-11-25 14:00:00+00:00', " +
				"'2026-11-25 14:05:00+00:00')",
			"a code in clear": "INSERT INTO link_codes (person, hash, platform, workspace, user_id, made_at, expires_at) " +
				"VALUES ('ana', '7KQ2M9XD', 'x', '', 'x', '2026-11-25 14:00:00+00:00', '2026-11-25 14:05:00+00:00')",
			"an account given to nobody": "INSERT INTO account_moves (platform, workspace, user_id, n, linked, to_person, " +
				"by_person, at) VALUES ('x', '', 'x', 1, true, 'nobody', 'ana', '2026-11-25 14:00:00+00:00')",
			"an account taken from nobody": "INSERT INTO account_moves (platform, workspace, user_id, n, linked, to_person, " +
				"by_person, at) VALUES ('x', '', 'x', 1, false, 'ana', 'ana', '2026-11-25 14:00:00+00:00')",
			"an account that stays where it is": "INSERT INTO account_moves (platform, workspace, user_id, n, linked, " +
				"from_person, to_person, by_person, at) VALUES ('x', '', 'x', 1, true, 'ana', 'ana', 'ana', " +
				"'2026-11-25 14:00:00+00:00')",
			"a reminder of nobody": "INSERT INTO nudges (object, what, due, step, sent_to, message, sent_at, why) VALUES " +
				"('CTR-1', 'notice', '2026-11-25', 7, 'nobody', 'x', '2026-11-25 14:00:00+00:00', '')",
			"a reminder without a message": "INSERT INTO nudges (object, what, due, step, sent_to, message, sent_at, why) " +
				"VALUES ('CTR-1', 'notice', '2026-11-25', 7, 'ana', '', '2026-11-25 14:00:00+00:00', '')",
			"a place of nobody's making": "INSERT INTO notify_places (number, owner, service, label, sealed, mark, by_person, " +
				"made_at, fault) VALUES (1, 'person/ana', 'ntfy', '', 'x', '" + strings.Repeat("a", 64) + "', 'nobody', " +
				"'2026-11-25 14:00:00+00:00', '')",
			"a place whose address could be in clear": "INSERT INTO notify_places (number, owner, service, label, sealed, " +
				"mark, by_person, made_at, fault) VALUES (1, 'person/ana', 'ntfy', '', 'x', 'ntfy://ntfy.sh/x', 'ana', " +
				"'2026-11-25 14:00:00+00:00', '')",
			"an alarm in a state that is none": "INSERT INTO notify_deliveries (object, round, place, person, owner, name, " +
				"state, at, tries, fault) VALUES ('PAGE-1', 0, 1, 'ana', 'person/ana', 'x', 'lost', " +
				"'2026-11-25 14:00:00+00:00', 0, '')",
			"an alarm that failed for no reason": "INSERT INTO notify_deliveries (object, round, place, person, owner, name, " +
				"state, at, tries, fault) VALUES ('PAGE-1', 0, 1, 'ana', 'person/ana', 'x', 'failed', " +
				"'2026-11-25 14:00:00+00:00', 1, '')",
			"a session of nobody": "INSERT INTO sessions (id, person, made_at, seen_at, way, factor, address, agent) VALUES ('" +
				strings.Repeat("a", 64) + "', 'nobody', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', 'x', 'x', " +
				"'', '')",
			"a session in clear": "INSERT INTO sessions (id, person, made_at, seen_at, way, factor, address, agent) VALUES " +
				"('secret', 'ana', '2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00', 'x', 'x', '', '')",
			"a link of nobody that signs in": "INSERT INTO login_links (hash, purpose, made_by, next, made_at, expires_at) " +
				"VALUES ('" + strings.Repeat("a", 64) + "', 'chat-link', '', '', '2026-11-25 14:00:00+00:00', " +
				"'2026-11-25 14:05:00+00:00')",
			"a recovery code in clear": "INSERT INTO recovery_codes (hash, person, made_at) VALUES ('7KQ2M9XD4TRW8HBN', " +
				"'ana', '2026-11-25 14:00:00+00:00')",
			"a passkey of nobody": "INSERT INTO passkeys (id, person, handle, name, public_key, counter, synced, transports, " +
				"made_at) VALUES ('x', 'nobody', '1234567890123456789012', 'x', '1', 0, false, '', '2026-11-25 14:00:00+00:00')",
			"a passkey of a person's id": "INSERT INTO passkeys (id, person, handle, name, public_key, counter, synced, " +
				"transports, made_at) VALUES ('x', 'ana', 'ana', 'x', '1', 0, false, '', '2026-11-25 14:00:00+00:00')",
			"an account of no issuer": "INSERT INTO login_subjects (id, person, issuer, subject, email, member_of, roles, " +
				"made_at, used_at) VALUES ('" + strings.Repeat("a", 64) + "', 'ana', '', 'x', '', '', '', " +
				"'2026-11-25 14:00:00+00:00', '2026-11-25 14:00:00+00:00')",
			"a second audit head": "INSERT INTO audit_head (id, seq, hash) VALUES (2, 0, '')",
		} {
			t.Run(name, func(t *testing.T) {
				if _, err := db.Exec(sql); err == nil {
					t.Errorf("%s was stored", name)
				}
			})
		}
	})
}

func TestFilesThatAreNotOurs(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 20)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	makeForeign(t, foreign)
	for path, want := range map[string]string{
		text:                                  "it is not a SQLite file, and was left untouched",
		foreign:                               "it belongs to another program, and was left untouched",
		dir:                                   "it is a folder; name a file in it",
		filepath.Join(dir, "missing", "a.db"): "does not exist; create it first",
		"":                                    "has no file name",
		// takes no new files, not even from root
		"/proc/watchbell.db": "Its folder must exist and be writable",
	} {
		t.Run(path, func(t *testing.T) {
			before, _ := os.ReadFile(path)
			_, err := storage.Open(context.Background(), "sqlite:"+path, storage.Options{Server: true})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("%s was changed", path)
			}
		})
	}
}

// makeForeign makes a SQLite file of another program.
func makeForeign(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec("CREATE TABLE theirs (id integer)"); err != nil {
		t.Fatal(err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://root:secret@localhost/x": "DATABASE_URL begins with mysql:, which Watchbell does not " +
			"support. Write postgres://",
		"MySQL://root:secret@localhost/x": "DATABASE_URL begins with mysql:, ",
		"foo": "DATABASE_URL begins with neither postgres:// nor sqlite:, so " +
			"Watchbell does not know which database is meant. Write postgres://",
		"secret:x@h/d":           "DATABASE_URL begins with neither",
		"secret":                 "DATABASE_URL begins with neither",
		"host=h password=secret": "DATABASE_URL begins with neither",
		"postgres:u:secret@h/d":  "DATABASE_URL begins with neither",
		"sqlite:":                "DATABASE_URL has no file name after sqlite:. ",
		"sqlite:postgres://u:secret@h/d": "Cannot use the file named by DATABASE_URL as the database: its " +
			"folder does not exist",
		"sqlite://u:secret@h/d": "Cannot use the file named by DATABASE_URL as the database: its " +
			"folder does not exist",
		"sqlite:/no/such/folder/watchbell.db": "Cannot use the file /no/such/folder/watchbell.db as the " +
			"database: the folder /no/such/folder does not exist",
		"postgres://u:sec@secret@127.0.0.1:1/x": "Cannot open the PostgreSQL database that DATABASE_URL names: it " +
			"does not answer.",
		"postgres://u:1/secret@127.0.0.1:1/x": "Cannot open the PostgreSQL database that DATABASE_URL names: it " +
			"does not answer.",
		"postgres://u:sec/secret@127.0.0.1:1/x": "DATABASE_URL is not a valid PostgreSQL address.",
		"postgres://u:sec%secret@127.0.0.1:1/x": "DATABASE_URL is not a valid PostgreSQL address.",
		"postgres://u:secret@127.0.0.1:1/x": "Cannot open the PostgreSQL database that DATABASE_URL names: it " +
			"does not answer.",
		"postgres://u:secret@127.0.0.1:notaport/x":     "DATABASE_URL is not a valid PostgreSQL address.",
		"postgres://u:secret@127.0.0.1:1/x?sslmode=no": "DATABASE_URL is not a valid PostgreSQL address.",
	} {
		t.Run(url, func(t *testing.T) {
			_, err := storage.Open(context.Background(), url, storage.Options{})
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", url, err)
			}
		})
	}
}

func TestOneServerAFile(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "watchbell.db")
	server, err := storage.Open(context.Background(), url, storage.Options{Server: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(context.Background(), url, storage.Options{Server: true}); err == nil ||
		!strings.Contains(err.Error(), "Another Watchbell server already uses") {
		t.Errorf("a second server: %v", err)
	}
	guest := storagetest.Open(t, url) // a single command may join in
	if err := guest.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := storage.Open(context.Background(), url, storage.Options{Server: true}); err != nil {
		t.Errorf("after the first stopped: %v", err)
	} else {
		_ = again.Close()
	}
}
