package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestACodeLinksAnAccount(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		w.Contains(
			w.does(there, "/ops me"), "You are Dan W", "@dan-w.discord", "enrolled when first seen", "responder, approver",
		)
		code := w.code(w.Account("dan"))
		w.audited("people/dan", "dan ops.me-link done made a code to link another account, with test/dan")
		w.Contains(
			w.does(there, "/ops me link "+code), account.Name(there)+" on Discord is an account of @Dan Weber now.",
			"as @dan-w.discord stays recorded",
		)
		w.is(there, "dan", true)
		w.is(w.Account("dan"), "dan", true)
		if o, err := w.Store.Accounts().Owner(w.T.Context(), "dan-w.discord"); err != nil || o.Active || o.Configured {
			w.T.Errorf("whom the account belonged to before: %+v %v", o, err)
		}
		w.audited(
			"people/dan", "dan-w.discord ops.me-link done", "is an account of dan",
			"no longer of dan-w.discord, who is inactive", "by a code that was made with test/dan", "discord/general",
		)
		w.audited("people/dan-w.discord", "people.retire", "is an account of dan now")
		w.Contains(
			strings.Join(w.Told("dan"), "\n"), "Your account "+account.Name(there)+" on Discord was linked", "by @Dan W",
			"If this was not you: /ops me unlink "+account.Name(there),
		)
		if said := w.guild.In("@" + there.User); len(said) > 0 {
			w.T.Errorf("whoever linked it is told again: %+v", said)
		}
		w.Contains(
			w.does(there, "/ops me"), "You are Dan Weber", "@dan", "by the configuration", "test/dan",
			"discord/"+server+"/"+there.User+" · linked", "you are using it now",
		)
		w.refuses(there, "/ops me link "+code, "used already")
		if !slices.Equal(w.left, []bot.PersonID{"dan-w.discord"}) {
			w.T.Errorf("what follows for people who left was done for %v", w.left)
		}
		w.Verify()
	})
}

// A platform that is down does not keep somebody from being told on the others, and tells them later.
func TestAllOtherAccountsAreTold(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.dan(), w.guild.knows("800000000000000002", "Dan Two", bot.Member)
		w.does(first, "/ops me link "+w.code(w.Account("dan")))
		before := len(w.Told("dan"))
		w.Chat.Fail = func(string) error { return errors.New("down") }
		w.does(second, "/ops me link "+w.code(first))
		told := func(a bot.Account) int { return len(w.guild.In("@" + a.User)) }
		if told(first) != 1 || told(second) != 0 || len(w.Told("dan")) != before {
			w.T.Errorf("told %d, %d, and where it is down %d", told(first), told(second), len(w.Told("dan"))-before)
		}
		w.Chat.Fail = nil
		w.Wait(time.Minute)
		if told(first) != 1 || told(second) != 0 || len(w.Told("dan")) != before+1 {
			w.T.Errorf("later %d, %d and %d", told(first), told(second), len(w.Told("dan"))-before)
		}
		w.Verify()
	})
}

// An account that can never be told, for its direct messages are closed or it left the server, keeps neither the others
// from being told, once they can be, nor what follows for whoever retires.
func TestAnAccountThatCannotBeTold(t *testing.T) {
	for what, never := range map[string]error{
		"a refusal for good":     &bot.PermanentError{Err: errors.New("Cannot send messages to this user")},
		"the platform's rules":   bot.ErrRefused,
		"a channel that is gone": bot.ErrGone,
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(w *world) {
				first, second := w.dan(), w.guild.knows("800000000000000002", "Dan Two", bot.Member)
				w.does(first, "/ops me link "+w.code(w.Account("dan")))
				before := len(w.Told("dan"))
				w.guild.Fail = func(string) error { return never }
				w.Chat.Fail = func(string) error { return errors.New("down") }
				w.does(second, "/ops me link "+w.code(first))
				w.Chat.Fail = nil
				w.Wait(time.Minute)
				if told := len(w.Told("dan")) - before; told != 1 {
					w.T.Errorf("the account that can be told was told %d times", told)
				}
				if !slices.Contains(w.left, "dan-two.discord") {
					w.T.Errorf("what follows for people who left was done for %v", w.left)
				}
				w.Contains(w.log.String(), "level=WARN", "is not told", "account="+account.Name(first))
				w.Verify()
			})
		})
	}
}

