package database

import (
	"context"
	"database/sql"
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// Together is several reads of one state of the database. On PostgreSQL they are sent in one message, so that the
// distance to it is paid once. In a transaction of their caller they see what that sees.
type Together struct{ reads []read }

type read struct {
	what string // for the error: "read votes"
	text string
	args []any
	into any // a pointer to rows, or to one row, that stays as it is when there is none
}

// Add adds a read. into is a pointer to rows, or to one row, that stays as it is when there is none; what is for the
// error: "read votes".
func (t *Together) Add(what string, into any, text string, args ...any) {
	t.reads = append(t.reads, read{what, text, args, into})
}

// All reads everything that was added.
func (t *Together) All(tx *gorm.DB) error {
	db, ok := tx.Statement.ConnPool.(*sql.DB)
	switch {
	case !ok, len(t.reads) == 1:
		return t.oneByOne(tx)
	case tx.Name() != "postgres":
		return tx.Transaction(t.oneByOne)
	}
	err := t.inOneMessage(tx, db)
	if pgconn.SafeToRetry(err) { // the connection had been closed while nobody used it
		err = t.inOneMessage(tx, db)
	}
	return err
}

func (t *Together) oneByOne(tx *gorm.DB) error {
	for _, r := range t.reads {
		if err := tx.Raw(r.text, r.args...).Scan(r.into).Error; err != nil {
			return Error(r.what, err)
		}
	}
	return nil
}

func (t *Together) inOneMessage(tx *gorm.DB, db *sql.DB) error {
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
	written := make([]*gorm.DB, len(t.reads)) // as GORM writes them for PostgreSQL
	for i, r := range t.reads {
		written[i] = tx.Raw(r.text, r.args...)
		b.Queue(written[i].Statement.SQL.String(), written[i].Statement.Vars...)
	}
	b.Queue("COMMIT")
	ctx, cancel := context.WithTimeout(tx.Statement.Context, workLimit+silence)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return Error(t.reads[0].what, err)
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(driver any) error {
		answers := driver.(*stdlib.Conn).Conn().SendBatch(ctx, &b)
		defer func() { _ = answers.Close() }()
		if _, err := answers.Exec(); err != nil {
			return Error(t.reads[0].what, err)
		}
		for i, r := range t.reads {
			if err := scanRows(written[i], answers, r.into); err != nil {
				return Error(r.what, err)
			}
		}
		_, err := answers.Exec()
		return Error("end reading", err)
	})
}

// scanRows puts the rows of the next answer where GORM would have put them for the same statement.
func scanRows(scan *gorm.DB, answers pgx.BatchResults, into any) error {
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := scan.Statement.Parse(into); err != nil {
		return err
	}
	scan.Statement.Dest, scan.Statement.ReflectValue = into, reflect.ValueOf(into).Elem()
	gorm.Scan(&gormRows{rows}, scan, 0)
	if scan.Error != nil {
		return scan.Error
	}
	return rows.Err()
}

// gormRows are rows of pgx as GORM wants them.
type gormRows struct{ pgx.Rows }

func (r *gormRows) Columns() ([]string, error) {
	names := make([]string, len(r.FieldDescriptions()))
	for i, f := range r.FieldDescriptions() {
		names[i] = f.Name
	}
	return names, nil
}

// ColumnTypes is asked for maps only, which nobody here reads into.
func (r *gormRows) ColumnTypes() ([]*sql.ColumnType, error) { return nil, nil }

func (r *gormRows) Close() error { r.Rows.Close(); return nil }
