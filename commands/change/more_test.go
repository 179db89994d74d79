package change_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/evidence"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/receipt"
)

func TestPoliciesThatAreRefused(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	if _, _, err := policy.Parse([]byte(sre), kat); err != nil {
		t.Fatal(err)
	}
	alter := func(old, with string) string {
		if !strings.Contains(sre, old) {
			t.Fatalf("the policy has no %q", old)
		}
		return strings.Replace(sre, old, with, 1)
	}
	for name, x := range map[string]struct{ text, want string }{
		"empty": {
			"", `the file is empty. "watchbell change policy example" prints one to start from.`,
		},
		"a second document": {
			sre + "---\nversion: 1\n", "a second document begins here. A policy is one document.",
		},
		"an unknown key": {
			alter("managers: managers", "manager: managers"), `unknown key "manager". Did you mean "managers"?`,
		},
		"a wrong type": {
			alter("quorum: 2, due: 2bd", "quorum: many, due: 2bd"), `rules.retro.quorum has to be a whole number, not "many".`,
		},
		"a version":        {alter("version: 1", "version: 2"), "version: 2 is not known"},
		"no fallback":      {alter("fallback: true, ", ""), "exactly one with fallback: true"},
		"an unknown group": {alter("from: sre", "from: srx"), `there is no group "srx"`},
		"an empty group":   {alter(`sre: {slack_usergroup: "@sre"}`, "sre: {}"), "groups.sre is empty"},
		"somebody unknown": {
			alter(`sre: {slack_usergroup: "@sre"}`, "sre: {static: [alice]}"), `nobody is called "alice"`,
		},
		"a role without its at sign": {
			alter(`sre: {slack_usergroup: "@sre"}`, `sre: {discord_role: SRE}`),
			`groups.sre.discord_role: "SRE" is not a role. Write its name with an at sign in quotes, like "@SRE"`,
		},
		"a role by its name": {alter(`sre: {slack_usergroup: "@sre"}`, `sre: {discord_role: "@Site reliability"}`), ""},
		"a role by its id":   {alter(`sre: {slack_usergroup: "@sre"}`, `sre: {discord_role: "1166401852345036800"}`), ""},
		"a quorum beyond people": {
			alter("from: approvers, quorum: 2", "from: approvers, quorum: 3"), "only 2 active people are in it",
		},
		"a role that nobody has": {
			alter("leads: {roles: [incident-lead]}", "leads: {roles: [boss]}\n  x: {roles: [boss]}") + "", "",
		},
		"a circle of stages": {
			alter(
				"stages: [{name: sre, from: sre, quorum: 1}]",
				"stages: [{name: a, from: sre, after: b}, {name: b, from: sre, after: a}]",
			),
			"wait for each other in a circle",
		},
		"a stage that is missing": {
			alter("{name: sre, from: sre, quorum: 1}", "{name: sre, from: sre, quorum: 1, after: qa}"),
			`waits for "qa", which no rule has`,
		},
		"approval by itself": {
			alter("    stages: [{name: sre, from: sre, quorum: 1}]", "    auto_approve: true"),
			"without being bound to templates",
		},
		"start by anybody": {
			alter("when: {type: normal}\n", "when: {type: normal}\n    start_before_approval: true\n"), "for emergencies only",
		},
		"a rule that does nothing": {alter("    stages: [{name: sre, from: sre, quorum: 1}]\n", ""), "does nothing"},
		"an unknown environment": {
			alter("when: {type: normal}", "when: {type: normal, env: live}"), `"live" is not one of the environments`,
		},
		"an unknown tag": {
			alter("when: {type: normal}", "when: {type: normal, service_tag: gdpr}"), `no service has the tag "gdpr"`,
		},
		"an empty list":      {alter("when: {type: normal}", "when: {type: []}"), "nothing could ever match it"},
		"an unknown zone":    {alter("tz: Europe/Berlin", "tz: Europe/Berln"), "Did you mean Europe/Berlin?"},
		"a freeze backwards": {alter(`to: "2027-01-04T08:00"`, `to: "2026-12-01T08:00"`), "ends before it starts"},
		"a bad expression": {
			alter("when: {type: normal}\n", "when: {type: normal}\n    expr: change.nothing == 1\n"), "expr",
		},
		"an expression that says nothing": {
			alter("when: {type: normal}\n", "when: {type: normal}\n    expr: change.score\n"), "expr",
		},
		"self-approval allowed": {
			"version: 1\ndefaults: {sod: {requester: allow}}\n", "nobody decides what they requested themselves",
		},
		"a step-up there is not": {"version: 1\ndefaults: {assurance: {high: sso}}\n", "is not one of chat, signed-in, fresh"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := policy.Parse([]byte(x.text), kat)
			if x.want == "" {
				return
			}
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s: %v, want %q", name, err, x.want)
			}
		})
	}
}

