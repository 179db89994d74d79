package incident_test

import (
	"context"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// Bad input gets a sentence that names what is wrong and a right example, and changes nothing.
func TestBadInput(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Search is slow sev3")
		w.Do("ana", "/incident lead me INC-1")
		before := w.get("INC-1")
		for name, c := range map[string]struct{ who, text, want string }{
			"unknown subcommand": {"dan", "/incident crate", "Did you mean /incident create?"},
			"unknown command":    {"dan", "/incidents list", "Did you mean /incident?"},
			"no slash":           {"dan", "declare it", "Commands start with a slash. For example: /incident help"},
			"title of 40 000 characters": {
				"dan", "/incident declare " + strings.Repeat("x", 40_000), "Title has 40000 characters, the limit is 200.",
			},
			"title of nothing visible": {"dan", "/incident declare title=\"\u00a0\u200b \u200b\"", "Title is empty"},
			"id with a quote":          {"dan", "/incident show ' OR 1=1 --", "I do not understand"},
			"id as SQL":                {"dan", "/incident show 1=1;drop", `"1=1;drop" is not an id. Write INC-1.`},
			"id zero":                  {"dan", "/incident show 0", `"0" is not an id. Write INC-1.`},
			"id negative":              {"dan", "/incident show -1", `"-1" is not an id.`},
			"id too large":             {"dan", "/incident show 9223372036854775808", "is not an id."},
			"id in exponent form":      {"dan", "/incident show 1e3", `"1e3" is not an id.`},
			"id in hexadecimal":        {"dan", "/incident show 0x10", `"0x10" is not an id.`},
			"id in other digits":       {"dan", "/incident show ٣", `"٣" is not an id.`},
			"id that is not there":     {"dan", "/incident show INC-999", "There is no incident INC-999."},
			"severity SEV0": {
				"dan", "/incident declare A thing sev0", "is not one of sev1, sev2, sev3, sev4, unknown",
			},
			"severity sev-9": {"dan", "/incident sev INC-1 sev-9", "is not one of sev1, sev2, sev3, sev4, unknown"},
			"severity critical!!": {
				"dan", "/incident sev INC-1 critical!!", "is not one of sev1, sev2, sev3, sev4, unknown",
			},
			"duration negative":          {"ana", "/incident snooze INC-1 -5m", "is not a duration"},
			"duration zero":              {"ana", "/incident snooze INC-1 0", "is not a duration"},
			"duration huge":              {"ana", "/incident snooze INC-1 1e9h", "is not a duration"},
			"duration in parsecs":        {"ana", `/incident snooze INC-1 for="5 parsecs"`, "is not a duration"},
			"duration with a unit twice": {"ana", "/incident snooze INC-1 1h1h", "is not a duration"},
			"date that does not exist":   {"dan", "/incident note INC-1 restarted at 2026-02-30", "At: "},
			"hour 25":                    {"dan", "/incident note INC-1 restarted at 25:00", `At: "25:00" is not a time.`},
			"time in words": {
				"dan", "/incident note INC-1 restarted at tomorrowish", `At: "tomorrowish" is not a time.`,
			},
			"time to come for a note":  {"dan", "/incident note INC-1 restarted at 2026-11-26 10:00", "At: "},
			"time past for a due task": {"dan", "/incident task INC-1 check due 2020-01-01 10:00", "Due: "},
			"year 9999":                {"dan", "/incident task INC-1 check due 9999-01-01 10:00", "Due: "},
			"unknown zone":             {"dan", "/incident note INC-1 x at 14:00 Mars/X", "At: "},
			"zone as a path":           {"dan", "/incident note INC-1 x at 14:00 ../../etc/passwd", "At: "},
			"person unknown":           {"ana", "/incident handover INC-1 @dann", "Did you mean @dan?"},
			"person a guest":           {"ana", "/incident handover INC-1 @gus", "@Gus Novak may not work on incidents"},
			"person deactivated":       {"ana", "/incident role INC-1 scribe @eve", "@Eve Adler is deactivated"},
			"reason missing to lower":  {"ana", "/incident sev INC-1 4", "Lowering the severity needs a reason"},
			"reason too short":         {"ana", "/incident resolve INC-1 .", "What resolved it needs at least 10 characters."},
			"option nearly right":      {"dan", "/incident declare x severty=1", "Did you mean severity=1?"},
			"service unknown":          {"dan", "/incident declare x service=paiments", "Did you mean payments?"},
			"task that is not there":   {"dan", "/incident done INC-1 7", "INC-1 has no task 7."},
			"number in words":          {"dan", "/incident done INC-1 three", `"three" is not a number from 1 to 200.`},
			"severity twice":           {"dan", "/incident declare x sev=1 severity=2", "Severity is given twice."},
			"guest declares": {
				"gus", "/incident declare Party", "You may not do this: incident.declare needs one of the roles",
			},
			"deactivated":    {"eve", "/incident list", "Your account is deactivated"},
			"stranger":       {"nobody", "/incident list", "Watchbell does not know the account nobody on test."},
			"guest resolves": {"gus", "/incident resolve INC-1 I say it is over", "You may not do this"},
			"responder lowers": {
				"dan", "/incident sev INC-1 4 it is nothing",
				"Only the lead (@Ana Ruiz) or the deputy of INC-1 can lower the severity.",
			},
			"responder resolves": {"dan", "/incident resolve INC-1 I say it is over", "Only the lead (@Ana Ruiz)"},
			"times out of order": {
				"ana", `/incident times INC-1 started="2026-11-25 14:00 UTC" detected="2026-11-25 13:00 UTC" why="wrong clock"`,
				"detected (25 Nov 13:00 UTC) would be before started",
			},
			"resolved time of an open one": {
				"ana", `/incident times INC-1 resolved="2026-11-25 14:00 UTC" why="wrong clock"`, "INC-1 is not resolved yet",
			},
			"reopen an open one":     {"ana", "/incident reopen INC-1 because I can do that", "there is nothing to reopen"},
			"close an open one":      {"ana", "/incident close INC-1", "cannot be closed. Only resolved ones are."},
			"pause beyond the limit": {"ana", "/incident pause INC-1 waiting until 2026-12-24", "a pause lasts at most 7 days"},
		} {
			w.Run(name, func(t *testing.T) {
				r := w.Type(c.who, c.text)
				if r.Status == bot.Done || r.Message == nil || !strings.Contains(bottest.Text(r), c.want) {
					t.Errorf("%s: %s\n got %s: %s\nwant %s", name, cutText(c.text), r.Status, bottest.Text(r), c.want)
				}
				if len(bottest.Text(r)) > 600 {
					t.Errorf("%s: the answer has %d characters", name, len(bottest.Text(r)))
				}
			})
		}
		if after := w.get("INC-1"); after.Version != before.Version || after.Entries != before.Entries {
			t.Errorf("bad input changed the incident: version %d to %d", before.Version, after.Version)
		}
		w.Verify()
	})
}

