package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ownPostgres opens a connection beside the pools, for what may not wait for them. Its statements may take as long as limit says. Close it.
func (s *Store) ownPostgres(ctx context.Context, name string, limit time.Duration) (*pgx.Conn, error) {
	config, err := s.pgConfig(pgCommit)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "watchbell " + name
	config.RuntimeParams["statement_timeout"] = fmt.Sprint(limit.Milliseconds())
	return pgx.ConnectConfig(ctx, config)
}

// ownSQLite opens a connection that writes beside the pools, for what may not wait for them. It waits for the lock as long as limit says.
// Close it.
func (s *Store) ownSQLite(o Options, limit time.Duration) *sql.DB {
	sync := "FULL"
	if o.Relaxed {
		sync = "NORMAL"
	}
	path := s.url[len("sqlite:"):]
	busy := fmt.Sprintf("busy_timeout(%d)", limit.Milliseconds())
	dsn := "file:" + escapePath(path) + "?mode=rw&_pragma=" + busy + "&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(" + sync +
		")&_time_format=sqlite&_timezone=UTC&_txlock=immediate"
	db := sql.OpenDB(checkedConnector{file: s.file, cramped: s.cramped, writes: true, dsn: dsn})
	db.SetMaxOpenConns(1)
	return db
}
