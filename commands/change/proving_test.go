package change_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// asking is the policy that ships, with how surely people have to be known.
func asking(assurance string) string {
	return strings.Replace(policy.Default(), "  timezone: UTC\n", "  timezone: UTC\n  assurance: "+assurance+"\n", 1)
}

func TestHowSurelyAVoterIsKnown(t *testing.T) {
	for _, c := range []struct {
		asks  string
		risk  policy.Level
		have  bot.Assurance
		needs bot.Assurance // Chat: it is enough
	}{
		{"{}", policy.High, bot.Chat, bot.Chat},
		{"{}", policy.High, bot.Stale, bot.SignedIn},
		{"{}", policy.Medium, bot.Stale, bot.Chat},
		{"{high: signed-in}", policy.High, bot.Chat, bot.SignedIn},
		{"{high: signed-in}", policy.High, bot.Stale, bot.SignedIn},
		{"{high: signed-in}", policy.High, bot.SignedIn, bot.Chat},
		{"{high: signed-in}", policy.High, bot.Fresh, bot.Chat},
		{"{high: signed-in}", policy.Medium, bot.Chat, bot.Chat},
		{"{high: fresh}", policy.High, bot.SignedIn, bot.Fresh},
		{"{high: fresh}", policy.High, bot.Fresh, bot.Chat},
		{"{high: fresh, low: signed-in}", policy.Low, bot.Stale, bot.SignedIn},
		{"{high: chat}", policy.High, bot.Chat, bot.Chat},
	} {
		t.Run(c.asks+" "+string(c.risk)+" "+c.have.String(), func(t *testing.T) {
			p, _, err := policy.Parse([]byte(asking(c.asks)), policy.Catalog{People: bottest.People("test"), SignIn: true})
			if err != nil {
				t.Fatal(err)
			}
			x := &change.Change{Number: 1}
			x.Risk.Level = c.risk
			err = x.Proven(c.have, p)
			var unproven change.UnprovenError
			if errors.As(err, &unproven); unproven.Needs != c.needs || (err == nil) != (c.needs == bot.Chat) {
				t.Errorf("%v needs %q, want %q", err, unproven.Needs, c.needs)
			}
		})
	}
}

func TestAPolicyAsksForNoMoreThanPeopleCanShow(t *testing.T) {
	for text, want := range map[string]string{
		asking("{high: signed-in}"): "nobody can sign in on the web by more than what chat gives them. List passkey or oidc",
		asking("{high: fresh}"):     "List passkey or oidc",
		asking("{high: chat}"):      "",
	} {
		if _, _, err := policy.Parse([]byte(text), policy.Catalog{People: bottest.People("test")}); (err == nil) != (want == "") ||
			err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{
		asking("{high: sure}"):   "is not one of chat, signed-in, fresh",
		asking("{higher: chat}"): "is not one of low, medium, high",
	} {
		if _, _, err := policy.Parse([]byte(text), policy.Catalog{People: bottest.People("test"), SignIn: true}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A click in chat is answered with where to sign in; from there the same person's vote counts, and the record says how
// surely they were known.
func TestAVoteThatNeedsASignIn(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, asking("{high: signed-in}"))
		id := w.request("dan", "novelty=first data=no tested=no backout-tested=no")
		vote := func(line string, a bot.Assurance) bot.Reply {
			return w.Send("ben", bot.Request{Text: line, Assurance: a})
		}
		for _, line := range []string{"/change approve " + id + " r1", "/change reject " + id + " r1 This has never been tested"} {
			for _, a := range []bot.Assurance{bot.Chat, bot.Stale} {
				r := vote(line, a)
				text := bottest.Text(r)
				if r.Status != bot.Refused || !strings.Contains(text, "signed in on the web within the last 12 hours") ||
					!strings.Contains(text, "https://ops.example/login?sure=signed-in&next=/changes/"+id) {
					t.Errorf("%s by %s: %s %s", line, a, r.Status, text)
				}
			}
		}
		if c := w.get(id); len(c.Votes) != 0 || c.State != change.Pending {
			t.Fatalf("votes %+v", c.Votes)
		}
		if r := vote("/change approve "+id+" r1", bot.SignedIn); r.Status != bot.Done {
			t.Fatal(bottest.Text(r))
		}
		if c := w.get(id); len(c.Votes) != 1 || c.Votes[0].Assurance != "signed-in" {
			t.Errorf("votes %+v", c.Votes)
		}
		w.Verify()
	})
}
