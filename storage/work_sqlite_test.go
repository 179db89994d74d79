package storage_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/watchbell/watchbell/storage"
)

// sqliteWork tells how many steps SQLite's machine takes for a statement, which is what it costs on any computer.
// Nothing stays changed.
type sqliteWork struct {
	tls  *libc.TLS
	db   uintptr
	stmt uintptr
}

func openWork(t *testing.T, path string) *sqliteWork {
	t.Helper()
	w := &sqliteWork{tls: libc.NewTLS()}
	name := w.text(path)
	if rc := sqlite3.Xsqlite3_open_v2(
		w.tls, name, uintptr(unsafe.Pointer(&w.db)), sqlite3.SQLITE_OPEN_READWRITE, 0,
	); rc != sqlite3.SQLITE_OK {
		t.Fatalf("open %s: %d", path, rc)
	}
	t.Cleanup(func() { sqlite3.Xsqlite3_close_v2(w.tls, w.db); w.tls.Close() })
	return w
}

func (w *sqliteWork) text(s string) uintptr {
	p, err := libc.CString(s)
	if err != nil {
		panic(err)
	}
	return p
}

// steps carries a statement out and takes it back.
func (w *sqliteWork) steps(t *testing.T, sql string, args []any) int {
	t.Helper()
	w.run(t, "BEGIN IMMEDIATE", nil)
	defer w.run(t, "ROLLBACK", nil)
	return w.run(t, sql, args)
}

func (w *sqliteWork) run(t *testing.T, sql string, args []any) int {
	t.Helper()
	text := w.text(sql)
	defer libc.Xfree(w.tls, text)
	stmt := &w.stmt
	if rc := sqlite3.Xsqlite3_prepare_v2(
		w.tls, w.db, text, -1, uintptr(unsafe.Pointer(stmt)), 0,
	); rc != sqlite3.SQLITE_OK {
		t.Fatalf("%s: %s", sql, libc.GoString(sqlite3.Xsqlite3_errmsg(w.tls, w.db)))
	}
	defer sqlite3.Xsqlite3_finalize(w.tls, *stmt)
	for n, arg := range args {
		w.bind(t, *stmt, int32(n+1), arg)
	}
	// nolint:revive // a refusal, like that of a row that is there by now, is work too
	for sqlite3.Xsqlite3_step(w.tls, *stmt) == sqlite3.SQLITE_ROW {
	}
	return int(sqlite3.Xsqlite3_stmt_status(w.tls, *stmt, sqlite3.SQLITE_STMTSTATUS_VM_STEP, 0))
}

func (w *sqliteWork) bind(t *testing.T, stmt uintptr, n int32, arg any) {
	t.Helper()
	v, err := driver.DefaultParameterConverter.ConvertValue(arg)
	if err != nil {
		t.Fatalf("%v: %v", arg, err)
	}
	switch v := v.(type) {
	case nil:
		sqlite3.Xsqlite3_bind_null(w.tls, stmt, n)
	case int64:
		sqlite3.Xsqlite3_bind_int64(w.tls, stmt, n, v)
	case bool:
		sqlite3.Xsqlite3_bind_int64(w.tls, stmt, n, map[bool]int64{true: 1}[v])
	case time.Time:
		w.bindText(stmt, n, v.UTC().Format("2006-01-02 15:04:05.999999999-07:00"))
	case []byte:
		w.bindText(stmt, n, string(v))
	case string:
		w.bindText(stmt, n, v)
	default:
		t.Fatalf("bind %T", v)
	}
}

func (w *sqliteWork) bindText(stmt uintptr, n int32, s string) {
	p := w.text(s)
	defer libc.Xfree(w.tls, p)
	sqlite3.Xsqlite3_bind_text(w.tls, stmt, n, p, int32(len(s)), ^uintptr(0)) // SQLITE_TRANSIENT: it makes a copy
}

// sqliteSteps is the most that a statement may take. With the tables of the test, a walk through one of them takes 100
// 000 and more.
const sqliteSteps = 45_000

func sqliteWorkOf(t *testing.T, s *storage.Store, path string) func(do func(context.Context)) []costing {
	w := openWork(t, path)
	type statement struct {
		sql  string
		args []any
	}
	var seen []statement
	s.Statements(func(sql string, args []any) { seen = append(seen, statement{sql: sql, args: args}) })
	return func(do func(context.Context)) []costing {
		seen = nil
		do(context.Background())
		var all []costing
		for _, x := range seen {
			if strings.HasPrefix(x.sql, "SAVEPOINT") || strings.HasPrefix(x.sql, "PRAGMA") {
				continue
			}
			steps := w.steps(t, x.sql, x.args)
			all = append(all, costing{sql: x.sql, cost: steps, most: sqliteSteps, unit: fmt.Sprintf("%d steps", steps)})
		}
		return all
	}
}
