package storage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

func (s *Store) openPostgres(ctx context.Context, address string, o Options) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return bot.Errorf(bot.Unavailable, "DATABASE_URL is not a valid PostgreSQL address. Write postgres://user@host:5432/name")
	}
	config.RuntimeParams["timezone"] = "UTC"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "watchbell"
	}
	// An instance that freezes in the middle of a transaction must not hold its locks for ever: the others would freeze with it.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "5000"
	db := stdlib.OpenDB(*config)
	s.close = append(s.close, db.Close)
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	pingCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.PingContext(pingCtx); err != nil {
		return connectError(address, err)
	}
	s.db, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	s.close = append(s.close, s.tellLast)
	return err
}

// tellLast tells the servers of jobs that a program beside them added, which does not run long enough to tell them otherwise.
func (s *Store) tellLast() error {
	select {
	case <-s.notify:
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return s.db.WithContext(ctx).Exec("SELECT pg_notify(?, '')", notifyChannel).Error
}

// connectError says why a database cannot be reached, never with its password.
func connectError(address string, err error) error {
	shown := "the PostgreSQL server"
	if u, parseErr := url.Parse(address); parseErr == nil {
		u.RawQuery = "" // a password may stand there too
		shown = u.Redacted()
	}
	why := "it does not answer"
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "3D000":
			why = "the database does not exist; create it with createdb"
		case pg.Code == "28P01", pg.Code == "28000":
			why = "user or password is wrong, or the server demands TLS (sslmode=require)"
		default:
			why = pg.Message
		}
	} else if strings.Contains(err.Error(), "TLS") || strings.Contains(err.Error(), "tls") {
		why = "TLS could not be agreed on; see sslmode"
	}
	return bot.Errorf(bot.Unavailable, "Cannot open the database %s: %s.", shown, why)
}

// How often at most other instances are told that there is work.
const notifyEvery = 50 * time.Millisecond

const notifyChannel = "watchbell_jobs"

// Listen passes on the news of jobs between instances on one PostgreSQL until ctx ends. Without it jobs are still found by polling.
func (s *Store) Listen(ctx context.Context) {
	if s.dialect != postgresDialect {
		return
	}
	go s.tellOthers(ctx)
	for ctx.Err() == nil {
		if err := s.listen(ctx); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

func (s *Store) listen(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("wait for notification: %w", err)
		}
		send(s.wake)
	}
}

// tellOthers notifies outside of any transaction: inside, PostgreSQL would take a global lock for each commit.
func (s *Store) tellOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		}
		_ = s.db.WithContext(ctx).Exec("SELECT pg_notify(?, '')", notifyChannel).Error
		select {
		case <-ctx.Done():
			return
		case <-time.After(notifyEvery):
		}
	}
}
