package storage

import (
	"context"
	"testing"
	"time"

	"gorm.io/gorm"
)

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
