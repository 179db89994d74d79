package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	slackblock "github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// appOn is the app around a bot that a test puts together, with the services of a configuration in their register. The
// test adds the registers themselves by useRegisters, when the bot has all that they need.
func appOn(t *testing.T, store *storage.Store, b *engine.Bot, clock bot.Clock, configuration string) *app {
	t.Helper()
	file, err := config.Parse(configFile, []byte(configuration))
	if err != nil {
		t.Fatal(err)
	}
	a := &app{
		config: file, place: place{Config: configFile}, store: store, bot: b, clock: clock,
		log: slog.New(slog.DiscardHandler),
	}
	a.services = a.newServices()
	if err := a.provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// newKept is an installation with registers, and with the incidents and changes that records are linked with.
func newKept(t *testing.T) *storagetest.Installation {
	t.Helper()
	w := storagetest.Install(t, storagetest.SQLite(t), engine.Options{})
	w.Place = bot.Conversation{Platform: "test", Channel: "ops"}
	a := appOn(t, w.Store, w.Bot, w.Clock, "# defaults\n")
	w.Bot.Use(response.New(w.Store.Incidents(), w.Bot, response.Options{
		Clock: w.Clock, Services: a.services.Services,
	}).Capability())
	changes := control.New(w.Store.Changes(), w.Bot, control.Options{
		Services: a.services.Services, People: w.Store.People, Clock: w.Clock,
	})
	w.Bot.Use(changes.Capability())
	if err := a.useRegisters(); err != nil {
		t.Fatal(err)
	}
	return w
}

// Cards, lists and forms of registers look as they should on every platform, and nothing of them is lost.
func TestRegistersLookAsTheyShouldEverywhere(t *testing.T) {
	t.Parallel()
	w := newKept(t)
	var samples []sample
	keep := func(name, who, text string) {
		t.Helper()
		m := w.Do(who, text).Message
		if m == nil {
			t.Fatalf("%s shows no message", text)
		}
		samples = append(samples, sample{kind: "register", name: name, parts: []bot.Message{*m}})
	}
	w.Do("mia", `/ops vendor add Datadog tier=critical category=monitoring support="Mon-Fri 8:00-18:00 CET" `+
		`contacts="Jo Lee, support, +49 30 1234" status=https://status.example.com assurance="SOC 2" `+
		`assured-until=2027-03-31`)
	w.Do("mia", `/ops service add Checkout description="where customers pay" tier=2 slo=99.9 owner=@dan rto=60 `+
		`runbook=https://wiki.example.com/checkout supplied-by=VEN-1 aliases=shop,cart`)
	w.Do("dan", `/ops service add Web depends-on=checkout`)
	w.Do("dan", `/incident declare Checkout is <slow> & down sev2 service=checkout`)
	w.Do("mia", "/ops link VEN-1 caused INC-1")
	w.Do("dan", `/ops contract add Monitoring vendor=VEN-1 reference=2026/4711 start=2026-01-01 months=12 renewal=auto `+
		`renewal-months=12 notice="2 weeks" value="1200 EUR" per=month price-change=2027-02-01 `+
		`notes="Signed by *Mia* <!channel> @everyone"`)
	w.Do("dan", "/ops link CTR-1 covers checkout")
	w.Do("dan", `/ops risk add "Only one person knows the billing system" likelihood=3 impact=4 services=checkout `+
		`vendors=VEN-1 cause="nothing is written down" consequence="no invoices for a month"`)
	keep("vendor", "mia", "/ops VEN-1")
	keep("contract-undecided", "dan", "/ops CTR-1")
	keep("contract-noticed", "dan", `/ops contract notice CTR-1 sent=2026-11-20 proof="letter RR1"`)
	keep("risk-asked", "dan", `/ops risk accept RSK-1 until=2027-03-01 by=@mia why="costs more than it may cost us"`)
	keep("risk-to-decide", "mia", "/ops RSK-1")
	keep("risk-accepted", "mia", "/ops risk approve RSK-1")
	keep("service", "dan", "/ops service show checkout")
	keep("vendor-call", "dan", "/ops vendor card datadog")
	keep("heat", "dan", "/ops risk heat")
	keep("impact", "dan", "/ops impact VEN-1")
	keep("history", "dan", "/ops contract history CTR-1")
	keep("handover", "mia", "/ops handover @dan")
	for n := range 25 {
		w.Do("dan", fmt.Sprintf(`/ops contract add "Licence %d" start=2026-02-01 months=24 value="99 USD" per=quarter`, n+2))
	}
	keep("list", "dan", "/ops contract list")
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			inSlackGolden(t, s)
			inDiscordGolden(t, s)
		})
	}
	for _, noun := range []string{"vendor", "contract", "risk", "service"} {
		t.Run(noun+" form", func(t *testing.T) {
			form := w.Send("mia", bot.Request{Text: "/ops " + noun + " add"}).Form
			if form == nil {
				t.Fatal("no form opens")
			}
			formGolden(t, sample{kind: "register", name: noun + "-add"}, *form)
		})
	}
}

