package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"
)

// Statements calls seen for each statement that goes through GORM from now on.
func (s *Store) Statements(seen func(sql string, args []any)) {
	see := func(db *gorm.DB) { seen(db.Statement.SQL.String(), slices.Clone(db.Statement.Vars)) }
	for _, db := range []*gorm.DB{s.db, s.read} {
		if db == nil {
			continue
		}
		c := db.Callback()
		for _, p := range []interface {
			Register(string, func(*gorm.DB)) error
		}{c.Query().After("*"), c.Row().After("*"), c.Raw().After("*"), c.Create().After("*"), c.Update().After("*"), c.Delete().After("*")} {
			if err := p.Register("seen", see); err != nil {
				panic(err)
			}
		}
	}
}

// SetHealthClock makes readiness count time by another clock.
func SetHealthClock(s *Store, now func() time.Time) { s.health.now = now }

// Begin notes a commit under way, as the commit path does.
func Begin(s *Store) (end func(error)) { return s.health.begin() }

// BrokenDatabase is brokenDatabase.
func BrokenDatabase(err error) bool { return brokenDatabase(err) }

// LimitInLongRead is PostgreSQL's limit of a statement in a long read.
func LimitInLongRead(t *testing.T, s *Store, limit time.Duration) (text string) {
	t.Helper()
	if err := s.readLong(context.Background(), limit, func(tx *gorm.DB) error { return tx.Raw("SHOW statement_timeout").Scan(&text).Error }); err != nil {
		t.Fatal(err)
	}
	return text
}
