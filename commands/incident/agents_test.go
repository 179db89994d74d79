package incident_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
)

// byHand reports whether an entry tells of what Ana did herself.
func byHand(e incident.Entry) bool {
	return e.Kind == incident.NoteEntry || e.Kind == incident.LeadEntry
}

// What an agent did is marked in the timeline and in the channel, and nothing else is.
func TestAgentsAreMarked(t *testing.T) {
	each(t, func(w *world) {
		agent := func(text string) {
			w.T.Helper()
			w.Done(w.Send("ana", bot.Request{Text: text, Agent: "helper", Scopes: []string{"incident.*"}}))
		}
		agent("/incident declare Checkout returns 502 sev2 service=payments")
		w.Do("ana", "/incident lead me INC-1")
		w.Do("ana", "/incident note INC-1 The load balancer is slow")
		agent("/incident update INC-1 We roll back")
		agent("/incident sev INC-1 sev1")
		agent("/incident resolve INC-1 Rolled back release 42")
		entries, err := w.Store.Incidents().Timeline(w.T.Context(), "INC-1", 0)
		if err != nil || len(entries) < 5 {
			w.T.Fatalf("%d %v", len(entries), err)
		}
		for _, e := range entries {
			if marked := e.Agent == "helper"; marked != (e.By == "ana" && !byHand(e)) {
				w.T.Errorf("%s %q of %s by %q", e.Kind, e.Text, e.By, e.Agent)
			}
		}
		var marked []string
		for _, m := range w.Chat.In(room) {
			if text := bottest.Render(m.Message); strings.Contains(text, "agent helper for @Ana Ruiz") {
				marked = append(marked, text)
			}
		}
		w.Contains(strings.Join(marked, "\n"), "Update on INC-1", "Severity raised", "is resolved")
		w.Verify()
	})
}
