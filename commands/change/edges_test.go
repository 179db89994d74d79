package change_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
	"github.com/watchbell/watchbell/storage"
)

// sre is a policy that asks a user group of a chat platform, one person of two.
const sre = `version: 1
groups:
  sre: {slack_usergroup: "@sre"}
  approvers: {roles: [approver]}
  leads: {roles: [incident-lead]}
  managers: {roles: [manager]}
managers: managers
emergency: {submitters: leads}
break_glass: {who: leads}
rules:
  - id: normal
    when: {type: normal}
    stages: [{name: sre, from: sre, quorum: 1}]
  - id: emergency
    when: {type: emergency}
    start_before_approval: true
    retro: {name: retro, from: approvers, quorum: 2, due: 2bd}
  - {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}
freezes:
  - {id: year-end, from: "2026-12-18T18:00", to: "2027-01-04T08:00", tz: Europe/Berlin, reason: "Nobody is here", scope: {env: prod}, allow: {types: emergency}, exemption: {from: approvers, quorum: 1}}
`

// two asks two approvers, so that one is not enough.
var two = strings.Replace(
	sre, `stages: [{name: sre, from: sre, quorum: 1}]`, `stages: [{name: approval, from: approvers, quorum: 2}]`, 1,
)

// one asks one approver.
var one = strings.Replace(two, "quorum: 2}]\n  - id: emergency", "quorum: 1}]\n  - id: emergency", 1)

func (w *world) approved(who ...string) string {
	w.T.Helper()
	id := w.request("dan", lowRisk)
	for _, p := range who {
		w.Do(p, "/change approve "+id+" r1")
	}
	w.state(id, change.Approved)
	return id
}

func TestE01TwoApproversAtTheSameInstant(t *testing.T) { // many at once: races_test.go
	eachWith(t, one, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change approve "+id)
		w.Clock.Move(300 * time.Millisecond)
		if text := bottest.Text(w.Do("chloe", "/change approve "+id)); !strings.Contains(
			text, "Already approved by @Ben Okafor 0.3 s ago. Yours is recorded as an extra endorsement.",
		) {
			w.T.Error(text)
		}
		if n := strings.Count(strings.Join(w.Told("dan"), "\n"), "Approved by"); n != 1 { // one set of notifications
			w.T.Error(n)
		}
	})
}

func TestE02ApproveAndRejectAtTheSameInstant(t *testing.T) { // many at once: races_test.go
	eachWith(t, one, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change reject "+id+" the index is missing entirely")
		w.Refused("chloe", "/change approve "+id, "already rejected (25 Nov", "the index is missing entirely")
		other := w.request("dan", lowRisk)
		w.Do("ben", "/change approve "+other)
		w.Refused(
			"chloe", "/change reject "+other+" the index is missing entirely", "cannot be rejected any more",
			"[Hold] [Take your vote back]",
		)
		w.Do("chloe", "/change hold "+other+" the index is missing") // an approver may pull it back before the start
	})
}

func TestE03DoubleClickAndRetry(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve")
		first := w.Send("ben", bot.Request{Token: b.Token, Key: "click"})
		again := w.Send("ben", bot.Request{Token: b.Token, Key: "click"}) // Slack delivers it twice
		other := w.Send("ben", bot.Request{Token: b.Token})               // and a second click
		w.Done(first)
		w.Done(again)
		w.Done(other)
		if bottest.Text(first) != bottest.Text(again) {
			w.T.Errorf("%s\n%s\n%s", bottest.Text(first), bottest.Text(again), bottest.Text(other))
		}
		if n := len(w.get(id).Votes); n != 1 {
			w.T.Errorf("%d votes", n)
		}
	})
}

func TestE04EditedWhileTheVoteIsInFlight(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve") // of r1
		w.Do("dan", "/change edit "+id+" plan=\"Resize in place\"")
		r := w.Send("ben", bot.Request{Token: b.Token})
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "You saw r1, it is now r2") ||
			bottest.ActionOf(r.Message, "Approve r2").Token == "" {
			w.T.Error(r.Status, bottest.Text(r))
		}
		if c := w.get(id); len(c.Votes) != 0 || c.State != change.Pending {
			w.T.Error(c.Votes, c.State)
		}
		w.Refused("ben", "/change approve "+id+" r1", "it is now r2")
		w.Do("ben", "/change approve "+id+" r2")
	})
}

func TestE05EditedWhileTheFormIsOpen(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "")
		form := w.Click("ben", "Approve")
		if form.Form == nil || !strings.Contains(form.Form.Intro.Plain(time.UTC), "Fail over, resize") {
			w.T.Fatalf("%+v", form)
		}
		w.Do("dan", "/change edit "+id+" plan=\"Resize in place\"")
		r := w.Submit("ben", form.Form, map[string]string{"comment": "Looks right to me"})
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "You had written: Looks right to me") {
			w.T.Fatal(r.Status, bottest.Text(r))
		}
		again := w.Send("ben", bot.Request{Token: bottest.ActionOf(r.Message, "Approve r2").Token})
		if again.Form == nil || again.Form.Inputs[0].Value != "Looks right to me" ||
			!strings.Contains(again.Form.Intro.Plain(time.UTC), "Resize in place") {
			w.T.Errorf("%+v", again.Form)
		}
	})
}

