package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Decision is what somebody says about a change.
type Decision string

const (
	Approve Decision = "approve"
	Reject  Decision = "reject"
)

// VoteState says whether a vote counts, or why not.
type VoteState string

const (
	Counted    VoteState = "counted"
	Ineligible VoteState = "ineligible" // who gave it may not any more
	Withdrawn  VoteState = "withdrawn"
)

// Vote is one decision of one person, for one revision and its digest, in one stage. Votes are never deleted: those for
// earlier revisions stay and count no more.
type Vote struct {
	Revision   int          `json:"revision"`
	Digest     string       `json:"digest"`
	Stage      string       `json:"stage"`
	Person     bot.PersonID `json:"person"`
	Seat       bot.PersonID `json:"seat"` // for whom: themselves, or who delegated to them
	Decision   Decision     `json:"decision"`
	Comment    string       `json:"comment,omitempty"`
	At         time.Time    `json:"at"`
	State      VoteState    `json:"state"`
	Note       string       `json:"note,omitempty"`    // carried(shrink), or why it counts no more
	Surface    string       `json:"surface"`           // where it was given, like slack/C123
	Account    string       `json:"account,omitempty"` // by which account, like slack/T1/U1
	Assurance  string       `json:"assurance"`         // how they proved who they are: chat
	Membership string       `json:"membership"`        // how they were known to be eligible
	Known      time.Time    `json:"known"`             // when that was read
}

// Ballot is a vote as it is cast: what was seen, and by whom.
type Ballot struct {
	Person   bot.PersonID
	Stage    string // "" is the first that is open to them
	Revision int    // that they saw; 0 is the current one
	Comment  string
	Surface  string
	Account  string
	Assured  bot.Assurance // how surely it is their vote
}

// barred says why somebody can never vote on this change, nil if they can.
func (c *Change) barred(who bot.PersonID) *bot.Error {
	switch {
	case who == c.Requester:
		return bot.Errorf(bot.Forbidden, "You requested %s, so someone else has to decide it.", c.ID())
	case who == c.Beneficiary:
		return bot.Errorf(bot.Forbidden, "%s was requested on your behalf, so someone else has to decide it.", c.ID())
	case who == c.Author && c.Needs.Duties.Author == policy.Forbid:
		return bot.Errorf(bot.Forbidden, "You wrote what %s deploys, so someone else has to decide it.", c.ID())
	case c.Needs.Duties.Implementer == policy.Forbid && c.Implements(who):
		return bot.Errorf(bot.Forbidden, "You carry out %s, so someone else has to decide it.", c.ID())
	}
	return nil
}

// seat finds for whom somebody may vote in a stage: themselves, or somebody who delegated to them.
func (c *Change) seat(
	s policy.Stage, who bot.PersonID, r Roster, d []Delegation, at time.Time,
) (bot.PersonID, Member, bool) {
	pool := c.Pool(s, c.Needs.Groups, r)
	if m, ok := MemberOf(pool, who); ok {
		return who, m, true
	}
	for _, x := range d {
		if x.To != who || !x.Holds(at, s.From) || c.barred(x.From) != nil || !r.People[who] {
			continue
		}
		if m, ok := MemberOf(pool, x.From); ok {
			m.Source = "delegated by " + string(x.From) + " (" + m.Source + ")"
			return x.From, m, true
		}
	}
	return "", Member{}, false
}

// hasVoted reports whether a person, or somebody for them, has used their vote: in this stage, or in any where each
// person counts once.
func (c *Change) hasVoted(who bot.PersonID, stage string) bool {
	return slices.ContainsFunc(c.Counted(), func(v Vote) bool {
		return (v.Person == who || v.Seat == who) && (v.Stage == stage || c.Needs.Duties.Distinct)
	})
}

// AlreadyError is what a vote gets that was given before: nothing changes, and it is no error to people.
type AlreadyError struct{ Vote Vote }

func (e AlreadyError) Error() string { return "voted already" }

// ChangedError is what a vote gets for a revision that is no longer the current one.
type ChangedError struct{ Seen int }

func (e ChangedError) Error() string { return "changed since" }

