package change_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// byTier asks a lead too where a service matters.
const byTier = `
version: 1
environments: [prod]
groups:
  approvers: {static: [ben, chloe]}
  leads: {static: [ana]}
managers: leads
emergency: {submitters: leads}
break_glass: {who: leads}
rules:
  - id: peer
    when: {type: normal}
    stages: [{name: approval, from: approvers, quorum: 1}]
  - id: matters
    when: {tier: [1, 2]}
    stages: [{name: lead, from: leads, quorum: 1}]
  - id: notice
    when: {type: normal, env: prod}
    expr: change.lead_hours < 20
    stages: [{name: late, from: leads, quorum: 1}]
  - id: catch-all
    fallback: true
    stages: [{name: approval, from: approvers, quorum: 1}]
`

// onWiki requests a change of the wiki, tomorrow at 22:00.
func (w *world) onWiki(more string) string {
	w.T.Helper()
	w.Do("dan", `/change new title="Move the wiki" service=wiki env=prod why="The host is old" plan="Copy, switch" `+
		`backout="Switch back" start="tomorrow 22:00" end=1h `+more)
	return fmt.Sprintf("CHG-%d", w.last())
}

// setTier changes how much the wiki matters, as its register does.
func (w *world) setTier(tier int) {
	w.T.Helper()
	for i := range w.services {
		if w.services[i].ID == "wiki" {
			w.services[i].Tier = tier
		}
	}
	if err := w.Bot.AddJobs(w.T.Context(), []bot.Job{control.RecheckJob("wiki")}); err != nil {
		w.T.Fatal(err)
	}
	w.RunDue()
}

func TestServicesChangeUnderAnApproval(t *testing.T) {
	eachWith(t, byTier, func(w *world) {
		id := w.onWiki(lowRisk)
		w.Do("ben", "/change approve "+id)
		w.state(id, change.Approved)
		w.setTier(2) // stricter counts at once
		c := w.get(id)
		if c.State != change.Pending || len(c.Needs.Stages) != 2 {
			w.T.Fatal(c.State, c.Needs.Stages)
		}
		w.Contains(w.card(id), "Lead ⬜ 0 of 1", "service of tier 2 by now")
		w.Do("ana", "/change approve "+id)
		w.state(id, change.Approved)
		w.setTier(4) // looser does not, and that the window comes closer is not held against it
		w.Clock.Move(20 * time.Hour)
		w.setTier(4)
		if c := w.get(id); c.State != change.Approved || len(c.Needs.Stages) != 2 {
			w.T.Fatal(c.State, c.Needs.Stages)
		}
	})
}

func TestAServiceThatMattersMoreRaisesTheRisk(t *testing.T) {
	eachWith(t, "", func(w *world) {
		id := w.onWiki("users=some tested=partly backout-tested=yes systems=few novelty=routine data=yes outage=none")
		before := w.get(id).Risk
		w.Do("chloe", "/change approve "+id) // who owns it; of low risk that is enough
		w.state(id, change.Approved)
		w.setTier(1)
		c := w.get(id)
		if c.State != change.Pending || c.Risk.Score != before.Score+10 || c.Risk.Level != policy.Medium {
			w.T.Fatalf("%s %+v, was %+v", c.State, c.Risk, before)
		}
		w.Contains(w.card(id), "Approval ⬜ 0 of 1")
		w.Do("ben", "/change approve "+id+" r1")
		w.state(id, change.Approved)
	})
}
