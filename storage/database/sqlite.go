package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	moderncsqlite "modernc.org/sqlite"

	"github.com/watchbell/watchbell/bot"
)

// applicationID marks our files, in the header field SQLite has for it: "WBLL".
const applicationID = 0x57424c4c

func (d *DB) openSQLite(ctx context.Context, path string, o Options) error {
	if path == "" {
		return bot.Errorf(bot.Invalid, "DATABASE_URL has no file name after sqlite:. Write, for example, sqlite:watchbell.db")
	}
	if _, err := os.Stat(path); o.NoMigrate && errors.Is(err, os.ErrNotExist) {
		return bot.Errorf(
			bot.Invalid,
			"There is no database %s: the folder or the file does not exist. Name the folder with --data, or set "+
				"DATABASE_URL. The first \"watchbell serve\" makes the file.",
			shown(path),
		)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	id, release, err := hold(absolute, func() error { return makeFile(path) })
	if err != nil {
		return err
	}
	d.close = append(d.close, func() error { release(); return nil })
	d.file = sqliteFile{absolute, id}
	if err := d.lockFile(path, id, o); err != nil {
		return err
	}
	// Done is said when the commit is on the disk. Tests that only look at logic need not wait for it.
	sync := "FULL"
	if o.Relaxed {
		sync = "NORMAL"
	}
	c := &cramped{file: d.file}
	d.cramped = c
	if d.db, err = d.sqlitePool(path, sync, "immediate", 1, c); err != nil {
		return err
	}
	if d.read, err = d.sqlitePool(path, sync, "deferred", readConns, c); err != nil {
		return err
	}
	if c.read, err = d.read.DB(); err != nil {
		return err
	}
	const look = "SELECT count(*) FROM sqlite_master"
	if err := d.db.WithContext(ctx).Exec(look).Error; err != nil {
		if !couldRead(err) {
			return openError(path, err)
		}
		c.enter()
		if d.read.WithContext(ctx).Exec(look).Error != nil {
			return openError(path, err)
		}
	}
	if o.Server {
		d.close = append(d.close, d.checkpoint)
	}
	if o.Server {
		d.watchFile(path)
	}
	return refuseOtherFile(d.db, d.file)
}

// readConns is how many connections read beside the one that writes.
const readConns = 4

// openError says why a SQLite file cannot be opened.
func openError(path string, err error) error {
	var people *bot.Error
	switch {
	case errors.As(err, &people):
		return people
	case damaged(err):
		return damagedError(path, err)
	}
	kind := bot.Unavailable
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) { // which does not mend itself
		kind = bot.Invalid
	}
	return bot.Errorf(
		kind, "Cannot open the SQLite file %s: %v. Its folder must exist and be writable, on a local disk.", shown(path),
		err,
	)
}

// makeFile checks the file, or makes it for nobody else's eyes: SQLite would ask the umask.
func makeFile(path string) error {
	if err := checkFile(path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return openError(path, reason(err))
	}
	return f.Close()
}

// watchFile wakes the workers when another program, like a command beside the server, wrote to the file. Looking at the
// time of its log costs nothing.
func (d *DB) watchFile(path string) {
	done := make(chan struct{})
	d.close = append(d.close, func() error { close(done); return nil })
	stamp := func() (t time.Time) {
		if info, err := os.Stat(path + "-wal"); err == nil {
			t = info.ModTime()
		}
		return t
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for last := stamp(); ; {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if now := stamp(); !now.Equal(last) {
				last = now
				send(d.wake)
			}
		}
	}()
}

// checkpoint moves the write-ahead log into the file when the server stops, so that the file alone is the whole
// database.
func (d *DB) checkpoint() error {
	err := d.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)").Error
	if CannotWrite(err) { // the next start finds the log
		return nil
	}
	return err
}

// sqlitePool opens connections. Transactions of those that write take the lock when they begin, for taking it later can
// fail; those that only read must not take it at all.
func (d *DB) sqlitePool(path, sync, lock string, conns int, c *cramped) (*gorm.DB, error) {
	dsn := "file:" + escapePath(path) +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(" + sync +
		")&_time_format=sqlite&_timezone=UTC&_txlock=" + lock
	db := sql.OpenDB(checkedConnector{dsn, d.file, c, lock == "immediate"})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	d.close = append(d.close, db.Close)
	config := gormConfig()
	config.DisableAutomaticPing = true // whoever opens the file looks into it
	return gorm.Open(sqliteDialector{&sqlite.Dialector{Conn: db}}, config)
}

// checkFile refuses a file that is not ours before anything could change it.
func checkFile(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return checkFolder(path)
	}
	if err != nil {
		return cannotUse(path, "%v", reason(err))
	}
	if info.IsDir() {
		return cannotUse(path, "it is a folder; name a file in it")
	}
	if !info.Mode().IsRegular() {
		return cannotUse(path, "it is a pipe or a device")
	}
	f, err := os.Open(path)
	if err != nil {
		return cannotUse(path, "it cannot be read: %v", reason(err))
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 100)
	n, err := io.ReadFull(f, header)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case n < len(header) || !strings.HasPrefix(string(header), "SQLite format 3\x00"):
		return damagedFile{cannotUse(path, "it is not a SQLite file, and was left untouched")}
	}
	if id := binary.BigEndian.Uint32(header[68:72]); id != applicationID && (id != 0 || !freshFile(path)) {
		return cannotUse(path, "it belongs to another program, and was left untouched")
	}
	return nil
}