// What Bind and Parse let through is what people type.
func TestCodesAsTheyAreTyped(t *testing.T) {
	each(t, func(w *world) {
		for n, typed := range []func(code string) string{
			strings.ToLower,
			func(code string) string { return strings.ReplaceAll(code, "-", "") },
			func(code string) string { return strings.ReplaceAll(code, "-", " – ") },
			func(code string) string { return "`" + code + "`" },
			func(code string) string { return "code=" + code },
		} {
			who := w.guild.knows(fmt.Sprintf("80000000000000010%d", n), fmt.Sprint("Person ", n), bot.Member)
			text := "/ops me link " + typed(w.code(w.Account("dan")))
			w.Run(text[13:], func(*testing.T) {
				w.does(who, text)
				w.is(who, "dan", true)
			})
		}
	})
}

func TestWhoMayNotTakeACode(t *testing.T) {
	each(t, func(w *world) {
		dan := w.dan()
		w.does(dan, "/ops me")
		code := w.code(w.Account("dan"))
		w.Run("the account that made it", func(*testing.T) {
			w.refuses(w.Account("dan"), "/ops me link "+code, "you made it with this account")
		})
		w.Run("a configured person", func(*testing.T) {
			w.refuses(
				w.Account("ben"), "/ops me link "+code, "test/ben belongs to @Ben Okafor", "the accounts: under people",
				"make the code here",
			)
			w.is(w.Account("ben"), "ben", true)
		})
		w.Run("a guest", func(*testing.T) {
			guest := w.guild.knows("800000000000000002", "Gil", bot.Guest)
			w.refuses(guest, "/ops me link "+code, "You may not do this")
		})
		w.Run("a member who became a guest", func(*testing.T) {
			late := w.guild.knows("800000000000000003", "Lea", bot.Member)
			w.does(late, "/ops me")
			w.guild.knows(late.User, "Lea", bot.Guest)
			w.refuses(late, "/ops me link "+code, "You may not do this")
		})
		w.Run("somebody who left", func(*testing.T) {
			gone := w.guild.knows("800000000000000004", "Gus", bot.Member)
			w.does(gone, "/ops me")
			w.guild.knows(gone.User, "Gus", bot.Gone)
			w.refuses(gone, "/ops me link "+code, "deactivated")
		})
		w.Run("nobody", func(*testing.T) {
			w.refuses(bot.Account{Platform: "discord", Workspace: server, User: "1"}, "/ops me link "+code, "does not know")
		})
		w.Run("a token", func(*testing.T) {
			r := w.Bot.Receive(w.T.Context(), bot.Request{
				Key: w.Key(), From: dan, Text: "/ops me link " + code, Scopes: []string{"*"},
			})
			w.Contains(bottest.Text(r), "No token may do ops.me-link")
		})
		w.does(dan, "/ops me link "+code) // nothing of this has used it up
		w.Run("an account of their own", func(*testing.T) {
			w.refuses(dan, "/ops me link "+w.code(w.Account("dan")), "made by yourself")
		})
		w.Run("a person with two accounts", func(*testing.T) {
			first := w.guild.knows("800000000000000005", "Two", bot.Member)
			second := w.guild.knows("800000000000000006", "Two", bot.Member)
			w.does(first, "/ops me")
			w.does(second, "/ops me link "+w.code(first))
			code := w.code(w.Account("dan"))
			w.refuses(second, "/ops me link "+code, "has other accounts too: "+account.Name(first))
			w.is(second, "two.discord", true)
		})
		w.Run("no code", func(*testing.T) {
			w.refuses(w.Account("ben"), "/ops me link please", `"please" is not a code`, "like 7KQ2-M9XD")
			w.refuses(w.Account("ben"), "/ops me link 7KQO-M9XD", "is not a code")
		})
		w.Verify()
	})
}

func TestACodeOfSomebodyWhoLeftLinksNothing(t *testing.T) {
	each(t, func(w *world) {
		code := w.code(w.Account("dan"))
		people := bottest.People("test")
		people = append(people[:3:3], people[4:]...)
		if err := w.Store.SyncPeople(w.T.Context(), people, w.Clock.Now()); err != nil {
			w.T.Fatal(err)
		}
		w.refuses(w.dan(), "/ops me link "+code, "deactivated")
	})
}

func TestACodeExpires(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		w.does(there, "/ops me")
		late := w.code(w.Account("dan"))
		w.Clock.Move(5 * time.Minute)
		w.refuses(there, "/ops me link "+late, "good for 5 minutes, until 25 Nov 14:07 UTC")
		w.is(there, "dan-w.discord", true)
		soon := w.code(w.Account("dan"))
		w.Clock.Move(5*time.Minute - time.Microsecond)
		w.does(there, "/ops me link "+soon)
		w.is(there, "dan", true)
	})
}

