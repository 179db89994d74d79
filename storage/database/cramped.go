package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	moderncsqlite "modernc.org/sqlite"

	"github.com/watchbell/watchbell/bot"
)

// cramped is a SQLite file on a disk that has no room, or that is mounted read-only. SQLite needs a little room even
// for reading, for the memory that its connections share. Without it the file is read in another way, and nothing is
// written until there is room again.
type cramped struct {
	file sqliteFile
	is   atomic.Bool
	read *sql.DB // whose connections are of the other way while it is
}

// crampedRoom is how much room a connection and a first commit need.
const crampedRoom = 256 << 10

// errCramped is that there is no room to write. It is for people.
type errCramped struct{ people *bot.Error }

func (e errCramped) Error() string { return e.people.Text }

func (e errCramped) Unwrap() error { return e.people }

// couldRead says whether an error of opening a file to write leaves hope that it can be read.
func couldRead(err error) bool {
	return slices.Contains([]int{sqliteIOError, sqliteFull, sqliteCantOpen, sqliteReadOnly}, sqliteCode(err))
}

// writable says whether a connection that writes may be opened. When there is room again it ends the other way of
// reading.
func (c *cramped) writable() error {
	if !c.is.Load() {
		return nil
	}
	free, readOnly, err := space(filepath.Dir(c.file.path))
	if err != nil || readOnly || free < crampedRoom {
		return c.refusal()
	}
	c.leave()
	return nil
}

func (c *cramped) refusal() error {
	return errCramped{
		bot.Errorf(
			bot.Unavailable,
			"This was not recorded: the disk of the database %s is full or cannot be written to. What is there can be read. "+
				"Make room, and repeat it.",
			shown(filepath.Base(c.file.path)),
		),
	}
}

// leave closes the connections of the other way, those in use as soon as they are free.
func (c *cramped) leave() {
	c.is.Store(false)
	c.read.SetMaxIdleConns(0)
	c.read.SetMaxIdleConns(readConns)
	c.read.SetMaxOpenConns(readConns)
}

// enter begins the other way.
func (c *cramped) enter() {
	c.is.Store(true)
	if c.unmoved() {
		c.read.SetMaxOpenConns(1)
	}
}

// unmoved says whether the write-ahead log holds something that the file does not.
func (c *cramped) unmoved() bool {
	info, err := os.Stat(c.file.path + "-wal")
	return err == nil && info.Size() > 0
}

// open opens a connection that needs no room. Where the file is all there is nobody can change it, for that takes room.
// Otherwise one connection has the file alone and keeps what it would share to itself.
func (c *cramped) open() (driver.Conn, error) {
	dsn := "file:" + escapePath(c.file.path) + "?mode=ro&immutable=1"
	if c.unmoved() {
		dsn = "file:" + escapePath(c.file.path) +
			"?_pragma=busy_timeout(1000)&_pragma=locking_mode(EXCLUSIVE)&_pragma=query_only(1)"
	}
	conn, err := (&moderncsqlite.Driver{}).Open(dsn + "&_pragma=foreign_keys(1)&_time_format=sqlite&_timezone=UTC")
	if err != nil {
		return nil, err
	}
	full, err := allOf(conn)
	if err != nil {
		return nil, err
	}
	return crampedConn{full, c}, nil
}

func allOf(conn driver.Conn) (fullConn, error) {
	full, ok := conn.(fullConn)
	if !ok {
		_ = conn.Close()
		return nil, errors.New("the SQLite driver lacks methods")
	}
	return full, nil
}

// fullConn is all that the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// crampedConn is of no more use once there is room.
type crampedConn struct {
	fullConn
	c *cramped
}

// IsValid implements driver.Validator.
func (c crampedConn) IsValid() bool { return c.c.is.Load() && c.fullConn.IsValid() }

// ResetSession implements driver.SessionResetter.
func (c crampedConn) ResetSession(ctx context.Context) error {
	if !c.c.is.Load() {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}
