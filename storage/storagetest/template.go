package storagetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// Migrating a database takes longer than most tests. So each test process migrates one of each kind, and tests get
// copies of it.

// sqliteTemplate is a migrated file without a row of anybody's.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "watchbell-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "watchbell.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // closing it has moved the write-ahead log into the file
})

func migrate(url string) error {
	s, err := storage.Open(context.Background(), url, storage.Options{Relaxed: true})
	if err != nil {
		return err
	}
	return s.Close()
}

// SQLite returns the address of a migrated file that is t's alone.
func SQLite(t testing.TB) string {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "watchbell.db")
	ready(t, url)
	return url
}

// Postgres returns the address of a migrated database that is t's alone. Without PostgreSQL it skips or fails t, as
// pgtest.URL does.
func Postgres(t testing.TB) string {
	t.Helper()
	return pgtest.Copy(t, migrate)
}

// ready puts a migrated file where there is none, and leaves everything else alone.
func ready(t testing.TB, url string) {
	t.Helper()
	path, ok := strings.CutPrefix(url, "sqlite:")
	if _, err := os.Stat(path); !ok || !errors.Is(err, fs.ErrNotExist) {
		return
	}
	data, err := sqliteTemplate()
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
