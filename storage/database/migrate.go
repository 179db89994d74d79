package database

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/watchbell/watchbell/bot"
)

//go:embed migrations/postgres/*.sql migrations/sqlite/*.sql
var migrations embed.FS

// provider knows the migrations. On PostgreSQL it has a connection of its own, for migrations take as long as they
// take. Close it when done.
func (d *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+string(d.dialect))
	if err != nil {
		return nil, err
	}
	if d.dialect == SQLite {
		db, err := d.db.DB()
		if err != nil {
			return nil, err
		}
		return goose.NewProvider(goose.DialectSQLite3, db, files)
	}
	// Instances that start together take turns: whoever has the lock migrates, the others wait up to five minutes and find
	// nothing left to do.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	config, err := d.pgConfig(pgLong)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, stdlib.OpenDB(*config), files, goose.WithSessionLocker(locker))
}

// done closes what a provider has of its own.
func (d *DB) done(p *goose.Provider) {
	if d.dialect == Postgres {
		_ = p.Close()
	}
}

// migrateOnOpen brings the schema up to date, each migration in a transaction of its own, and refuses one that is newer
// than this program.
func (d *DB) migrateOnOpen(ctx context.Context, o Options) error {
	p, err := d.provider()
	if err != nil {
		return Error("read migrations", err)
	}
	defer d.done(p)
	current, err := d.schemaVersion(ctx)
	if err != nil {
		return err
	}
	target := newest(p)
	switch {
	case current > target:
		return bot.Errorf(
			bot.Unavailable,
			"The database has schema %d, which is newer than this Watchbell knows (%d). Use the newer program; nothing was "+
				"changed.",
			current, target,
		)
	case current == target:
		return nil
	case o.NoMigrate:
		return bot.Errorf(
			bot.Unavailable,
			"The database has schema %d, this Watchbell needs %d. Bring it up to date with: watchbell migrate up", current,
			target,
		)
	}
	if d.dialect == SQLite {
		end, err := migrationTurn(strings.TrimPrefix(d.url, "sqlite:"))
		if err != nil {
			return Error("take turn to migrate", err)
		}
		defer end()
	}
	_, err = p.Up(ctx)
	return Error("migrate", err)
}

func newest(p *goose.Provider) int64 {
	sources := p.ListSources()
	return sources[len(sources)-1].Version
}

// schemaVersion is 0 for an empty database. It changes nothing.
func (d *DB) schemaVersion(ctx context.Context) (int64, error) {
	exists := "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'"
	if d.dialect == Postgres {
		exists = "SELECT count(*) FROM pg_tables WHERE tablename = 'goose_db_version' AND schemaname = current_schema()"
	}
	var n, version int64
	if err := d.Reader(ctx).Raw(exists).Scan(&n).Error; err != nil || n == 0 {
		return 0, Error("read schema version", err)
	}
	err := d.Reader(ctx).Raw("SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&version).Error
	return version, Error("read schema version", err)
}

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied time.Time // zero: not yet
}

// Migrations lists all steps and which were taken.
func (d *DB) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := d.provider()
	if err != nil {
		return nil, err
	}
	defer d.done(p)
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	var list []Migration
	for _, m := range status {
		list = append(list, Migration{m.Source.Version, m.Source.Path, m.AppliedAt})
	}
	return list, nil
}

// MigrationStatus lists the steps of a database's schema without taking any.
func MigrationStatus(ctx context.Context, url string) ([]Migration, error) {
	d, err := open(ctx, url, Options{NoMigrate: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	current, err := d.schemaVersion(ctx)
	if err != nil {
		return nil, err
	}
	if current == 0 {
		return d.pending()
	}
	return d.Migrations(ctx)
}

// pending lists all steps of an empty database, which reading its status would already change.
func (d *DB) pending() ([]Migration, error) {
	p, err := d.provider()
	if err != nil {
		return nil, err
	}
	defer d.done(p)
	var list []Migration
	for _, source := range p.ListSources() {
		list = append(list, Migration{Version: source.Version, Name: source.Path})
	}
	return list, nil
}

// LockedOut says whether a server uses the SQLite file. It changes nothing, and makes no file.
func LockedOut(url string) error {
	path := strings.TrimPrefix(url, "sqlite:")
	d := &DB{}
	defer func() { _ = d.Close() }()
	id, release, err := hold(path, func() error { return nil })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d.close = append(d.close, func() error { release(); return nil })
	return d.lockFile(path, id, Options{Server: true})
}