func TestTheDefaultPolicy(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	p, _, err := policy.Parse([]byte(policy.Default()), kat)
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	for _, x := range []policy.Case{
		{
			Name: "low", Change: policy.CaseChange{Env: "prod", Services: []string{"wiki"}},
			Expect: policy.CaseExpect{Stages: []string{"peer"}},
		},
		{
			Name: "high", Change: policy.CaseChange{Env: "prod", Risk: "high", Services: []string{"wiki"}},
			Expect: policy.CaseExpect{Stages: []string{"peer", "approval"}, Quorums: map[string]int{"peer": 1}},
		},
		{
			Name: "staging", Change: policy.CaseChange{Env: "staging", Risk: "high"},
			Expect: policy.CaseExpect{Stages: []string{"peer"}},
		},
		{
			Name: "emergency", Change: policy.CaseChange{Type: "emergency", Env: "prod"},
			Expect: policy.CaseExpect{Retro: []string{"retro"}, Start: &yes},
		},
		{
			Name: "standard", Change: policy.CaseChange{Type: "standard", Template: "x", Active: true},
			Expect: policy.CaseExpect{Auto: &yes, Rules: []string{"standard"}},
		},
		{
			Name: "demoted", Change: policy.CaseChange{Type: "standard", Template: "x"},
			Expect: policy.CaseExpect{Stages: []string{"approval"}, Rules: []string{"catch-all"}},
		},
	} {
		t.Run(x.Name, func(t *testing.T) {
			if bad := p.Check(x, kat); len(bad) > 0 {
				t.Errorf("%s: %v", x.Name, bad)
			}
		})
	}
}

func TestAnExpressionThatFailsIsNeverSkipped(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	p, _, err := policy.Parse(
		[]byte(strings.Replace(sre, "when: {type: normal}\n", "when: {type: normal}\n    expr: change.tags[3] == 'x'\n", 1)),
		kat,
	)
	if err != nil {
		t.Fatal(err)
	}
	if q := p.Try(policy.CaseChange{Env: "prod", Services: []string{"wiki"}}, kat); len(q.Stages) != 1 ||
		q.Stages[0].Name != "sre" {
		t.Errorf("%+v", q.Stages)
	}
}

