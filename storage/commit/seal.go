package commit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// head is what the process believes the database to hold: the end of the log, the mark of the last commit, the last
// number of each kind.
type head struct {
	seq      int64
	hash     string
	mark     int64
	counters map[string]int64
}

// sealed is a group, ready to be written: what one statement does.
type sealed struct {
	was, now head
	entries  int
	parts    []*part
	byPart   map[slot]*part
	jobs     map[[3]string]*JobRow
	bumps    map[string]*GuardRow
	dues     map[[2]string]bool
	counted  []CounterRow
	begins   bool // a counter among these has no row yet

	// What is compared beside versions, with the places in the group of whoever asks.
	keys   []string
	keysOf []int64
	relies []bot.Guard
	relyOf map[bot.Guard][]int64
}

// part is the rows that are written alike.
type part struct {
	slot
	rows   []reflect.Value
	before []reflect.Value
	was    []int64
	of     []int64
}

var (
	// ErrMoved is returned when something that the decision relied on is no longer so. Nothing was saved; decide again.
	ErrMoved = errors.New("something changed meanwhile")

	errNoAudit = errors.New("a change without an audit entry is not saved")
)

// EarlierJob lets a job that waits already absorb an equal one. It is written only if it moves to an earlier time.
const EarlierJob = "ON CONFLICT (kind, object, arg) WHERE state = 0 DO UPDATE SET run_at = excluded.run_at WHERE " +
	"excluded.run_at < jobs.run_at"

var (
	jobSlot = slot{
		fields: FieldsOf(&JobRow{}), kind: insertRow,
		conflict: EarlierJob,
	}
	guardSlot = slot{
		fields: FieldsOf(&GuardRow{}), kind: insertRow,
		conflict: "ON CONFLICT (name) DO UPDATE SET version = guards.version + excluded.version",
	}
	auditSlot  = slot{fields: FieldsOf(&AuditRow{}), kind: insertRow}
	actionSlot = slot{fields: FieldsOf(&ActionRow{}), kind: insertRow}
)

// seal lets each member of a group decide and puts what they want onto the chain, in their order. A member that
// refuses, whose action is in the group already, or that relied on what one before it changes, gets its error and takes
// no number.
func seal(was head, group []*member) *sealed {
	s := &sealed{
		was: was, now: head{was.seq, was.hash, rand.Int64N(1<<62) + 1, was.counters},
		byPart: map[slot]*part{}, jobs: map[[3]string]*JobRow{}, bumps: map[string]*GuardRow{}, dues: map[[2]string]bool{},
		relyOf: map[bot.Guard][]int64{},
	}
	keys := map[string]bool{}
	counters := map[string]int64{}
	for n, m := range group {
		if m.err != nil || m.direct != nil {
			continue
		}
		number := int64(0)
		if m.counter != "" {
			last, ok := counters[m.counter]
			if !ok {
				last = was.counters[m.counter]
			}
			number = last + 1
		}
		c, err := m.decided(number)
		if err != nil {
			m.err = err
			continue
		}
		if s.overtaken(c) {
			m.err = ErrMoved
			continue
		}
		if key := c.Effects.Audit.Key; key != "" {
			if keys[key] {
				m.err = bot.ErrRepeated
				continue
			}
			keys[key] = true
		}
		if m.counter != "" {
			counters[m.counter] = number + max(c.Numbers, 1) - 1
		}
		s.add(int64(n), c)
	}
	if len(counters) > 0 {
		s.now.counters = make(map[string]int64, len(was.counters))
		for name, v := range was.counters {
			s.now.counters[name] = v
		}
		for name, v := range counters {
			s.now.counters[name] = v
			s.counted = append(s.counted, CounterRow{name, v})
			if _, known := was.counters[name]; !known {
				s.begins = true
			}
		}
	}
	return s
}

// overtaken reports whether a member before this one in the group changes what it relied on, or writes a due that it
// writes too. The database compares with what was before the group, and writes a row once.
func (s *sealed) overtaken(c *Changes) bool {
	if slices.ContainsFunc(c.Effects.Dues, func(d bot.Due) bool { return s.dues[[2]string{d.Object, d.What}] }) {
		return true
	}
	changed := func(g bot.Guard) bool { return s.bumps[g.Name] != nil }
	return slices.ContainsFunc(c.relies, changed) || slices.ContainsFunc(c.Effects.Relies, changed)
}

// decided asks a member what it wants, and refuses what may not be saved. A panic is the member's own.
func (m *member) decided(number int64) (c *Changes, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while deciding: %v", p)
		}
	}()
	if c, err = m.decide(number); err != nil {
		return nil, err
	}
	a := &c.Effects.Audit
	switch {
	case a.Action != "" && a.At.IsZero(), a.Action == "" && len(c.ops) > 0:
		return nil, errNoAudit
	}
	for n, d := range c.Effects.Dues {
		same := func(o bot.Due) bool { return o.Object == d.Object && o.What == d.What }
		if len(c.Effects.Dues) < fewDues && slices.ContainsFunc(c.Effects.Dues[:n], same) {
			return nil, fmt.Errorf("%s is due twice as %q", d.Object, d.What)
		}
	}
	return c, c.encode()
}

