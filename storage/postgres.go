package storage

import (
	"context"
	"errors"
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
	set["jit"] = "off" // it compiles by estimated costs, which takes longer than any statement here
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
	s.close = append(s.close, s.tellLast)
	return err
}

// tellLast tells the servers what a program beside them did, which does not run long enough to tell them otherwise.
func (s *Store) tellLast() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return s.tellNow(ctx)
}

// committerConn opens the connection that groups are committed by. Its statements are planned once, when the tables may still be empty, so they
// may be planned for no other size than a large one: what they look for is few rows, each by its key. It keeps its deadlines by itself.
func (s *Store) committerConn(ctx context.Context) (*pgx.Conn, error) {
	config, err := s.pgConfig(pgCommit)
	if err != nil {
		return nil, err
	}
	for name, setting := range map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"} {
		config.RuntimeParams[name] = setting
	}
	return pgx.ConnectConfig(ctx, config)
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