func cutText(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}

// Hostile text is kept and shown as it was typed, without what cannot be seen; it never becomes a mention, a link or a
// command.
func TestHostileTextIsStoredAsTyped(t *testing.T) {
	each(t, func(w *world) {
		for typed, want := range map[string]string{
			`<!channel> down`:               `<!channel> down`,
			`<https://evil|Approve here>`:   `<https://evil|Approve here>`,
			`&lt;!channel&gt;`:              `&lt;!channel&gt;`,
			`everyone <@&1> <@1>`:           `everyone <@&1> <@1>`,
			"abc\u202edef":                  "abcdef",
			"bell\a and \x1b[31mred\x00":    "bell and red",
			"```` fence ``` break":          "```` fence ``` break",
			"; rm -rf / $(id) `id`":         "; rm -rf / $(id) `id`",
			"' OR 1=1 -- drop":              "' OR 1=1 -- drop",
			"bad \xff\xfe utf":              "bad \ufffd utf",
			"{{.Secret}} ${jndi:ldap://x}":  "{{.Secret}} ${jndi:ldap://x}",
			"аpprove with a Cyrillic first": "аpprove with a Cyrillic first",
		} {
			w.Run(want, func(t *testing.T) {
				r := w.Do("dan", "/incident sev1 "+typed)
				list, err := w.Store.Incidents().List(context.Background(), newest)
				if err != nil || len(list) == 0 || list[0].Title != want {
					t.Errorf("%q was stored as %q (%v): %s", typed, list[0].Title, err, bottest.Text(r))
				}
			})
		}
		for _, name := range w.Chat.Rooms() {
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Errorf("channel name %q is not ASCII", name)
			}
		}
		zalgo := "z" + strings.Repeat("\u0301", 500)
		w.Do("dan", "/incident sev1 "+zalgo)
		list, _ := w.Store.Incidents().List(context.Background(), newest)
		if n := len([]rune(list[0].Title)); n > 10 {
			t.Errorf("500 combining marks became %d", n)
		}
		w.Verify()
	})
}

func TestTheSameActionTwiceHasOneEffect(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		req := bot.Request{
			Key: "same", From: bot.Account{Platform: "test", User: "dan"}, Text: "/incident declare Login is broken",
		}
		first := w.Done(w.Bot.Receive(ctx, req))
		second := w.Done(w.Bot.Receive(ctx, req))
		if bottest.Text(first) != bottest.Text(second) {
			t.Errorf("second answer %q, want %q", bottest.Text(second), bottest.Text(first))
		}
		replies := make(chan bot.Reply)
		for range 20 {
			go func() {
				replies <- w.Bot.Receive(ctx, bot.Request{Key: "race", From: req.From, Text: "/incident sev1 Mail is down"})
			}()
		}
		answers := map[string]int{}
		for range 20 {
			answers[bottest.Text(<-replies)]++
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
		if n, err := w.Store.CountIncidents(ctx); err != nil || n != 2 {
			t.Errorf("%d incidents, want 2 (%v)", n, err)
		}
		w.Verify()
	})
}

// Two people who share a name are told apart by their ids.
func TestPeopleOfOneName(t *testing.T) {
	each(t, func(w *world) {
		people := bottest.People("test")
		people = append(people, bot.Person{
			ID: "dan2", Name: "Dan Weber", Roles: []string{"responder"}, Active: true,
			Accounts: []bot.Account{{Platform: "test", User: "dan2"}},
		})
		if err := w.Store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
			t.Fatal(err)
		}
		w.Do("dan", "/incident declare Search is slow sev3")
		w.Do("dan", "/incident lead me INC-1")
		r := w.Type("dan", `/incident handover INC-1 person="Dan Weber"`)
		if r.Status != bot.Usage ||
			!strings.Contains(bottest.Text(r), `several people are called "Dan Weber". Write one of @dan, @dan2.`) {
			t.Errorf("%s: %s", r.Status, bottest.Text(r))
		}
		w.Do("dan", "/incident handover INC-1 @dan2")
		if i := w.get("INC-1"); i.HandoverTo != "dan2" {
			t.Errorf("offered to %q", i.HandoverTo)
		}
	})
}
