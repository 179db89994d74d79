//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// byHandSchema is what a program for declaring alone would have. On SQLite, serial is integer and the times are its own.
const byHandSchema = `
create table hand_incidents(
  id %[1]s primary key, title text not null, severity text not null, status text not null default 'open',
  declared_by text not null, seq int not null default 0, created_at %[2]s not null default current_timestamp);
create index hand_incidents_status on hand_incidents(status, created_at);
create table hand_timeline(
  id %[1]s primary key, incident_id bigint not null references hand_incidents(id), actor text not null,
  body text not null, created_at %[2]s not null default current_timestamp);
create index hand_timeline_incident on hand_timeline(incident_id, id);
create table hand_audit(
  id %[1]s primary key, incident_id bigint not null references hand_incidents(id), actor text not null,
  action text not null, created_at %[2]s not null default current_timestamp);
create index hand_audit_incident on hand_audit(incident_id, id);
create table hand_outbox(
  id %[1]s primary key, incident_id bigint not null, kind text not null, state int not null default 0,
  next_at %[2]s not null default current_timestamp);
create index hand_outbox_due on hand_outbox(next_at) where state = 0;
create table hand_keys(key text primary key, created_at %[2]s not null default current_timestamp);
`

// The six statements, each of which depends on the one before it having succeeded.
const (
	byHandKey      = `insert into hand_keys(key) values ($1)`
	byHandIncident = `insert into hand_incidents(title, severity, declared_by) values ($1, $2, $3) returning id`
	byHandTimeline = `insert into hand_timeline(incident_id, actor, body) values ($1, $2, $3)`
	byHandAudit    = `insert into hand_audit(incident_id, actor, action) values ($1, $2, 'declare')`
	byHandOutbox   = `insert into hand_outbox(incident_id, kind) values ($1, 'post')`
	byHandUpdate   = `update hand_incidents set seq = seq + 1 where id = $1`
)

// declared is what the handler reads of an interaction.
type declared struct {
	ID     string `json:"id"`
	Member struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"member"`
	Data struct {
		Options []struct {
			Options []struct {
				Name  string          `json:"name"`
				Value json.RawMessage `json:"value"`
			} `json:"options"`
		} `json:"options"`
	} `json:"data"`
}

// declaringHandler is the program that somebody would write.
func declaringHandler(t *testing.T, url string, public ed25519.PublicKey) (address string) {
	t.Helper()
	commit := byHandOnPostgres
	if strings.HasPrefix(url, "sqlite:") {
		commit = byHandOnSQLite
	}
	store := commit(t, url)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		stamp := r.Header.Get("X-Signature-Timestamp")
		signature, err := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
		if err != nil || !ed25519.Verify(public, append([]byte(stamp), body...), signature) {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		var in declared
		if err := json.Unmarshal(body, &in); err != nil || len(in.Data.Options) == 0 {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		title, severity := "", "sev3"
		for _, o := range in.Data.Options[0].Options {
			switch o.Name {
			case "title":
				_ = json.Unmarshal(o.Value, &title)
			case "severity":
				_ = json.Unmarshal(o.Value, &severity)
			}
		}
		id, err := store(r.Context(), in.ID, title, severity, in.Member.User.ID)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"type": 4, "data": map[string]any{"flags": 64, "content": fmt.Sprintf("Declared INC-%d: %s", id, title)},
		})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/discord/interactions"
}

type byHandStore func(ctx context.Context, key, title, severity, user string) (int64, error)

func byHandOnPostgres(t *testing.T, url string) byHandStore {
	t.Helper()
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.MaxConns = 16 // as many as a server of ours takes
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(context.Background(), fmt.Sprintf(byHandSchema, "bigserial", "timestamptz")); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, key, title, severity, user string) (id int64, err error) {
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, byHandKey, key); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, byHandIncident, title, severity, user).Scan(&id); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandTimeline, id, user, title); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandAudit, id, user); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandOutbox, id); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, byHandUpdate, id)
			return err
		})
		return id, err
	}
}

func byHandOnSQLite(t *testing.T, url string) byHandStore {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=busy_timeout(5000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec(fmt.Sprintf(byHandSchema, "integer", "datetime")); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, key, title, severity, user string) (id int64, err error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err = tx.ExecContext(ctx, byHandKey, key); err != nil {
			return 0, err
		}
		if err = tx.QueryRowContext(ctx, byHandIncident, title, severity, user).Scan(&id); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandTimeline, id, user, title); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandAudit, id, user); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandOutbox, id); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandUpdate, id); err != nil {
			return 0, err
		}
		return id, tx.Commit()
	}
}