func TestOnlyTheNewestCodeCounts(t *testing.T) {
	each(t, func(w *world) {
		old, code := w.code(w.Account("dan")), w.code(w.Account("dan"))
		w.refuses(w.dan(), "/ops me link "+old, "this one is wrong", "Tries that are left: 4")
		w.does(w.dan(), "/ops me link "+code)
	})
}

// However many try the same code at the same moment, in however many processes, one account is linked.
func TestACodeIsUsedOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		second := storagetest.Open(t, url)
		other := engine.New(engine.Options{Store: second, Clock: w.Clock})
		other.Attach(w.guild)
		w.use(other, second)
		bots := []*engine.Bot{w.Bot, other}
		const takers = 6
		for round := range 5 {
			var accounts []bot.Account
			for n := range takers {
				user := fmt.Sprintf("8000000000000%02d%02d0", round, n)
				accounts = append(accounts, w.guild.knows(user, "Taker", bot.Member))
				w.does(accounts[n], "/ops me")
			}
			code := w.code(w.Account("dan"))
			replies := make([]bot.Reply, takers)
			var all sync.WaitGroup
			start := make(chan struct{})
			for n, a := range accounts {
				all.Go(func() {
					<-start
					replies[n] = w.receive(bots[n%len(bots)], a, "/ops me link "+code)
				})
			}
			close(start)
			all.Wait()
			linked := 0
			for n, r := range replies {
				p, err := w.Store.Identify(t.Context(), accounts[n])
				if err != nil || (r.Status == bot.Done) != (p.ID == "dan") {
					t.Errorf("round %d: %s, and the account is %s's: %v", round, r.Status, p.ID, err)
				}
				if r.Status == bot.Done {
					linked++
				} else if said := bottest.Text(r); !strings.Contains(said, "used already") {
					t.Errorf("round %d: %s", round, said)
				}
			}
			if linked != 1 {
				t.Errorf("round %d: %d accounts were linked", round, linked)
			}
		}
		w.RunDue()
		w.Verify()
	})
}

func TestWrongCodesAreLimited(t *testing.T) {
	each(t, func(w *world) {
		there, other := w.dan(), w.guild.knows("800000000000000009", "Ann", bot.Member)
		wrong := "/ops me link 2222-2222"
		for left := 4; left > 0; left-- {
			w.refuses(there, wrong, fmt.Sprintf("Tries that are left: %d.", left))
			w.Clock.Move(time.Minute)
		}
		w.refuses(there, wrong, "the last of 5 tries: this account can use a code again at 25 Nov 14:17 UTC")
		w.audited("people/dan-w.discord", "ops.me-link denied typed a wrong code with discord/")
		right := "/ops me link " + w.code(w.Account("dan"))
		w.refuses(there, right, "5 wrong codes were typed", "until 25 Nov 14:17 UTC")
		w.Bot = w.NewBot() // a restart forgets nothing
		w.use(w.Bot, w.Store)
		w.refuses(there, right, "5 wrong codes were typed")
		w.refuses(other, wrong, "Tries that are left: 4.")
		w.Clock.Move(11*time.Minute - time.Microsecond) // a microsecond before the first of them is too old to count
		w.refuses(there, right, "5 wrong codes were typed")
		w.Clock.Move(time.Microsecond)
		w.refuses(there, wrong, "the last of 5 tries: this account can use a code again at 25 Nov 14:18 UTC")
		w.Clock.Move(time.Minute)
		w.does(there, "/ops me link "+w.code(w.Account("dan")))
		w.is(there, "dan", true)
		w.Verify()
	})
}

// Guesses that come at once are counted one by one.
func TestManyWrongCodesAtOnce(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		w.does(there, "/ops me")
		var all sync.WaitGroup
		replies := make([]bot.Reply, 20)
		for n := range replies {
			all.Go(func() { replies[n] = w.receive(w.Bot, there, "/ops me link 2222-2222") })
		}
		all.Wait()
		guessed := 0
		for _, r := range replies {
			if strings.Contains(bottest.Text(r), "this one is wrong") {
				guessed++
			}
		}
		if guessed != 5 {
			w.T.Errorf("%d of %d guesses were looked at", guessed, len(replies))
		}
	})
}