// Each of these would run for seconds to years. A rule that asks for people then asks for them, and says why.
func TestAnExpressionThatTakesTooLongIsStopped(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	for name, cond := range map[string]string{
		"a loop in a loop":           "let x = 1..999000; any(x, {let a = #; any(x, # == -a)})",
		"shorter ones":               "let x = 1..3000; any(x, {let a = #; any(x, {let b = #; any(x, # == -a - b)})})",
		"every kind of loop":         "let x = 1..3000; count(x, none(x, one(x, # < 0))) == 1",
		"made anew in each turn":     "all(1..9000, all(1..9000, # > 0))",
		"a sum of sums":              "let x = 1..3000; sum(x, sum(x, sum(x, #))) < 0",
		"filtered":                   "let x = 1..3000; len(filter(x, {len(filter(x, {len(filter(x, # > 0)) < 0})) < 0})) < 0",
		"reduced":                    "let x = 1..3000; reduce(x, #acc + reduce(x, #acc + reduce(x, #acc + #))) < 0",
		"many values in a long list": "let x = 1..999000; len(uniq(x)) < 0",
		"a text that is doubled":     doubled(),
	} {
		t.Run(name, func(t *testing.T) {
			p, _, err := policy.Parse(
				[]byte(strings.Replace(sre, "when: {type: normal}\n", "when: {type: normal}\n    expr: '"+cond+"'\n", 1)), kat,
			)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			q := p.Try(policy.CaseChange{Env: "prod", Services: []string{"wiki"}}, kat)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if len(q.Stages) != 1 || q.Stages[0].Name != "sre" || len(q.Uncomputed) != 1 ||
				!strings.Contains(q.Summary(), "could not be computed, so the stricter way counts: it ") {
				t.Errorf("%+v %q", q.Stages, q.Summary())
			}
		})
	}
}

// What makes much of little in one step is not there.
func TestAnExpressionCannotMultiply(t *testing.T) {
	for name, cond := range map[string]string{
		"repeat": `len(repeat("x", 1000000000)) > 0`, "replace": `len(replace("xxxx", "", "yyyy")) > 0`,
		"join":   `len(join(["a"], "b")) > 0`,
		"toJSON": `len(toJSON("a")) > 0`, "concat": `len(concat([1], [2])) > 0`, "flatten": `len(flatten([[1], [2]])) > 0`,
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := policy.Parse(
				[]byte(strings.Replace(sre, "when: {type: normal}\n", "when: {type: normal}\n    expr: '"+cond+"'\n", 1)),
				policy.Catalog{Services: testServices},
			)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", cond, err)
			}
		})
	}
}

// doubled is a text that is doubled forty times: a terabyte.
func doubled() string {
	cond := `let a0 = "xxxxxxxxxx"; `
	for n := range 40 {
		cond += fmt.Sprintf("let a%d = a%d + a%d; ", n+1, n, n)
	}
	return cond + "len(a40) > 0"
}

func TestConditionsWithLoopsWork(t *testing.T) {
	kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
	for cond, holds := range map[string]bool{
		`any(change.services, # == "wiki")`: true, `all(change.services, {let s = #; s startsWith "w"})`: true,
		`count(1..24, # > change.hours) == 0`:              false,
		`len(filter(change.services, # contains "x")) > 0`: false, `sum(map(1..10, # * 2)) == 110`: true,
		`"wiki" in change.services`: true, `len(uniq(change.services)) == 1`: true,
	} {
		t.Run(cond, func(t *testing.T) {
			p, _, err := policy.Parse(
				[]byte(strings.Replace(sre, "when: {type: normal}\n", "when: {type: normal}\n    expr: '"+cond+"'\n", 1)), kat,
			)
			if err != nil {
				t.Errorf("%s: %v", cond, err)
				return
			}
			q := p.Try(policy.CaseChange{Env: "prod", Services: []string{"wiki"}}, kat)
			if asks := len(q.Stages) == 1 && q.Stages[0].Name == "sre"; asks != holds || len(q.Uncomputed) != 0 {
				t.Errorf("%s: %+v", cond, q)
			}
		})
	}
}

const templates = propertyPolicy

