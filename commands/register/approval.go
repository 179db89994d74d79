package register

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Approval is whether others agree to what somebody wants to do with a record. A kind embeds it, adds the verbs of
// Approvals and asks with Ask; the kernel shows the question, gives it to those who decide as a due, and lets it lapse
// when the record changes.
//
//	Ask ──> pending ──enough approve──> what the kind does
//	           ├──refused, withdrawn──> nothing
//	           └──a field changed──> lapsed
type Approval struct {
	Pending *Question `json:",omitempty"`
}

// Question is what is to be approved.
type Question struct {
	What   string // as the end of a sentence: "accept the risk until 1 Mar 2027"
	Why    string
	By     bot.PersonID // who asks
	At     time.Time
	From   []bot.PersonID // who decides
	Quorum int            // how many of them have to approve
	// Gains are those whom it benefits, who do not decide.
	Gains []bot.PersonID `json:",omitempty"`
	Yes   []bot.PersonID `json:",omitempty"`
	// Version and Digest are of the record as they are asked about it.
	Version int
	Digest  string

	now string // the digest of the record as it is
}

// Approvable is a record that embeds an Approval.
type Approvable[T any] interface {
	Record[T]
	approval() *Approval
}

func (a *Approval) approval() *Approval { return a }

// approval is the one of a record, nil where its kind has none.
func approval(x any) *Approval {
	if a, ok := x.(interface{ approval() *Approval }); ok {
		return a.approval()
	}
	return nil
}

