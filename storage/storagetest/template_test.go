package storagetest_test

import (
	"context"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// A copy is what a migrated database is: current, without a row of anybody's, and with a secret of its own.
func TestACopyIsLikeMigratedAnew(t *testing.T) {
	secrets := map[string]bool{}
	for range 2 {
		storagetest.Each(t, func(t *testing.T, url string) {
			ctx := context.Background()
			s, err := storage.Open(ctx, url, storage.Options{Relaxed: true, NoMigrate: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			people, err := s.People(ctx)
			if err != nil || len(people) != 0 {
				t.Errorf("people: %v %v", people, err)
			}
			if last, err := s.VerifyAudit(ctx, bot.Seal{}); last.Seq != 0 || err != nil {
				t.Errorf("audit: %s %v", last, err)
			}
			secret, err := s.Secret(ctx)
			if err != nil || secrets[string(secret)] {
				t.Errorf("the secret of another copy: %v", err)
			}
			secrets[string(secret)] = true
		})
	}
}
