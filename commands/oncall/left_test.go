package oncall

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Who has left is nobody, in every answer: who is on call, the list, the gaps, and whom a page calls.
func TestWhoHasLeftIsNobody(t *testing.T) {
	r := &Rota{
		Name: "primary", Zone: "UTC", People: []bot.PersonID{"ana", "ben"}, Every: 7, Minute: 9 * 60, Anchor: "2026-11-16",
		Escalate: 10 * time.Minute,
	}
	now := moment("2026-11-25 14:00") // in Ben's week
	active := func(who bot.PersonID) bool { return who != "ben" }
	is, next := r.At(now, nil)
	v := view{Rota: r, Now: is.present(active), Next: next.present(active)}
	v.Who, v.Gaps = Responsible(v.Now, nil), r.Gaps(now, now.AddDate(0, 0, 14), nil, active)
	who := bot.Message{Sections: []bot.Section{v.section()}}.Plain(time.UTC)
	if v.Who != "" || !strings.Contains(who, "nobody; @ben has left until 30 Nov") || !strings.Contains(who, "then @ana") {
		t.Errorf("who: %s", who)
	}
	list := (&Service{}).rotaMessage(r, nil, now, "", active).Plain(time.UTC)
	if !strings.Contains(list, "nobody; @ben has left from 23 Nov") || !strings.Contains(list, "@ana from 30 Nov") {
		t.Errorf("list: %s", list)
	}
	if len(v.Gaps) == 0 || !v.Gaps[0].From.Equal(now) {
		t.Errorf("gaps: %v", v.Gaps)
	}
	if got := chain(r, v.Now, v.Next, nil, active); len(got) != 1 || got[0] != "ana" {
		t.Errorf("a page calls %v", got)
	}
}