func TestE06AStaleCard(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve")
		w.Do("dan", "/change cancel "+id+" The vendor moved the date")
		w.Wait(60 * 24 * time.Hour)
		r := w.Send("ben", bot.Request{Token: b.Token})
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "already cancelled (25 Nov") ||
			!strings.Contains(bottest.Text(r), "The vendor moved the date.") {
			w.T.Error(bottest.Text(r))
		}
		if r := w.Send("ben", bot.Request{Token: "made-up"}); r.Status != bot.Refused ||
			!strings.Contains(bottest.Text(r), "no longer valid") {
			w.T.Error(bottest.Text(r))
		}
		w.Refused("ben", "/change approve CHG-99 r1", "There is no change CHG-99")
		w.Verify()
	})
}

func TestE07ACardFromBeforeARestart(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve")
		w.restart() // another process on the same database
		if r := w.Send("ben", bot.Request{Token: b.Token}); r.Status != bot.Done {
			w.T.Error(bottest.Text(r))
		}
		w.state(id, change.Approved)
	})
}

func TestE08DownWhenTheWindowOpens(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.Clock.Move(31*time.Hour + 12*time.Minute) // past 22:00 by 14 minutes, and nothing ran
		w.restart()
		w.RunDue()
		w.state(id, change.Approved) // nothing starts by itself
		told := strings.Join(w.Told("dan"), "\n")
		if n := strings.Count(told, "Its window has been open since"); n != 1 || !strings.Contains(told, "14 min ago") ||
			strings.Contains(told, "Its window opens 26") {
			w.T.Error(n, told)
		}
		w.Do("dan", "/change start "+id)
	})
}

func TestE09DownOverTheDeadline(t *testing.T) {
	each(t, func(w *world) {
		r := w.Type(
			"dan",
			`/change new title="Next month" service=wiki env=prod why="Later" plan="Do it" backout=z start="2026-12-20 22:00" end=1h `+lowRisk,
		)
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		id := "CHG-1"
		w.Wait(time.Minute) // the bot is alive
		before := w.get(id)
		w.Clock.Move(before.Expires.Sub(w.Clock.Now()) - 10*time.Minute)
		if err := w.Bot.Tick(context.Background()); err != nil { // alive again shortly before it
			w.T.Fatal(err)
		}
		w.RunDue()
		c := w.get(id)
		if !c.Extended || c.Expires.Sub(before.Expires) != 30*time.Minute || !c.Window.Start.Equal(before.Window.Start) {
			w.T.Error(c.Extended, c.Expires.Sub(before.Expires))
		}
		w.Wait(25 * time.Minute)
		w.state(id, change.Pending)
		w.Wait(20 * time.Minute) // once is all
		w.state(id, change.Expired)
		w.Verify()
	})
}

// Nobody ran jobs for sixteen minutes after an emergency began: its approvers are called all the same.
func TestAMomentBeforeTheFirstJobIsNotMissed(t *testing.T) {
	each(t, func(w *world) {
		r := w.Bot.Receive(context.Background(), bot.Request{
			From: w.Account("ana"), Key: w.Key(),
			Text: `/change emergency Fail over service=billing-db why="Checkout is down for all of Europe"`,
		})
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		w.Clock.Move(16 * time.Minute)
		w.RunDue()
		late := strings.Join(w.Told("ben"), "\n")
		if !strings.Contains(late, "was started as an emergency and waits for your approval") {
			w.T.Errorf("told after sixteen minutes: %s", late)
		}
		w.Verify()
	})
}

func TestE10DownDuringClicks(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Chat.Fail = func(string) error { return errors.New("chat is down") }
		w.Do("ben", "/change approve "+id+" r1")
		w.Chat.Fail = nil
		w.Wait(10 * time.Minute) // on return every card is made right
		if card := w.card(id); !strings.Contains(card, "Scheduled") {
			w.T.Error(card)
		}
		w.Verify()
	})
}

func TestE11TheDatabaseIsDown(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve")
		_ = w.Store.Close()
		r := w.Bot.Receive(context.Background(), bot.Request{From: w.Account("ben"), Key: "x", Token: b.Token})
		if r.Status != bot.Unready || !strings.Contains(bottest.Text(r), "may not have been recorded") {
			w.T.Error(r.Status, bottest.Text(r))
		}
		r = w.Bot.Receive(context.Background(), bot.Request{
			From: w.Account("ben"), Key: "y", Shortcut: "change.gate",
			Args: map[string]string{"change": id, "env": "prod", "service": "billing-db"},
		})
		if r.Status != bot.Unready || len(r.Data) > 0 {
			w.T.Error(r.Status, bottest.Text(r))
		}
	})
}