func TestStandardChangesAndTheirDemotion(t *testing.T) {
	eachWith(t, templates, func(w *world) {
		standard := `/change new template=restart title="Restart the wiki" start="tomorrow 22:00" end=1h`
		w.Do("dan", standard) // nobody has approved the template yet
		if c := w.get("CHG-1"); c.Type != policy.Normal || c.State != change.Pending {
			w.T.Fatal(c.Type, c.State)
		}
		w.Refused("dan", "/change template approve restart", "You own the template")
		w.Refused("mia", "/change template approve restart", "Only those who could approve such a change")
		w.Do("ben", "/change template approve restart")
		w.Do("chloe", "/change template approve restart")
		w.Do("dan", standard)
		if c := w.get("CHG-2"); c.Type != policy.Standard || c.State != change.Approved || c.Needs.Auto != "standard" {
			w.T.Fatal(c.Type, c.State, c.Needs.Auto)
		}
		w.Refused("dan", `/change new template=restart start="tomorrow 22:00" end=3h`, "at most 2 h")
		w.Refused("dan", `/change new template=restart service=web start="tomorrow 22:00" end=1h`, "for wiki in prod only")
		w.Refused(
			"dan", `/change new template=restart plan="Something else" start="tomorrow 22:00" end=1h`, "those of its template",
		)
		w.openWindow()
		w.Do("dan", "/change start CHG-2")
		w.Do("dan", "/change rollback CHG-2 It did not come back")
		w.Do("dan", `/change new template=restart start="tomorrow 22:00" end=1h`) // a run failed
		if c := w.get("CHG-3"); c.Type != policy.Normal {
			w.T.Error(c.Type)
		}
		w.Clock.Move(time.Minute)
		w.Do("ben", "/change template approve restart")
		w.Do("chloe", "/change template approve restart")
		w.Do("dan", `/change new template=restart start="tomorrow 22:00" end=1h`)
		if c := w.get("CHG-4"); c.Type != policy.Standard {
			w.T.Error(c.Type)
		}
		w.Verify()
	})
}

func TestEditsThatOnlyShrinkKeepVotes(t *testing.T) {
	eachWith(t, one, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change approve "+id)
		w.Do("dan", `/change edit `+id+` start="tomorrow 22:15" end="tomorrow 22:45"`)
		c := w.get(id)
		if c.State != change.Approved || c.Revision != 2 || c.Votes[1].Note != "carried(shrink)" ||
			c.Votes[1].Digest != c.Digest {
			w.T.Fatal(c.State, c.Votes)
		}
		w.Do("dan", `/change edit `+id+` end="tomorrow 23:45"`)
		w.state(id, change.Pending)
		told := strings.Join(w.Told("ben"), "\n")
		if !strings.Contains(told, "Changed since you approved it: CHG-1 r3") ||
			!strings.Contains(told, "window: 2026-11-26 21:15Z to 2026-11-26 21:45Z → ") ||
			!strings.Contains(told, "[Approve again]") {
			w.T.Error(told)
		}
		if card := w.card(id); !strings.Contains(card, "Changed since r2, which was voted on") ||
			!strings.Contains(card, "21:45Z → ") {
			w.T.Error(card)
		}
		w.Click("ben", "Approve again")
		w.state(id, change.Approved)
	})
}

func TestConflictsAreTakenOnByName(t *testing.T) {
	each(t, func(w *world) {
		first := w.approved("ben")
		second := w.request("ana", lowRisk)
		if card := w.card(second); !strings.Contains(card, "overlaps "+first+" (same service)") {
			w.T.Error(card)
		}
		w.Do("ben", "/change approve "+second)
		w.openWindow()
		w.Refused("ana", "/change start "+second, "overlaps "+first)
		w.Refused("dan", "/change ack "+second+" "+first, "Only its requester")
		w.Do("ana", "/change ack "+second+" "+first)
		w.Do("ana", "/change start "+second)
		text := bottest.Text(w.Do("dan", "/change show "+first))
		if !strings.Contains(text, "Free windows") {
			w.T.Error(text)
		}
	})
}

