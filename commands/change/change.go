// Package change runs change requests: somebody asks to change a service, policy says who has to approve, approvers
// decide on the card, and what was approved is what may be started, once, in its window. Everything that was decided
// can be shown and proven later.
//
//	                 ┌─────────── edit, withdraw ───────────┐
//	new   submit     v        approve          start        │      done           verify
//	──> draft ──> pending ──────────────> approved ──> implementing ──> verifying ──> review ──> closed
//	      ^          │ reject / deadline       │              └── rollback ──┴──> rolling_back ──^
//	      │          v                         v window over
//	      └── rejected, expired, cancelled <───┘            (revise leads back to draft)
//
// Standard changes made from an approved template, and nothing else, are approved by a named rule. Emergencies start at
// once and owe an approval afterwards. Whether an approved change is scheduled, ready, missed or blocked is read from
// the clock and never stored.
//
// A vote is for one revision of one change, by its digest: who edits what others approve asks them again. The room
// policy says which stages of approval a change needs; no rule, no group, nobody to ask is never an approval.
//
// This package holds the type and its state machine: pure, without database, context or clock. store.go says what has
// to be kept. Its rooms:
//
//	change/policy    the rule book: file, rules, groups, freezes, maintenance, templates   <── change
//	change/evidence  what auditors get, and how they check it                              ──> change
//	change/view      cards, answers, lists, calendar: how changes look                     ──> change
//	change/control   commands, gate and jobs: what people and pipelines do                 ──> all of them
package change

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// State is where a change stands in its life.
type State string

const (
	Draft        State = "draft"
	Pending      State = "pending"
	Approved     State = "approved"
	Implementing State = "implementing"
	Verifying    State = "verifying"
	RollingBack  State = "rolling_back"
	Review       State = "review"
	Closed       State = "closed"
	Rejected     State = "rejected"
	Expired      State = "expired"
	Cancelled    State = "cancelled"
)

// States are all of them, in the order of a life.
var States = []State{
	Draft, Pending, Approved, Implementing, Verifying, RollingBack, Review, Closed, Rejected, Expired, Cancelled,
}

