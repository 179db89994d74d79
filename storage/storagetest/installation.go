package storagetest

import (
	"testing"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
)

// Installation is a whole bot in a test, on a real database.
type Installation struct {
	*bottest.Installation
	Store *storage.Store
}

// Install makes an installation on the database, which then knows the people of the demo. The store of o is set.
func Install(t testing.TB, url string, o engine.Options, platforms ...bot.Platform) *Installation {
	t.Helper()
	store := WithPeople(t, url, "test")
	o.Store = store
	return &Installation{Installation: bottest.Install(t, o, platforms...), Store: store}
}

// Verify fails the test unless the audit log is whole and no job was given up.
func (w *Installation) Verify() {
	w.T.Helper()
	if _, err := w.Store.VerifyAudit(w.T.Context(), bot.Seal{}); err != nil {
		w.T.Errorf("audit: %v", err)
	}
	dead, err := w.Store.DeadJobs(w.T.Context(), 10)
	if err != nil || len(dead) > 0 {
		w.T.Errorf("dead jobs: %+v %v", dead, err)
	}
}