// freshFile reports whether a file without our mark is ours all the same: still empty, or with the mark in its
// write-ahead log only.
func freshFile(path string) bool {
	db := sql.OpenDB(readOnlyConnector{"file:" + escapePath(path) + "?mode=ro&_pragma=busy_timeout(5000)"})
	defer func() { _ = db.Close() }()
	var tables, ours int
	err := db.QueryRow(
		"SELECT count(*), count(CASE WHEN name IN ('audit_head', 'goose_db_version') THEN 1 END) FROM sqlite_master",
	).Scan(&tables, &ours)
	return err == nil && (tables == 0 || ours > 0)
}

type readOnlyConnector struct{ dsn string }

func (c readOnlyConnector) Driver() driver.Driver { return &moderncsqlite.Driver{} }

func (c readOnlyConnector) Connect(context.Context) (driver.Conn, error) {
	return c.Driver().Open(c.dsn)
}

func escapePath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

func checkFolder(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		if shown(dir) != dir {
			return cannotUse(path, "its folder does not exist; create it first")
		}
		return cannotUse(path, "the folder %s does not exist; create it first", dir)
	}
	return nil
}

// reason is what the system says about a file, without its path.
func reason(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// checkedConnector opens connections and makes sure that each is to the file that the others have open, and enforces
// foreign keys: without them a reference to nobody would be accepted.
type checkedConnector struct {
	dsn     string
	file    sqliteFile
	cramped *cramped
	writes  bool
}

func (c checkedConnector) Driver() driver.Driver { return &moderncsqlite.Driver{} }

func (c checkedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.file.same(); err != nil {
		return nil, err
	}
	conn, err := c.wayIn(ctx)
	if err != nil {
		return nil, err
	}
	err = c.file.same()
	if err == nil {
		err = checkForeignKeys(ctx, conn)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	full, err := allOf(conn)
	if err != nil {
		return nil, err
	}
	return keep(full), nil
}

// wayIn opens a connection in the way that the room on the disk allows.
func (c checkedConnector) wayIn(ctx context.Context) (driver.Conn, error) {
	if !c.writes {
		if c.cramped.is.Load() {
			return c.cramped.open()
		}
		return c.open(ctx)
	}
	was := c.cramped.is.Load()
	if err := c.cramped.writable(); err != nil {
		return nil, err
	}
	conn, err := c.open(ctx)
	if was && couldRead(err) {
		c.cramped.enter()
		return nil, c.cramped.refusal()
	}
	return conn, err
}

// open repeats when the file is busy: the change to a write-ahead log, which several programs that start together may
// all try, does not wait for its turn.
func (c checkedConnector) open(ctx context.Context) (driver.Conn, error) {
	for deadline := time.Now().Add(5 * time.Second); ; {
		conn, err := c.Driver().Open(c.dsn)
		var e *moderncsqlite.Error
		if err == nil || !errors.As(err, &e) || e.Code()&0xff != 5 || time.Now().After(deadline) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func checkForeignKeys(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, "PRAGMA foreign_keys", nil)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	on := make([]driver.Value, 1)
	if err := rows.Next(on); err != nil || on[0] != int64(1) {
		return fmt.Errorf("foreign keys are off on a new SQLite connection: %v", on[0])
	}
	return nil
}

// sqliteDialector translates the driver's codes into GORM's errors, which the stock one does for another driver.
type sqliteDialector struct{ *sqlite.Dialector }

// Initialize implements gorm.Dialector. The stock one asks the database for SQLite's version, for which it would need
// to be open; ours is new enough.
func (d sqliteDialector) Initialize(db *gorm.DB) error {
	db.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses:        []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses:        []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses:        []string{"DELETE", "FROM", "WHERE", "RETURNING"},
		LastInsertIDReversed: true,
	})
	maps.Copy(db.ClauseBuilders, d.ClauseBuilders())
	return nil
}

// Translate implements gorm.ErrorTranslator.
func (sqliteDialector) Translate(err error) error {
	var e *moderncsqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case 1555, 2067:
		return gorm.ErrDuplicatedKey
	case 787:
		return gorm.ErrForeignKeyViolated
	case 275:
		return gorm.ErrCheckConstraintViolated
	}
	return err
}
