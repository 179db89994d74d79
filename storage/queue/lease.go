package queue

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/storage/database"
)

// The statements that take a lease are written by hand for the condition and the database's own time, which all
// instances share.
const (
	holdInPostgres = `INSERT INTO leases (name, owner, until) VALUES (?, ?, clock_timestamp() + make_interval(secs => ?))
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE leases.owner = excluded.owner OR leases.until < clock_timestamp()`
	holdInSQLite = `INSERT INTO leases (name, owner, until) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE leases.owner = excluded.owner OR leases.until < ?`
)

// leaseRow is what one instance at a time may do.
type leaseRow struct {
	Name  string `gorm:"primaryKey"`
	Owner string
	Until time.Time
}

func (leaseRow) TableName() string { return "leases" }

// Hold takes or prolongs the lease of a name for an owner. It returns whether the owner has it: then nobody else does for
// so long from the moment of the call, by the clock of the database. After an error the owner may have it.
func (q *Queue) Hold(ctx context.Context, name, owner string, d time.Duration) (bool, error) {
	sql, args := holdInPostgres, []any{name, owner, d.Seconds()}
	if q.db.Dialect() == database.SQLite {
		sql, args = holdInSQLite, []any{name, owner, database.Now().Add(d), database.Now()}
	}
	r := q.db.Writer(ctx).Exec(sql, args...)
	return r.RowsAffected == 1, database.Error("hold lease", r.Error)
}

// Release gives up a lease. One that belongs to somebody else stays.
func (q *Queue) Release(ctx context.Context, name, owner string) error {
	err := q.db.Writer(ctx).Where("name = ? AND owner = ?", name, owner).Delete(&leaseRow{}).Error
	return database.Error("release lease", err)
}