func TestE12ClocksChangeInsideTheWindow(t *testing.T) {
	each(t, func(w *world) {
		r := w.Type(
			"dan",
			`/change new title="In the night of the change" service=wiki env=prod why="x" plan="y" backout=z start="2027-03-28 01:30" end="2027-03-28 03:30" `+lowRisk,
		)
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		c := w.get("CHG-1")
		if d := c.Window.End.Sub(c.Window.Start); d != time.Hour ||
			!strings.Contains(w.card("CHG-1"), "1 h, clocks change during this window") {
			w.T.Error(d, w.card("CHG-1"))
		}
		// A time that does not exist, and one that exists twice, are refused with the ways out.
		w.Refused(
			"dan", `/change new title=x service=wiki env=prod why=x plan=y backout=z start="2027-03-28 02:30" end=1h`, "01:59",
			"03:00",
		)
		w.Refused(
			"dan", `/change new title=x service=wiki env=prod why=x plan=y backout=z start="2027-10-31 02:30" end=1h`, "+02:00",
			"+01:00",
		)
	})
}

func TestE13TheRulesOfTheZoneChange(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		// As if the zone had been an hour off when the window was set.
		_, err := w.Store.SQL().Exec(
			`UPDATE change_revisions SET content = replace(content, '"start_local":"2026-11-26 22:00"', '"start_local":"2026-11-26 21:00"')`,
		)
		if err != nil {
			w.T.Fatal(err)
		}
		before := w.get(id).Window
		w.Wait(time.Minute)
		c := w.get(id)
		if !c.Reconfirm || !c.Window.Start.Equal(before.Start) || c.State != change.Approved {
			w.T.Error(c.Reconfirm, c.State)
		}
		if !strings.Contains(w.card(id), "rules of its time zone changed") {
			w.T.Error(w.card(id))
		}
	})
}

func TestE14RemovedFromTheGroupMidVote(t *testing.T) {
	eachWith(
		t, strings.Replace(sre, "quorum: 1}]\n  - id: emergency", "quorum: 2}]\n  - id: emergency", 1),
		func(w *world) {
			w.group = []bot.Account{w.Account("ana"), w.Account("ben"), w.Account("chloe")}
			id := w.request("dan", lowRisk)
			w.Do("ana", "/change approve "+id)
			w.group = w.group[1:]
			w.Wait(time.Minute)
			c := w.get(id)
			if c.State != change.Pending || c.Votes[0].State != change.Ineligible {
				w.T.Fatal(c.State, c.Votes)
			}
			w.Do("ben", "/change approve "+id)
			w.state(id, change.Pending)
			w.Do("chloe", "/change approve "+id)
			w.state(id, change.Approved)
		},
	)
}

func TestE15RemovedAfterApprovalBeforeStart(t *testing.T) {
	eachWith(t, sre, func(w *world) {
		w.group = []bot.Account{w.Account("ana"), w.Account("ben")}
		id := w.approved("ana")
		w.group = w.group[1:]
		w.Wait(time.Minute)
		w.state(id, change.Pending)
		if told := strings.Join(w.Told("dan"), "\n"); !strings.Contains(told, "Not approved any more") {
			w.T.Error(told)
		}
	})
}

func TestE16RemovedAfterTheStart(t *testing.T) {
	eachWith(t, sre, func(w *world) {
		w.group = []bot.Account{w.Account("ana"), w.Account("ben")}
		id := w.approved("ana")
		w.openWindow()
		w.Do("dan", "/change start "+id)
		w.group = w.group[1:]
		w.Wait(time.Minute)
		if c := w.get(id); c.State != change.Implementing || c.Votes[0].State != change.Counted {
			w.T.Error(c.State, c.Votes)
		}
	})
}

// sync makes the people what they would be after a restart with another configuration.
func (w *world) sync(alter func([]bot.Person) []bot.Person) {
	w.T.Helper()
	if err := w.Store.SyncPeople(context.Background(), alter(bottest.People("test")), w.Clock.Now()); err != nil {
		w.T.Fatal(err)
	}
}

func TestE17ApproverDeactivated(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.sync(func(p []bot.Person) []bot.Person {
			p[1].Active = false
			return p
		})
		w.Wait(time.Minute)
		c := w.get(id)
		if c.State != change.Pending || c.Votes[0].State != change.Ineligible || c.Votes[0].Note != "they are deactivated" {
			w.T.Error(c.State, c.Votes)
		}
		w.Refused("ben", "/change approve "+id+" r1", "deactivated")
	})
}

func TestE18TheGroupBecomesTooSmall(t *testing.T) {
	eachWith(t, sre, func(w *world) {
		w.group = []bot.Account{w.Account("ana")}
		id := w.request("dan", lowRisk)
		w.group = nil
		w.Wait(time.Minute)
		if card := w.card(id); !strings.Contains(card, "sre cannot be satisfied") {
			w.T.Error(card)
		}
		w.Refused("ana", "/change approve "+id, "You are not in sre")
		w.state(id, change.Pending) // and never approved by that
		w.Refused(
			"dan", `/change new title=x service=wiki env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h `+lowRisk,
			"Nobody could approve this", "sre needs 1 of sre",
		)
	})
}

func TestE19TheGroupCannotBeRead(t *testing.T) {
	eachWith(t, sre, func(w *world) {
		w.group = []bot.Account{w.Account("ana")}
		id := w.request("dan", lowRisk)
		w.fail = errors.New("time-out")
		w.Refused("ana", "/change approve "+id, "could not read who is in sre", "try again")
		if c := w.get(id); len(c.Votes) != 0 {
			w.T.Error(c.Votes)
		}
		w.fail = nil
		w.Do("ana", "/change approve "+id)
		w.fail = errors.New("time-out")
		w.openWindow()
		w.Do("dan", "/change start "+id) // what was known counts once it is approved: the gate waits for no chat
	})
}

