package commit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// sqlite writes a group in one transaction of the one connection that writes, by statements that stay prepared.
type sqlite struct {
	db    *gorm.DB
	pool  *sql.DB
	kept  map[string]*sql.Stmt
	texts map[written]string
	step  func(string)
}

// written is what has a text of its own: rows that are written alike, and of those that are replaced which of their
// columns.
type written struct {
	slot
	set mask
}

const (
	headText    = "UPDATE audit_head SET seq = ?, hash = ?, mark = ? WHERE id = 1 AND seq = ? AND mark = ?"
	counterText = "UPDATE counters SET value = ? WHERE name = ? AND value = ?"
	beginText   = "INSERT INTO counters (value, name) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
	keyText     = "SELECT EXISTS (SELECT 1 FROM actions WHERE key = ?)"
	guardText   = "SELECT coalesce((SELECT version FROM guards WHERE name = ?), 0)"
)

func (l *sqlite) read(ctx context.Context) (head, error) { return lockIn(l.db.WithContext(ctx), false) }
func (l *sqlite) lock(ctx context.Context) (head, error) { return l.read(ctx) }
func (l *sqlite) unlock()                                {}

func (l *sqlite) close() {
	for _, st := range l.kept {
		_ = st.Close()
	}
}

// save waits for no deadline: each deadline on a statement would cost a goroutine. A commit takes as long as the disk
// does.
func (l *sqlite) save(_ context.Context, s *sealed, direct []*member) (v verdict, err error) {
	if l.pool == nil {
		if l.pool, err = l.db.DB(); err != nil {
			return v, err
		}
	}
	if err := l.prepare(s); err != nil {
		return v, err
	}
	tx, err := l.pool.Begin()
	if err != nil {
		return v, err
	}
	defer func() {
		if err != nil || !v.saved() {
			_ = tx.Rollback()
		}
	}()
	if !s.empty() {
		if v, err = l.write(tx, s); err != nil || !v.saved() {
			return v, err
		}
	}
	if err := l.run(tx, direct); err != nil {
		return v, err
	}
	l.step("commit:before")
	if err := tx.Commit(); err != nil {
		return v, err
	}
	l.step("commit:after")
	return v, nil
}

