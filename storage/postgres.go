package storage

import (
	"context"
	"errors"
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

// tellLast tells the servers what a program beside them did, which does not run long enough to tell them otherwise.
func (s *Store) tellLast() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return s.tellNow(ctx)
}

// committerConn opens the connection that groups are committed by. Its statements are planned once.
func (s *Store) committerConn(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["application_name"] = "watchbell committer"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "5000"
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	return pgx.ConnectConfig(ctx, config)
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