// cast records a decision. It says which stage it went to.
func (c *Change) cast(b Ballot, what Decision, r Roster, d []Delegation, at time.Time) (StageView, error) {
	if b.Revision != 0 && b.Revision != c.Revision {
		return StageView{}, ChangedError{b.Revision}
	}
	if c.Hold.Why != "" {
		return StageView{}, bot.Errorf(
			bot.Conflict, "%s has been on hold since %s: %s Somebody has to resume it first: /change resume %s", c.ID(),
			c.Hold.At, sentence(c.Hold.Why), c.ID(),
		)
	}
	if err := c.barred(b.Person); err != nil {
		return StageView{}, err
	}
	choice, err := c.chooseStage(b, r, d, at)
	if err != nil {
		return StageView{}, err
	}
	s, seat, m := choice.StageView, choice.seat, choice.member
	if v, ok := c.Mine(b.Person, seat, s.Name); ok {
		switch {
		case v.Person != b.Person:
			return s, bot.Errorf(
				bot.Conflict, "%s has voted with this seat already (%s). One seat is one vote.", v.Person, v.Decision,
			)
		case v.Decision == what && v.Stage == s.Name:
			return s, AlreadyError{v}
		case v.Stage != s.Name:
			return s, bot.Errorf(
				bot.Conflict,
				"You have voted in the stage %s already, and each person counts once. Somebody else has to decide %s.", v.Stage,
				s.Name,
			)
		}
		return s, bot.Errorf(
			bot.Conflict, "You have decided already (%s). Take that back first: /change withdraw %s", v.Decision.Past(), c.ID(),
		)
	}
	if what == Approve {
		if q := c.OpenQuestion(b.Person); q != nil {
			return s, bot.Errorf(
				bot.Conflict, "%s asked something that is not answered yet: %s Once it is, you can approve.", q.By,
				sentence(q.Text),
			)
		}
		for i := range c.Questions { // who approves needs no answer any more
			if q := &c.Questions[i]; q.By == b.Person && q.Answered.IsZero() {
				q.Answered, q.AnsweredBy, q.Answer = at, b.Person, "(approved without)"
			}
		}
		c.runClock(at)
	}
	c.Votes = append(c.Votes, Vote{
		Revision: c.Revision, Digest: c.Digest, Stage: s.Name, Person: b.Person, Seat: seat, Decision: what,
		Comment: b.Comment, At: at, State: Counted,
		Surface: b.Surface, Account: b.Account, Assurance: b.Assured.String(), Membership: m.Source, Known: r.At,
	})
	return s, nil
}

// Past is a decision as what was done: approved, rejected.
func (d Decision) Past() string {
	if d == Approve {
		return "approved"
	}
	return "rejected"
}

func sentence(s string) string {
	s = value.Cut(strings.TrimSpace(s), 200)
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?…") {
		s += "."
	}
	return s
}

// Mine is the vote that somebody has used, with that seat or another.
func (c *Change) Mine(who, seat bot.PersonID, stage string) (Vote, bool) {
	for _, v := range c.Counted() {
		if (v.Person == who || v.Seat == seat || v.Seat == who || v.Person == seat) &&
			(v.Stage == stage || c.Needs.Duties.Distinct) {
			return v, true
		}
	}
	return Vote{}, false
}

// chosen is a stage somebody may vote in, and for whom.
type chosen struct {
	StageView
	seat   bot.PersonID
	member Member
}

// chooseStage is the stage that was named, or else the first that still needs the voter, or else the first they may
// endorse.
func (c *Change) chooseStage(b Ballot, r Roster, d []Delegation, at time.Time) (chosen, error) {
	var needs, endorses, waits, closed *chosen
	stages := c.OpenStages()
	failed := ""
	first := func(p **chosen, v chosen) {
		if *p == nil {
			*p = &v
		}
	}
	for _, s := range stages {
		if b.Stage != "" && s.Name != b.Stage {
			continue
		}
		if why := r.failed(s.Stage, c.Needs.Groups); why != "" {
			failed = bot.Errorf(
				bot.Unavailable,
				"Watchbell could not read who is in %s just now (%s), so nothing was recorded. Please try again in a moment.",
				s.From, why,
			).Text
			continue
		}
		seat, m, ok := c.seat(s.Stage, b.Person, r, d, at)
		v := chosen{s, seat, m}
		switch {
		case !ok:
			if !s.Satisfied() {
				first(&closed, v)
			}
		case !s.Active:
			first(&waits, v)
		case !s.Satisfied() && !c.hasVoted(b.Person, s.Name):
			first(&needs, v)
		default:
			first(&endorses, v)
		}
	}
	switch {
	case needs != nil:
		return *needs, nil
	case endorses != nil:
		return *endorses, nil
	case waits != nil:
		return *waits, bot.Errorf(
			bot.Conflict, "It is not the turn of %s yet: first %s.", waits.Name, strings.Join(waits.After, " and "),
		)
	case failed != "":
		return chosen{}, bot.Errorf(bot.Unavailable, "%s", failed)
	case b.Stage != "" && !slices.ContainsFunc(stages, func(s StageView) bool { return s.Name == b.Stage }),
		len(stages) == 0:
		return chosen{}, bot.Errorf(
			bot.Conflict, "%s asks for no such approval. See what it asks for: /change show %s", c.ID(), c.ID(),
		)
	}
	s := stages[0]
	if closed != nil {
		s = closed.StageView
	}
	return chosen{}, bot.Errorf(
		bot.Forbidden, "You are not in %s, whose approval %s needs. %s", s.From, c.ID(), WhoCan(c.CanUnblock(s, r)),
	)
}

