package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// From the request to the review, decided on the card and in direct messages.
func TestDiscordLifeOfAChange(t *testing.T) { onTimeInDiscord(t, lifeOfAChangeInDiscord) }

func lifeOfAChangeInDiscord(t *testing.T, w *timedGuild) {
	w.types("dan", w.general, "change", "new")
	m := w.fills("dan", w.general, "Request a change", map[string]string{
		"title": "Resize @everyone the shop", "service": "web", "env": "prod", "why": "Queries time out",
		"plan": "Fail over, resize", "backout": "Fail back", "start": "tomorrow 22:00", "end": "1h", "novelty": "first",
	})
	if got := discordText(m); !strings.Contains(got, "Requested CHG-1") {
		t.Fatalf("the form is answered with %s", got)
	}
	w.settle()
	card := w.sees(w.requests, "", "CHG-1 · Normal")
	ask := w.sees(w.direct("ben"), "", "Your decision is needed")

	w.presses("dan", card, "Approve")
	w.sees(w.requests, "dan", "You requested CHG-1")
	if modal := w.fake.Modal(discordIDs["dan"]); modal != nil {
		t.Errorf("the requester is asked to fill in %v", modal["title"])
	}
	w.presses("ben", ask, "Approve")
	w.formOpens("ben", w.direct("ben"), "Approve the change")
	if got := inJSON(t, w.fake.Modal(discordIDs["ben"])); !strings.Contains(got, "Fail over, resize") {
		t.Errorf("Ben does not see what he approves: %s", got)
	}
	w.fills("ben", w.direct("ben"), "Approve the change", map[string]string{"comment": "fine"})
	w.settle()
	w.changeShows(card, "Peer ✅")

	// Who approved it is asked again when it changes.
	w.tells("dan", w.general, "change", `edit CHG-1 plan="Fail over, resize, wait"`, "CHG-1")
	w.changeShows(card, "Fail over, resize, wait", "rev 2")
	if got := discordText(w.now(card)); strings.Contains(got, "Peer ✅") {
		t.Errorf("a vote for another plan counts: %s", got)
	}
	w.presses("ben", card, "Approve")
	w.fills("ben", w.requests, "Approve the change", nil)
	w.settle()
	w.changeShows(card, "Peer ✅")
	w.approvesTwice("chloe", card, "CHG-1")
	w.changeShows(card, "Scheduled")
	w.sees(w.direct("chloe"), "", "you have approved it")

	w.clock.Move(31 * time.Hour)
	w.settle()
	w.tells("dan", w.general, "change", "start CHG-1", "has started")
	w.tells("dan", w.general, "change", "done CHG-1", "Does it work?")
	w.tells("dan", w.general, "change", "verify CHG-1 ok", "CHG-1 works")
	w.tells(
		"dan", w.general, "change", "review CHG-1 outcome=success Ten minutes longer than planned", "is closed",
	)

	w.tells(
		"dan", w.general, "change",
		`new title="Another" service=web env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h`, "Requested CHG-2",
	)
	second := w.sees(w.requests, "", "CHG-2 · Normal")
	w.presses("chloe", second, "Reject")
	w.sees(w.requests, "chloe", "It is not the turn of approval yet")
	w.presses("ben", second, "Reject")
	w.fills("ben", w.requests, "Reject the change", map[string]string{"reason": "Not during the sale"})
	w.settle()
	w.changeShows(second, "Rejected", "Not during the sale")
	w.until("the requester learns why", func() bool {
		_, ok := w.find(w.direct("dan"), "", "Not during the sale")
		return ok
	})
	for _, text := range []string{
		"help", "help new", "list all", "show CHG-1", "explain CHG-1", "pending", "calendar", "policy", "freeze", "template",
		"metrics", "evidence CHG-1", "aprove CHG-1",
	} {
		w.line("mia", w.general, "change", text)
	}
	w.sees(w.general, "mia", "Did you mean")
	for _, m := range w.fake.Messages(w.requests) {
		for _, called := range m.Pings {
			if strings.HasPrefix(called, "@") {
				t.Errorf("somebody's words called %s", called)
			}
		}
	}
	keepDiscordPayloads(t, w.fake)
	sentGolden(t, w.fake, "CHG-1 · Normal", "change-card.discord-message.json")
	sentGolden(t, w.fake, "Fail over, resize", "change-approve.discord-modal.json")
	sentGolden(t, w.fake, `"Request a change (1 of 4)"`, "change-new-1.discord-modal.json")
}