func TestAChangeGoesWrongAndTheIncidentKnowsIt(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		w.Do("dan", "/change start "+id)
		form := w.Click("dan", "This is going wrong")
		if form.Form == nil || form.Form.Inputs[0].Value != "CHG-1 is going wrong: Resize the database" {
			w.T.Fatalf("%+v", form)
		}
		values := map[string]string{}
		for _, in := range form.Form.Inputs {
			values[in.Name] = in.Value
		}
		r := w.Submit("dan", form.Form, values)
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		c := w.get(id)
		if len(c.Incidents) != 1 || c.Incidents[0].ID != "INC-1" || c.Incidents[0].How != change.Suspected {
			w.T.Fatal(c.Incidents)
		}
		text := bottest.Text(w.Do("ana", "/incident show INC-1"))
		if !strings.Contains(text, "suspected: CHG-1 Resize the database (under way since") ||
			!strings.Contains(text, "same service") {
			w.T.Error(text)
		}
		w.Do("ana", "/incident suspect INC-1 CHG-1 not-related")
		if c := w.get(id); c.Incidents[0].How != change.Unrelated {
			w.T.Error(c.Incidents)
		}
		w.Refused("ana", "/change link CHG-1 INC-1 caused", "Only who implements CHG-1, who leads INC-1 and change managers")
		w.Do("dan", "/change link CHG-1 INC-1 caused") // who implements it
		w.Do("ana", "/change link CHG-1 INC-1 suspected")
		w.Do("ana", "/incident lead me INC-1")
		w.Do("ana", "/change link CHG-1 INC-1 caused") // who leads
		w.Click("ana", "Roll back")
		w.Verify()
	})
}

func TestMetrics(t *testing.T) {
	// Three changes: approved after 1 h, 2 h and 6 h; one succeeds, one is rolled back, one is an emergency that worked.
	eachWith(t, one, func(w *world) {
		for _, wait := range []time.Duration{time.Hour, 2 * time.Hour, 6 * time.Hour} {
			id := w.request("dan", lowRisk)
			w.Clock.Move(wait)
			w.Do("ben", "/change approve "+id)
		}
		w.Wait(22*time.Hour + time.Minute)
		for _, id := range []string{"CHG-1", "CHG-2"} {
			w.Type("dan", "/change ack "+id+" CHG-1")
			w.Type("dan", "/change ack "+id+" CHG-2")
			w.Type("dan", "/change ack "+id+" CHG-3")
			w.Do("dan", "/change start "+id)
		}
		w.Do("dan", "/change done CHG-1")
		w.Do("dan", "/change verify CHG-1 ok")
		w.Do("dan", "/change rollback CHG-2 It broke")
		w.Do("dan", "/change done CHG-2")
		w.Do("ana", "/change emergency Fail over service=wiki why=\"The wiki is down for everybody\"")
		w.Do("ana", "/change done CHG-4")
		w.Do("ana", "/change verify CHG-4 ok")
		w.Do("mia", "/change review CHG-4 outcome=success It worked")
		m, err := w.desk.Register.Measure(
			context.Background(), w.Clock.Now().AddDate(0, 0, -7), w.Clock.Now().Add(time.Second),
		)
		if err != nil {
			w.T.Fatal(err)
		}
		got := m.Waits["approvers"]
		if got.N != 3 || got.P50 != 2*time.Hour || got.P90 != 6*time.Hour {
			w.T.Errorf("%+v", got)
		}
		if m.Implemented != 3 || m.Failed != 1 || m.RolledBack != 1 || m.Emergencies != 1 {
			w.T.Errorf("%+v", m)
		}
		w.Clock.Move(time.Minute)
		text := bottest.Text(w.Do("mia", "/change metrics"))
		if !strings.Contains(text, "Change failure rate: 1 of 3 (33 %)") {
			w.T.Error(text)
		}
	})
}

