package storage_test

import (
	"context"
	"database/sql"
	"maps"
	"testing"

	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestVersionsOfChanges(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		for _, sql := range []string{
			insertChange("1", "dan", "pending"), insertChange("2", "ben", "pending"), insertChange("3", "ben", "pending"),
			"UPDATE changes SET version = 7 WHERE number = 2",
		} {
			run(t, s.SQL(), sql)
		}
		got, err := s.ChangeVersions(context.Background(), []int64{1, 2, 9})
		if want := map[int64]int{1: 1, 2: 7}; err != nil || !maps.Equal(got, want) {
			t.Errorf("%v %v, want %v", got, err, want)
		}
	})
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
