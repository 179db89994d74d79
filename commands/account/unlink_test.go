package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/account"
)

// linked makes Dan's account in the guild his own.
func (w *world) linked() bot.Account {
	w.T.Helper()
	a := w.dan()
	w.does(a, "/ops me link "+w.code(w.Account("dan")))
	return a
}

func TestUnlink(t *testing.T) {
	each(t, func(w *world) {
		there := w.linked()
		name := account.Name(there)
		w.Refused("dan", "/ops me unlink test", "the configuration gives test/dan to @Dan Weber", "the accounts: of @dan")
		w.Refused("dan", "/ops me unlink slack", `you have no account "slack"`, name)
		w.Refused("ben", "/ops me unlink "+name, "you have no account")
		w.is(there, "dan", true)
		w.Contains(
			bottest.Text(w.Do("dan", "/ops me unlink discord")), name+" on Discord is no longer an account of @Dan Weber.",
			"/ops account link @somebody "+name,
		)
		// its history is that of the person it was before; nobody acts by it, and it is not enrolled anew
		w.is(there, "dan-w.discord", false)
		w.refuses(there, "/ops me link "+w.code(w.Account("dan")), "deactivated")
		w.is(there, "dan-w.discord", false)
		w.audited("people/dan", "dan ops.me-unlink done "+name+" is no longer an account of dan")
		told := w.Told("dan")
		w.Contains(told[len(told)-1], "The account "+name+" on Discord was unlinked from you", "by @Dan Weber")
		w.Verify()
	})
}

// What follows for whoever retires is done although the account changed hands again before anything was told.
func TestUnlinkedBeforeAnythingFollowed(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		w.does(there, "/ops me")
		at := w.Clock.Now()
		for _, r := range []bot.Reply{
			w.receive(w.Bot, there, "/ops me link "+w.code(w.Account("dan"))),
			w.receive(w.Bot, w.Account("mia"), "/ops account unlink "+account.Name(there)),
		} {
			if r.Status != bot.Done {
				w.T.Fatal(bottest.Text(r))
			}
		}
		w.Clock.Move(time.Hour)
		w.RunDue()
		w.audited(
			"people/dan-w.discord", "dan-w.discord people.retire", account.Name(there)+" is an account of dan now",
			at.Format(time.TimeOnly),
		)
		if !slices.Equal(w.left, []bot.PersonID{"dan-w.discord"}) {
			w.T.Errorf("what follows for people who left was done for %v", w.left)
		}
		for _, said := range w.Told("dan") {
			if strings.Contains(said, "was linked") {
				w.T.Errorf("an account that was taken away again is told: %s", said)
			}
		}
		w.Verify()
	})
}

// A job that an earlier version left knows the number of the move alone.
func TestMovesOfBefore(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		w.does(there, "/ops me")
		w.receive(w.Bot, there, "/ops me link "+w.code(w.Account("dan")))
		_, err := w.Store.SQL().ExecContext(w.T.Context(), "UPDATE jobs SET arg = '1' WHERE kind = 'ops.tell-move'")
		if err != nil {
			w.T.Fatal(err)
		}
		w.RunDue()
		w.audited("people/dan-w.discord", "people.retire", "is an account of dan now")
		w.Contains(strings.Join(w.Told("dan"), "\n"), "was linked")
		if !slices.Equal(w.left, []bot.PersonID{"dan-w.discord"}) {
			w.T.Errorf("what follows for people who left was done for %v", w.left)
		}
		w.Verify()
	})
}

// Somebody whom a platform enrolled has no account by the configuration: the one they act by stays, unless they have
// another.
func TestTheLastAccountStays(t *testing.T) {
	each(t, func(w *world) {
		first := w.dan()
		w.does(first, "/ops me")
		w.refuses(first, "/ops me unlink discord", "you act by "+account.Name(first)+", and you have no other")
		if a := bottest.ActionOf(w.as(first, "/ops me").Message, "Unlink"); a.Label != "" {
			w.T.Errorf("it is offered to unlink: %+v", a.Options)
		}
		second := w.guild.knows("800000000000000002", "Dan W", bot.Member)
		w.does(second, "/ops me link "+w.code(first))
		w.is(second, "dan-w.discord", true)
		w.refuses(first, "/ops me unlink discord", "you have several on Discord", account.Name(first), account.Name(second))
		w.does(first, "/ops me unlink "+account.Name(first))
		w.is(first, "dan-w-3.discord", false) // it was nobody else's before
		w.is(second, "dan-w.discord", true)
		w.refuses(second, "/ops me unlink discord", "you have no other")
	})
}

// Whoever sees that somebody else linked an account to them takes it away by the button on the message.
func TestIfThisWasNotYou(t *testing.T) {
	each(t, func(w *world) {
		theirs := w.guild.knows("800000000000000007", "Mallory", bot.Member)
		w.does(theirs, "/ops me link "+w.code(w.Account("dan")))
		w.is(theirs, "dan", true)
		w.Done(w.Click("dan", "Unlink it"))
		w.is(theirs, "mallory.discord", false)
		w.refuses(theirs, "/ops me link 2222-2222", "deactivated")
		w.Done(w.Type("dan", "/ops me"))
	})
}