// run lets functions take part, each in a savepoint of its own: one that fails leaves nothing behind and harms nobody.
func (l *sqlite) run(tx *sql.Tx, direct []*member) error {
	for _, m := range direct {
		if _, err := tx.Exec("SAVEPOINT direct"); err != nil {
			return err
		}
		on := l.db.Session(&gorm.Session{NewDB: true, Context: context.Background()})
		on.Statement.ConnPool = tx
		err := m.direct(on)
		if err != nil {
			m.err = err
			if _, err := tx.Exec("ROLLBACK TO direct"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("RELEASE direct"); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqlite) saveIn(tx *gorm.DB, s *sealed) (verdict, error) {
	v, err := l.write(tx.Statement.ConnPool.(*sql.Tx), s)
	return v, l.translate(err)
}

// ofAMember: constraints, and triggers that refuse.
func (l *sqlite) ofAMember(err error) bool {
	var refused interface{ Code() int }
	return errors.As(err, &refused) && refused.Code()&0xff == constraintFailed
}

const constraintFailed = 19 // SQLITE_CONSTRAINT

func (l *sqlite) again(error) bool { return false }

func (l *sqlite) translate(err error) error {
	if t, ok := l.db.Dialector.(gorm.ErrorTranslator); ok && err != nil {
		return t.Translate(err)
	}
	return err
}

// write carries the statements out. Rows that are replaced come first, so that all are known that have another version.
func (l *sqlite) write(tx *sql.Tx, s *sealed) (v verdict, err error) {
	count := func(text string, args ...any) (int64, error) {
		st, err := l.prepared(tx, text)
		if err != nil {
			return 0, err
		}
		r, err := st.Exec(args...)
		if err != nil {
			return 0, err
		}
		return r.RowsAffected()
	}
	n, err := count(headText, s.now.seq, s.now.hash, s.now.mark, s.was.seq, s.was.mark)
	if err != nil || n != 1 {
		v.moved = err == nil
		return v, err
	}
	if err := l.compare(tx, s, &v); err != nil || !v.saved() {
		return v, err
	}
	for _, c := range s.counted {
		text, args := beginText, []any{c.Value, c.Name}
		if last, known := s.was.counters[c.Name]; known {
			text, args = counterText, append(args, last)
		}
		if n, err := count(text, args...); err != nil || n != 1 {
			v.moved = err == nil
			return v, err
		}
	}
	slices.SortStableFunc(s.parts, func(a, b *part) int { return cmp.Compare(a.kind, b.kind) })
	for _, p := range s.parts {
		if p.kind != updateRow && !v.saved() {
			break
		}
		columns, keys := p.others(), p.finders()
		for i := range p.rows {
			set := p.changed(i, columns)
			n, err := count(l.text(p.slot, set), p.args(i, set, columns, keys)...)
			if err != nil {
				return v, err
			}
			if p.kind == updateRow && n != 1 {
				v.failed = append(v.failed, p.of[i])
			}
		}
	}
	return v, nil
}

// compare looks whether what the members relied on still holds.
func (l *sqlite) compare(tx *sql.Tx, s *sealed, v *verdict) error {
	ask := func(text, arg string) (n int64, err error) {
		st, err := l.prepared(tx, text)
		if err == nil {
			err = st.QueryRow(arg).Scan(&n)
		}
		return n, err
	}
	for i, key := range s.keys {
		known, err := ask(keyText, key)
		if err != nil {
			return err
		}
		if known == 1 {
			v.repeated = append(v.repeated, s.keysOf[i])
		}
	}
	for _, g := range s.relies {
		version, err := ask(guardText, g.Name)
		if err != nil {
			return err
		}
		if version != g.Version {
			v.failed = append(v.failed, s.relyOf[g]...)
		}
	}
	return nil
}

// prepare prepares what a group needs, while its transaction has not taken the pool's one connection yet.
func (l *sqlite) prepare(s *sealed) error {
	texts := []string{headText, counterText, keyText, guardText}
	if s.begins {
		texts = append(texts, beginText)
	}
	for _, p := range s.parts {
		last, columns := mask(0), p.others()
		for i := range p.rows {
			if set := p.changed(i, columns); i == 0 || set != last {
				texts, last = append(texts, l.text(p.slot, set)), set
			}
		}
	}
	for _, text := range texts {
		if l.kept[text] != nil || len(l.kept) >= mostKept {
			continue
		}
		st, err := l.pool.Prepare(text)
		if err != nil {
			return err
		}
		if l.kept == nil {
			l.kept = map[string]*sql.Stmt{}
		}
		l.kept[text] = st
	}
	return nil
}

// mostKept is how many statements stay prepared. Rows are replaced in some dozens of ways; memory must not grow with
// rare ones.
const mostKept = 500

// prepared is a statement in a transaction: the kept one, or in a transaction that is not the Committer's own perhaps a
// new one.
func (l *sqlite) prepared(tx *sql.Tx, text string) (*sql.Stmt, error) {
	if st := l.kept[text]; st != nil {
		return tx.Stmt(st), nil
	}
	return tx.Prepare(text)
}

// text is the statement of one row, of which so many columns are written.
func (l *sqlite) text(s slot, set mask) string {
	if text, ok := l.texts[written{s, set}]; ok {
		return text
	}
	f := s.fields
	where := strings.Join(s.keys(), " = ? AND ") + " = ?"
	if s.version {
		where += " AND version = ?"
	}
	var text string
	switch s.kind {
	case insertRow:
		text = "INSERT INTO " + f.Table + " (" + strings.Join(f.Columns, ", ") + ") VALUES " + f.Marks + " " + s.conflict
	case updateRow:
		text = "UPDATE " + f.Table + " SET " + strings.Join(names(set.of(s.others())), " = ?, ") + " = ? WHERE " + where
	case deleteRow:
		text = "DELETE FROM " + f.Table + " WHERE " + where
	}
	if l.texts == nil || len(l.texts) >= 2*mostKept {
		l.texts = map[written]string{}
	}
	l.texts[written{s, set}] = text
	return text
}

// of are the columns that are set.
func (m mask) of(columns []*column) []*column {
	list := make([]*column, 0, m.size())
	for n, c := range columns {
		if m&(1<<n) != 0 {
			list = append(list, c)
		}
	}
	return list
}

// args are the values that the statement of a row takes.
func (p *part) args(i int, set mask, columns, keys []*column) []any {
	row := p.rows[i]
	args := make([]any, 0, len(columns)+len(keys)+1)
	if p.kind != deleteRow {
		for n, c := range columns {
			if set&(1<<n) != 0 {
				args = append(args, c.value(row))
			}
		}
	}
	if p.kind == insertRow {
		return args
	}
	for _, key := range keys {
		args = append(args, key.value(row))
	}
	if p.version {
		args = append(args, p.was[i])
	}
	return args
}
