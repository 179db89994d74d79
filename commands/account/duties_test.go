package account_test

import (
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// office is a world with changes, connected as the program does it.
type office struct {
	*world
	changes *control.Service
}

func eachOffice(t *testing.T, f func(w *office)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		w := &office{world: newWorld(t, url)}
		w.Bot = w.NewBot()
		w.changes = control.New(w.Store.Changes(), w.Bot, control.Options{
			Services: bot.ServicesOf(bot.Service{
				ID: "db", Name: "Database", Owners: []bot.PersonID{"ben"}, Tier: 1, Tags: []string{"pci"},
			}),
			People: w.Store.People, Clock: w.Clock, Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
		})
		if err := w.changes.LoadPolicy(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.options.Parts = func(ctx context.Context, who bot.PersonID) ([]account.Part, error) {
			parts, err := w.changes.Parts(ctx, who)
			var list []account.Part
			for _, p := range parts {
				list = append(list, account.Part(p))
			}
			return list, err
		}
		w.Bot.Use(w.changes.Capability())
		w.use(w.Bot, w.Store)
		f(w)
	})
}

const request = `/change new title="Resize the database" service=db env=prod why="Queries time out" ` +
	`plan="Fail over, resize, fail back" backout="Fail back" start="tomorrow 22:00" end=1h ` +
	`novelty=first data=no tested=no backout-tested=no`

// state fails the test unless CHG-1 is in that state.
func (w *office) state(want change.State) {
	w.T.Helper()
	c, err := w.Store.Changes().Get(w.T.Context(), "CHG-1")
	if err != nil || c.State != want {
		w.T.Errorf("CHG-1 is %+v, not %s: %v", c.State, want, err)
	}
}

// The requester of a change links the account that approved it: while that approval counts, they stay two people, and
// once they are one, the account cannot approve it any more.
func TestNobodyApprovesTheirOwnChangeByLinking(t *testing.T) {
	eachOffice(t, func(w *office) {
		there := w.dan()
		w.does(there, "/ops me")
		w.Do("dan", request)
		w.Do("ben", "/change approve CHG-1 r1 looks fine")
		w.does(there, "/change approve CHG-1 r1")
		w.state(change.Approved)
		code := w.code(w.Account("dan"))
		w.refuses(
			there, "/ops me link "+code, "@Dan W", "has a part in what is not over: CHG-1 (vote)", "a vote was taken back",
		)
		w.Refused("mia", "/ops account link @dan "+account.Name(there), "CHG-1 (vote)")
		w.is(there, "dan-w.discord", true)
		w.state(change.Approved)

		w.does(there, "/change withdraw CHG-1")
		w.state(change.Pending)
		w.does(there, "/ops me link "+code)
		w.is(there, "dan", true)
		w.refuses(there, "/change approve CHG-1 r1", "You requested CHG-1")
		w.state(change.Pending)
		w.Verify()
	})
}

// It is the same the other way round: an approver cannot become one with whoever requested the change, before or after
// they approve it.
func TestNobodyBecomesTheRequesterOfWhatTheyApprove(t *testing.T) {
	eachOffice(t, func(w *office) {
		there := w.dan()
		w.does(there, request)
		w.refuses(there, "/ops me link "+w.code(w.Account("chloe")), "CHG-1 (requester)")
		w.Do("ben", "/change approve CHG-1 r1 looks fine")
		w.Do("chloe", "/change approve CHG-1 r1")
		w.refuses(there, "/ops me link "+w.code(w.Account("chloe")), "CHG-1 (requester)")
		w.does(there, "/change cancel CHG-1 Not needed any more")
		w.does(there, "/ops me link "+w.code(w.Account("chloe")))
		w.is(there, "chloe", true)
	})
}

// To take the account away first is no way around that: it stands for whom it was taken from until what they decided
// there is over. They may have it back.
func TestUnlinkingIsNoWayAroundTheirParts(t *testing.T) {
	eachOffice(t, func(w *office) {
		there := w.linked()
		name := account.Name(there)
		w.does(there, request)
		w.Refused("mia", "/ops account link @ben "+name, "Unlink it first")
		w.Do("mia", "/ops account unlink "+name)
		w.Refused(
			"mia", "/ops account link @ben "+name, "@Dan Weber, whose account this was, has a part in what is not over",
			"CHG-1 (requester)",
		)
		w.is(there, "dan-w.discord", false)
		w.Do("mia", "/ops account link @dan "+name)
		w.is(there, "dan", true)

		w.does(there, "/ops me unlink discord")
		w.Refused("mia", "/ops account link @ben "+name, "CHG-1 (requester)")
		w.Do("dan", "/change cancel CHG-1 Not needed any more")
		w.Do("mia", "/ops account link @ben "+name)
		w.is(there, "ben", true)
		w.Verify()
	})
}

// A vote that is cast at the same moment as the link either comes first, and then nobody is linked, or it comes second,
// and then it is the requester's and refused.
func TestAVoteAndALinkAtTheSameMoment(t *testing.T) {
	eachOffice(t, func(w *office) {
		there := w.dan()
		w.does(there, "/ops me")
		w.Do("dan", request)
		w.Do("ben", "/change approve CHG-1 r1 looks fine")
		code := w.code(w.Account("dan"))
		voted, linked := make(chan bot.Reply), make(chan bot.Reply)
		go func() { voted <- w.receive(w.Bot, there, "/change approve CHG-1 r1") }()
		go func() { linked <- w.receive(w.Bot, there, "/ops me link "+code) }()
		v, l := <-voted, <-linked
		w.RunDue()
		if (v.Status == bot.Done) == (l.Status == bot.Done) {
			w.T.Errorf("voted: %s %s\nlinked: %s %s", v.Status, bottest.Text(v), l.Status, bottest.Text(l))
		}
		want := change.Pending
		if v.Status == bot.Done {
			want = change.Approved
		}
		w.state(want)
		w.Verify()
	})
}

func TestPartsInAChange(t *testing.T) {
	base := func() *change.Change {
		c := &change.Change{
			Number: 4, Requester: "dan", Beneficiary: "mia", State: change.Pending, Revision: 2, Editor: "eve",
		}
		c.Author, c.Implementers = "gus", []bot.PersonID{"ida"}
		c.Glass = change.Glass{By: "leo", Second: "kim"}
		c.Exemptions = []change.Exemption{{What: "INC-3", By: "pia"}}
		c.Votes = []change.Vote{
			{Revision: 1, Person: "old", Seat: "old", State: change.Counted},
			{Revision: 2, Person: "ben", Seat: "chloe", State: change.Counted},
			{Revision: 2, Person: "wim", Seat: "wim", State: change.Withdrawn},
		}
		return c
	}
	for who, want := range map[bot.PersonID]string{
		"dan": "requester", "mia": "requested on their behalf", "gus": "author", "eve": "editor", "ida": "implementer",
		"leo": "broke the glass", "kim": "witness", "pia": "let it go ahead during INC-3", "ben": "vote", "chloe": "vote",
		"old": "", "wim": "", "ana": "",
	} {
		t.Run(string(who), func(t *testing.T) {
			p, ok := base().Part(who)
			if p.As != want || ok != (want != "") || p.Object != "CHG-4" {
				t.Errorf("%+v %v", p, ok)
			}
			for _, over := range []change.State{change.Closed, change.Rejected, change.Expired, change.Cancelled} {
				c := base()
				if c.State = over; want != "" {
					if p, ok := c.Part(who); ok {
						t.Errorf("%s: %+v", over, p)
					}
				}
			}
		})
	}
}
