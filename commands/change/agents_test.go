package change_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
)

// An agent's owner requests what it requests, and whoever decides reads that an agent wrote it. No agent of theirs
// decides.
func TestAnAgentRequestsForItsOwner(t *testing.T) {
	each(t, func(w *world) {
		r := w.Done(w.Send("dan", bot.Request{
			Text: `/change new title="Resize the database" service=billing-db env=prod why="Queries time out" ` +
				`plan="Fail over, resize, fail back" backout="Fail back to the old size" start="tomorrow 22:00" end=1h`,
			Agent: "helper", Scopes: []string{"change.*"},
		}))
		w.Contains(bottest.Text(r), "CHG-1")
		c := w.get("CHG-1")
		if c.Requester != "dan" || c.Agent != "helper" {
			w.T.Errorf("requested by %s, agent %q", c.Requester, c.Agent)
		}
		w.Contains(bottest.Text(w.Do("ana", "/change show CHG-1")), "by agent helper for @Dan Weber")
		approve := bot.Request{Text: "/change approve CHG-1 revision=1", Agent: "helper", Scopes: []string{"*"}}
		for _, owner := range []string{"chloe", "ben"} {
			if r := w.Send(owner, approve); r.Status == bot.Done || !strings.Contains(bottest.Text(r), "it takes a person") {
				w.T.Errorf("an agent of %s: %s", owner, bottest.Text(r))
			}
		}
		w.Do("dan", "/change edit CHG-1 test=\"Resized staging\"")
		entries, err := w.Store.Changes().Timeline(w.T.Context(), "CHG-1", 0)
		if err != nil {
			w.T.Fatal(err)
		}
		for _, e := range entries {
			if (e.Agent == "helper") != (e.By == "dan" && e.Kind != change.EditedEntry) {
				w.T.Errorf("%s of %s by %q", e.Kind, e.By, e.Agent)
			}
		}
		if last := entries[len(entries)-1]; last.Agent != "" || len(w.get("CHG-1").Votes) > 0 {
			w.T.Errorf("last %s, %d votes", last.Kind, len(w.get("CHG-1").Votes))
		}
		w.Verify()
	})
}