// sentGolden compares the first payload of a kind that has a text with how it should look.
func sentGolden(t *testing.T, fake *discordfake.Server, part, name string) {
	t.Helper()
	for _, call := range fake.Calls("", "") {
		ending, body := discordEnding(call)
		if ending != "" && strings.HasSuffix(name, ending+".json") && strings.Contains(inJSON(t, body), part) {
			discordGolden(t, name, body)
			return
		}
	}
	t.Errorf("nothing that was sent has %q", part)
}

// changeShows waits until a change's card shows all of some texts.
func (w *timedGuild) changeShows(card discordfake.Message, parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		w.until("the card shows "+part, func() bool { return strings.Contains(discordText(w.now(card)), part) })
	}
}

// approvesTwice lets somebody decide by a form and by a command at once, and the form arrive once more.
func (w *timedGuild) approvesTwice(who bot.PersonID, card discordfake.Message, change string) {
	w.t.Helper()
	w.presses(who, card, "Approve")
	w.formOpens(who, w.requests, "Approve the change")
	key := w.key()
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := w.fake.Submit(discordIDs[who], key, nil); err != nil {
			w.t.Error(err)
		}
	})
	both.Go(func() {
		if _, err := w.fake.Command(
			discordIDs[who], w.requests, key+"-typed", "change",
			discordfake.Sub("approve", discordfake.Opt("change", change), discordfake.Opt("revision", 2)),
		); err != nil {
			w.t.Error(err)
		}
	})
	both.Wait()
	if _, err := w.fake.Submit(discordIDs[who], key, nil); err != nil {
		w.t.Error(err)
	}
	w.settle()
	var counted, refused int
	w.until("both are answered", func() bool {
		counted, refused = 0, 0
		for _, m := range w.fake.Messages(w.requests) {
			switch text := discordText(m); {
			case m.Only != discordIDs[who] || m.Loading:
			case strings.Contains(text, "is approved"):
				counted++
			default:
				refused++
			}
		}
		return counted+refused >= 2
	})
	if counted != 1 || refused != 1 {
		w.t.Errorf("%d votes count, %d are refused:\n%s", counted, refused, w.said(w.requests))
	}
}

// An emergency starts at once and needs two approvals afterwards, which come at the same moment.
func TestDiscordQuorum(t *testing.T) { onTimeInDiscord(t, quorumInDiscord) }

func quorumInDiscord(t *testing.T, w *timedGuild) {
	w.types(
		"dan", w.general, "change", "emergency", discordfake.Opt("title", "Restart the queue"),
		discordfake.Opt("service", "web"), discordfake.Opt("env", "prod"), discordfake.Opt(
			"why", "It is stuck, and nobody can pay",
		),
		discordfake.Opt("plan", "Restart it"),
	)
	w.sees(w.general, "dan", "CHG-1")
	w.settle()
	card := w.sees(w.requests, "", "CHG-1 · Emergency")
	w.tells("dan", w.general, "change", "done CHG-1", "CHG-1")
	w.tells("dan", w.general, "change", "verify CHG-1 ok", "CHG-1")
	w.changeShows(card, "0 of 2")
	approvers := []bot.PersonID{"ben", "chloe"}
	for _, who := range approvers {
		w.presses(who, card, "Ratify")
		w.formOpens(who, w.requests, "Approve the change")
	}
	var both sync.WaitGroup
	for _, who := range approvers {
		both.Go(func() {
			if _, err := w.fake.Submit(discordIDs[who], "approves-"+string(who), nil); err != nil {
				w.t.Error(err)
			}
		})
	}
	both.Wait()
	w.settle()
	w.changeShows(card, "(retro) ✅", "@"+discordIDs["ben"], "@"+discordIDs["chloe"])
}
