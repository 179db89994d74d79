package database

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
func (d *DB) pgConfig(role pgRole) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(d.url)
	if err != nil { // which may show parts of a password that is not escaped
		return nil, bot.Errorf(
			bot.Invalid, "DATABASE_URL is not a valid PostgreSQL address. Write postgres://user@host:5432/name%s", escapeHint,
		)
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
	// An instance that freezes in the middle of a transaction must not hold its locks for ever: the others would freeze
	// with it.
	set["idle_in_transaction_session_timeout"] = "5000"
	return config, nil
}

const escapeHint = ". In a password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"

func (d *DB) openPostgres(ctx context.Context, o Options) error {
	role := pgWork
	if o.Patient {
		role = pgLong
	}
	config, err := d.pgConfig(role)
	if err != nil {
		return err
	}
	db, err := d.pgPool(config, o.Conns)
	if err != nil {
		return err
	}
	if err := reach(ctx, db); err != nil {
		return err
	}
	d.db = db
	d.queue, err = d.pgPool(queueConfig(config), queueConns)
	d.close = append(d.close, d.tellLast)
	return err
}

// reachLimit is how long a server that starts, is full or is slow is asked again.
const reachLimit = 15 * time.Second

// reach returns when the database answers. A server that refuses for good is asked once.
func reach(ctx context.Context, db *gorm.DB) error {
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	for {
		err := db.WithContext(ctx).Exec("SELECT 1").Error
		if err == nil {
			return nil
		}
		if !passes(err) {
			return connectError(err)
		}
		select {
		case <-ctx.Done():
			return connectError(err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// passes reports whether a server that cannot be connected to is likely to be there in a moment.
func passes(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "57P03" || pg.Code == "53300"
	}
	return pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded)
}

// queueConns write down what becomes of jobs. They are few, because each of them has to plan the statements.
const queueConns = 2

// queueConfig is for what nobody waits for and nothing is lost with: a claim, an end or a note of what was posted that
// is lost with the server is made again. So they do not wait for the disk.
func queueConfig(work *pgx.ConnConfig) *pgx.ConnConfig {
	config := work.Copy()
	planOnce(config)
	config.RuntimeParams["synchronous_commit"] = "off"
	return config
}

// pgPool is a pool of so many connections, which are opened when they are needed.
func (d *DB) pgPool(config *pgx.ConnConfig, conns int) (*gorm.DB, error) {
	db := stdlib.OpenDB(*config)
	d.close = append(d.close, db.Close)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	o := gormConfig()
	o.DisableAutomaticPing = true
	return gorm.Open(postgres.New(postgres.Config{Conn: db}), o)
}

// planOnce makes a connection plan each statement once. That may be when the tables are still empty, so it may plan for
// no other size than a large one: what is looked for is few rows, each by its key or in the order of an index.
func planOnce(config *pgx.ConnConfig) {
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	for _, path := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
		config.RuntimeParams[path] = "off"
	}
}

// tellLast tells the servers what a program beside them did, which does not run long enough to tell them otherwise.
func (d *DB) tellLast() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return d.tellNow(ctx)
}

// committerConn opens the connection that groups are committed by. It keeps its deadlines by itself.
func (d *DB) committerConn(ctx context.Context) (*pgx.Conn, error) {
	config, err := d.pgConfig(pgCommit)
	if err != nil {
		return nil, err
	}
	planOnce(config)
	return pgx.ConnectConfig(ctx, config)
}

// connectError says why a database cannot be reached. It shows no part of the address: where a password is not escaped,
// any part may be of it.
func connectError(err error) error {
	kind, why := bot.Unavailable, "it does not answer. Check the host and the port, and that the server runs"+escapeHint
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "3D000":
			kind, why = bot.Invalid, "the database does not exist; create it with createdb"
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
	return bot.Errorf(kind, "Cannot open the PostgreSQL database that DATABASE_URL names: %s.", why)
}