func TestAdministratorsLinkForOthers(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		name := account.Name(there)
		w.Refused("ben", "/ops account link person=@ben account="+name, "You may not do this")
		w.Refused("ben", "/ops account unlink account="+name, "You may not do this")
		w.Run("an account that nobody saw", func(*testing.T) {
			said := bottest.Text(w.Do("mia", "/ops account link person=@dan account="+name))
			w.Contains(said, name+" on Discord is an account of @Dan Weber")
			w.is(there, "dan", true)
			w.audited("people/dan", "mia ops.account-link done "+name+" is an account of dan")
			w.Contains(strings.Join(w.Told("dan"), "\n"), "was linked", "by @Mia Tanaka")
			if said := w.guild.In("@" + there.User); len(said) != 1 {
				w.T.Errorf("the account itself is told: %+v", said)
			}
			w.Refused("mia", "/ops account link @dan "+name, "belongs to @Dan Weber already")
		})
		w.Run("of somebody whom the configuration names", func(*testing.T) {
			w.Refused("mia", "/ops account link @ana "+name, "belongs to @Dan Weber", "/ops account unlink "+name)
			w.Refused("mia", "/ops account link @ana test/dan", "the configuration gives test/dan to @Dan Weber")
			w.Refused("mia", "/ops account unlink test/dan", "the configuration gives test/dan to @Dan Weber")
			w.Refused("mia", "/ops account link @ana web/dan", "Everybody has an account of their own in the web chat")
		})
		w.Run("taken away", func(*testing.T) {
			w.Do("mia", "/ops account unlink "+name)
			w.is(there, "dan-weber.discord", false)
			told := w.Told("dan")
			w.Contains(told[len(told)-1], "was unlinked from you", "by @Mia Tanaka")
			w.refuses(there, "/ops me link 2222-2222", "deactivated")
			w.Refused("mia", "/ops account unlink "+name, "who is deactivated")
		})
		w.Run("given back by the name that its holder has too", func(*testing.T) {
			w.Do("mia", `/ops account link person="Dan Weber" account=`+name)
			w.is(there, "dan", true)
			w.Do("mia", "/ops account unlink "+name)
		})
		w.Run("given to somebody else", func(*testing.T) {
			w.Do("mia", "/ops account link @ana "+name)
			w.is(there, "ana", true)
			w.does(there, "/ops me")
		})
		w.Run("of somebody enrolled", func(*testing.T) {
			fay := w.guild.knows("800000000000000008", "Fay Lin", bot.Member)
			w.does(fay, "/ops me")
			w.Do("mia", "/ops account link @chloe "+account.Name(fay))
			w.is(fay, "chloe", true)
			w.audited("people/fay-lin.discord", "mia people.retire")
		})
		for what, c := range map[string]struct{ line, want string }{
			"no person":         {"/ops account link @nobody " + name, "nobody"},
			"deactivated":       {"/ops account link @eve " + name, "deactivated"},
			"no platform":       {"/ops account link @ana irc/x/y", "there is no platform irc here. There is: test, discord."},
			"no account":        {"/ops account link @ana Dan", `"Dan" is not an account. Write platform/workspace/user`},
			"no id of Discord":  {"/ops account link @ana discord/x/y", "each of 17 to 20 digits"},
			"no id of Slack":    {"/ops account link @ana slack/northwind/ana", "slack/T0123ABC/U0456DEF"},
			"nobody's":          {"/ops account unlink discord/613425648685547541/80351110224678912", "belongs to nobody"},
			"without arguments": {"/ops account link", ""},
		} {
			w.Run(what, func(*testing.T) { w.Refused("mia", c.line, c.want) })
		}
		w.Verify()
	})
}

// A server that synchronises the configuration leaves alone what was linked, until the configuration says otherwise.
func TestLinksSurviveTheConfiguration(t *testing.T) {
	each(t, func(w *world) {
		there := w.linked()
		people := bottest.People("test")
		people[0].Name = "Ana Ruiz-Gomez"
		sync := func() {
			if err := w.Store.SyncPeople(w.T.Context(), people, w.Clock.Now()); err != nil {
				w.T.Fatal(err)
			}
		}
		sync()
		w.is(there, "dan", true)
		people[1].Accounts = append(people[1].Accounts, there)
		sync()
		w.is(there, "ben", true)
		w.Refused("ben", "/ops me unlink discord", "the configuration gives "+account.Name(there)+" to @Ben Okafor")
	})
}

// What was read of a person before an account changed hands counts no more: the next commit notices.
func TestMovesChangeTheGuardOfPeople(t *testing.T) {
	each(t, func(w *world) {
		there := w.dan()
		before, err := w.Store.Identify(w.T.Context(), w.Account("dan"))
		if err != nil {
			w.T.Fatal(err)
		}
		w.does(there, "/ops me link "+w.code(w.Account("dan")))
		err = w.Store.Record(w.T.Context(), bot.Effects{
			Audit:  bot.Audit{Action: "test.do", Object: "x", Result: bot.ResultDone, At: w.Clock.Now()},
			Relies: []bot.Guard{before.AsOf},
		})
		if !errors.Is(err, bot.ErrStale) {
			w.T.Errorf("a commit that relies on how it was: %v", err)
		}
	})
}