func TestEvidenceIsCompleteAndSigned(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.Do("dan", `/change edit `+id+` plan="=cmd|'/c calc'!A1"`)
		w.Do("ben", "/change approve "+id+" r2")
		w.openWindow()
		w.Do("dan", "/change start "+id)
		w.Do("dan", "/change done "+id)
		w.Do("dan", "/change verify "+id+" ok")
		w.Do("dan", "/change emergency Fail over service=wiki why=\"The wiki is down for everybody\"")
		w.Refused("ana", "/change deployed service=wiki env=prod artifact=sha256:abc", "Pipelines tell what was deployed")
		if r := w.Send("ana", bot.Request{
			Text: "/change deployed service=wiki env=prod artifact=sha256:abc", Scopes: []string{"change.deployed"},
		}); r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		ask := evidence.Ask{
			From: bottest.Start.Add(-time.Hour), To: w.Clock.Now().Add(time.Hour), Format: "zip", Sample: 25, Seed: 1,
		}
		var out bytes.Buffer
		m, err := w.desk.WriteEvidence(context.Background(), &out, ask)
		if err != nil {
			w.T.Fatal(err)
		}
		key := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
		if _, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), key); err != nil {
			w.T.Error(err)
		}
		other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)).Public().(ed25519.PublicKey)
		if _, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), other); err == nil {
			w.T.Error("another key was taken")
		}
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			w.T.Fatal(err)
		}
		rows := func(name string) [][]string {
			f, err := z.Open(name)
			if err != nil {
				w.T.Fatal(err)
			}
			all, err := csv.NewReader(f).ReadAll()
			if err != nil {
				w.T.Fatal(err)
			}
			return all
		}
		if n := len(rows("population.csv")); n != 3 || m.Changes != 2 {
			w.T.Error(n, m.Changes)
		}
		votes := rows("votes.csv")
		if len(votes) != 3 || votes[1][13] != "owner of billing-db" || votes[1][1] != "1" || votes[2][1] != "2" ||
			votes[1][2] == votes[2][2] {
			w.T.Error(votes)
		}
		exceptions := fmt.Sprint(rows("exceptions.csv"))
		if !strings.Contains(exceptions, "edited after it was approved (r1)") ||
			!strings.Contains(exceptions, "emergency: started before it was approved") {
			w.T.Error(exceptions)
		}
		if d := rows("deployments.csv"); len(d) != 2 || d[1][7] != "no change is named" {
			w.T.Error(d)
		}
		decided, err := z.Open("policies/" + w.get(id).Needs.SHA + ".yaml")
		if err != nil {
			w.T.Fatal(err)
		}
		if text, _ := io.ReadAll(decided); string(text) != policy.Default() {
			w.T.Error("not the policy that decided")
		}
		// One byte anywhere in a file is found.
		forged := rezip(
			w.T, z, "votes.csv", func(b []byte) []byte { return bytes.Replace(b, []byte("ben"), []byte("eve"), 1) },
		)
		if _, err := evidence.Verify(bytes.NewReader(forged), int64(len(forged)), key); err == nil ||
			!strings.Contains(err.Error(), "votes.csv was changed") {
			w.T.Error(err)
		}
		for _, format := range []string{"csv", "json", "html"} {
			w.Run(format, func(t *testing.T) {
				out.Reset()
				ask.Format = format
				if _, err := w.desk.WriteEvidence(context.Background(), &out, ask); err != nil ||
					!strings.Contains(out.String(), "CHG-2") {
					w.T.Error(format, err)
				}
				if format == "json" && !json.Valid(out.Bytes()) {
					w.T.Error("not JSON")
				}
			})
		}
	})
}

func rezip(t testing.TB, z *zip.Reader, name string, alter func([]byte) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			data = alter(data)
		}
		x, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReceiptsAreCheckedWithoutANetwork(t *testing.T) {
	each(t, func(w *world) {
		id := w.approved("ben")
		w.openWindow()
		var a change.GateAnswer
		if err := json.Unmarshal(w.gate(id, "env=prod service=billing-db run=1").Data, &a); err != nil {
			w.T.Fatal(err)
		}
		key := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
		r, err := receipt.Verify(a.Receipt, key, w.Clock.Now())
		if err != nil || r.Change != id || r.Env != "prod" || r.Service != "billing-db" || r.Run != "1" ||
			r.Digest != w.get(id).Digest {
			w.T.Errorf("%+v %v", r, err)
		}
		if _, err := receipt.Verify(a.Receipt, key, w.Clock.Now().Add(2*time.Hour)); err == nil {
			w.T.Error("good after the window")
		}
		i := strings.Index(a.Receipt, ".") + 5
		forged := a.Receipt[:i] + "A" + a.Receipt[i+1:]
		if _, err := receipt.Verify(forged, key, w.Clock.Now()); err == nil {
			w.T.Error("a forged one was taken")
		}
	})
}

