package commit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// Connect opens a connection to PostgreSQL.
type Connect func(ctx context.Context) (*pgx.Conn, error)

// postgres writes a group as one statement on a connection of its own. The text depends only on which tables are
// written and which of their columns are set, so there are few texts; each is prepared and planned once
// (plan_cache_mode has to be force_generic_plan).
type postgres struct {
	db      *gorm.DB
	connect Connect
	conn    *pgx.Conn
	locked  bool
	masks   map[slot][]mask
	texts   map[string]string
	step    func(string)
}

const (
	readText  = "SELECT h.seq, h.hash, h.mark, c.name, c.value FROM audit_head h, counters c WHERE h.id = 1"
	lockText  = "SELECT seq, hash, mark FROM audit_head WHERE id = 1 FOR UPDATE"
	countText = "SELECT name, value FROM counters"
	callTime  = 4 * time.Second // for one call
)

// open makes sure that there is a connection, and gives the next call its time: a deadline of a context would cost a
// goroutine each time.
func (p *postgres) open(ctx context.Context) error {
	if p.conn == nil || p.conn.IsClosed() {
		p.locked = false
		conn, err := p.connect(ctx)
		if err != nil {
			return err
		}
		p.conn = conn
	}
	return p.wire().SetDeadline(time.Now().Add(callTime))
}

func (p *postgres) wire() net.Conn { return p.conn.PgConn().Conn() }

func (p *postgres) close() {
	if p.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.conn.Close(ctx)
	}
}

func (p *postgres) read(ctx context.Context) (head, error) {
	if err := p.open(ctx); err != nil {
		return head{}, err
	}
	h := head{counters: map[string]int64{}}
	rows, err := p.conn.Query(background, readText)
	if err != nil {
		return h, err
	}
	var name string
	var value int64
	_, err = pgx.ForEachRow(rows, []any{&h.seq, &h.hash, &h.mark, &name, &value}, func() error {
		h.counters[name] = value
		return nil
	})
	if err == nil && h.hash == "" {
		err = errors.New("the audit log has no head")
	}
	return h, err
}

var background = context.Background()

// lock takes the head's row and what belongs to it in one message. In the statements after it everything is as the last
// commit left it.
func (p *postgres) lock(ctx context.Context) (head, error) {
	if err := p.open(ctx); err != nil {
		return head{}, err
	}
	h := head{counters: map[string]int64{}}
	var b pgx.Batch
	b.Queue("begin")
	b.Queue(lockText).QueryRow(func(r pgx.Row) error { return r.Scan(&h.seq, &h.hash, &h.mark) })
	b.Queue(countText).Query(func(rows pgx.Rows) error {
		var name string
		var value int64
		_, err := pgx.ForEachRow(rows, []any{&name, &value}, func() error { h.counters[name] = value; return nil })
		return err
	})
	if err := p.conn.SendBatch(background, &b).Close(); err != nil {
		p.locked = true
		p.unlock()
		return head{}, err
	}
	p.locked = true
	return h, nil
}

func (p *postgres) unlock() {
	if !p.locked {
		return
	}
	p.locked = false
	if p.open(background) == nil {
		_, _ = p.conn.Exec(background, "rollback")
	}
}

func (p *postgres) save(ctx context.Context, s *sealed, _ []*member) (verdict, error) {
	if err := p.open(ctx); err != nil {
		return verdict{}, err
	}
	text, args := p.statement(s)
	p.step("commit:before")
	var f found
	var err error
	if p.locked {
		var b pgx.Batch
		b.Queue(text, args...).QueryRow(f.scan)
		b.Queue("commit")
		if err = p.conn.SendBatch(background, &b).Close(); err == nil {
			p.locked = false
		}
		p.unlock()
	} else {
		err = f.scan(p.conn.QueryRow(background, text, args...))
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && !strings.HasPrefix(refused.Code, "57P"): // 57P: the server ends the connection
		return verdict{}, err
	case err != nil && p.conn.IsClosed():
		return verdict{}, fmt.Errorf("%w: %w", errUnsure, err)
	case err != nil:
		_ = p.conn.Close(background)
		return verdict{}, fmt.Errorf("%w: %w", errUnsure, err)
	}
	v := f.verdict(s)
	if v.saved() {
		p.step("commit:after")
	}
	return v, nil
}

