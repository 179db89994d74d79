package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
)

// demoApp is the demo without its page, for tests that ask its bot.
func demoApp(t *testing.T) *app {
	t.Helper()
	demo := &demoCmd{Data: t.TempDir()}
	if err := demo.prepare(); err != nil {
		t.Fatal(err)
	}
	a, err := place{Data: demo.Data, Config: configFile}.wire(context.Background(), appOptions{
		server: true, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// sentences are texts that are mixed with options, and what each says. The rule is at the head of bot/parse.go.
var sentences = []struct {
	line string
	want map[string]string
}{
	// A severity in front, at the end, by name; in a sentence it is a word.
	{`/incident declare Not a sev1 only one printer is offline`, is("title", "Not a sev1 only one printer is offline")},
	{`/incident declare "Quoted" title with sev2 inside`, is("title", `"Quoted" title with sev2 inside`)},
	{
		`/incident declare Tier-1 outage: SEV-1 declared by the vendor`,
		is("title", "Tier-1 outage: SEV-1 declared by the vendor"),
	},
	{`/incident declare This is not a sev1`, is("title", "This is not a sev1")},
	{`/incident declare Vendor lowered it from sev1 to sev2`, is("title", "Vendor lowered it from sev1 to sev2")},
	{
		`/incident declare Checkout returns 502 sev2 service=payments`,
		is("title", "Checkout returns 502", "severity", "sev2", "service", "payments"),
	},
	{`/incident declare sev2 Vendor says sev1`, is("title", "Vendor says sev1", "severity", "sev2")},
	{`/incident declare sev=3 The vendor said SEV1`, is("title", "The vendor said SEV1", "severity", "3")},
	{`/incident declare SEV1: Checkout is down`, is("title", "Checkout is down", "severity", "SEV1")},
	{`/incident declare SEV1 - Checkout is down`, is("title", "Checkout is down", "severity", "SEV1")},
	{`/incident declare Checkout is down, sev1!`, is("title", "Checkout is down", "severity", "sev1")},
	{`/incident declare Checkout is down (sev2)`, is("title", "Checkout is down", "severity", "sev2")},
	{`/incident sev1 Checkout is down`, is("title", "Checkout is down", "severity", "sev1")},
	{`/incident sev1: Checkout is down`, is("title", "Checkout is down", "severity", "sev1")},
	{`/incident declare "sev1 drill is on" sev4`, is("title", "sev1 drill is on", "severity", "sev4")},
	{`/incident declare Checkout service=web is down`, is("title", "Checkout is down", "service", "web")},
	{`/incident declare Alert service:web fired`, is("title", "Alert service:web fired")},
	{`/incident declare Many 5xx service=web, payments`, is("title", "Many 5xx", "service", "web,payments")},
	{
		`/incident declare impact="all of Europe" Checkout is down`,
		is("title", "Checkout is down", "impact", "all of Europe"),
	},
	{
		`/incident sev INC-1 sev2 it was never a sev1`,
		is("incident", "INC-1", "severity", "sev2", "why", "it was never a sev1"),
	},
	{
		`/incident sev 2 only one region, the vendor says sev1`,
		is("severity", "2", "why", "only one region, the vendor says sev1"),
	},
	{`/incident sev INC-1 critical All regions`, is("incident", "INC-1", "severity", "critical", "why", "All regions")},
	{`/incident status identified monitoring was off`, is("status", "identified", "why", "monitoring was off")},

	// Quotation marks.
	{
		`/incident note INC-1 He said "stop at once" and left`,
		is("incident", "INC-1", "text", `He said "stop at once" and left`),
	},
	{
		`/incident note INC-1 He said “stop at once” and left`,
		is("incident", "INC-1", "text", `He said “stop at once” and left`),
	},
	{
		`/incident update INC-1 Vendor said "do not restart" node 3`,
		is("incident", "INC-1", "text", `Vendor said "do not restart" node 3`),
	},
	{`/incident declare Error "out of memory" on web-1`, is("title", `Error "out of memory" on web-1`)},
	{`/incident note "Stop at 14:05"`, is("text", "Stop at 14:05")},
	{`/incident note “Stop at 14:05” at 14:10`, is("text", "Stop at 14:05", "at", "14:10")},
	{`/incident note INC-1 "Stop," he said, "at once"`, is("incident", "INC-1", "text", `"Stop," he said, "at once"`)},
	{`/incident task INC-1 Fix the line "due fri"`, is("incident", "INC-1", "text", `Fix the line "due fri"`)},

	// Mentions.
	{
		`/incident task INC-1 Ask @ben to call @chloe due fri`,
		is("incident", "INC-1", "text", "Ask @ben to call @chloe", "due", "fri"),
	},
	{`/incident task INC-1 Tell @ana and @ben`, is("incident", "INC-1", "text", "Tell @ana and @ben")},
	{
		`/incident task INC-1 Ask @ben to check the disk`,
		is("incident", "INC-1", "text", "Ask @ben to check the disk", "person", "@ben"),
	},
	{`/incident task INC-1 @ben Check the disk`, is("incident", "INC-1", "text", "Check the disk", "person", "@ben")},
	{`/incident task @ben: Check the disk`, is("text", "Check the disk", "person", "@ben")},
	{
		`/incident task @ben and the vendor check the disk`,
		is("text", "@ben and the vendor check the disk", "person", "@ben"),
	},
	{`/incident task Hand the ticket to @ben`, is("text", "Hand the ticket to @ben", "person", "@ben")},
	{
		`/incident task Hand the ticket to @ben due 30m`,
		is("text", "Hand the ticket to @ben", "person", "@ben", "due", "30m"),
	},
	{`/incident task Check the database @ana due 30m`, is("text", "Check the database", "person", "@ana", "due", "30m")},
	{
		`/incident task Check the database due tomorrow 09:00 @ana`,
		is("text", "Check the database", "person", "@ana", "due", "tomorrow 09:00"),
	},
	{`/incident task Ask @chloe for the key owner=@ben`, is("text", "Ask @chloe for the key", "person", "@ben")},
	{`/incident task me Check the disk`, is("text", "Check the disk", "person", "me")},
	{`/incident task Me and Ben check the disk`, is("text", "Me and Ben check the disk")},
	{`/incident followup Add a disk alert @ana due fri`, is("text", "Add a disk alert", "person", "@ana", "due", "fri")},

	// Times.
	{
		`/incident note INC-1 Customer support said at 08:30 they saw 502`,
		is("incident", "INC-1", "text", "Customer support said at 08:30 they saw 502"),
	},
	{`/incident note Restarted the web servers at 14:05`, is("text", "Restarted the web servers", "at", "14:05")},
	{`/incident note Restarted the web servers at 14:05.`, is("text", "Restarted the web servers", "at", "14:05")},
	{`/incident note The last good backup was at 02:00`, is("text", "The last good backup was at 02:00", "at", "02:00")},
	{`/incident note Errors stopped at the end of the day`, is("text", "Errors stopped at the end of the day")},
	{`/incident note Looked at 5 servers`, is("text", "Looked at 5 servers")},
	{`/incident note Same error as in INC-9`, is("text", "Same error as in INC-9")},
	{`/incident note Restarted at 25:00`, is("text", "Restarted", "at", "25:00")},
	{
		`/incident task INC-1 Renew the certificate that is due fri`,
		is("incident", "INC-1", "text", "Renew the certificate that is due fri", "due", "fri"),
	},
	{
		`/incident followup INC-1 Buy disks due 31.12.2026`,
		is("incident", "INC-1", "text", "Buy disks", "due", "31.12.2026"),
	},
	{
		`/incident followup INC-1 Buy disks due next friday`,
		is("incident", "INC-1", "text", "Buy disks", "due", "next friday"),
	},
	{`/incident followup INC-1 Buy disks due eow`, is("incident", "INC-1", "text", "Buy disks", "due", "eow")},
	{`/incident followup INC-1 Answer letter due to legal`, is("incident", "INC-1", "text", "Answer letter due to legal")},
	{`/incident followup Pay what is due before Christmas`, is("text", "Pay what is due before Christmas")},
	{
		`/incident pause waiting for the vendor until tomorrow 09:00`,
		is("why", "waiting for the vendor", "until", "tomorrow 09:00"),
	},
	{
		`/incident pause until tomorrow 09:00 waiting for the vendor`,
		is("why", "waiting for the vendor", "until", "tomorrow 09:00"),
	},
	{
		`/incident pause We wait until the vendor calls until 16:30`,
		is("why", "We wait until the vendor calls", "until", "16:30"),
	},
	{`/incident pause waiting until "sat 18:00"`, is("why", "waiting", "until", "sat 18:00")},
	{
		`/incident reopen INC-1 The errors are back since 15:00`,
		is("incident", "INC-1", "why", "The errors are back since 15:00"),
	},
	{
		`/incident resolve TIMEOUT=30 was too short, see https://x.example/?a=b`,
		is("summary", "TIMEOUT=30 was too short, see https://x.example/?a=b"),
	},
	{`/incident note Set timeout=30 on web-1`, is("text", "Set timeout=30 on web-1")},

	// Changes.
	{
		`/change new Resize the database service=payments start=tomorrow 22:00 end=1h`,
		is("title", "Resize the database", "service", "payments", "start", "tomorrow 22:00", "end", "1h"),
	},
	{
		`/change new title=Resize the database why="Queries time out"`,
		is("title", "Resize the database", "why", "Queries time out"),
	},
	{
		`/change approve CHG-1 r1 Looks good, better than r2`,
		is("change", "CHG-1", "revision", "r1", "comment", "Looks good, better than r2"),
	},
	{`/change approve 1 Looks good r1`, is("change", "1", "revision", "r1", "comment", "Looks good")},
	{`/change reject CHG-1 The same fault as in r2`, is("change", "CHG-1", "reason", "The same fault as in r2")},
	{
		`/change ask CHG-1 Why does "fail back" take 2h until fri 18:00?`,
		is("change", "CHG-1", "question", `Why does "fail back" take 2h until fri 18:00?`),
	},
	{
		`/change verify CHG-1 ok fail-over took 3 minutes`,
		is("change", "CHG-1", "result", "ok", "note", "fail-over took 3 minutes"),
	},
	{
		`/change waive CHG-1 pir Covered by the review of INC-7`,
		is("change", "CHG-1", "duty", "pir", "why", "Covered by the review of INC-7"),
	},
	{`/change hold CHG-1 We should add the end of list`, is("change", "CHG-1", "why", "We should add the end of list")},
	{
		`/change emergency Fail over, "now", says @ana service=payments`,
		is("title", `Fail over, "now", says @ana`, "service", "payments"),
	},
	{`/change delegate @chloe until "fri 18:00"`, is("person", "@chloe", "until", "fri 18:00")},
	{`/change delegate until fri 18:00 @chloe`, is("person", "@chloe", "until", "fri 18:00")},
	{`/change extend CHG-1 until 23:30`, is("change", "CHG-1", "until", "23:30")},

	// On call.
	{`/oncall page Checkout is down`, is("text", "Checkout is down")},
	{`/oncall page primary Checkout is down`, is("rota", "primary", "text", "Checkout is down")},
	{`/oncall page The primary "db-1" is down`, is("text", `The primary "db-1" is down`)},
	{`/oncall override primary @ben until "sat 18:00"`, is("rota", "primary", "person", "@ben", "until", "sat 18:00")},
	{`/oncall override primary @ben until sat 18:00`, is("rota", "primary", "person", "@ben", "until", "sat 18:00")},
	{`/oncall override @ben until next friday`, is("person", "@ben", "until", "next friday")},
	{
		`/oncall feel HO-1 Bumpy: "VPN" was down at 02:00 watch="gw-2"`,
		is("handover", "HO-1", "feel", `Bumpy: "VPN" was down at 02:00`, "watch", "gw-2"),
	},
	{
		`/oncall new primary people=@ana, @ben handover="mon 09:00"`,
		is("name", "primary", "people", "@ana,@ben", "handover", "mon 09:00"),
	},

	// Reports.
	{
		`/report action R-12 Alert on the pool owner=@dan due="fri 17:00"`,
		is("run", "R-12", "text", "Alert on the pool", "owner", "@dan", "due", "fri 17:00"),
	},
	{
		`/report action R-12 Alert on the pool @dan due fri 17:00`,
		is("run", "R-12", "text", "Alert on the pool", "owner", "@dan", "due", "fri 17:00"),
	},
	{`/report action R-12 Ask @dan and @ben due monday`, is("run", "R-12", "text", "Ask @dan and @ben", "due", "monday")},
	{`/report action R-12 Renew what is due fri`, is("run", "R-12", "text", "Renew what is due fri", "due", "fri")},
	{`/report decide R-12 No "big" releases until Friday`, is("run", "R-12", "text", `No "big" releases until Friday`)},
	{
		`/report edit R-1 "A calm month: one outage, 56 minutes."`,
		is("run", "R-1", "summary", "A calm month: one outage, 56 minutes."),
	},
	{`/report run weekly last-week dm`, is("report", "weekly", "period", "last-week", "where", "dm")},
	{`/report pause daily until mon 09:00`, is("report", "daily", "until", "mon 09:00")},
	{`/report export R-1 html`, is("run", "R-1", "format", "html")},
}

func is(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func TestFreeTextIsLeftAlone(t *testing.T) {
	a := demoApp(t)
	say(t, a, "ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
	for _, c := range sentences {
		t.Run(c.line, func(t *testing.T) {
			_, got, err := a.bot.Tree().Parse(context.Background(), c.line)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Args); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// say says something to the bot of a demo and returns the answer.
func say(t *testing.T, a *app, who, line string) (bot.Status, string) {
	t.Helper()
	r := a.bot.Receive(context.Background(), bot.Request{
		Key: rand.Text(), From: bot.Account{Platform: "cli", User: who}, Text: line, NoForms: true,
	})
	if r.Message == nil {
		return r.Status, ""
	}
	return r.Status, r.Message.Plain(a.config.Zone)
}