func TestAsksAndRemindersAreFew(t *testing.T) {
	eachWith(t, two, func(w *world) {
		id := w.request("dan", lowRisk)
		if n := len(w.Told("ben")); n != 1 {
			w.T.Error(n)
		}
		w.Do("dan", "/change remind "+id)
		w.Refused("dan", "/change remind "+id, "You can remind them again at")
		if told := strings.Join(w.Told("ben"), "\n"); !strings.Contains(told, "still waits for your decision") {
			w.T.Error(told)
		}
		w.Do("ben", "/change approve "+id)
		w.Do("chloe", "/change approve "+id)
		if told := w.Told("ben")[0]; !strings.Contains(told, "you have approved it") || strings.Contains(told, "[Approve]") {
			w.T.Error(told)
		}
	})
	eachWith(t, one, func(w *world) {
		id := w.request("dan", lowRisk)
		w.Do("ben", "/change approve "+id)
		if told := w.Told("chloe")[0]; !strings.Contains(told, "no longer needed, it is approved by @ben") {
			w.T.Error(told)
		}
	})
}

func TestFreezesAndWindowsThatComeBack(t *testing.T) {
	const policy = sre + `  - {id: weekends, mode: soft, weekly: [{from: "fri 18:00", to: "mon 06:00"}], tz: Europe/Berlin}
maintenance:
  - {id: wiki-night, scope: {service: wiki}, weekly: [{from: "sat 22:00", to: "sun 04:00"}], tz: Europe/Berlin}
  - {id: wiki-noon, scope: {service: wiki}, weekly: [{from: "thu 12:00", to: "thu 13:00"}], tz: Europe/Berlin}
`
	eachWith(t, policy, func(w *world) {
		w.group = []bot.Account{w.Account("ana")}
		ask := func(when string) string {
			const update = `/change new title="Update" service=wiki env=prod why=x plan=y backout=z `
			return bottest.Text(w.Do("dan", update+when+" "+lowRisk))
		}
		if text := ask(`start="2026-11-28 23:00" end=1h`); !strings.Contains(text, "lies in the freeze weekends") ||
			strings.Contains(text, "maintenance") {
			w.T.Error(text)
		}
		// any one window is enough
		if text := ask(`start="2026-11-26 12:10" end=30m`); strings.Contains(text, "maintenance") ||
			strings.Contains(text, "freeze") {
			w.T.Error(text)
		}
		if text := ask(`start="2026-11-26 15:00" end=30m`); !strings.Contains(
			text, "outside of the maintenance windows of wiki",
		) {
			w.T.Error(text)
		}
		w.Do("ana", "/change approve CHG-1 r1")
		w.Do("dan", "/change ack CHG-1 freeze:weekends") // a soft one is taken on
		if r := w.Type("ana", `/change state env=prod service=wiki at="2026-11-28 23:00"`); !strings.Contains(
			string(r.Data), `"state":"soft_freeze","until":"2026-11-30T05:00:00Z"`,
		) {
			w.T.Error(string(r.Data))
		}
	})
}