// No table has the code, and a repeated delivery of the request that made it does not show it again.
func TestTheCodeIsKeptNowhere(t *testing.T) {
	each(t, func(w *world) {
		r := bot.Request{Key: w.Key(), From: w.Account("dan"), Text: "/ops me link"}
		first := w.Bot.Receive(w.T.Context(), r)
		code := codeForm.FindString(bottest.Text(first))
		if code == "" || first.Kept == nil || strings.Contains(first.Kept.Plain(time.UTC), code) {
			w.T.Fatalf("%+v", first)
		}
		again := w.Bot.Receive(w.T.Context(), r)
		if said := bottest.Text(again); again.Status != bot.Done || codeForm.MatchString(said) ||
			!strings.Contains(said, "make another") {
			w.T.Errorf("the same request again: %s", said)
		}
		for table, rows := range w.everything() {
			if strings.Contains(rows, code) || strings.Contains(rows, strings.ReplaceAll(code, "-", "")) {
				w.T.Errorf("%s has the code %s:\n%s", table, code, rows)
			}
		}
		w.does(w.dan(), "/ops me link "+code) // it is the one that was made
	})
}

// everything is what is in each table, as text.
func (w *world) everything() map[string]string {
	w.T.Helper()
	db := w.Store.SQL()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if w.Store.Kind() == "postgres" {
		list = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	}
	names, err := db.QueryContext(w.T.Context(), list)
	if err != nil {
		w.T.Fatal(err)
	}
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			w.T.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil || len(tables) < 20 {
		w.T.Fatal(tables, err)
	}
	all := map[string]string{}
	for _, table := range tables {
		rows, err := db.QueryContext(w.T.Context(), "SELECT * FROM "+table)
		if err != nil {
			w.T.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			w.T.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for k := range values {
				values[k] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				w.T.Fatal(err)
			}
			for _, v := range values {
				x := *v.(*any)
				if text, is := x.([]byte); is {
					x = string(text)
				}
				all[table] += fmt.Sprint(x, " ")
			}
		}
		if err := rows.Err(); err != nil {
			w.T.Fatal(err)
		}
		_ = rows.Close()
	}
	return all
}

// The card's buttons do what they say, and the form keeps a code that was mistyped.
func TestButtons(t *testing.T) {
	each(t, func(w *world) {
		card := w.Do("dan", "/ops me")
		made := w.Send("dan", bot.Request{Token: bottest.ActionOf(card.Message, "Link another account").Token})
		code := codeForm.FindString(bottest.Text(made))
		if code == "" {
			w.T.Fatal(bottest.Text(made))
		}
		there := w.dan()
		press := func(r bot.Request) bot.Reply {
			r.Key, r.From = w.Key(), there
			r.Place = bot.Conversation{Platform: "discord", Workspace: server, Channel: "general"}
			reply := w.Bot.Receive(w.T.Context(), r)
			w.RunDue()
			return reply
		}
		enter := press(bot.Request{Token: bottest.ActionOf(w.as(there, "/ops me").Message, "Enter a code").Token})
		if enter.Form == nil || len(enter.Form.Inputs) != 1 || !enter.Form.Inputs[0].Required {
			w.T.Fatalf("%+v", enter)
		}
		empty := press(bot.Request{Token: enter.Form.Token, Values: map[string]string{"code": ""}})
		if empty.Form == nil || !strings.Contains(bottest.InputOf(empty.Form, "code").Error, "Code is needed") {
			w.T.Fatalf("an empty form: %+v", empty)
		}
		bad := press(bot.Request{Token: empty.Form.Token, Values: map[string]string{"code": "2222 2222"}})
		if bad.Form == nil || !strings.Contains(bottest.InputOf(bad.Form, "code").Error, "this one is wrong") {
			w.T.Fatalf("a wrong code: %+v", bad)
		}
		good := press(bot.Request{Token: bad.Form.Token, Values: map[string]string{"code": code}})
		w.Contains(bottest.Text(good), "is an account of @Dan Weber now")
		mine := w.as(there, "/ops me")
		unlink := bottest.ActionOf(mine.Message, "Unlink")
		name := account.Name(there)
		if len(unlink.Options) != 1 || unlink.Options[0].Value != name {
			w.T.Errorf("%+v", unlink)
		}
		w.Contains(bottest.Text(w.Send("dan", bot.Request{
			Token: bottest.ActionOf(w.Do("dan", "/ops me").Message, "Unlink").Token, Choice: name,
		})), "is no longer an account of @Dan Weber")
	})
}