func TestE20OnePersonInTwoStages(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "") // ben owns the service and is an approver
		w.Do("ben", "/change approve "+id+" r1")
		c := w.get(id)
		if len(c.Votes) != 1 || c.Votes[0].Stage != "peer" {
			w.T.Error(c.Votes)
		}
		w.Refused("ben", "/change approve "+id+" r1 stage=approval", "each person counts once")
		w.state(id, change.Pending)
	})
}

func TestE21TheRequesterIsTheOnlyOwner(t *testing.T) {
	each(t, func(w *world) {
		// dan owns web alone
		w.Do(
			"dan",
			`/change new title="New banner" service=web env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h `+lowRisk,
		)
		w.Do("chloe", "/change approve CHG-1") // so the fallback is asked
		if v := w.get("CHG-1").Votes[0]; !strings.Contains(v.Membership, "fallback of owners") {
			w.T.Error(v.Membership)
		}
	})
	alone := strings.Replace(sre, `{slack_usergroup: "@sre"}`, `{service_owner_team: true}`, 1)
	eachWith(t, alone, func(w *world) {
		w.Refused(
			"dan",
			`/change new title="New banner" service=web env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h `+lowRisk,
			"Nobody could approve this",
		)
	})
}

func TestE22RequestedOnBehalfOfSomebody(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "for=@ben "+lowRisk)
		w.Refused("dan", "/change approve "+id, "You requested")
		w.Refused("ben", "/change approve "+id, "on your behalf")
		w.Do("chloe", "/change approve "+id)
	})
}

func TestE23DelegateAndDelegatorBothVote(t *testing.T) {
	eachWith(t, two, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change delegate @ana until fri 18:00")
		w.Do("ana", "/change approve "+id)
		w.Refused("ben", "/change approve "+id, "@Ana Ruiz has voted with this seat already")
		w.state(id, change.Pending)
		w.Do("chloe", "/change approve "+id)
		w.state(id, change.Approved)
		if v := w.get(id).Votes[0]; v.Person != "ana" || v.Seat != "ben" ||
			!strings.Contains(v.Membership, "delegated by ben") {
			w.T.Error(v)
		}
	})
	eachWith(t, two, func(w *world) { // nobody can use a delegation to decide their own
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change delegate @dan until fri 18:00")
		w.Refused("dan", "/change approve "+id, "You requested")
	})
}

func TestE24TheDelegationEndsBeforeTheCommit(t *testing.T) {
	eachWith(t, two, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change delegate @ana until 16:00")
		w.Clock.Move(58*time.Minute + time.Second) // 16:00 in Berlin is over
		w.Refused("ana", "/change approve "+id, "You are not in approvers")
	})
}

func TestE25TheAccountIsGivenToSomebodyElse(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.sync(func(p []bot.Person) []bot.Person { // ben's account is mia's by now
			p[1].Accounts, p[4].Accounts = nil, []bot.Account{w.Account("ben")}
			return p
		})
		w.Wait(time.Minute)
		c := w.get(id)
		if c.State != change.Pending || !strings.Contains(c.Votes[0].Note, "account it was given by is not theirs") {
			w.T.Error(c.State, c.Votes)
		}
	})
}

func TestE26GuestsAndStrangers(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		b := w.Button("Approve")
		for who, want := range map[string]string{
			"gus": "needs one of the roles", "nobody-we-know": "does not know the account", "eve": "deactivated",
		} {
			w.Run(who, func(t *testing.T) {
				if r := w.Send(who, bot.Request{Token: b.Token}); r.Status != bot.Refused ||
					!strings.Contains(bottest.Text(r), want) {
					w.T.Errorf("%s: %s", who, bottest.Text(r))
				}
			})
		}
		if c := w.get(id); len(c.Votes) != 0 {
			w.T.Error(c.Votes)
		}
		var denied int
		err := w.Store.SQL().QueryRow("SELECT count(*) FROM audit WHERE result = 'denied'").Scan(&denied)
		if err != nil || denied != 3 {
			w.T.Error(denied, err)
		}
		w.Verify()
	})
}

// setPolicy changes the policy file, and lets the bot notice.
func (w *world) setPolicy(text string) {
	w.T.Helper()
	w.policy = text
	if _, _, _, err := w.desk.PolicyNow(context.Background()); err != nil {
		w.T.Fatal(err)
	}
}

