package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/watchbell/watchbell/storage/database"
)

// keepWithin is how long a request may take to be kept by default: together with the 2.4 s before it, less than Slack's
// and Discord's three seconds.
const keepWithin = 400 * time.Millisecond

// Requests kept by one statement, at most.
const keepGroup = 256

// keeper writes into the inbox by a connection of its own, for what holds requests up may be the pool or the commits.
// Requests become late in crowds, so those that wait while a group is written form the next one.
type keeper struct {
	open   func(ctx context.Context) (keepConn, error)
	within time.Duration

	mu     sync.Mutex
	queue  []*keeping
	busy   bool
	conn   keepConn // nil: to be opened
	closed bool
}

// keepConn is a connection of either database.
type keepConn interface {
	// keep writes rows and returns the keys of those that were not there yet.
	keep(ctx context.Context, rows []inboxRow, lease time.Duration) (map[string]bool, error)
	close()
}

// keeping is one request that is to be kept.
type keeping struct {
	row   inboxRow
	lease time.Duration
	added bool
	err   error
	done  chan struct{}
}

var errKeeperClosed = errors.New("the database is closed")

func (k *keeper) keep(ctx context.Context, row inboxRow, lease time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, k.within)
	defer cancel()
	one := &keeping{row: row, lease: lease, done: make(chan struct{})}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return false, errKeeperClosed
	}
	k.queue = append(k.queue, one)
	if !k.busy {
		k.busy = true
		go k.write()
	}
	k.mu.Unlock()
	select {
	case <-one.done:
		return one.added, one.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// write writes group after group until none waits.
func (k *keeper) write() {
	for {
		k.mu.Lock()
		group := k.queue[:min(len(k.queue), keepGroup)]
		k.queue = k.queue[len(group):]
		if len(group) == 0 {
			k.busy, k.queue = false, nil
			if k.closed {
				k.drop()
			}
			k.mu.Unlock()
			return
		}
		k.mu.Unlock()
		added, err := k.group(group)
		for _, one := range group {
			one.added, one.err = added[one.row.Key], err
			delete(added, one.row.Key) // of two with one key the first was added
			close(one.done)
		}
	}
}

// group writes one group. A connection that failed is opened anew for the next.
func (k *keeper) group(group []*keeping) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), k.within)
	defer cancel()
	if err := k.connect(ctx); err != nil {
		return nil, err
	}
	rows := make([]inboxRow, len(group))
	for i, one := range group {
		rows[i] = one.row
	}
	added, err := k.conn.keep(ctx, rows, group[0].lease)
	if err != nil {
		k.mu.Lock()
		k.drop()
		k.mu.Unlock()
	}
	return added, err
}

// connect opens the connection. Only write calls it, and Open before anybody else can.
func (k *keeper) connect(ctx context.Context) error {
	k.mu.Lock()
	open := k.conn == nil
	k.mu.Unlock()
	if !open {
		return nil
	}
	conn, err := k.open(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn = conn
	return nil
}

func (k *keeper) drop() {
	if k.conn != nil {
		k.conn.close()
		k.conn = nil
	}
}

// close closes the connection, now or after the group that is under way.
func (k *keeper) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if !k.busy {
		k.drop()
	}
	return nil
}

// newKeeper prepares the connection of a server at once, so that it is there when the database gets slow.
func (q *Queue) newKeeper(ctx context.Context, o database.Options) error {
	q.keeper = &keeper{open: q.keepPostgres, within: cmp.Or(o.KeepWithin, keepWithin)}
	if q.db.Dialect() == database.SQLite {
		q.keeper.open = func(ctx context.Context) (keepConn, error) { return q.keepSQLite(ctx, o) }
	}
	q.db.OnClose(q.keeper.close)
	if !o.Server {
		return nil
	}
	// with a full disk it is opened when it is needed
	if err := q.keeper.connect(ctx); err != nil && !database.CannotWrite(err) {
		return database.Error("connect for the inbox", err)
	}
	return nil
}

// keepInPostgres and keepInSQLite are written by hand: one is prepared once and takes a whole group, neither may wait
// for anything.
const (
	keepInPostgres = `INSERT INTO inbox (key, platform, back, at, owner, attempt, lease_until)
SELECT u.key, u.platform, u.back, clock_timestamp(), u.owner, 0, clock_timestamp() + make_interval(secs => $5)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u (key, platform, back, owner) ON CONFLICT (key) DO NOTHING RETURNING key`
	keepInSQLite = `INSERT INTO inbox (key, platform, back, at, owner, attempt, lease_until) VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT (key) DO NOTHING`
)

type keepPostgres struct{ conn *pgx.Conn }

func (q *Queue) keepPostgres(ctx context.Context) (keepConn, error) {
	conn, err := q.db.OwnPostgres(ctx, "inbox", q.keeper.within)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Prepare(ctx, "keep", keepInPostgres); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return keepPostgres{conn}, nil
}

func (c keepPostgres) keep(ctx context.Context, rows []inboxRow, lease time.Duration) (map[string]bool, error) {
	var keys, platforms, backs, owners []string
	for _, r := range rows {
		keys, platforms, backs, owners = append(keys, r.Key), append(platforms, r.Platform), append(backs, r.Back), append(
			owners, r.Owner,
		)
	}
	result, err := c.conn.Query(ctx, "keep", keys, platforms, backs, owners, lease.Seconds())
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(result, pgx.RowTo[string])
	added := map[string]bool{}
	for _, key := range list {
		added[key] = true
	}
	return added, err
}

func (c keepPostgres) close() {
	ctx, cancel := context.WithTimeout(context.Background(), keepWithin)
	defer cancel()
	_ = c.conn.Close(ctx)
}

type keepSQLite struct {
	db     *sql.DB
	insert *sql.Stmt
}

func (q *Queue) keepSQLite(ctx context.Context, o database.Options) (keepConn, error) {
	db := q.db.OwnSQLite(o, q.keeper.within)
	insert, err := db.PrepareContext(ctx, keepInSQLite)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return keepSQLite{db, insert}, nil
}

func (c keepSQLite) keep(ctx context.Context, rows []inboxRow, lease time.Duration) (map[string]bool, error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	insert, added := tx.StmtContext(ctx, c.insert), map[string]bool{}
	for _, r := range rows {
		done, err := insert.ExecContext(ctx, r.Key, r.Platform, r.Back, database.Now(), r.Owner, database.Now().Add(lease))
		if err != nil {
			return nil, err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n > 0 {
			added[r.Key] = true
		}
	}
	return added, tx.Commit()
}

func (c keepSQLite) close() {
	_ = c.insert.Close()
	_ = c.db.Close()
}