// fewDues is how many dues of one member are compared with each other; more of them come from a table that has each
// once.
const fewDues = 500

// encode writes down what people are told, once.
func (c *Changes) encode() error {
	if c.Effects.Audit.Key == "" || c.answer != "" {
		return nil
	}
	answer := c.Effects.Answer
	answer.Digest = c.Effects.Digest
	if answer.Status == bot.Done {
		answer.Object = c.Effects.Audit.Object
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.answer = string(data)
	return nil
}

func (s *sealed) add(of int64, c *Changes) {
	for i := range c.ops {
		s.put(of, &c.ops[i])
	}
	at := c.Effects.Audit.At.UTC().Truncate(time.Microsecond)
	if a := c.Effects.Audit; a.Action != "" {
		if a.Digest == "" {
			a.Digest = NoDigest
		}
		a = a.Seal(s.now.seq+1, s.now.hash)
		s.now.seq, s.now.hash = a.Seq, a.Hash
		s.entries++
		s.row(auditSlot, of, NewAuditRow(a))
		if a.Key != "" {
			s.keys, s.keysOf = append(s.keys, a.Key), append(s.keysOf, of)
			s.row(actionSlot, of, &ActionRow{a.Key, c.answer, at})
		}
	} else {
		at = time.Now().UTC().Truncate(time.Microsecond)
	}
	for _, g := range slices.Concat(c.relies, c.Effects.Relies) {
		if s.relyOf[g] == nil { // most of a group rely on the same
			s.relies = append(s.relies, g)
		}
		s.relyOf[g] = append(s.relyOf[g], of)
	}
	for _, name := range c.bumps {
		if row := s.bumps[name]; row != nil {
			row.Version++
			continue
		}
		row := &GuardRow{name, 1}
		s.bumps[name] = row
		s.row(guardSlot, of, row)
	}
	for _, d := range c.Effects.Dues {
		s.dues[[2]string{d.Object, d.What}] = true
		if row := NewDueRow(d); d.Settled() {
			s.row(settledSlot, of, row)
		} else {
			s.row(dueSlot, of, row)
		}
	}
	for _, j := range c.Effects.Jobs {
		s.job(of, j, at)
	}
}

// NoDigest stands in entries that tell of no object's state, like refusals.
const NoDigest = "-"

// job adds a job; one that is in the group already absorbs a second and keeps the earlier time.
func (s *sealed) job(of int64, j bot.Job, now time.Time) {
	run := now
	if !j.At.IsZero() {
		run = j.At.UTC().Truncate(time.Microsecond)
	}
	key := [3]string{j.Kind, j.Object, j.Arg}
	if have := s.jobs[key]; have != nil {
		if run.Before(have.RunAt) {
			have.RunAt = run
		}
		return
	}
	row := &JobRow{Kind: j.Kind, Object: j.Object, Arg: j.Arg, Lane: j.Lane, RunAt: run, EnqueuedAt: now}
	s.jobs[key] = row
	s.row(jobSlot, of, row)
}

func (s *sealed) row(in slot, of int64, row any) {
	s.put(of, &op{slot: in, row: reflect.ValueOf(row).Elem()})
}

func (s *sealed) put(of int64, o *op) {
	p := s.byPart[o.slot]
	if p == nil {
		p = &part{slot: o.slot}
		s.byPart[o.slot] = p
		s.parts = append(s.parts, p)
	}
	p.rows, p.before = append(p.rows, o.row), append(p.before, o.before)
	p.was = append(p.was, o.was)
	p.of = append(p.of, of)
}

func (s *sealed) empty() bool { return len(s.parts) == 0 && len(s.counted) == 0 }

// mask says which columns of a slot are meant.
type mask uint64

func (m mask) size() int { return bits.OnesCount64(uint64(m)) }

// changed says which columns of a row are written: all of a new one. Of one that is replaced only those that differ,
// for each that an UPDATE names costs the indexes and foreign keys that it is in, whether it changes or not.
func (p *part) changed(i int, columns []*column) mask {
	all := mask(1)<<len(columns) - 1
	if !p.replaces() {
		return all
	}
	var set mask
	for n, c := range columns {
		if !c.equal(p.rows[i], p.before[i]) {
			set |= 1 << n
		}
	}
	return cmp.Or(set, all)
}

// written says which columns have to travel to PostgreSQL: of rows that are replaced those that differ in some row, of
// others those that are not empty in some row.
func (p *part) written(columns []*column) (set mask) {
	if p.replaces() {
		for i := range p.rows {
			set |= p.changed(i, columns)
		}
		return set
	}
	for n, c := range columns {
		if c.kind == timeColumn ||
			slices.ContainsFunc(p.rows, func(r reflect.Value) bool { return !r.FieldByIndex(c.index).IsZero() }) {
			set |= 1 << n
		}
	}
	return set
}