func TestE27ThePolicyChangesMidVote(t *testing.T) {
	eachWith(t, two, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change approve "+id)
		// looser
		w.setPolicy(
			strings.Replace(
				two, "from: approvers, quorum: 2}]\n  - id: emergency", "from: approvers, quorum: 1}]\n  - id: emergency", 1,
			),
		)
		w.state(id, change.Pending) // it keeps what was asked for
		w.Do("chloe", "/change approve "+id)
		w.state(id, change.Approved)
		stricter := strings.Replace(
			two, "stages: [{name: approval, from: approvers, quorum: 2}]",
			"stages: [{name: approval, from: approvers, quorum: 2}, {name: lead, from: leads, quorum: 1}]", 1,
		)
		w.setPolicy(stricter)
		w.Clock.Move(31 * time.Hour) // its window is open
		w.Refused("dan", "/change start "+id, "The policy became stricter: lead 0 of 1")
		w.Wait(time.Minute)
		c := w.get(id) // back to pending, and those who lack are asked
		if c.State != change.Pending || len(c.Needs.Stages) != 2 {
			w.T.Fatal(c.State, c.Needs.Stages)
		}
		w.Do("ana", "/change approve "+id)
		w.Do("dan", "/change start "+id)
	})
}

func TestE28ThePolicyFileIsInvalid(t *testing.T) {
	eachWith(t, two, func(w *world) {
		id := w.request("dan", lowRisk)
		w.setPolicy(strings.Replace(two, "from: approvers, quorum: 2", "from: aprovers, quorum: 2", 1))
		w.Wait(time.Minute)
		var told string
		for _, m := range w.Chat.In("changes") {
			told += m.Message.Plain(time.UTC)
		}
		if !strings.Contains(told, "The change policy was refused") ||
			!strings.Contains(told, `there is no group "aprovers"`) {
			w.T.Error(told)
		}
		w.Do("ben", "/change approve "+id)
		w.restart() // even after a restart
		w.Do("chloe", "/change approve "+id)
		w.state(id, change.Approved)
	})
}

func TestE29AFreezeIsAddedAfterTheApproval(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.Refused(
			"dan", `/change freeze add from="tomorrow 20:00" to="tomorrow 23:30" env=prod reason="Data centre moves"`,
			"Only change managers",
		)
		w.Do("mia", `/change freeze add from="tomorrow 20:00" to="tomorrow 23:30" env=prod reason="Data centre moves"`)
		w.state(id, change.Approved) // never rewritten
		if card := w.card(id); !strings.Contains(card, "Blocked (frozen)") || !strings.Contains(card, "Data centre moves") {
			w.T.Error(card)
		}
		w.openWindow()
		w.Refused("dan", "/change start "+id, "lies in the freeze FRZ-1")
		w.Do("mia", "/change freeze end FRZ-1 The move is over")
		w.Wait(time.Minute)
		if card := w.card(id); !strings.Contains(card, "Ready") { // without anybody's action
			w.T.Error(card)
		}
		w.Do("dan", "/change start "+id)
	})
	eachWith(t, sre, func(w *world) { // an exemption is an approval of its own
		w.group = []bot.Account{w.Account("ana")}
		r := w.Type(
			"dan",
			`/change new title="Renew the certificate" service=wiki env=prod why="It runs out" plan="Renew" backout=z start="2026-12-20 22:00" end=1h `+lowRisk,
		)
		if r.Status != bot.Done || !strings.Contains(bottest.Text(r), "year-end") {
			w.T.Fatal(bottest.Text(r))
		}
		w.Do("ana", "/change approve CHG-1")
		w.state("CHG-1", change.Approved)
		w.Do("dan", `/change exempt CHG-1 what=year-end why="It runs out on 21 December"`)
		w.state("CHG-1", change.Pending)
		w.Do("ben", "/change approve CHG-1")
		w.state("CHG-1", change.Approved)
		w.Clock.Move(25*24*time.Hour + 7*time.Hour)
		w.Do("dan", "/change start CHG-1")
	})
}

func TestE30AnIncidentOpensBeforeTheStart(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		w.Do("ana", "/incident declare Payments fail sev1 service=billing") // which depends on billing-db
		w.Refused("dan", "/change start "+id, "INC-1 (SEV1) is open on billing")
		w.Refused("ben", "/change exempt "+id+" what=INC-1 why=\"It mends the database\"", "Whoever leads INC-1 (nobody yet)")
		w.Do("ana", "/incident lead me INC-1")
		w.Do("ana", "/change exempt "+id+" what=INC-1 why=\"It mends the database\"")
		w.Do("dan", "/change start "+id)
	})
	each(t, func(w *world) { // and the block ends when the impact does
		id := w.approved("ben")
		w.openWindow()
		w.Do("ana", "/incident declare Payments fail sev1 service=billing")
		w.Refused("dan", "/change start "+id, "INC-1")
		w.Do("ana", "/incident mitigate INC-1")
		w.Do("dan", "/change start "+id)
	})
}

func TestE31TheWindowClosesWhileImplementing(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		w.Do("dan", "/change start "+id)
		w.Wait(time.Hour)
		if card := w.card(id); !strings.Contains(card, "Overrun") {
			w.T.Error(card)
		}
		w.Wait(15 * time.Minute)
		w.Wait(15 * time.Minute)
		if n := strings.Count(strings.Join(w.Told("dan"), "\n"), "Its window has been over since"); n != 3 {
			w.T.Errorf("%d notices", n)
		}
		w.Refused("dan", "/change extend "+id+" until 3h", "You requested")
		w.Refused("ana", "/change extend "+id+" until 3h", "Only an approver")
		w.Do("ben", "/change extend "+id+" until 3h")
		w.Do("dan", "/change done "+id)
	})
}

