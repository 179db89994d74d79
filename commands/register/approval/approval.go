// Package approval is whether others agree to what somebody wants to do with a record. It knows a record only by its
// row: who owns it and who may see it. A kind of records embeds an Approval; the book binds it to what the record
// says, and gives the question to those who decide as a due.
//
//	Ask ──> pending ──enough approve──> what the kind does
//	           ├──refused, withdrawn──> nothing
//	           └──a field changed──> lapsed
package approval

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

// Approval is what a record of a kind with approvals embeds.
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

// Approving is the approval itself, for whoever knows a record by its other methods alone.
func (a *Approval) Approving() *Approval { return a }

// Of is the one of a record, nil where its kind has none.
func Of(x any) *Approval {
	if a, ok := x.(interface{ Approving() *Approval }); ok {
		return a.Approving()
	}
	return nil
}

// digest is of what the fields of a record say as texts, and of what is asked about it.
func (q *Question) digest(texts []string) string {
	data, err := json.Marshal([]any{texts, q.What, q.Why, q.By, q.From, q.Quorum, q.Gains})
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Read says what the fields of the record say now, when it was read.
func (a *Approval) Read(texts []string) {
	if a.Pending != nil {
		a.Pending.now = a.Pending.digest(texts)
	}
}

// Bind makes a new question about a version of the record that says these texts, and lets one lapse that was about
// another: it says so in words.
func (a *Approval) Bind(version int, texts []string) (lapsed string) {
	switch q := a.Pending; {
	case q == nil:
	case q.Digest == "":
		q.Version, q.Digest = version, q.digest(texts)
	case q.Digest != q.digest(texts):
		a.Pending = nil
		return fmt.Sprintf("the request to %s lapsed, as it was about version %d", q.What, q.Version)
	}
	return ""
}

// Ask asks people to approve something. All of them have to, unless a smaller quorum is given. It refuses those who may
// not decide: the owner, whoever asks, those whom it benefits, and people who may not see the record.
func (a *Approval) Ask(c *bot.Call, of record.Row, q Question, people []bot.Person) error {
	q.By, q.At = c.Person.ID, c.Now
	if q.Quorum == 0 {
		q.Quorum = len(people)
	}
	for _, p := range people {
		if err := q.barred(of, p.ID, "@"+string(p.ID)+" "); err != nil {
			return err
		}
		switch {
		case !p.Active:
			return bot.Errorf(bot.Invalid, "@%s is not active here. Ask somebody who is.", string(p.ID)).About("by")
		case !record.ReaderOf(bot.Looker{Person: p, Rights: c.Rights}).Sees(&of):
			return bot.Errorf(
				bot.Invalid, "@%s may not see %s. Add them to its readers first: /ops %s edit %[2]s readers=@%[1]s",
				string(p.ID), of.ID, c.Command.Noun(),
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
func (q *Question) barred(of record.Row, who bot.PersonID, subject string) error {
	switch {
	case who == of.Owner && subject == "You ":
		return bot.Errorf(bot.Forbidden, "You own %s, so somebody else has to approve this.", of.ID).About("by")
	case who == of.Owner:
		return bot.Errorf(bot.Invalid, "%sowns %s, so somebody else has to approve this.", subject, of.ID).About("by")
	case who == q.By && subject == "You ":
		return bot.Errorf(bot.Forbidden, "You asked for this, so somebody else has to approve it.").About("by")
	case who == q.By:
		return bot.Errorf(bot.Invalid, "You ask for this, so somebody else has to approve it.").About("by")
	case slices.Contains(q.Gains, who):
		return bot.Errorf(bot.Forbidden, "This benefits @%s, so somebody else has to approve it.", string(who)).About("by")
	}
	return nil
}

// Open is the question that somebody decides about, who has seen the record with a digest, "" for as it is.
func (a *Approval) Open(of record.Row, noun, seen string) (*Question, error) {
	q := a.Pending
	switch {
	case q == nil && seen != "":
		return nil, bot.Errorf(
			bot.Conflict, "This is no longer asked about %s. Look at it again: /ops %s show %[1]s", of.ID, noun,
		)
	case q == nil:
		return nil, bot.Errorf(bot.Conflict, "Nothing about %s waits for an approval.", of.ID)
	case q.now != q.Digest, seen != "" && seen != q.seen():
		return nil, bot.Errorf(
			bot.Conflict, "%s changed since you were asked. Look at it again: /ops %s show %[1]s", of.ID, noun,
		)
	}
	return q, nil
}

// Approve records that somebody agrees, and reports whether enough do.
func (a *Approval) Approve(of record.Row, noun string, who bot.PersonID, seen string) (enough bool, err error) {
	q, err := a.Open(of, noun, seen)
	if err != nil {
		return false, err
	}
	if err := q.barred(of, who, "You "); err != nil {
		return false, err
	}
	switch {
	case !slices.Contains(q.From, who):
		return false, q.Others(of)
	case slices.Contains(q.Yes, who):
		return false, bot.Errorf(bot.Conflict, "You have approved this already. %d of %d have.", len(q.Yes), q.Quorum)
	}
	q.Yes = append(q.Yes, who)
	return len(q.Yes) >= q.Quorum, nil
}

// Others says that somebody else was asked.
func (q *Question) Others(of record.Row) error {
	names := make([]string, len(q.From))
	for i, who := range q.From {
		names[i] = "@" + string(who)
	}
	return bot.Errorf(bot.Forbidden, "You were not asked about %s. Those who were: %s.", of.ID, value.Listed(names))
}

// seen is what a button holds of the record that it was shown with.
func (q *Question) seen() string { return q.Digest[:min(len(q.Digest), 16)] }

// Waiting are those who have not decided.
func (q *Question) Waiting() []bot.PersonID {
	return slices.DeleteFunc(slices.Clone(q.From), func(p bot.PersonID) bool { return slices.Contains(q.Yes, p) })
}

// Button approves.
func (q *Question) Button() bot.Action {
	return bot.Action{Label: "Approve", Command: "approve", Style: bot.Primary, Args: map[string]string{"seen": q.seen()}}
}

// Buttons are for those who have not decided.
func (a *Approval) Buttons(who bot.PersonID) []bot.Action {
	if a.Pending == nil || !slices.Contains(a.Pending.Waiting(), who) {
		return nil
	}
	refuse := bot.Action{Label: "Refuse", Command: "refuse", Form: true, Args: map[string]string{"seen": a.Pending.seen()}}
	return []bot.Action{a.Pending.Button(), refuse}
}

// Section shows the question on the card of its record.
func (q *Question) Section() bot.Section {
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
