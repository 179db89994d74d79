package commit

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Changes is what one caller wants saved: all of it, with everything that it relied on still true, or nothing. Rows
// that others refer to come first. Its zero value is ready to use.
type Changes struct {
	Effects bot.Effects // an entry without an action is none; then there must be no rows that a record consists of
	Numbers int64       // of the counter that it takes, the first of which it was given; 0 is that one

	ops    []op
	relies []bot.Guard
	bumps  []string
	answer string // encoded
}

// op is one row to write.
type op struct {
	slot   slot
	row    reflect.Value // a struct
	was    int64         // the version that an updated row must still have
	before reflect.Value // the row that is replaced, where it is known
}

// slot is what rows are written alike: the parts of the one statement.
type slot struct {
	fields   *Fields
	kind     opKind
	conflict string // of an INSERT
	key      string // columns, separated by commas, that find the row of an UPDATE or DELETE
	version  bool   // an UPDATE that compares the version
}

// replaces reports whether the rows that are written over are known, so that only what differs has to be written.
func (s slot) replaces() bool { return s.version }

// layout is what a slot says of its columns.
type layout struct {
	keys    []string
	finders []*column
	others  []*column
}

// layouts remembers the layout of each slot, for every group asks for it several times.
var layouts sync.Map // slot -> *layout

func (s slot) layout() *layout {
	if known, ok := layouts.Load(s); ok {
		return known.(*layout)
	}
	l := &layout{}
	if s.key != "" {
		l.keys = strings.Split(s.key, ",")
	}
	for _, key := range l.keys {
		l.finders = append(l.finders, s.fields.find(key))
	}
	for i := range s.fields.all {
		if c := &s.fields.all[i]; !slices.Contains(l.keys, c.name) {
			l.others = append(l.others, c)
		}
	}
	layouts.Store(s, l)
	return l
}

// keys are the names of the columns that find the row.
func (s slot) keys() []string { return s.layout().keys }

// finders are the columns that find the row.
func (s slot) finders() []*column { return s.layout().finders }

// others are the columns that are written: all of an INSERT, those that do not find the row of an UPDATE.
func (s slot) others() []*column { return s.layout().others }

func names(columns []*column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name
	}
	return list
}

type opKind int

const (
	updateRow opKind = iota // first: they make room in unique indexes for what is inserted
	deleteRow
	insertRow
)

// Insert adds rows. conflict is an ON CONFLICT clause or "".
func (c *Changes) Insert(conflict string, rows ...any) {
	for _, row := range rows {
		c.ops = append(c.ops, op{
			slot: slot{fields: FieldsOf(row), kind: insertRow, conflict: conflict}, row: reflect.ValueOf(row).Elem(),
		})
	}
}

// Update replaces the row that has these key columns. It has to be there.
func (c *Changes) Update(row any, key ...string) {
	c.ops = append(c.ops, op{
		slot: slot{fields: FieldsOf(row), kind: updateRow, key: strings.Join(key, ",")}, row: reflect.ValueOf(row).Elem(),
	})
}

// Replace is Update of a row that must still have the version was: otherwise somebody else was first, and nothing is
// saved. before is the row of that version; only what differs from it is written.
func (c *Changes) Replace(row, before any, was int, key ...string) {
	s := slot{fields: FieldsOf(row), kind: updateRow, key: strings.Join(key, ","), version: true}
	c.ops = append(c.ops, op{
		slot: s, row: reflect.ValueOf(row).Elem(), was: int64(was), before: reflect.ValueOf(before).Elem(),
	})
}

// Delete removes the rows that have these key columns.
func (c *Changes) Delete(row any, key ...string) {
	c.ops = append(c.ops, op{
		slot: slot{fields: FieldsOf(row), kind: deleteRow, key: strings.Join(key, ",")}, row: reflect.ValueOf(row).Elem(),
	})
}

// Rely makes the commit depend on guards being as they were when the decision was made.
func (c *Changes) Rely(guards ...bot.Guard) { c.relies = append(c.relies, guards...) }

// Bump counts guards up, so that whoever relied on them decides again.
func (c *Changes) Bump(names ...string) { c.bumps = append(c.bumps, names...) }

// ActionRow is what came of an action, by its key.
type ActionRow struct {
	Key    string `gorm:"primaryKey"`
	Answer string
	At     time.Time
}

// TableName implements GORM's Tabler.
func (ActionRow) TableName() string { return "actions" }

// AuditRow is an entry of the audit log.
type AuditRow struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement:false"`
	At      time.Time
	Actor   string
	Action  string
	Object  string
	Version int64
	Result  string
	Detail  string
	Source  string
	Key     string
	Digest  string // of the object's state after it; "" in entries of before there were any
	Prev    string
	Hash    string
}

// TableName implements GORM's Tabler.
func (AuditRow) TableName() string { return "audit" }

// NewAuditRow is the row of an entry.
func NewAuditRow(a bot.Audit) *AuditRow {
	return &AuditRow{
		a.Seq, a.At, string(a.Actor), a.Action, a.Object, int64(a.Version), a.Result, a.Detail, a.Source, a.Key, a.Digest,
		a.Prev, a.Hash,
	}
}

// Audit is the entry of a row.
func (r AuditRow) Audit() bot.Audit {
	return bot.Audit{
		Seq: r.Seq, At: r.At, Actor: bot.PersonID(r.Actor), Action: r.Action, Object: r.Object, Version: int(r.Version),
		Result: r.Result,
		Detail: r.Detail, Source: r.Source, Key: r.Key, Digest: r.Digest, Prev: r.Prev, Hash: r.Hash,
	}
}

// JobRow is a job. State is 0 while it waits, 1 while it runs, 2 once it was given up.
type JobRow struct {
	ID         int64 `gorm:"primaryKey;autoIncrement"`
	Kind       string
	Object     string
	Arg        string
	Lane       string
	RunAt      time.Time
	State      int
	Attempt    int
	Owner      string
	LeaseUntil *time.Time
	EnqueuedAt time.Time
	LastError  string
	Behind     bool // another job of its lane is known to come first
}

// TableName implements GORM's Tabler.
func (JobRow) TableName() string { return "jobs" }

// HeadRow is the end of the audit log, and the mark of the last commit: a number that no other commit has.
type HeadRow struct {
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq  int64
	Hash string
	Mark int64
}

// TableName implements GORM's Tabler.
func (HeadRow) TableName() string { return "audit_head" }

// CounterRow is the last number that was given.
type CounterRow struct {
	Name  string `gorm:"primaryKey"`
	Value int64
}

// TableName implements GORM's Tabler.
func (CounterRow) TableName() string { return "counters" }

// GuardRow is a guard.
type GuardRow struct {
	Name    string `gorm:"primaryKey"`
	Version int64
}

// TableName implements GORM's Tabler.
func (GuardRow) TableName() string { return "guards" }
