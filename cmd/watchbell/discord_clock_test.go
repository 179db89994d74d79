package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// timedGuild is a guild whose bot runs in the test.
type timedGuild struct {
	*guild
	*whole
}

// onTimeInDiscord runs a story by both ways in, and on both databases.
func onTimeInDiscord(t *testing.T, story func(t *testing.T, w *timedGuild)) {
	t.Run("gateway", func(t *testing.T) {
		t.Parallel()
		story(t, newTimedGuild(t, false, newWhole(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), discordPeople())))
	})
	t.Run("http", func(t *testing.T) {
		t.Parallel()
		story(t, newTimedGuild(t, true, newWhole(t, pgtest.URL(t), discordPeople())))
	})
}

// discordPeople are the usual people with their accounts in the fake guild.
func discordPeople() []bot.Person {
	people := bottest.People(discord.Platform)
	for i, p := range people {
		people[i].Accounts = nil
		if id := discordIDs[p.ID]; id != "" {
			people[i].Accounts = []bot.Account{{Platform: discord.Platform, Workspace: northwind, User: id}}
		}
	}
	return people
}

// newTimedGuild puts a bot into a fake guild.
func newTimedGuild(t *testing.T, http bool, all *whole) *timedGuild {
	t.Helper()
	w := &timedGuild{guild: fakeGuild(t, &installation{t: t}, discordfake.Options{}), whole: all}
	w.http, w.server.log, w.meanwhile = http, w.log, w.goOn
	o := discord.Options{
		Token: w.fake.Token(), APIURL: w.fake.URL(), Core: w.bot, Retry: 50 * time.Millisecond,
		Reactions: map[string]string{"📌": "incident.note"}, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	var err error
	if o.Layout, err = command.New(t.Context(), w.bot.Tree().Nouns(), w.bot.Tree().Commands()); err != nil {
		t.Fatal(err)
	}
	if http {
		o.PublicKey = w.fake.PublicKey()
	}
	a, err := discord.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if http {
		w.fake.SetAppURL(serving(t, a.Handler()) + "/discord/interactions")
	}
	w.run(t, a)
	w.until("Discord is reached", func() bool { return a.Health() == nil && (http || w.fake.Connected() == 1) })
	return w
}

// settle runs the jobs that are due, and those that wait a moment for their turn in Discord.
func (w *timedGuild) settle() { w.t.Helper(); w.settleOn(w.t) }

// goOn lets a little time pass. The adapter spreads its calls over real time, and a job that has to wait for that comes
// again by the clock of the test.
func (w *timedGuild) goOn() {
	w.t.Helper()
	w.clock.Move(100 * time.Millisecond)
	if _, err := w.bot.RunDue(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// cardShows waits until the card in an incident's channel shows all of some texts.
func (w *timedGuild) cardShows(c discordfake.Channel, parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		w.until("the card shows "+part, func() bool { return strings.Contains(discordText(w.card(c)), part) })
	}
}

// tells types a line, waits for its answer and for what follows.
func (w *timedGuild) tells(who bot.PersonID, channel, noun, text, answer string) discordfake.Message {
	w.t.Helper()
	w.line(who, channel, noun, text)
	m := w.sees(channel, who, answer)
	w.settle()
	return m
}

// From a typed subcommand to the channel that nobody writes in any more, with everything that time brings.
func TestDiscordLifeOfAnIncident(t *testing.T) { onTimeInDiscord(t, lifeOfAnIncidentInDiscord) }

func lifeOfAnIncidentInDiscord(t *testing.T, w *timedGuild) {
	w.types(
		"dan", w.general, "incident", "declare", discordfake.Opt("title", "Checkout returns 502"),
		discordfake.Opt("severity", "sev2"), discordfake.Opt("service", "web"),
	)
	w.sees(w.general, "dan", "Declared INC-1")
	w.settle()
	c := w.opens("inc-1-checkout-returns-502")
	w.until("the owner is invited", func() bool { return w.invited(c.ID, "ben") })
	if got := w.categoryOf(c.ID); got != "Incidents" || !strings.Contains(c.Topic, "SEV2") {
		t.Errorf("in the category %q: %+v", got, c)
	}
	announced := w.sees(w.all, "", "INC-1")
	if got := inJSON(t, discordComponents(announced)); !strings.Contains(got, c.ID) {
		t.Errorf("it is announced without a way to %s:\n%s", c.Name, got)
	}

	w.clock.Move(6 * time.Minute)
	w.settle()
	lead := w.oneLeads(c, w.sees(c.ID, "", "Nobody leads INC-1 yet"))
	w.clock.Move(time.Hour)
	w.settle()
	w.sees(c.ID, "", "an update on INC-1 was due")

	w.presses(lead, w.card(c), "Give update")
	w.fills(lead, c.ID, "Give an update", map[string]string{
		"text": "Rolling back *release* @everyone <@&1> [x](https://y)", "status": "identified", "next": "45m",
	})
	w.settle()
	told := w.sees(c.ID, "", "Rolling back *release* @everyone <@&1> [x](https://y)")
	if !slices.Equal(told.Pings, []string{discordIDs[lead]}) { // who said it is named below it
		t.Errorf("somebody's words called %q", told.Pings)
	}
	w.presses(lead, w.card(c), "Change severity")
	w.fills(lead, c.ID, "Change the severity", map[string]string{"severity": "sev1"})
	w.settle()
	w.sees(c.ID, "", "Severity raised")
	w.cardShows(c, "SEV1", "Identified")

	w.tells(lead, c.ID, "incident", "handover @dan", "is asked")
	w.presses("dan", w.sees(w.direct("dan"), "", "INC-1"), "I take the lead")
	w.settle()
	w.cardShows(c, "Lead: @"+discordIDs["dan"])

	said, err := w.fake.Say(discordIDs["mia"], c.ID, "", "Error rate is back to normal")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.fake.MessageCommand(discordIDs["dan"], c.ID, said, w.key(), "Add to timeline"); err != nil {
		t.Fatal(err)
	}
	w.fills("dan", c.ID, "Add to the timeline", map[string]string{"at": ""}) // it was said on another clock
	w.settle()
	w.tells("dan", c.ID, "incident", "timeline", "Mia Tanaka: Error rate is back to normal")
	w.tells("dan", c.ID, "incident", "task Check the database @dan due 30m", "Task 1 of INC-1")
	w.tells("dan", c.ID, "incident", "pause waiting for the vendor until tomorrow 09:00", "is paused until")
	w.tells("dan", c.ID, "incident", "resume", "goes on")
	w.tells("dan", c.ID, "incident", "mitigate", "impact of INC-1 is over")
	w.cardShows(c, "impact over")
	w.presses("dan", w.card(c), "Resolve")
	w.fills("dan", c.ID, "Resolve the incident", map[string]string{"summary": "Rolled back release 42"})
	w.settle()
	w.sees(c.ID, "", "INC-1 is resolved")
	w.sees(announced.ID, "", "INC-1 is resolved") // in the thread below it
	w.tells(
		"dan", c.ID, "incident", `review happened="A release broke it" contributing="No canary" publish=yes`, "is published",
	)
	w.tells("dan", c.ID, "incident", "close", "INC-1 is closed")
	w.tells("dan", c.ID, "incident", "export", "A release broke it")
	for _, text := range []string{"help", "help declare", "list all", "show INC-1", "timeline", "tasks", "lisst"} {
		w.line("mia", w.general, "incident", text)
	}
	w.sees(w.general, "mia", "Did you mean")

	w.clock.Move(8 * 24 * time.Hour)
	w.settle()
	w.until("the channel is archived a week after the end", func() bool {
		return w.categoryOf(c.ID) == "Incident archive"
	})
	if _, err := w.fake.Say(discordIDs["dan"], c.ID, "", "still here"); err == nil {
		t.Error("people write in the archived channel")
	}
	if w.fake.May(discordIDs["dan"], c.ID)&discordfake.ReadMessageHistory == 0 {
		t.Error("people cannot read in the archived channel")
	}
	keepDiscordPayloads(t, w.fake)
}

// oneLeads lets two people take the lead at once and returns who got it. The other is told who that is.
func (w *timedGuild) oneLeads(c discordfake.Channel, nobody discordfake.Message) bot.PersonID {
	w.t.Helper()
	id, _ := discordButton(discordComponents(w.now(nobody)), "Take lead")
	var both sync.WaitGroup
	for _, who := range []bot.PersonID{"ana", "ben"} {
		both.Go(func() {
			if _, err := w.fake.Click(discordIDs[who], c.ID, nobody.ID, "lead-"+string(who), id); err != nil {
				w.t.Error(err)
			}
		})
	}
	both.Wait()
	w.until("one of the two leads, and the other is told who", func() bool {
		return strings.Count(w.said(c.ID), "is already lead of INC-1") == 1
	})
	w.settle()
	if strings.Contains(w.said(c.ID), "You are lead of INC-1") {
		w.t.Error("who leads is told what the channel shows")
	}
	var lead bot.PersonID
	w.until("the card shows who leads", func() bool {
		for _, who := range []bot.PersonID{"ana", "ben"} {
			if strings.Contains(discordText(w.card(c)), "Lead: @"+discordIDs[who]) {
				lead = who
			}
		}
		return lead != ""
	})
	return lead
}
