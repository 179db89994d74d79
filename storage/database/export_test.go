package database

import (
	"context"
	"testing"
	"time"

	"gorm.io/gorm"
)

// SetHealthClock makes readiness count time by another clock.
func SetHealthClock(d *DB, now func() time.Time) { d.health.now = now }

// Begin notes a commit under way, as the commit path does.
func Begin(d *DB) (end func(error)) { return d.health.begin() }

// BrokenDatabase is brokenDatabase.
func BrokenDatabase(err error) bool { return brokenDatabase(err) }

// LimitInLongRead is PostgreSQL's limit of a statement in a long read.
func LimitInLongRead(t *testing.T, d *DB, limit time.Duration) (text string) {
	t.Helper()
	if err := d.ReadLong(context.Background(), limit, func(tx *gorm.DB) error {
		return tx.Raw("SHOW statement_timeout").Scan(&text).Error
	}); err != nil {
		t.Fatal(err)
	}
	return text
}