func (p *postgres) saveIn(tx *gorm.DB, s *sealed) (verdict, error) {
	text, args := p.statement(s)
	var f found
	var failed, repeated string
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, text, args...)
	if err != nil {
		return verdict{}, p.translate(err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return verdict{}, p.translate(cmp.Or(rows.Err(), errors.New("the commit returned nothing")))
	}
	if err := rows.Scan(&f.mark, &failed, &repeated, new(any)); err != nil {
		return verdict{}, err
	}
	v := f.verdict(s)
	if failed != "{}" {
		return verdict{failed: []int64{0}}, nil
	}
	if repeated != "{}" {
		return verdict{repeated: []int64{0}}, nil
	}
	return v, nil
}

// ofAMember: values that a type does not take, and constraints.
func (p *postgres) ofAMember(err error) bool { return p.class(err, "22", "23") }

// again: deadlocks and the like, which PostgreSQL asks to repeat.
func (p *postgres) again(err error) bool { return p.class(err, "40") }

func (p *postgres) class(err error, classes ...string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && slices.Contains(classes, refused.Code[:2])
}

func (p *postgres) translate(err error) error {
	if t, ok := p.db.Dialector.(gorm.ErrorTranslator); ok && err != nil {
		return t.Translate(err)
	}
	return err
}

// found is what the statement returns: whose key is known, and who failed; below zero the number of a guard that moved,
// from -1 down.
type found struct {
	mark             int64
	failed, repeated []int64
}

func (f *found) scan(r pgx.Row) error { return r.Scan(&f.mark, &f.failed, &f.repeated, nil) }

// verdict tells another process from members that failed: the mark is neither ours nor the one before.
func (f *found) verdict(s *sealed) verdict {
	switch f.mark {
	case s.now.mark:
		return verdict{}
	case s.was.mark:
		v := verdict{repeated: f.repeated, moved: len(f.failed)+len(f.repeated) == 0}
		for _, of := range f.failed {
			if of < 0 {
				v.failed = append(v.failed, s.relyOf[s.relies[-of-1]]...)
			} else {
				v.failed = append(v.failed, of)
			}
		}
		return v
	}
	return verdict{moved: true}
}

// columnsOf picks the columns that travel: those that are set in some row, or that differ in some row that is replaced.
// Only a few choices are kept a table, so that there are few texts.
func (p *postgres) columnsOf(part *part, columns []*column) mask {
	used := part.written(columns)
	if p.masks == nil {
		p.masks = map[slot][]mask{}
	}
	best, all := mask(0), mask(1)<<len(columns)-1
	for _, m := range p.masks[part.slot] {
		if m&used == used && (best == 0 || m.size() < best.size()) {
			best = m
		}
	}
	switch {
	case best != 0 && best.size() <= used.size()+4:
		return best
	case len(p.masks[part.slot]) >= 6:
		return cmp.Or(best, all)
	}
	p.masks[part.slot] = append(p.masks[part.slot], used)
	return used
}

// statement is the text of a group and its arguments.
func (p *postgres) statement(s *sealed) (string, []any) {
	slices.SortStableFunc(s.parts, func(a, b *part) int {
		return cmp.Or(
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.fields.Table, b.fields.Table), cmp.Compare(a.key, b.key),
			cmp.Compare(a.conflict, b.conflict),
		)
	})
	w := writer{args: []any{s.was.seq, s.was.mark, s.now.seq, s.now.hash, s.now.mark}, small: s.entries <= 1}
	masks := make([]mask, len(s.parts))
	shape := fmt.Appendf(make([]byte, 0, 64), "%t,", s.begins)
	for _, n := range []int{len(s.counted), len(s.keys), len(s.relies)} {
		shape = fmt.Appendf(shape, "%t%t,", n > 0, w.alone(n))
	}
	for i, part := range s.parts {
		masks[i] = p.columnsOf(part, part.others())
		shape = fmt.Appendf(
			shape, "|%d%s/%s/%t/%s/%x/%t", part.kind, part.fields.Table, part.key, part.version, part.conflict, masks[i],
			w.alone(len(part.rows)),
		)
	}
	text, known := p.texts[string(shape)]
	w.quiet = known
	w.compares(s)
	for i, part := range s.parts {
		w.part(i, part, masks[i])
	}
	if known {
		return text, w.args
	}
	text = w.text(s)
	if p.texts == nil || len(p.texts) > 1000 {
		p.texts = map[string]string{}
	}
	p.texts[string(shape)] = text
	return text, w.args
}

// writer puts a statement together. A quiet one collects the arguments only.
type writer struct {
	quiet bool
	// what is one row travels as values, which costs half of what arrays of one do; for groups of one, so that texts stay
	// few
	small   bool
	args    []any
	failing []string // names of parts that find members that fail
	first   []string // parts before the head's
	then    []string // parts after it
	counts  []string // expressions that fail the statement when a row that has to be there is not
}

func (w *writer) alone(rows int) bool { return w.small && rows == 1 }

