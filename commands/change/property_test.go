package change_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

var cast = []bot.PersonID{"dan", "ben", "chloe", "ana", "mia", "gus"}

// propertyPolicy has every kind of rule.
const propertyPolicy = `version: 1
groups:
  owners: {service_owner_team: true, fallback: approvers}
  approvers: {roles: [approver]}
  leads: {roles: [incident-lead]}
  managers: {roles: [manager]}
managers: managers
emergency: {submitters: leads}
break_glass: {who: leads}
rules:
  - {id: normal, when: {type: normal}, stages: [{name: peer, from: owners, quorum: 1}, {name: approval, from: approvers, quorum: 1, after: peer}]}
  - {id: emergency, when: {type: emergency}, start_before_approval: true, retro: {name: retro, from: approvers, quorum: 2, due: 2bd}}
  - {id: standard, when: {type: standard, template_state: active}, auto_approve: true}
  - {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}
templates:
  - {name: restart, title: Restart, plan: Restart it, backout: Start it, services: wiki, env: prod, max_duration: 2h, owner: dan, review_by: "2027-03-31"}
`

// TestNothingStartsThatWasNotApproved runs random sequences of everything that people can do to a change, with votes
// for revisions that they may or may not have seen.
func TestNothingStartsThatWasNotApproved(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	rules, _, err := policy.Parse([]byte(propertyPolicy), kat)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		now := bottest.Start
		roster := change.Roster{
			At: now, Groups: map[string][]change.Member{}, Failed: map[string]string{}, People: map[bot.PersonID]bool{},
		}
		for _, group := range []string{"owners", "approvers", "leads", "managers"} {
			for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(cast), 0, 4, rapid.ID[bot.PersonID]).Draw(t, group) {
				roster.Groups[group] = append(roster.Groups[group], change.Member{Person: p, Source: "drawn"})
			}
		}
		for _, p := range cast {
			roster.People[p] = rapid.IntRange(0, 5).Draw(t, "active "+string(p)) > 0
		}
		w := change.World{At: now, Policy: rules, Catalog: kat, Roster: roster, Today: roster, Template: &rules.Templates[0]}
		if rapid.Bool().Draw(t, "template approved") {
			w.Record.Approvals = []policy.TemplateApproval{{Person: "ben", At: now}, {Person: "chloe", At: now}}
		}
		x := drawContent(t, rules)
		c := change.Request(1, x, "dan", rapid.SampledFrom([]bot.PersonID{"", "ben"}).Draw(t, "behalf"), "test", now)
		seen := map[string]string{} // what each vote was given for
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			who := rapid.SampledFrom(cast).Draw(t, "who")
			by := change.Actor{Person: who, Manager: who == "mia", Emergency: who == "dan" || who == "ana", Glass: who == "ana"}
			b := change.Ballot{
				Person: who, Revision: rapid.IntRange(0, c.Revision).Draw(t, "saw"),
				Comment: "a reason that is long enough for it",
				Stage:   rapid.SampledFrom([]string{"", "peer", "approval", "retro"}).Draw(t, "stage"),
			}
			before := *c
			votes := len(c.Votes)
			var err error
			act := rapid.SampledFrom([]string{
				"submit", "approve", "approve", "approve", "reject", "edit", "shrink", "withdraw", "hold", "resume", "start",
				"start", "done", "verify", "rollback", "cancel", "revise", "ask", "answer", "break", "witness", "recount",
				"tighten", "time", "lapse", "demand", "tick",
			}).Draw(t, "act")
			switch act {
			case "submit":
				err = c.Submit(by, w, now)
				w.Roster = w.Today
			case "approve":
				_, err = c.Approve(b, w.Roster, nil, now)
			case "reject":
				_, err = c.Decline(b, w.Roster, nil, now)
			case "edit":
				err = c.Edit(by, drawContent(t, rules), w, now)
			case "shrink":
				y := c.Content
				y.Window = plan.NewWindow(y.Window.Start.Add(10*time.Minute), y.Window.End, time.UTC)
				err = c.Edit(by, y, w, now)
			case "withdraw":
				err = c.Withdraw(who, "", now)
			case "hold":
				err = c.PutOnHold(by, true, "to look at it", now)
			case "resume":
				err = c.Resume(by, true, now)
			case "start":
				err = c.Start(by, w, "", now)
			case "done":
				err = c.Finish(by, "", now)
			case "verify":
				err = c.Verify(by, rapid.Bool().Draw(t, "ok"), policy.Success, "note", now)
			case "rollback":
				err = c.Rollback(by, "it broke", now)
			case "cancel":
				err = c.Cancel(by, "no more", now)
			case "revise":
				err = c.Revise(by, now)
			case "ask":
				err = c.Ask(b, "why?", w.Roster, nil, now)
			case "answer":
				err = c.Answer(who, "because", now)
			case "break":
				err = c.BreakGlass(by, "everybody is on one plane", now)
			case "witness":
				err = c.Witness(by, now)
			case "recount":
				roster.People[who] = !roster.People[who]
				c.Recount(w.Roster, nil, now)
			case "tighten":
				c.Tighten(w, now)
			case "time":
				now = now.Add(time.Duration(rapid.IntRange(1, 26*60).Draw(t, "minutes")) * time.Minute)
				w.At = now
			case "lapse":
				c.Lapse(now)
			case "demand":
				err = c.Demand(who, "look twice", now)
			case "tick":
				err = c.Tick(by, 1, now)
			}
			if err != nil && c.State != before.State && act != "edit" && act != "submit" {
				t.Fatalf("%s failed (%v) and still made it %s", act, err, c.State)
			}
			if err != nil {
				*c = before // as the transaction is rolled back
				continue
			}
			if len(c.Votes) > votes && act == "approve" {
				v := c.Votes[len(c.Votes)-1]
				seen[string(v.Person)+v.Digest] = v.Digest
			}
			holds(t, c, &before, w, act, now)
		}
	})
}