// CanVote says why nothing that somebody decides would count, nil if it would.
func (c *Change) CanVote(b Ballot, r Roster, d []Delegation, at time.Time) error {
	retro := (c.State.Running() || c.State == Review) && c.Owed(RetroApproval) != nil
	if c.State != Pending && c.State != Approved && !retro {
		return c.Over()
	}
	if err := c.barred(b.Person); err != nil {
		return err
	}
	_, err := c.chooseStage(b, r, d, at)
	return err
}

// Approve records an approval; the last one needed approves the change. People cannot approve what they requested, nor
// twice, nor what they did not see.
func (c *Change) Approve(b Ballot, r Roster, d []Delegation, at time.Time) (StageView, error) {
	retro := (c.State.Running() || c.State == Review) && c.Owed(RetroApproval) != nil
	if c.State != Pending && c.State != Approved && !retro {
		return StageView{}, c.Over()
	}
	was := c.Stages()
	s, err := c.cast(b, Approve, r, d, at)
	if err != nil {
		return s, err
	}
	text := "Approved (" + s.Name + ", r" + fmt.Sprint(c.Revision) + ")"
	if c.State == Approved ||
		!retro && slices.ContainsFunc(was, func(w StageView) bool { return w.Name == s.Name && w.Satisfied() }) {
		text = "Endorsed as well (" + s.Name + ")"
	}
	if b.Comment != "" {
		text += ": " + b.Comment
	}
	c.Log(ApprovedEntry, b.Person, at, text)
	if retro {
		if satisfied(c.Retro()) {
			c.settleDuty(RetroApproval, Ratified, b.Person, at, "ratified by "+Voters(c.Retro()))
		}
		return s, nil
	}
	c.settle(b.Person, at)
	return s, nil
}

// Voters names those who have approved, by stage.
func Voters(stages []StageView) string {
	var names []string
	for _, s := range stages {
		for _, v := range s.Yes {
			names = append(names, "@"+string(v.Person))
		}
	}
	return strings.Join(names, ", ")
}

// Over refuses a decision that comes too late, and says how it ended.
func (c *Change) Over() error {
	switch c.State {
	case Rejected, Cancelled, Expired:
		return bot.Errorf(bot.Conflict, "%s is already %s (%s): %s", c.ID(), c.State, c.Ended, sentence(c.EndReason))
	case Draft:
		return bot.Errorf(
			bot.Conflict, "%s is a draft and asks nobody yet. Its requester submits it: /change submit %s", c.ID(), c.ID(),
		)
	}
	return bot.Errorf(
		bot.Conflict, "%s is already %s; there is nothing to decide.", c.ID(), strings.ToLower(c.State.Label()),
	)
}

