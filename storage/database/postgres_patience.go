package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/commit"
)

// pgRole is what a connection to PostgreSQL is for, which says how long its statements may take.
type pgRole string

const (
	pgWork   pgRole = "work"   // reads before deciding, the queue: what people wait for
	pgCommit pgRole = "commit" // the committer's
	pgLong   pgRole = "long"   // migrations, verification, export: as long as it takes
	pgListen pgRole = "listen" // waits for news
)

const (
	workLimit = 2 * time.Second // of one statement, by the server
	NoLimit   = time.Duration(0)

	// Beyond the server's limit the client waits this long. After that the server, or the network to it, has gone silent.
	silence = 2 * time.Second

	// A connection that was idle is asked whether it lives, before it is used again.
	pingLimit = time.Second

	// The system gives a connection up after about this long without a sign of the other side.
	deadPeer = 10 * time.Second

	connectLimit = 5 * time.Second
)

// serverLimit is the role's statement_timeout, in milliseconds; 0 is none.
func (r pgRole) serverLimit() string {
	if r == pgWork || r == pgCommit {
		return fmt.Sprint(workLimit.Milliseconds())
	}
	return "0"
}

// dialer connects so that the system notices a dead peer: by keepalives on an idle connection, by what stays
// unacknowledged on a busy one.
var dialer = net.Dialer{
	Timeout:         connectLimit,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadPeer / 2, Interval: deadPeer / 4, Count: 2},
	Control: func(network, _ string, c syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		var set error
		err := c.Control(func(fd uintptr) { set = giveUpUnacknowledged(fd, deadPeer) })
		return errors.Join(err, set)
	},
}

// deadlines gives each statement on a connection for work a deadline on this side, for a server that has gone silent
// keeps no limit of its own.
type deadlines struct{}

type (
	patienceKey struct{}
	cancelKey   struct{}
)

// withPatience lets statements under ctx take longer than usual; noLimit as long as they want.
func withPatience(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, limit)
}

// TraceQueryStart implements pgx.QueryTracer.
func (deadlines) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	limit := workLimit + silence
	if own, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		if own == NoLimit {
			return ctx
		}
		limit = own + silence
	}
	if q.SQL == "-- ping" {
		limit = pingLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (deadlines) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// ReadLong reads several things in one state of the database. Each statement may take as long as limit says; noLimit:
// as long as it wants.
func (d *DB) ReadLong(ctx context.Context, limit time.Duration, read func(tx *gorm.DB) error) error {
	return d.Reader(withPatience(ctx, limit)).Transaction(func(tx *gorm.DB) error {
		if d.dialect == Postgres {
			if err := tx.Exec(fmt.Sprintf("SET LOCAL statement_timeout = %d", limit.Milliseconds())).Error; err != nil {
				return Error("set a limit", err)
			}
		}
		return read(tx)
	}, RepeatableRead(d.dialect))
}

// AloneLong is Commits().Alone for statements that may take as long as limit says.
func (d *DB) AloneLong(
	ctx context.Context, counter string, limit time.Duration,
	decide func(tx *gorm.DB, number int64) (*commit.Changes, error),
) error {
	return d.commits.Alone(withPatience(ctx, limit), counter, func(tx *gorm.DB, number int64) (*commit.Changes, error) {
		if d.dialect == Postgres {
			if err := tx.Exec(fmt.Sprintf("SET LOCAL statement_timeout = %d", limit.Milliseconds())).Error; err != nil {
				return nil, Error("set a limit", err)
			}
		}
		return decide(tx, number)
	})
}

// RepeatableRead makes several reads see one state. SQLite's transactions do by themselves.
func RepeatableRead(d Dialect) *sql.TxOptions {
	if d == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return &sql.TxOptions{}
}