func drawContent(t *rapid.T, p *policy.Policy) plan.Content {
	start := bottest.Start.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "start")) * time.Hour)
	x := plan.Content{
		Type: rapid.SampledFrom([]policy.Type{policy.Normal, policy.Normal, policy.Emergency, policy.Standard}).Draw(
			t, "type",
		),
		Title: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "title"),
		Why:   "a reason that is long enough for it", Services: []string{"wiki"}, Env: "prod", Plan: "Restart it",
		Backout: "Start it", Window: plan.NewWindow(start, start.Add(time.Hour), time.UTC),
	}
	if x.Type == policy.Standard {
		x.Template = p.Templates[0].At()
	}
	return x
}

// holds checks what has to be true after every step.
func holds(t *rapid.T, c, before *change.Change, w change.World, act string, now time.Time) {
	if c.Digest != c.Content.Sum() {
		t.Fatalf("after %s the digest is not that of the content", act)
	}
	for _, v := range c.Votes {
		if v.Person == c.Requester || v.Person == c.Beneficiary {
			t.Fatalf("%s voted on their own change", v.Person)
		}
	}
	counted := map[string][]bot.PersonID{}
	for _, v := range c.Votes {
		if v.Revision == c.Revision && v.Digest == c.Digest && v.State == change.Counted && v.Decision == change.Approve {
			counted[v.Stage] = append(counted[v.Stage], v.Person)
		}
	}
	enough := len(c.Needs.Stages) > 0
	var all []bot.PersonID
	for _, s := range c.Needs.Stages {
		people := slices.Compact(slices.Sorted(slices.Values(counted[s.Name])))
		enough = enough && len(people) >= s.Quorum && s.Quorum > 0
		all = append(all, people...)
	}
	slices.Sort(all)
	if c.Needs.Duties.Distinct && len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Fatalf("somebody counts twice: %v", all)
	}
	reason := enough || c.Needs.Auto != "" || c.Needs.Start && c.Type == policy.Emergency || c.Glass.By != ""
	if c.State == change.Approved && !reason {
		t.Fatalf("approved by nobody after %s: %+v", act, c.Needs)
	}
	if c.State == change.Implementing && before.State != change.Implementing {
		switch {
		case !reason:
			t.Fatalf("started without an approval after %s", act)
		case c.Hold.Why != "":
			t.Fatal("started on hold")
		case c.Type != policy.Emergency && c.Glass.By == "" && (now.Before(c.Window.Start) || !now.Before(c.Window.End)):
			t.Fatal("started outside of its window")
		case act != "start" && act != "break":
			t.Fatalf("started by %s", act)
		}
	}
	if strings.Contains(act, "start") && c.State == change.Implementing && before.Digest != c.Digest {
		t.Fatal("what was started is not what was approved")
	}
}