func TestE32ThePipelineDies(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		w.Do("dan", "/change start "+id)
		w.Do("dan", "/change heartbeat "+id)
		w.Wait(16 * time.Minute)
		c := w.get(id)
		if c.State != change.Implementing || !c.Silent {
			w.T.Error(c.State, c.Silent)
		}
		if told := strings.Join(w.Told("dan"), "\n"); !strings.Contains(told, "pipeline has not been heard from") {
			w.T.Error(told)
		}
		w.Do("dan", "/change done "+id)
	})
}

func (w *world) gate(id, args string) bot.Reply {
	w.T.Helper()
	return w.Type("ana", "/change gate "+id+" "+args)
}

func TestE33TheSameApprovalForASecondDeploy(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		first := w.gate(id, "env=prod service=billing-db run=1")
		again := w.gate(id, "env=prod service=billing-db run=1")
		second := w.gate(id, "env=prod service=billing-db run=2")
		if first.Status != bot.Done || string(first.Data) != string(again.Data) {
			w.T.Errorf("%s\n%s", first.Data, again.Data)
		}
		if second.Status != bot.Refused || !strings.Contains(string(second.Data), `"status":409,"reason_code":"grant_used"`) {
			w.T.Error(string(second.Data))
		}
		if n := len(w.get(id).Grants); n != 1 {
			w.T.Error(n, "grants")
		}
	})
}

func TestE34AnotherArtifact(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "artifact=sha256:aaa "+lowRisk)
		w.Do("ben", "/change approve "+id)
		w.openWindow()
		for _, args := range []string{"artifact=sha256:bbb", ""} {
			if r := w.gate(id, "env=prod service=billing-db run=1 "+args); !strings.Contains(
				string(r.Data), `"status":409,"reason_code":"digest_or_scope_mismatch"`,
			) {
				w.T.Error(string(r.Data))
			}
		}
		if r := w.gate(id, "env=prod service=billing-db run=1 artifact=sha256:aaa"); r.Status != bot.Done {
			w.T.Error(bottest.Text(r))
		}
		w.Refused("dan", "/change start "+id+" artifact=sha256:bbb", "is not what was approved")
	})
}

func TestE35ThePipelineAsksBeforeTheChangeExists(t *testing.T) {
	each(t, func(w *world) {
		if r := w.gate("CHG-7", "env=prod service=billing-db"); r.Status != bot.Refused ||
			!strings.Contains(string(r.Data), `"status":404,"reason_code":"unknown_change"`) {
			w.T.Error(string(r.Data))
		}
		id := w.approved("ben")
		w.openWindow()
		// An empty match is never allowed.
		for _, args := range []string{"env=staging service=billing-db", "env=prod service=wiki", "env=prod service=none"} {
			w.Run(args, func(t *testing.T) {
				if r := w.gate(id, args); r.Status == bot.Done {
					w.T.Error(args, bottest.Text(r))
				}
			})
		}
	})
}

func TestE36EverybodyIsAway(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ben", "/change delegate @ana until fri 18:00")
		r := w.Type(
			"dan",
			`/change new title=x service=billing-db env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h `+lowRisk,
		)
		if !strings.Contains(bottest.Text(r), "Everybody who can decide peer has delegated: @ana for @ben") {
			w.T.Error(bottest.Text(r))
		}
	})
}

func TestE37RejectAfterApproved(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		r := w.Type("chloe", "/change reject "+id+" the index is missing entirely")
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "cannot be rejected any more") ||
			bottest.ActionOf(r.Message, "Hold").Token == "" {
			w.T.Error(bottest.Text(r))
		}
		w.openWindow()
		w.Do("dan", "/change start "+id)
		w.Refused("chloe", "/change reject "+id+" the index is missing entirely", "roll it back")
	})
}

func TestE38AQuestionIsNeverAnswered(t *testing.T) {
	each(t, func(w *world) {
		r := w.Type(
			"dan",
			`/change new title="Next month" service=billing-db env=prod why=x plan=y backout=z start="2026-12-20 22:00" end=1h `+
				lowRisk,
		)
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		w.Do("ben", "/change ask CHG-1 How long does the way back take?")
		expires := w.get("CHG-1").Expires
		w.Wait(expires.Sub(w.Clock.Now()) + 24*time.Hour)
		w.state("CHG-1", change.Pending) // the clock is paused
		w.Refused("chloe", "/change approve CHG-1", "You are not in owners")
		w.Wait(5 * 24 * time.Hour)
		c := w.get("CHG-1")
		if c.State != change.Expired || !strings.Contains(c.EndReason, "never answered") {
			w.T.Error(c.State, c.EndReason)
		}
	})
}

func TestE39TheMessageOrItsChannelIsGone(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		for _, m := range w.Chat.In("changes") {
			w.Chat.Remove(m.Ref)
		}
		w.Do("ben", "/change approve "+id)
		if card := w.card(id); !strings.Contains(card, "Scheduled") { // made anew
			w.T.Error(card)
		}
		if err := w.Chat.Archive(context.Background(), bot.Conversation{Platform: "test", Channel: "changes"}); err != nil {
			w.T.Fatal(err)
		}
		w.Do("dan", "/change hold "+id+" wait for storage")
		if told := strings.Join(w.Told("dan"), "\n"); !strings.Contains(told, "on hold") {
			w.T.Error(told)
		}
		if c := w.get(id); c.Hold.Why == "" {
			w.T.Error("not held")
		}
		w.Verify()
	})
}

