package register_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/registertest"
)

// laptop is a record that somebody asks for, for somebody else: the smallest kind with an approval.
type laptop struct {
	register.Head
	register.Approval
	Holder bot.PersonID
}

func (l *laptop) Standing() string {
	if l.Holder == "" {
		return "in stock"
	}
	return "handed out"
}

var laptops = register.Kind[laptop]{
	Noun: "laptop", Prefix: "LAP", Summary: "laptops", Example: "Grey",
	Verbs: append(register.Approvals(func(_ *bot.Call, l *laptop) (string, error) {
		l.Holder = l.Pending.Gains[0]
		return "handed out", nil
	}), register.Verb[laptop]{
		Command: bot.Command{
			Name: "ask", Title: "Ask for it", Summary: "ask for a laptop", Example: "for=@gus by=@ben", Params: []bot.Param{
				{Name: "for", Kind: bot.PersonParam, Required: true, Form: true, Help: "Like for=@gus."},
				{Name: "by", Kind: bot.PersonParam, Many: true, Required: true, Form: true, Help: "Like by=@ben."},
				{Name: "quorum", Kind: bot.NumberParam, Min: 1, Max: 9, Help: "Like quorum=1."},
			},
		},
		Anybody: true,
		Do: func(c *bot.Call, l *laptop) (string, error) {
			return "asked", l.Ask(c, l.Row(), register.Question{
				What: "hand it out", Gains: []bot.PersonID{c.Who("for").ID}, Quorum: c.Number("quorum"),
			}, c.Whos("by"))
		},
	}),
}

// A quorum of those who were asked decides; the owner, whoever asked and whoever gains by it never do.
func TestAQuorumApproves(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		w.Lines("mia: /ops laptop add Grey", "mia: /ops laptop add Blue", "mia: /ops laptop add Red visible=restricted")
		for text, says := range map[string]string{
			"/ops laptop ask LAP-1 for=@ana by=@mia":                 "@mia owns LAP-1",
			"/ops laptop ask LAP-1 for=@ana by=@dan":                 "You ask for this",
			"/ops laptop ask LAP-1 for=@ana by=@ana":                 "This benefits @ana",
			"/ops laptop ask LAP-1 for=@ana by=@ben,@chloe quorum=3": "name at least 3 people",
			"/ops laptop ask LAP-1 for=@ana by=@ben,@gus":            "@gus may not approve here",
			"/ops laptop ask LAP-3 for=@ana by=@ben":                 "There is no laptop LAP-3",
		} {
			w.Refused("dan", text, says)
		}
		w.Refused("mia", "/ops laptop ask LAP-3 for=@ana by=@ben", "@ben may not see LAP-3", "readers=@ben")
		w.Do("dan", "/ops laptop ask LAP-1 for=@ana by=@ben,@chloe,@ben quorum=1")
		w.Refused("ana", "/ops laptop approve LAP-1", "This benefits @ana")
		w.Refused("dan", "/ops laptop approve LAP-1", "You asked for this")
		w.Refused("mia", "/ops laptop approve LAP-1", "You own LAP-1")
		w.Refused("ben", "/ops laptop approve LAP-2", "Nothing about LAP-2 waits for an approval")
		w.Contains(bottest.Text(w.Do("chloe", "/ops laptop approve LAP-1")), "State: handed out")
		for _, d := range w.Dues() {
			w.T.Errorf("still due: %+v", d)
		}

		// another owner is another question, and whoever was asked may since own it
		w.Do("dan", "/ops laptop ask LAP-2 for=@ana by=@ben")
		w.Do("mia", "/ops laptop assign LAP-2 @ben")
		w.Refused("ben", "/ops laptop approve LAP-2", "Nothing about LAP-2 waits")
		w.Contains(bottest.Text(w.Do("ben", "/ops laptop history LAP-2")), "lapsed: the request to hand it out lapsed")

		// who approves does so in person
		w.Lines("dan: /ops laptop ask LAP-2 for=@ana by=@chloe")
		r := w.Send("chloe", bot.Request{Text: "/ops laptop approve LAP-2", Scopes: []string{"*"}})
		if r.Status == bot.Done {
			w.T.Error("a token approved")
		}
		w.Do("chloe", "/ops laptop refuse LAP-2 buy one")
		w.Verify()
	}, registertest.Of(laptops))
}
