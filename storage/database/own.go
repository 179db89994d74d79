package database

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// OwnPostgres opens a connection beside the pools, for what may not wait for them. Its statements may take as long as
// limit says. Close it.
func (d *DB) OwnPostgres(ctx context.Context, name string, limit time.Duration) (*pgx.Conn, error) {
	config, err := d.pgConfig(pgCommit)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "watchbell " + name
	config.RuntimeParams["statement_timeout"] = fmt.Sprint(limit.Milliseconds())
	return pgx.ConnectConfig(ctx, config)
}

// OwnSQLite opens a connection that writes beside the pools, for what may not wait for them. It waits for the lock as
// long as limit says. Close it.
func (d *DB) OwnSQLite(o Options, limit time.Duration) *sql.DB {
	sync := "FULL"
	if o.Relaxed {
		sync = "NORMAL"
	}
	path := d.url[len("sqlite:"):]
	busy := fmt.Sprintf("busy_timeout(%d)", limit.Milliseconds())
	dsn := "file:" + escapePath(path) + "?mode=rw&_pragma=" + busy +
		"&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(" + sync +
		")&_time_format=sqlite&_timezone=UTC&_txlock=immediate"
	db := sql.OpenDB(checkedConnector{file: d.file, cramped: d.cramped, writes: true, dsn: dsn})
	db.SetMaxOpenConns(1)
	return db
}