func TestE40ManyEditsAreOneAndTheLastCounts(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		for n := range 10 {
			r := w.Bot.Receive(context.Background(), bot.Request{
				From: w.Account("dan"), Key: w.Key(), Text: fmt.Sprintf("/change edit %s plan=\"Plan %d\"", id, n),
			})
			if r.Status != bot.Done {
				w.T.Fatal(bottest.Text(r))
			}
		}
		w.RunDue()
		for _, m := range w.Chat.In("changes") {
			if strings.HasPrefix(m.Key, "change.card/") &&
				(m.Edits > 3 || !strings.Contains(m.Message.Plain(time.UTC), "rev 11")) {
				w.T.Error(m.Edits, m.Message.Plain(time.UTC))
			}
		}
	})
}

func TestE41TwoHundredChangesWaitForOnePerson(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db", "")
	for range 200 {
		r := w.Bot.Receive(context.Background(), bot.Request{
			From: w.Account("dan"), Key: w.Key(),
			Text: `/change new title="One of many" service=billing-db env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h ` + lowRisk,
		})
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
	}
	w.RunDue()
	if n := len(w.Told("ben")); n > 8 {
		w.T.Errorf("%d messages", n)
	}
	r := w.Type("ben", "/change pending")
	w.Contains(bottest.Text(r), "200 changes wait for your decision")
	if bottest.ActionOf(r.Message, "190 more").Token == "" {
		w.T.Error(bottest.Text(r))
	}
	if r = w.Send("ben", bot.Request{Token: bottest.ActionOf(r.Message, "190 more").Token}); r.Status != bot.Done ||
		bottest.ActionOf(r.Message, "180 more").Token == "" {
		w.T.Error(bottest.Text(r))
	}
}

func TestE42InstancesWhoseClocksDiffer(t *testing.T) {
	each(t, func(w *world) {
		if w.Store.Kind() != "postgres" {
			w.T.Skip("one file has one server, and its machine's clock")
		}
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		var clocks []bot.Clock
		for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
			c, err := storage.SkewedClock(w.Store, ctx, skew)
			if err != nil {
				w.T.Fatal(err)
			}
			clocks = append(clocks, c)
		}
		for _, c := range clocks[1:] {
			if d := c.Now().Sub(clocks[0].Now()).Abs(); d > time.Second {
				w.T.Errorf("they differ by %s", d)
			}
		}
	})
}

func TestE43ABulkApprovalWithAnEditedOne(t *testing.T) {
	each(t, func(w *world) {
		for range 3 {
			w.request("dan", lowRisk)
		}
		r := w.Type("ben", "/change pending")
		w.Do("dan", "/change edit CHG-2 plan=\"Something else\"")
		r = w.Send("ben", bot.Request{Token: bottest.ActionOf(r.Message, "Approve all 3 of low risk").Token})
		if r.Status != bot.Done || !strings.Contains(bottest.Text(r), "CHG-1 approved") ||
			!strings.Contains(bottest.Text(r), "CHG-2 changed since you looked") ||
			!strings.Contains(bottest.Text(r), "CHG-3 approved") {
			w.T.Error(bottest.Text(r))
		}
		w.state("CHG-1", change.Approved)
		w.state("CHG-2", change.Pending)
		w.state("CHG-3", change.Approved)
		w.Verify()
	})
}

func TestE44TheApprovalAfterwardsIsDisputed(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/change emergency Fail over service=billing-db why=\"Checkout is down for all of Europe\"")
		w.Do("chloe", "/change reject CHG-1 It could have waited for the window")
		c := w.get("CHG-1")
		if c.State != change.Implementing { // nothing is rolled back by that
			w.T.Error(c.State)
		}
		if e := strings.Join(view.Exceptions(c, nil, w.Clock.Now()), "\n"); !strings.Contains(e, "disputed by @chloe") {
			w.T.Error(e)
		}
		w.Do("dan", "/change done CHG-1")
		w.Do("dan", "/change verify CHG-1 ok")
		w.state("CHG-1", change.Review)
	})
}

func TestE45GlassBrokenAndNobodyWitnesses(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "")
		w.Refused("dan", "/change break "+id+" All approvers are on one plane", "may not break glass")
		w.Refused("ana", "/change break "+id+" hurry", "at least 20 characters")
		w.Do("ana", "/change break "+id+" All approvers are on one plane and the disk is full")
		w.state(id, change.Implementing)
		w.Refused("ana", "/change witness "+id, "somebody other than")
		if told := strings.Join(w.Told("mia"), "\n"); !strings.Contains(told, "Broke glass") {
			w.T.Error(told)
		}
		w.Wait(16 * time.Minute)
		if c := w.get(id); c.Hold.Why == "" {
			w.T.Error("not held")
		}
		if r := w.gate(id, "env=prod service=billing-db"); !strings.Contains(string(r.Data), `"reason_code":"hold"`) {
			w.T.Error(string(r.Data))
		}
		w.Refused("mia", "/change resume "+id, "Somebody else has to: /change witness")
		w.Do("mia", "/change witness "+id)
		w.Do("mia", "/change resume "+id)
		w.Verify()
	})
}