// Decline records a rejection; with enough of them the change is rejected.
func (c *Change) Decline(b Ballot, r Roster, d []Delegation, at time.Time) (StageView, error) {
	retro := (c.State.Running() || c.State == Review) && c.Owed(RetroApproval) != nil
	switch {
	case c.State == Approved:
		return StageView{}, ApprovedError{}
	case c.State.Running() && !retro:
		return StageView{}, bot.Errorf(
			bot.Conflict, "%s has started already. To stop it, roll it back: /change rollback %s <why>", c.ID(), c.ID(),
		)
	case c.State != Pending && !retro:
		return StageView{}, c.Over()
	}
	if n := value.Count(b.Comment); n < c.Needs.Reject.MinReason {
		return StageView{}, bot.Errorf(
			bot.Invalid,
			"The reason needs at least %d characters, so that the requester knows what to change. For example: the backout "+
				"plan was never tested",
			c.Needs.Reject.MinReason,
		).About("reason")
	}
	s, err := c.cast(b, Reject, r, d, at)
	if err != nil {
		return s, err
	}
	c.Log(RejectVote, b.Person, at, "Rejected ("+s.Name+"): "+b.Comment)
	for _, v := range c.OpenStages() {
		if v.Name != s.Name || len(v.No) < max(1, c.Needs.Reject.Quorum) {
			continue
		}
		if retro {
			c.settleDuty(RetroApproval, Disputed, b.Person, at, b.Comment)
			c.oweReview(at, "the approval afterwards was disputed")
			return s, nil
		}
		c.State, c.Ended, c.EndReason, c.Expires = Rejected, at, b.Comment, time.Time{}
		c.Log(RejectedEntry, b.Person, at, "Rejected: "+b.Comment)
	}
	return s, nil
}

// ApprovedError is what a rejection gets that comes after the approval: it can be pulled back until the change starts.
type ApprovedError struct{}

func (ApprovedError) Error() string { return "approved already" }

// Withdraw takes somebody's own vote back before the change starts.
func (c *Change) Withdraw(who bot.PersonID, why string, at time.Time) error {
	if c.State != Pending && c.State != Approved {
		return c.Illegal("decided anew")
	}
	found := false
	for i := range c.Votes {
		if v := &c.Votes[i]; v.Person == who && v.Revision == c.Revision && v.State == Counted {
			v.State, v.Note, found = Withdrawn, why, true
		}
	}
	if !found {
		return bot.Errorf(
			bot.Conflict,
			"You have no vote on %s that counts. An approver who wants to stop it can hold it: /change hold %s <why>", c.ID(),
			c.ID(),
		)
	}
	text := "Withdrew the vote."
	if why != "" {
		text = "Withdrew the vote: " + why
	}
	c.Log(VoidEntry, who, at, text)
	c.settle(who, at)
	return nil
}

// Recount voids the votes of people who may not give them any more, and reports whether any was. What already started
// is not touched.
func (c *Change) Recount(r Roster, d []Delegation, at time.Time) bool {
	if c.State != Pending && c.State != Approved {
		return false
	}
	changed := false
	for i := range c.Votes {
		v := &c.Votes[i]
		if v.Revision != c.Revision || v.State != Counted {
			continue
		}
		why := c.lost(*v, r, d, at)
		if why == "" {
			continue
		}
		v.State, v.Note, changed = Ineligible, why, true
		c.Log(VoidEntry, "", at, fmt.Sprintf("The vote of @%s (%s) no longer counts: %s", v.Person, v.Stage, why))
	}
	if changed {
		c.settle("", at)
	}
	return changed
}

// lost says why a vote counts no more, "" if it still does or nobody can tell.
func (c *Change) lost(v Vote, r Roster, d []Delegation, at time.Time) string {
	i := slices.IndexFunc(c.Needs.Stages, func(s policy.Stage) bool { return s.Name == v.Stage })
	switch {
	case i < 0:
		return "" // of a stage that is not asked for any more
	case !r.People[v.Person]:
		return "they are deactivated"
	case v.Account != "" && r.Accounts[v.Account] != v.Person:
		return "the account it was given by is not theirs any more"
	case r.failed(c.Needs.Stages[i], c.Needs.Groups) != "":
		return "" // the group cannot be read, so what was known stays
	}
	// A fallback who was asked in time keeps the vote, though the others would be enough again.
	if _, member := MemberOf(c.poolOf(c.Needs.Stages[i], c.Needs.Groups, r, true), v.Seat); !member {
		return fmt.Sprintf("@%s is not in %s any more", v.Seat, c.Needs.Stages[i].From)
	}
	return "" // a delegation only has to hold at the moment of the vote
}

// Approver reports whether somebody may vote on the change, or has.
func (c *Change) Approver(who bot.PersonID, w World, at time.Time) bool {
	if c.barred(who) != nil {
		return false
	}
	for _, stage := range slices.Concat(c.Needs.Stages, c.Needs.Retro) {
		if _, _, ok := c.seat(stage, who, w.Roster, w.Delegations, at); ok {
			return true
		}
	}
	return false
}