// digest is of everything that the fields of a record say, and of what is asked about it.
func (b *book[T, P]) digest(x P, q *Question) string {
	if q == nil {
		return ""
	}
	data, err := json.Marshal([]any{b.texts(x), q.What, q.Why, q.By, q.From, q.Quorum, q.Gains})
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// bind makes a new question about the record as it is, and lets one lapse that was about another.
func (a *Approval) bind(h *Head, digest string) {
	switch q := a.Pending; {
	case q == nil:
	case q.Digest == "":
		q.Version, q.Digest = h.Version, digest
	case q.Digest != digest:
		a.Pending = nil
		h.Tell("lapsed", fmt.Sprintf("the request to %s lapsed, as it was about version %d", q.What, q.Version))
	}
}

// Ask asks people to approve something. All of them have to, unless a smaller quorum is given. It refuses those who may
// not decide: the owner, whoever asks, those whom it benefits, and people who may not see the record.
func (a *Approval) Ask(c *bot.Call, h *Head, q Question, people []bot.Person) error {
	q.By, q.At = c.Person.ID, c.Now
	if q.Quorum == 0 {
		q.Quorum = len(people)
	}
	for _, p := range people {
		if err := q.barred(h, p.ID, "@"+string(p.ID)+" "); err != nil {
			return err
		}
		row := record.Row{Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: h.Readers}
		switch {
		case !p.Active:
			return bot.Errorf(bot.Invalid, "@%s is not active here. Ask somebody who is.", string(p.ID)).About("by")
		case !record.ReaderOf(bot.Looker{Person: p, Rights: c.Rights}).Sees(&row):
			return bot.Errorf(
				bot.Invalid, "@%s may not see %s. Add them to its readers first: /ops %s edit %[2]s readers=@%[1]s",
				string(p.ID), h.ID, c.Command.Noun(),
			).About("by")
		case !c.Allows(p, c.Command.Noun()+".approve"):
			return bot.Errorf(bot.Invalid, "@%s may not approve here. Ask somebody with another role.", string(p.ID)).About("by")
		}
		if !slices.Contains(q.From, p.ID) {
			q.From = append(q.From, p.ID)
		}
	}
	if q.Quorum < 1 || q.Quorum > len(q.From) {
		least := value.Counted(max(q.Quorum, 1), "person")
		return bot.Errorf(bot.Invalid, "By: name at least %s, like by=@ben.", least).About("by")
	}
	a.Pending = &q
	return nil
}

// barred says why somebody may never decide, whoever asked them. subject begins the sentence.
func (q *Question) barred(h *Head, who bot.PersonID, subject string) error {
	switch {
	case who == h.Owner && subject == "You ":
		return bot.Errorf(bot.Forbidden, "You own %s, so somebody else has to approve this.", h.ID).About("by")
	case who == h.Owner:
		return bot.Errorf(bot.Invalid, "%sowns %s, so somebody else has to approve this.", subject, h.ID).About("by")
	case who == q.By && subject == "You ":
		return bot.Errorf(bot.Forbidden, "You asked for this, so somebody else has to approve it.").About("by")
	case who == q.By:
		return bot.Errorf(bot.Invalid, "You ask for this, so somebody else has to approve it.").About("by")
	case slices.Contains(q.Gains, who):
		return bot.Errorf(bot.Forbidden, "This benefits @%s, so somebody else has to approve it.", string(who)).About("by")
	}
	return nil
}

// open is the question that somebody decides about, who has seen the record with a digest, "" for as it is.
func (a *Approval) open(h *Head, noun, seen string) (*Question, error) {
	q := a.Pending
	switch {
	case q == nil && seen != "":
		return nil, bot.Errorf(
			bot.Conflict, "This is no longer asked about %s. Look at it again: /ops %s show %[1]s", h.ID, noun,
		)
	case q == nil:
		return nil, bot.Errorf(bot.Conflict, "Nothing about %s waits for an approval.", h.ID)
	case q.now != q.Digest, seen != "" && seen != q.seen():
		return nil, bot.Errorf(
			bot.Conflict, "%s changed since you were asked. Look at it again: /ops %s show %[1]s", h.ID, noun,
		)
	}
	return q, nil
}

// approve records that somebody agrees, and reports whether enough do.
func (a *Approval) approve(h *Head, noun string, who bot.PersonID, seen string) (enough bool, err error) {
	q, err := a.open(h, noun, seen)
	if err != nil {
		return false, err
	}
	if err := q.barred(h, who, "You "); err != nil {
		return false, err
	}
	switch {
	case !slices.Contains(q.From, who):
		return false, q.others(h)
	case slices.Contains(q.Yes, who):
		return false, bot.Errorf(bot.Conflict, "You have approved this already. %d of %d have.", len(q.Yes), q.Quorum)
	}
	q.Yes = append(q.Yes, who)
	return len(q.Yes) >= q.Quorum, nil
}

func (q *Question) others(h *Head) error {
	names := make([]string, len(q.From))
	for i, who := range q.From {
		names[i] = "@" + string(who)
	}
	return bot.Errorf(bot.Forbidden, "You were not asked about %s. Those who were: %s.", h.ID, value.Listed(names))
}

// seen is what a button holds of the record that it was shown with.
func (q *Question) seen() string { return q.Digest[:min(len(q.Digest), 16)] }

// waiting are those who have not decided.
func (q *Question) waiting() []bot.PersonID {
	return slices.DeleteFunc(slices.Clone(q.From), func(p bot.PersonID) bool { return slices.Contains(q.Yes, p) })
}

// dues are the question, to each who has not decided.
func (a *Approval) dues() []Due {
	if a.Pending == nil {
		return nil
	}
	var list []Due
	for _, who := range a.Pending.waiting() {
		done := a.Pending.button()
		list = append(list, Due{
			What: "approval:" + string(who), At: a.Pending.At, Text: "approve or refuse to " + a.Pending.What, Owner: who,
			Done: &done, Lead: a.Pending.By,
		})
	}
	return list
}

func (q *Question) button() bot.Action {
	return bot.Action{Label: "Approve", Command: "approve", Style: bot.Primary, Args: map[string]string{"seen": q.seen()}}
}

// buttons are for those who have not decided.
func (a *Approval) buttons(who bot.PersonID) []bot.Action {
	if a.Pending == nil || !slices.Contains(a.Pending.waiting(), who) {
		return nil
	}
	refuse := bot.Action{Label: "Refuse", Command: "refuse", Form: true, Args: map[string]string{"seen": a.Pending.seen()}}
	return []bot.Action{a.Pending.button(), refuse}
}

// section shows the question on the card of its record.
func (q *Question) section() bot.Section {
	text := bot.T(bot.Bold("Waits for approval"), ": "+q.What)
	if q.Why != "" {
		text = append(text, bot.T(", because: "+q.Why)...)
	}
	text = append(text, bot.T(fmt.Sprintf(" (version %d, %d of %d approved). Asked by ", q.Version, len(q.Yes), q.Quorum),
		bot.Mention(q.By), " of ")...)
	for i, who := range q.From {
		if i > 0 {
			text = append(text, bot.T(", ")...)
		}
		text = append(text, bot.Mention(who))
	}
	return bot.Section{Text: append(text, bot.T(".")...)}
}

// Approvals are the verbs by which people approve and refuse. approved does what was asked for, and says so like Do.
func Approvals[T any, P Approvable[T]](approved func(c *bot.Call, x *T) (string, error)) []Verb[T] {
	seen := bot.Param{Name: "seen", Kind: bot.TextParam, Max: 16, Hidden: true}
	why := bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 500,
		Help: "What would have to be different.",
	}
	return []Verb[T]{
		{
			Command: bot.Command{
				Name: "approve", Summary: "approve what somebody asks for", InPerson: true, Params: []bot.Param{seen},
			},
			Anybody: true,
			Do: func(c *bot.Call, x *T) (string, error) {
				a, h := P(x).approval(), P(x).Base()
				enough, err := a.approve(h, c.Command.Noun(), c.Person.ID, c.Text("seen"))
				if err != nil {
					return "", err
				}
				if !enough {
					return fmt.Sprintf("approved, %d of %d", len(a.Pending.Yes), a.Pending.Quorum), nil
				}
				said, err := approved(c, x)
				a.Pending = nil
				return said, err
			},
		},
		{
			Command: bot.Command{
				Name: "refuse", Title: "Refuse", Submit: "Refuse", Summary: "refuse what somebody asks for, or withdraw it",
				Example: "\"mitigate it first\"", InPerson: true, Params: []bot.Param{why, seen},
			},
			Anybody: true,
			Do: func(c *bot.Call, x *T) (string, error) {
				a, h := P(x).approval(), P(x).Base()
				q, err := a.open(h, c.Command.Noun(), c.Text("seen"))
				if err != nil {
					return "", err
				}
				said := "refused to "
				switch {
				case c.Person.ID == q.By:
					said = "withdrew the request to "
				case !slices.Contains(q.From, c.Person.ID):
					return "", q.others(h)
				}
				a.Pending = nil
				return said + q.What + ": " + c.Text("why"), nil
			},
		},
	}
}