func TestE46HostileWords(t *testing.T) {
	each(t, func(w *world) {
		w.Do(
			"dan",
			`/change new title="<!channel> *bold* `+"\u202e"+
				`evil @ben" service=wiki env=prod why="<@U1>" plan="[x](javascript:alert(1))" backout=z start="tomorrow 22:00" end=1h `+lowRisk,
		)
		for _, m := range w.Chat.In("changes") {
			for _, s := range m.Message.Sections {
				for _, span := range s.Text {
					if strings.Contains(span.Text, "<!channel>") && span.Kind != bot.BoldSpan && span.Kind != bot.PlainSpan {
						w.T.Errorf("%+v", span)
					}
					if strings.Contains(span.Text, "\u202e") ||
						span.Kind == bot.PersonSpan && span.Ref == "ben" && m.Ref.Thread == "" &&
							strings.Contains(s.Text.Plain(time.UTC), "evil") && span.Text == "" {
						w.T.Errorf("%+v", span)
					}
				}
			}
		}
	})
}

func TestE47AChangeOfAnotherInstallation(t *testing.T) {
	each(t, func(w *world) {
		w.request("dan", lowRisk)
		r := w.Bot.Receive(context.Background(), bot.Request{
			From: bot.Account{Platform: "test", Workspace: "elsewhere", User: "ben"}, Key: "k", Text: "/change approve CHG-1",
		})
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "does not know the account") {
			w.T.Error(bottest.Text(r))
		}
		w.Refused("ben", "/change approve CHG-123", "There is no change CHG-123")
	})
}

func TestE48TheSameRequestTwice(t *testing.T) {
	each(t, func(w *world) {
		args := map[string]string{
			"title": "From a template", "service": "wiki", "env": "prod", "why": "x", "plan": "y", "backout": "z",
			"start": "tomorrow 22:00", "end": "1h",
		}
		var ids []string
		for range 2 {
			r := w.Send("dan", bot.Request{Key: "api:t:idem", Shortcut: "change.new", Args: args, NoForms: true})
			ids = append(ids, string(r.Data))
		}
		if w.last() != 1 || ids[0] != ids[1] || ids[0] == "" {
			w.T.Error(w.last(), ids)
		}
	})
}

func TestE49ImpossibleWindows(t *testing.T) {
	each(t, func(w *world) {
		for window, want := range map[string]string{
			`start="2026-12-01 22:00" end="2026-12-01 21:00"`: "in the past",
			`start="2026-11-24 22:00" end=1h`:                 "in the past",
			`start="2026-12-01 22:00" end="2027-01-02 22:00"`: "the limit is 30 days",
			`start="2026-12-01 22:00" end=10s`:                "end",
			`start="2027-12-01 22:00" end=1h`:                 "more than a year from now",
			`start="later" end=1h`:                            "later",
			`start="in 10m" end=1h`:                           "15 minutes before",
		} {
			w.Run(window, func(t *testing.T) {
				w.Refused("dan", `/change new title=x service=wiki env=prod why=x plan=y backout=z `+window, want)
			})
		}
		if list, _ := w.Store.Changes().List(context.Background(), change.Filter{Limit: 1}); len(list) != 0 {
			w.T.Error("a change was made of it")
		}
	})
}

func TestE50AnOlderCopyOfTheDatabase(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		seal, err := w.Store.VerifyAudit(context.Background(), bot.Seal{})
		if err != nil {
			w.T.Fatal(err)
		}
		w.openWindow()
		if r := w.gate(id, "env=prod service=billing-db run=1"); r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		later, err := w.Store.VerifyAudit(context.Background(), bot.Seal{})
		if err != nil {
			w.T.Fatal(err)
		}
		// As if it had been restored from before the grant: the log ends where nobody who knows its end expects it to.
		for _, sql := range []string{
			"DELETE FROM change_grants", fmt.Sprintf("DELETE FROM audit WHERE seq > %d", seal.Seq),
			fmt.Sprintf("UPDATE audit_head SET seq = %d, hash = '%s'", seal.Seq, seal.Hash),
		} {
			if _, err := w.Store.SQL().Exec(sql); err != nil {
				w.T.Fatal(err)
			}
		}
		if _, err := w.Store.VerifyAudit(context.Background(), later); err == nil ||
			!strings.Contains(err.Error(), "missing") {
			w.T.Errorf("the gap was not found: %v", err)
		}
		// What was granted since the backup is not known to it, so nothing is let through until an approver has looked.
		if n, err := w.desk.HoldAll(context.Background(), "restored from a backup"); n != 1 || err != nil {
			w.T.Error(n, err)
		}
		if r := w.gate(id, "env=prod service=billing-db run=2"); !strings.Contains(string(r.Data), `"reason_code":"hold"`) ||
			!strings.Contains(string(r.Data), "Watchbell put it on hold: restored from a backup") {
			w.T.Error(string(r.Data))
		}
		w.Refused("dan", "/change resume "+id, "Ask an approver")
		w.Do("ben", "/change resume "+id)
	})
}