func TestBadReferences(t *testing.T) {
	each(t, func(w *world) {
		w.request("dan", lowRisk)
		other := w.request("dan", lowRisk)
		b := w.Button("Approve")
		if b.Args["change"] != other && b.Token == "" {
			w.T.Fatal(b)
		}
		for name, r := range map[string]bot.Request{
			"empty": {Token: " "}, "long": {Token: strings.Repeat("x", 2001)}, "json": {Token: `{"change":"CHG-1"}`},
			"a form that is none": {Token: b.Token, Values: map[string]string{"change": "CHG-1"}},
		} {
			w.Run(name, func(t *testing.T) {
				if reply := w.Send("ben", r); reply.Status == bot.Done {
					w.T.Errorf("%s: %s", name, bottest.Text(reply))
				}
			})
		}
		form := w.Click("ben", "Reject")
		if form.Form == nil {
			w.T.Fatal(bottest.Text(form))
		}
		if r := w.Submit(
			"chloe", form.Form, map[string]string{"reason": "this is somebody else's form"},
		); r.Status != bot.Refused || !strings.Contains(
			bottest.Text(r), "opened by somebody else",
		) {
			w.T.Error(bottest.Text(r))
		}
		if r := w.Submit("ben", form.Form, map[string]string{"state": "approved"}); r.Status == bot.Done {
			w.T.Error(bottest.Text(r))
		}
		if r := w.Submit("ben", form.Form, map[string]string{"reason": "short"}); r.Form == nil ||
			r.Form.Inputs[0].Error == "" {
			w.T.Errorf("%+v", r)
		}
	})
}

// Nobody has to be there for the policy that ships, and somebody who leaves takes no policy along.
func TestAPolicyOutlivesItsPeople(t *testing.T) {
	if _, _, err := policy.Parse([]byte(policy.Default()), policy.Catalog{}); err != nil {
		t.Error(err)
	}
	named := strings.Replace(one, "approvers: {roles: [approver]}", "approvers: {static: [ben, chloe]}", 1)
	eachWith(t, named, func(w *world) {
		w.sync(func(p []bot.Person) []bot.Person { // ben leaves, and the file still names him
			p[1].ID, p[1].Accounts = "bert", nil
			return p
		})
		w.policy = strings.Replace(named, "[ben, chloe]", "[ben, chloe, nobody]", 1)
		w.restart()
		id := w.request("dan", lowRisk)
		w.Do("chloe", "/change approve "+id)
		w.state(id, change.Approved)
	})
}

func TestTheFallbackIsAskedAfterThreeQuartersOfTheTime(t *testing.T) {
	eachWith(
		t, strings.Replace(one, "approvers: {roles: [approver]}", "approvers: {roles: [approver], fallback: leads}", 1),
		func(w *world) {
			id := w.request("dan", lowRisk)
			w.Refused("ana", "/change approve "+id, "You are not in approvers")
			c := w.get(id)
			w.Wait(c.Expires.Sub(c.Submitted)*3/4 + time.Minute)
			if told := strings.Join(w.Told("ana"), "\n"); !strings.Contains(told, "Your decision is needed") {
				w.T.Error(told)
			}
			w.Do("ana", "/change approve "+id)
			w.Wait(time.Minute) // and keeps the vote, though there are enough others
			w.state(id, change.Approved)
			if v := w.get(id).Votes[0]; !strings.Contains(v.Membership, "fallback of approvers") {
				w.T.Error(v.Membership)
			}
			w.Verify()
		},
	)
}

// Some editors put a byte order mark before what they save; it is no content, so the policy is the same one.
func TestAPolicyWithAByteOrderMarkIsTheSame(t *testing.T) {
	for name, text := range map[string]string{"one of our own": sre, "the one that ships": policy.Default()} {
		t.Run(name, func(t *testing.T) {
			kat := policy.Catalog{Services: testServices, People: bottest.People("test")}
			plain, _, err := policy.Parse([]byte(text), kat)
			if err != nil {
				t.Fatal(err)
			}
			marked, _, err := policy.Parse([]byte("\xEF\xBB\xBF"+text), kat)
			if err != nil {
				t.Fatal(err)
			}
			if marked.SHA != plain.SHA || marked.Text != plain.Text {
				t.Error("the mark makes another policy of it")
			}
		})
	}
}
