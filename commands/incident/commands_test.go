package incident_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What somebody may do while their platform does not answer about them: what an incident needs at once, and nothing
// that gives rights.
func TestWhatMayBeDoneInAnOutage(t *testing.T) {
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	var got []string
	for _, c := range w.Bot.Tree().Commands() {
		if c.InOutage {
			got = append(got, c.Name)
		}
	}
	if diff := cmp.Diff(
		[]string{"incident.declare", "incident.update", "incident.join", "incident.note"}, got,
	); diff != "" {
		t.Error(diff)
	}
}