// rows are rows that the statement gets as arguments, under construction.
type rows struct {
	w     *writer
	one   bool
	args  []string // their places in the text
	names []string
}

func (w *writer) rows(count int) *rows { return &rows{w: w, one: w.alone(count)} }

// add adds a column, from an array or, when there is one row, a value.
func (r *rows) add(name, pgType string, v any) {
	r.w.args = append(r.w.args, v)
	if r.w.quiet {
		return
	}
	if !r.one {
		pgType += "[]"
	}
	r.args, r.names = append(r.args, fmt.Sprintf("$%d::%s", len(r.w.args), pgType)), append(r.names, name)
}

// column adds a column of rows, under its own name after a prefix.
func (r *rows) column(prefix string, c *column, of []reflect.Value) {
	var v any
	if r.one {
		v = c.value(of[0])
	} else {
		v = c.array(of)
	}
	if r.w.quiet { // without a name to put together
		r.w.args = append(r.w.args, v)
		return
	}
	r.add(prefix+c.name, pgTypes[c.kind], v)
}

// from is the rows as a table u, or the first so many columns of it.
func (r *rows) from(columns int) string {
	args, names := strings.Join(r.args[:columns], ", "), strings.Join(r.names[:columns], ", ")
	if r.one {
		return "(VALUES (" + args + ")) AS u(" + names + ")"
	}
	return "unnest(" + args + ") AS u(" + names + ")"
}

func (r *rows) all() string { return r.from(len(r.args)) }

// found is an expression that fails when the part of that name did not find each of the rows.
func (r *rows) found(name string) string {
	want := "1"
	if !r.one {
		want = "cardinality(" + r.args[0] + ")"
	}
	return "1 / CASE WHEN NOT EXISTS (SELECT FROM ok) OR (SELECT count(*) FROM " + name + ") = " + want +
		" THEN 1 ELSE 0 END"
}

// pick is what travels for one column: the array, or its only value.
func pick[T any](one bool, list []T) any {
	if one {
		return list[0]
	}
	return list
}

// compares adds what is compared beside versions. What it sees is the state of the last commit, unless the head has
// moved.
func (w *writer) compares(s *sealed) {
	if len(s.counted) > 0 {
		names, values := make([]string, len(s.counted)), make([]int64, len(s.counted))
		for i, c := range s.counted {
			names[i], values[i] = c.Name, c.Value
		}
		u := w.rows(len(names))
		u.add("name", "text", pick(u.one, names))
		u.add("value", "bigint", pick(u.one, values))
		if !w.quiet {
			write := "UPDATE counters SET value = u.value FROM " + u.all() +
				" WHERE counters.name = u.name AND EXISTS (SELECT FROM ok) RETURNING 1"
			if s.begins {
				write = "INSERT INTO counters (name, value) SELECT u.name, u.value FROM " + u.all() +
					" WHERE EXISTS (SELECT FROM ok) ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1"
			}
			w.then = append(w.then, "n AS ("+write+")")
			w.counts = append(w.counts, u.found("n"))
		}
	}
	if len(s.keys) > 0 {
		u := w.rows(len(s.keys))
		u.add("m", "bigint", pick(u.one, s.keysOf))
		u.add("key", "text", pick(u.one, s.keys))
		if !w.quiet {
			w.first = append(
				w.first, "k AS (SELECT u.m FROM "+u.all()+" WHERE EXISTS (SELECT FROM actions a WHERE a.key = u.key))",
			)
		}
	}
	if len(s.relies) > 0 {
		names, versions, places := make([]string, len(s.relies)), make([]int64, len(s.relies)), make([]int64, len(s.relies))
		for i, g := range s.relies {
			names[i], versions[i], places[i] = g.Name, g.Version, -int64(i)-1
		}
		u := w.rows(len(names))
		u.add("m", "bigint", pick(u.one, places))
		u.add("name", "text", pick(u.one, names))
		u.add("version", "bigint", pick(u.one, versions))
		if !w.quiet {
			w.first = append(
				w.first,
				"g AS (SELECT u.m FROM "+u.all()+
					" WHERE u.version <> coalesce((SELECT g.version FROM guards g WHERE g.name = u.name), 0))",
			)
			w.failing = append(w.failing, "g")
		}
	}
}

