package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// pgConfig is how every connection to PostgreSQL is made.
func (s *Store) pgConfig(role pgRole) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(s.url)
	if err != nil { // which may show parts of a password that is not escaped
		return nil, bot.Errorf(bot.Unavailable, "DATABASE_URL is not a valid PostgreSQL address. Write postgres://user@host:5432/name%s", escapeHint)
	}
	config.DialFunc = dialer.DialContext
	if config.ConnectTimeout == 0 || config.ConnectTimeout > connectLimit {
		config.ConnectTimeout = connectLimit
	}
	if role == pgWork {
		config.Tracer = deadlines{}
	}
	set := config.RuntimeParams
	set["timezone"] = "UTC"
	set["statement_timeout"] = role.serverLimit()
	if set["application_name"] == "" {
		set["application_name"] = "watchbell"
	}
	// An instance that freezes in the middle of a transaction must not hold its locks for ever: the others would freeze with it.
	set["idle_in_transaction_session_timeout"] = "5000"
	return config, nil
}

const escapeHint = ". In a password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	role := pgWork
	if o.Patient {
		role = pgLong
	}
	config, err := s.pgConfig(role)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	s.close = append(s.close, db.Close)
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	pingCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.PingContext(pingCtx); err != nil {
		return connectError(err)
	}
	s.db, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	return err
}

// connectError says why a database cannot be reached. It shows no part of the address: where a password is not escaped, any part may be of it.
func connectError(err error) error {
	why := "it does not answer. Check the host and the port, and that the server runs" + escapeHint
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "3D000":
			why = "the database does not exist; create it with createdb"
		case "28P01", "28000":
			why = "user or password is wrong, or the server demands TLS (sslmode=require)"
		case "53300":
			why = "the server takes no more connections (max_connections)"
		case "57P03":
			why = "the server is starting or stopping"
		default:
			why = "the server refuses the connection with the code " + pg.Code
		}
	} else if strings.Contains(err.Error(), "TLS") || strings.Contains(err.Error(), "tls") {
		why = "TLS could not be agreed on; see sslmode"
	}
	return bot.Errorf(bot.Unavailable, "Cannot open the PostgreSQL database that DATABASE_URL names: %s.", why)
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
	config, err := s.pgConfig(pgListen)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
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