// formGolden compares a form with how it looks in Slack, and with each of its steps in Discord. Nothing of it may be
// cut.
func formGolden(t *testing.T, s sample, form bot.Form) {
	t.Helper()
	nobody := func(bot.PersonID) string { return "" }
	known := func(p bot.PersonID) string { return "U0" + strings.ToUpper(string(p)) }
	data, err := json.MarshalIndent(slackblock.Modal(form, slackblock.Meta{Token: form.Token}, time.UTC, known), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	name := s.file(".slack-modal.json")
	keepPayload(t, name, data)
	bottest.Golden(t, name, formToken.ReplaceAllString(string(data), `"{\"t\":\"…\"}"`)+"\n")
	for step, offset := 1, 0; offset != look.NoNext; step++ {
		m := look.Step(form, offset, time.UTC, nobody)
		if len(m.Lost) > 0 {
			t.Errorf("step %d loses %q", step, m.Lost)
		}
		if err := looktest.CheckModal(m); err != nil {
			t.Errorf("step %d: %v", step, err)
		}
		discordGolden(t, s.file(fmt.Sprintf("-%d.discord-modal.json", step)), m)
		offset = look.ReadID(m.Data.CustomID).Next
	}
}

// keepPayload keeps what was sent for a check against a platform's own definitions.
func keepPayload(t *testing.T, name string, data []byte) {
	t.Helper()
	if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A record whose texts are as long as they may be is shown in full, in as many messages as a platform needs.
func TestFullRecordsAreShownInFull(t *testing.T) {
	t.Parallel()
	w := newKept(t)
	for noun, asked := range map[string]string{
		"vendor":   "category contacts support portal status processes assurance notes",
		"contract": "reference kind document sla limits notes",
		"risk":     "cause event consequence category notes",
		"service":  "description tags aliases channel repo runbook dashboard cost-centre restricted-to notes",
	} {
		t.Run(noun, func(t *testing.T) {
			c, ok := w.Bot.Tree().Command(noun + ".add")
			if !ok {
				t.Fatal("there is no such command")
			}
			args := map[string]string{"name": "Full"}
			for _, p := range c.Params {
				if slices.Contains(strings.Fields(asked), p.Name) {
					args[p.Name] = fullText(p)
				}
			}
			r := w.Done(w.Send("mia", bot.Request{Shortcut: c.Name, Args: args}))
			for n, part := range look.Split(*r.Message) {
				if body := look.Message(part); len(body.Lost) > 0 {
					t.Errorf("part %d in Discord loses %q", n, body.Lost)
				}
			}
			if shown := inJSON(t, slackblock.Message(*r.Message, time.UTC)); strings.Contains(shown, "cut here") {
				t.Error("Slack does not show all of it")
			}
		})
	}
}

// fullText is the longest text that an argument takes.
func fullText(p bot.Param) string {
	text := strings.Repeat("it's *so* long ", p.Max/15+1)
	switch p.Name {
	case "portal", "status", "document", "repo", "runbook", "dashboard":
		text = "https://www.example.com/" + strings.Repeat("a", p.Max)
	case "tags", "aliases", "restricted-to":
		var words []string
		for n := range 20 {
			words = append(words, fmt.Sprintf("word-%04d", n))
		}
		return strings.Join(words, ",")
	}
	return strings.TrimSpace(text[:p.Max])
}