// part adds the rows that are written alike.
func (w *writer) part(i int, p *part, set mask) {
	var cols, from []string
	u := w.rows(len(p.rows))
	keys := p.finders()
	for _, key := range keys {
		u.column("k_", key, p.rows)
	}
	looks := len(keys)
	if p.version {
		u.add("was", "bigint", pick(u.one, p.was))
		u.add("m", "bigint", pick(u.one, p.of))
		looks += 2
	}
	if p.kind != deleteRow {
		for n, c := range p.others() {
			switch {
			case set&(1<<n) != 0:
				u.column("c_", c, p.rows)
				if !w.quiet {
					cols, from = append(cols, c.name), append(from, "u.c_"+c.name)
				}
			case !w.quiet && !p.replaces(): // what is replaced stays as it is
				cols, from = append(cols, c.name), append(from, zeros[c.kind])
			}
		}
	}
	if w.quiet {
		return
	}
	if p.version {
		w.versions(i, p, u.from(looks))
	}
	name := fmt.Sprintf("t%d", i)
	w.then = append(w.then, name+" AS ("+p.text(u.all(), cols, from)+")")
	if p.kind == updateRow {
		w.counts = append(w.counts, u.found(name))
	} else {
		w.counts = append(w.counts, "(SELECT count(*) FROM "+name+")")
	}
}

// versions adds the part that finds rows whose version is not the one that was read.
func (w *writer) versions(i int, p *part, from string) {
	var match []string
	for _, key := range p.keys() {
		match = append(match, "x."+key+" = u.k_"+key)
	}
	name := fmt.Sprintf("v%d", i)
	w.first = append(
		w.first,
		fmt.Sprintf("%s AS (SELECT u.m FROM %s WHERE NOT EXISTS (SELECT FROM %s x WHERE %s AND x.version = u.was))",
			name, from, p.fields.Table, strings.Join(match, " AND ")),
	)
	w.failing = append(w.failing, name)
}

// text is the part of the statement that writes rows: cols from the expressions in from, where u is the rows.
func (p *part) text(rows string, cols, from []string) string {
	table := p.fields.Table
	var match []string
	for _, key := range p.keys() {
		match = append(match, table+"."+key+" = u.k_"+key)
	}
	if p.version {
		match = append(match, table+".version = u.was")
	}
	where := strings.Join(append(match, "EXISTS (SELECT FROM ok)"), " AND ")
	switch p.kind {
	case updateRow:
		sets := make([]string, len(cols))
		for n, c := range cols {
			sets[n] = c + " = " + from[n]
		}
		return fmt.Sprintf("UPDATE %s SET %s FROM %s WHERE %s RETURNING 1", table, strings.Join(sets, ", "), rows, where)
	case deleteRow:
		return fmt.Sprintf("DELETE FROM %s USING %s WHERE %s RETURNING 1", table, rows, where)
	}
	return fmt.Sprintf(
		"INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s %s RETURNING 1", table, strings.Join(cols, ", "),
		strings.Join(from, ", "),
		rows, where, p.conflict,
	)
}

// text is the whole statement. The head is compared and moved under its row's lock; every other part is gated by that.
// What was relied on is looked up in the statement's snapshot, which is that of the head: it is false only when the
// head has moved, too. A row that is not there although its version was just seen was changed outside of Watchbell; the
// division by zero then undoes everything.
func (w *writer) text(s *sealed) string {
	var b strings.Builder
	b.WriteString("WITH ")
	for _, part := range w.first {
		b.WriteString(part + ",\n")
	}
	none := func(names []string) string {
		if len(names) == 0 {
			return "SELECT 0::bigint AS m WHERE false"
		}
		return "SELECT m FROM " + strings.Join(names, " UNION ALL SELECT m FROM ")
	}
	var repeated []string
	if len(s.keys) > 0 {
		repeated = []string{"k"}
	}
	b.WriteString("failed AS (" + none(w.failing) + "),\nrepeated AS (" + none(repeated) + "),\n")
	ours := "seq = $1 AND mark = $2 AND NOT EXISTS (SELECT FROM failed) AND NOT EXISTS (SELECT FROM repeated)"
	b.WriteString(
		"h AS (UPDATE audit_head SET seq = CASE WHEN " + ours + " THEN $3 ELSE seq END, hash = CASE WHEN " + ours +
			" THEN $4 ELSE hash END, mark = CASE WHEN " + ours + " THEN $5 ELSE mark END WHERE id = 1 RETURNING mark),\n",
	)
	b.WriteString("ok AS (SELECT FROM h WHERE mark = $5)")
	for _, part := range w.then {
		b.WriteString(",\n" + part)
	}
	b.WriteString("\nSELECT h.mark, ARRAY(SELECT m FROM failed) AS failed, ARRAY(SELECT m FROM repeated) AS repeated")
	b.WriteString(", ARRAY[" + strings.Join(w.counts, ", ") + "]::bigint[] AS counts\nFROM h")
	return b.String()
}