// Label is the state as people read it.
func (s State) Label() string {
	words := strings.ReplaceAll(string(s), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// Running reports whether somebody works on it right now.
func (s State) Running() bool { return s == Implementing || s == Verifying || s == RollingBack }

// Open reports whether it has not ended and may still be started.
func (s State) Open() bool { return s == Draft || s == Pending || s == Approved }

// Ended reports whether nothing will happen any more.
func (s State) Ended() bool {
	return s == Closed || s == Rejected || s == Expired || s == Cancelled
}

// Change is the record. Change it through its methods only: they keep its rules and write its timeline.
type Change struct {
	Number       int64        `json:"number"`
	plan.Content              // of the current revision
	Revision     int          `json:"revision"`
	Digest       string       `json:"digest"` // of the content
	Requester    bot.PersonID `json:"requester"`
	Agent        string       `json:"agent,omitempty"` // that requested it for the requester, "" where none did
	Beneficiary  bot.PersonID `json:"beneficiary"`     // on whose behalf; the requester unless somebody else asked for it
	State        State        `json:"state"`
	Hold         Hold         `json:"hold,omitzero"`

	Risk  plan.Risk          `json:"risk,omitzero"`
	Needs policy.Requirement `json:"needs,omitzero"` // what policy asked for when this revision was submitted
	Votes []Vote             `json:"votes,omitempty"`

	Questions  []Question  `json:"questions,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
	Acks       []Ack       `json:"acks,omitempty"`
	Exemptions []Exemption `json:"exemptions,omitempty"`
	Duties     []Duty      `json:"duties,omitempty"`
	Glass      Glass       `json:"glass,omitzero"`
	Incidents  []Incident  `json:"incidents,omitempty"`
	Grants     []Grant     `json:"grants,omitempty"`
	Asked      []Asked     `json:"asked,omitempty"`
	Reminders  int         `json:"reminders,omitempty"` // that its requester sent

	Times
	Extended  bool `json:"extended,omitempty"`  // the deadline was moved once, because the bot had been down
	Heartbeat bool `json:"heartbeat,omitempty"` // its implementer is a pipeline that tells when it is alive
	Silent    bool `json:"silent,omitempty"`    // and has not for too long
	// the rules of its time zone changed after the window was set
	Reconfirm   bool           `json:"reconfirm,omitempty"`
	Outcome     policy.Outcome `json:"outcome,omitempty"`     // set once it is known
	OutcomeNote string         `json:"outcome_note,omitzero"` // in words; the review replaces it
	BackWhy     string         `json:"back_why,omitzero"`     // why it was rolled back
	EndReason   string         `json:"end_reason,omitzero"`   // why it was rejected, cancelled or expired
	Source      string         `json:"source,omitempty"`      // the platform it was requested on
	Labels      []string       `json:"labels,omitempty"`

	Editor  bot.PersonID `json:"editor,omitempty"` // who made the current revision
	Version int          `json:"version"`          // grows by one with each saved change
	Entries int          `json:"entries"`          // on the timeline, saved or not
	fresh   []Entry      // timeline entries not saved yet
	revised bool         // the current revision is not saved yet
}

// Times are the facts of when. A zero one has not happened.
type Times struct {
	Created   time.Time     `json:"created,omitzero"`
	Submitted time.Time     `json:"submitted,omitzero"` // the current revision
	Expires   time.Time     `json:"expires,omitzero"`   // until then it has to be approved
	Stopped   time.Time     `json:"stopped,omitzero"`   // since when the clock of the approval stands still
	Paused    time.Duration `json:"paused,omitempty"`   // for how long it stood still altogether
	Decided   time.Time     `json:"decided,omitzero"`   // approved
	Started   time.Time     `json:"started,omitzero"`
	Finished  time.Time     `json:"finished,omitzero"` // the work
	Ended     time.Time     `json:"ended,omitzero"`    // nothing follows
	Until     time.Time     `json:"until,omitzero"`    // may go on beyond the window, says an approver
	Beat      time.Time     `json:"beat,omitzero"`     // when its pipeline last told that it is alive
}

// Latest is the latest time that anything happened to it at, as far as the change itself knows. Nothing that happens to
// it next is stored as earlier.
func (c *Change) Latest() time.Time {
	last := c.Created
	times := []time.Time{
		c.Submitted, c.Stopped, c.Decided, c.Started, c.Finished, c.Ended, c.Beat, c.Hold.At, c.Glass.At, c.Glass.Seen,
	}
	for _, v := range c.Votes {
		times = append(times, v.At)
	}
	for _, q := range c.Questions {
		times = append(times, q.At, q.Answered)
	}
	for _, g := range c.Grants {
		times = append(times, g.At)
	}
	for _, at := range times {
		last = value.Later(last, at)
	}
	return last
}

// Hold stops a change without deciding it.
type Hold struct {
	By  bot.PersonID `json:"by,omitempty"`
	At  time.Time    `json:"at,omitzero"`
	Why string       `json:"why,omitempty"`
}

// who put it on hold, as people read it.
func (h Hold) who() string {
	if h.By == "" {
		return "Watchbell"
	}
	return "@" + string(h.By)
}

// Question is what an approver wants to know before they decide.
type Question struct {
	N          int          `json:"n"`
	Stage      string       `json:"stage"`
	By         bot.PersonID `json:"by"`
	At         time.Time    `json:"at"`
	Text       string       `json:"text"`
	Answer     string       `json:"answer,omitempty"`
	AnsweredBy bot.PersonID `json:"answered_by,omitempty"`
	Answered   time.Time    `json:"answered,omitzero"`
}

// Condition is what has to be done before an approved change starts.
type Condition struct {
	N      int          `json:"n"`
	Text   string       `json:"text"`
	By     bot.PersonID `json:"by"`
	Done   time.Time    `json:"done,omitzero"`
	DoneBy bot.PersonID `json:"done_by,omitempty"`
}

// Ack is a conflict that its requester knows of and takes on: another change, a soft freeze, a maintenance window.
type Ack struct {
	What     string       `json:"what"`
	By       bot.PersonID `json:"by"`
	At       time.Time    `json:"at"`
	Revision int          `json:"revision"` // void once the change is edited
}

// Exemption lets a change start although an incident is open.
type Exemption struct {
	What string       `json:"what"`
	By   bot.PersonID `json:"by"`
	At   time.Time    `json:"at"`
	Why  string       `json:"why,omitempty"`
}

// Duty is what is owed after a change started: an approval, a review.
type Duty struct {
	Kind   DutyKind     `json:"kind"`
	Due    time.Time    `json:"due"`
	Owner  bot.PersonID `json:"owner,omitempty"`
	State  DutyState    `json:"state"`
	Done   time.Time    `json:"done,omitzero"`
	DoneBy bot.PersonID `json:"done_by,omitempty"`
	Note   string       `json:"note,omitempty"`
}

// DutyKind says what is owed.
type DutyKind string

const (
	RetroApproval DutyKind = "retro_approval"
	PIR           DutyKind = "pir" // post-implementation review
)

// DutyState says whether it still is.
type DutyState string

const (
	Owed     DutyState = "open"
	Ratified DutyState = "ratified"
	Disputed DutyState = "disputed"
	Done     DutyState = "done"
	Waived   DutyState = "waived"
)

// Label is the kind as people read it.
func (k DutyKind) Label() string {
	if k == PIR {
		return "post-implementation review"
	}
	return "approval afterwards"
}

// Glass is how a change was started against its policy: by one person, witnessed by a second.
type Glass struct {
	By     bot.PersonID `json:"by,omitempty"`
	At     time.Time    `json:"at,omitzero"`
	Why    string       `json:"why,omitempty"`
	Second bot.PersonID `json:"second,omitempty"`
	Seen   time.Time    `json:"seen,omitzero"`
}

// Incident is what a change has to do with an incident.
type Incident struct {
	ID  string       `json:"id"`
	How Verdict      `json:"how"`
	By  bot.PersonID `json:"by,omitempty"`
	At  time.Time    `json:"at"`
}

// Asked is somebody who was asked to decide.
type Asked struct {
	Revision int          `json:"revision"`
	Stage    string       `json:"stage"`
	Person   bot.PersonID `json:"person"`
	At       time.Time    `json:"at"`
}

// Grant lets one run of a pipeline deploy.
type Grant struct {
	ID       string       `json:"id"`
	Revision int          `json:"revision"`
	Digest   string       `json:"digest"`
	Env      string       `json:"env"`
	Service  string       `json:"service"`
	Use      int          `json:"use"` // the how-manieth of this environment and service
	Artifact string       `json:"artifact,omitempty"`
	Run      string       `json:"run"`
	Person   bot.PersonID `json:"person"`
	At       time.Time    `json:"at"`
}

// Verdict is what people think of a change when something broke.
type Verdict string

const (
	Suspected Verdict = "suspected"
	Caused    Verdict = "caused"
	Unrelated Verdict = "unrelated"
	Fixes     Verdict = "fixes" // the emergency change that an incident asked for
)

// ID is how people name it, like CHG-42.
func (c *Change) ID() string { return FormatID(c.Number) }

// Ref names the revision too, like CHG-42 r3.
func (c *Change) Ref() string { return c.ID() + " r" + strconv.Itoa(c.Revision) }

// FormatID makes an id of a number.
func FormatID(number int64) string { return "CHG-" + strconv.FormatInt(number, 10) }

// ParseID reads an id as FormatID writes it; ok is false for anything else.
func ParseID(id string) (number int64, ok bool) {
	digits, found := strings.CutPrefix(id, "CHG-")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && err == nil && n > 0
}

// Revision is one content that a change had.
type Revision struct {
	N       int          `json:"revision"`
	Digest  string       `json:"digest"`
	By      bot.PersonID `json:"by"`
	At      time.Time    `json:"at"`
	Content plan.Content `json:"content"`
}

// Entry is one line of the timeline. Entries are only ever added.
type Entry struct {
	Seq  int          `json:"seq"` // from 1, without gaps
	At   time.Time    `json:"at"`
	By   bot.PersonID `json:"by,omitempty"`
	Kind EntryKind    `json:"kind"`
	Text string       `json:"text"`
	// the agent that acted for By, "" where none did
	Agent string `json:"agent,omitempty"`
}

// EntryKind says what an entry tells of.
type EntryKind string

const (
	CreatedEntry   EntryKind = "created"
	SubmittedEntry EntryKind = "submitted"
	EditedEntry    EntryKind = "edited"
	ApprovedEntry  EntryKind = "approved" // one vote
	RejectVote     EntryKind = "reject-vote"
	DecidedEntry   EntryKind = "decided" // the last vote that was needed
	RejectedEntry  EntryKind = "rejected"
	AskedEntry     EntryKind = "asked"
	AnsweredEntry  EntryKind = "answered"
	VoidEntry      EntryKind = "void"
	ReopenedEntry  EntryKind = "reopened" // approved no longer
	HeldEntry      EntryKind = "held"
	ResumedEntry   EntryKind = "resumed"
	StartedEntry   EntryKind = "started"
	DoneEntry      EntryKind = "done"
	VerifiedEntry  EntryKind = "verified"
	RollbackEntry  EntryKind = "rollback"
	ReviewEntry    EntryKind = "review"
	ClosedEntry    EntryKind = "closed"
	ExpiredEntry   EntryKind = "expired"
	CancelledEntry EntryKind = "cancelled"
	RevisedEntry   EntryKind = "revised"
	AckEntry       EntryKind = "ack"
	ExemptEntry    EntryKind = "exempt"
	DutyEntry      EntryKind = "duty"
	GlassEntry     EntryKind = "break-glass"
	IncidentEntry  EntryKind = "incident"
	GrantEntry     EntryKind = "grant"
	ConditionEntry EntryKind = "condition"
	NoticeEntry    EntryKind = "notice" // what the bot noticed
	ReminderEntry  EntryKind = "reminder"
)

// Announced are the entries worth a message of their own below the card; all others only change the card.
var Announced = map[EntryKind]bool{
	EditedEntry: true, DecidedEntry: true, RejectedEntry: true, AskedEntry: true, AnsweredEntry: true, ReopenedEntry: true,
	HeldEntry: true, ResumedEntry: true,
	StartedEntry: true, DoneEntry: true, RollbackEntry: true, ReviewEntry: true, ClosedEntry: true, ExpiredEntry: true,
	CancelledEntry: true, GlassEntry: true,
	IncidentEntry: true, NoticeEntry: true, DutyEntry: true, ExemptEntry: true,
}

// Log adds an entry.
func (c *Change) Log(kind EntryKind, by bot.PersonID, at time.Time, text string) {
	c.Entries++
	c.fresh = append(c.fresh, Entry{Seq: c.Entries, At: at, By: by, Kind: kind, Text: text})
}

// Mark names the agent that acted for somebody in what the last changes wrote down. "" is no agent, and marks nothing.
func (c *Change) Mark(agent string, by bot.PersonID) {
	if c.Entries == len(c.fresh) { // it is new
		c.Agent = agent
	}
	for n := range c.fresh {
		if e := &c.fresh[n]; e.By == by {
			e.Agent = agent
		}
	}
}

// Fresh returns the timeline entries that the last changes added, for the store to save.
func (c *Change) Fresh() []Entry { return c.fresh }

// Revised reports whether the current revision is not saved yet.
func (c *Change) Revised() bool { return c.revised }

// Saved forgets what is fresh; the store calls it after the commit.
func (c *Change) Saved() { c.fresh, c.revised = nil, false }

// Actor is who acts on a change, with what policy lets them do beside voting.
type Actor struct {
	Person    bot.PersonID
	Manager   bool // manages changes: may cancel, hold and waive, never approve by that
	Emergency bool // may start emergencies before they are approved
	Glass     bool // may break glass
}

// Owns reports whether a change is the actor's own.
func (c *Change) Owns(who bot.PersonID) bool { return who == c.Requester || who == c.Beneficiary }

// Implements reports whether somebody carries it out: those named, or its requester when nobody is.
func (c *Change) Implements(who bot.PersonID) bool {
	return slices.Contains(c.CarriedOutBy(), who)
}

// CarriedOutBy are its implementers, by default its requester.
func (c *Change) CarriedOutBy() []bot.PersonID {
	if len(c.Implementers) == 0 {
		return []bot.PersonID{c.Requester}
	}
	return c.Implementers
}

// Illegal refuses a move and names those that are possible.
func (c *Change) Illegal(what string) error {
	next := map[State]string{
		Draft: "submit, edit or cancel it", Pending: "approve, reject, ask, edit, hold or cancel it",
		Approved:     "start, edit, hold or cancel it",
		Implementing: "finish it (done) or roll it back", Verifying: "verify it, or roll it back",
		RollingBack: "say that it is rolled back (done)",
		Review:      "write its review", Rejected: "revise it", Expired: "revise it", Cancelled: "revise it",
		Closed: "request a new one",
	}[c.State]
	return bot.Errorf(
		bot.Conflict, "%s is %s, so it cannot be %s. You can %s.", c.ID(), strings.ToLower(c.State.Label()), what, next,
	)
}

// ShortDigest is as much of the digest as people compare.
func (c *Change) ShortDigest() string { return c.Digest[:min(6, len(c.Digest))] }
