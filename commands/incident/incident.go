// Package incident runs incidents: somebody declares one, people take roles, give updates and resolve it, and
// everything that happened is kept as a timeline. Title is enough to declare; every other question can wait.
//
//	         ┌──────────────── reopen ────────────────────────────┐
//	declare  v                                                    │
//	──> investigating <─> identified <─> monitoring ──resolve──> resolved ──> review ──close──> closed
//	         │  ^ pause / resume                                  └── close (minor ones) ───────^
//	         │  └──────> paused (until a time)
//	         └──cancel──> cancelled (reopen leads back from here too)
//
// Impact over (mitigated) is a milestone and no state: it stops the clock of what customers suffer while work goes on.
// Times are facts: each is kept by itself, can be corrected with a reason, and is never derived from the last edit.
//
// This file and its neighbours rules.go, ending.go, times.go, roles.go, tasks.go and reminders.go hold the type: pure,
// without database, context or clock. handlers*.go hold the commands, jobs.go what happens after the commit, card.go
// and its neighbours how it looks.
package incident

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// State is where an incident stands in its life.
type State string

const (
	Investigating State = "investigating"
	Identified    State = "identified"
	Monitoring    State = "monitoring"
	Paused        State = "paused"
	Resolved      State = "resolved"
	Review        State = "review"
	Closed        State = "closed"
	Cancelled     State = "cancelled"
)

// Active reports whether people work on it right now.
func (s State) Active() bool { return s == Investigating || s == Identified || s == Monitoring }

// Open reports whether it has not ended: active or paused.
func (s State) Open() bool { return s.Active() || s == Paused }

// Label is the state as people read it.
func (s State) Label() string {
	if s == Review {
		return "In review"
	}
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}

// Severity says how bad it is; Unknown is handled like SEV2 until somebody judges it.
type Severity string

const (
	SEV1    Severity = "sev1"
	SEV2    Severity = "sev2"
	SEV3    Severity = "sev3"
	SEV4    Severity = "sev4"
	Unknown Severity = "unknown"
)

// Severities in falling order, with what each means.
var Severities = []struct {
	Severity Severity
	Meaning  string
}{
	{SEV1, "critical: customer-wide outage, data loss, security breach"},
	{SEV2, "major: a key function is down or many users are affected"},
	{SEV3, "minor: degraded, there is a workaround"},
	{SEV4, "low: cosmetic or a near miss"},
	{Unknown, "not yet judged: handled like SEV2"},
}

func (s Severity) rank() int {
	if s == Unknown {
		s = SEV2
	}
	return slices.IndexFunc(Severities, func(e struct {
		Severity Severity
		Meaning  string
	}) bool {
		return e.Severity == s
	})
}

// WorseThan reports whether s is more severe than other. The first judgement of an unknown one is neither.
func (s Severity) WorseThan(other Severity) bool { return s.rank() < other.rank() }

// Label is the severity as people read it.
func (s Severity) Label() string {
	if s == Unknown {
		return "Severity unknown"
	}
	return strings.ToUpper(string(s))
}

// ParseSeverity reads the spellings people use: sev2, SEV-2, 2, major.
func ParseSeverity(raw string) (Severity, bool) {
	switch s := strings.ToLower(strings.NewReplacer("-", "", ":", "", " ", "").Replace(raw)); s {
	case "1", "2", "3", "4":
		return Severity("sev" + s), true
	case "sev1", "critical":
		return SEV1, true
	case "sev2", "major":
		return SEV2, true
	case "sev3", "minor":
		return SEV3, true
	case "sev4", "low":
		return SEV4, true
	case "unknown", "?":
		return Unknown, true
	}
	return "", false
}

// Times are the facts of when. A zero one has not happened or is not known.
type Times struct {
	Started      time.Time `json:"started,omitzero"`
	Detected     time.Time `json:"detected,omitzero"`
	Declared     time.Time `json:"declared,omitzero"`
	Acknowledged time.Time `json:"acknowledged,omitzero"`
	Mitigated    time.Time `json:"mitigated,omitzero"`
	Resolved     time.Time `json:"resolved,omitzero"`
	Closed       time.Time `json:"closed,omitzero"`
}

// Incident is the record. Change it through its methods only: they keep its rules and write its timeline.
type Incident struct {
	Number   int64    `json:"number,omitzero"`
	Title    string   `json:"title,omitzero"`
	Impact   string   `json:"impact,omitzero"`
	Severity Severity `json:"severity,omitzero"`
	State    State    `json:"state,omitzero"`
	Services []string `json:"services,omitzero"`

	Reporter      bot.PersonID   `json:"reporter,omitzero"`
	Lead          bot.PersonID   `json:"lead,omitzero"`
	Deputy        bot.PersonID   `json:"deputy,omitzero"`
	Comms         bot.PersonID   `json:"comms,omitzero"`
	Scribe        bot.PersonID   `json:"scribe,omitzero"`
	HandoverTo    bot.PersonID   `json:"handover_to,omitzero"`    // offered the lead, has not accepted yet
	LeadlessSince time.Time      `json:"leadless_since,omitzero"` // zero while somebody leads
	Responders    []bot.PersonID `json:"responders,omitzero"`

	Times
	// somebody said when the impact began; until then it is taken to be the declaration
	StartKnown   bool      `json:"start_known,omitzero"`
	Resume       State     `json:"resume,omitzero"` // where a paused one goes back to
	ResumeAt     time.Time `json:"resume_at,omitzero"`
	NextUpdate   time.Time `json:"next_update,omitzero"`   // when the next update is due; zero: never
	SnoozedUntil time.Time `json:"snoozed_until,omitzero"` // the reminder for it stays quiet until then
	Muted        bool      `json:"muted,omitzero"`         // update reminders were stopped for this incident
	LastHuman    time.Time `json:"last_human,omitzero"`    // when a person last did something on it

	// Levels are how severe it was from when on, oldest first, none while it never changed; the first counts from the
	// start. Impacts are the stretches of impact that ended before it was reopened; ImpactSince is when the present one
	// began, zero for at the start.
	Levels      []Level   `json:"levels,omitempty"`
	Impacts     []Stretch `json:"impacts,omitempty"`
	ImpactSince time.Time `json:"impact_since,omitzero"`

	Updates    int    `json:"updates,omitzero"`
	LastUpdate Update `json:"last_update,omitzero"`
	Resolution string `json:"resolution,omitzero"`
	EndReason  string `json:"end_reason,omitzero"` // why it was cancelled
	Reopened   int    `json:"reopened,omitzero"`

	ReviewOwner bot.PersonID `json:"review_owner,omitzero"`
	ReviewDue   time.Time    `json:"review_due,omitzero"`
	Published   time.Time    `json:"published,omitzero"` // when the review was
	Written     Written      `json:"written,omitzero"`

	Tasks  []Task   `json:"tasks,omitzero"`
	Judged []Judged `json:"judged,omitzero"`  // changes that were suspected or ruled out
	Linked []Linked `json:"linked,omitempty"` // changes that were linked to it from their side
	Source string   `json:"source,omitzero"`  // the platform it was declared on, and the workspace there
	// the chat message it was declared from, so that declaring twice from one gives one incident
	Origin  string `json:"origin,omitzero"`
	Version int    `json:"version,omitzero"` // grows by one with each saved change
	Entries int    `json:"entries,omitzero"` // on the timeline, saved or not

	fresh []Entry // timeline entries not saved yet
}

// Level is a severity and since when it was judged so.
type Level struct {
	Severity Severity  `json:"severity"`
	Since    time.Time `json:"since"`
}

// Stretch is a time of impact, from From on, before To.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Update is what was last told.
type Update struct {
	Text string       `json:"text,omitzero"`
	By   bot.PersonID `json:"by,omitzero"`
	At   time.Time    `json:"at,omitzero"`
}

// ID is how people name it, like INC-42.
func (i *Incident) ID() string { return FormatID(i.Number) }

// FormatID makes an id of a number.
func FormatID(number int64) string { return "INC-" + strconv.FormatInt(number, 10) }

// ParseID reads an id as FormatID writes it; ok is false for anything else.
func ParseID(id string) (number int64, ok bool) {
	digits, found := strings.CutPrefix(id, "INC-")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && err == nil && n > 0
}

// Written are the parts of the review that only people can write.
type Written struct {
	Happened     string `json:"happened,omitzero"`
	Contributing string `json:"contributing,omitzero"`
	WentWell     string `json:"went_well,omitzero"`
	WasHard      string `json:"was_hard,omitzero"`
}

// Entry is one line of the timeline. Entries are only ever added.
type Entry struct {
	Seq      int          `json:"seq,omitzero"`      // from 1, without gaps
	At       time.Time    `json:"at,omitzero"`       // when it happened
	Recorded time.Time    `json:"recorded,omitzero"` // when it was written down
	By       bot.PersonID `json:"by,omitzero"`
	Kind     EntryKind    `json:"kind,omitzero"`
	Text     string       `json:"text,omitzero"`
	Link     string       `json:"link,omitzero"`  // of the chat message it was taken from
	Agent    string       `json:"agent,omitzero"` // that acted for By, "" where none did
}

// EntryKind says what an entry tells of.
type EntryKind string

const (
	DeclaredEntry   EntryKind = "declared"
	SeverityUp      EntryKind = "severity-up"
	SeverityEntry   EntryKind = "severity"
	StatusEntry     EntryKind = "status"
	UpdateEntry     EntryKind = "update"
	NoteEntry       EntryKind = "note"
	LeadEntry       EntryKind = "lead"
	HandoverEntry   EntryKind = "handover"
	RoleEntry       EntryKind = "role"
	JoinEntry       EntryKind = "join"
	TaskEntry       EntryKind = "task"
	AssignedEntry   EntryKind = "assigned" // a task that somebody gets from somebody else
	MitigatedEntry  EntryKind = "mitigated"
	PausedEntry     EntryKind = "paused"
	ResumedEntry    EntryKind = "resumed"
	ResolvedEntry   EntryKind = "resolved"
	ReopenedEntry   EntryKind = "reopened"
	CancelledEntry  EntryKind = "cancelled"
	ReviewEntry     EntryKind = "review"
	ClosedEntry     EntryKind = "closed"
	TimeEntry       EntryKind = "time"
	ReminderEntry   EntryKind = "reminder"
	ImpactEntry     EntryKind = "impact"
	PublishedEntry  EntryKind = "published"
	DescribedEntry  EntryKind = "described"
	MovedEntry      EntryKind = "moved"
	ChangeEntry     EntryKind = "change"
	LinkedEntry     EntryKind = "linked" // a change was linked to it from its side
	HandoverRefused EntryKind = "handover-refused"
)

// Announced are the entries worth a message of their own; all others only change the card.
var Announced = map[EntryKind]bool{
	SeverityUp: true, UpdateEntry: true, LeadEntry: true, HandoverEntry: true, RoleEntry: true, AssignedEntry: true,
	MitigatedEntry: true,
	PausedEntry:    true, ResumedEntry: true, ResolvedEntry: true, ReopenedEntry: true, CancelledEntry: true,
	MovedEntry: true, LinkedEntry: true,
}

// Log adds an entry that happened at the given time.
func (i *Incident) Log(kind EntryKind, by bot.PersonID, at time.Time, text string) {
	i.logEntry(Entry{Kind: kind, By: by, At: at, Recorded: at, Text: text})
}

func (i *Incident) logEntry(e Entry) {
	i.Entries++
	e.Seq = i.Entries
	i.fresh = append(i.fresh, e)
	if e.By != "" && e.Recorded.After(i.LastHuman) {
		i.LastHuman = e.Recorded
	}
}

// Mark names the agent that acted for somebody in what the last changes wrote down. "" is no agent, and marks nothing.
func (i *Incident) Mark(agent string, by bot.PersonID) {
	for n := range i.fresh {
		if e := &i.fresh[n]; e.By == by {
			e.Agent = agent
		}
	}
}

// Fresh returns the timeline entries that the last changes added, for the store to save.
func (i *Incident) Fresh() []Entry { return i.fresh }

// Saved forgets the fresh entries; the store calls it after the commit.
func (i *Incident) Saved() { i.fresh = nil }

// Declaration is what is known when an incident is declared.
type Declaration struct {
	Title    string
	Severity Severity // "" is SEV3
	Services []string
	Impact   string
	By       bot.PersonID
	MayLead  bool // who declares it may lead it
	Source   string
	Origin   string
	Quote    *bot.Quote
	Change   string // the change that is going wrong
}

// Declare makes an incident. The one who declares it is its reporter, not its lead; only on a SEV4 they are both.
func Declare(number int64, d Declaration, at time.Time, policy Policy) *Incident {
	if d.Severity == "" {
		d.Severity = SEV3
	}
	i := &Incident{
		Number: number, Title: d.Title, Impact: d.Impact, Severity: d.Severity, State: Investigating, Services: d.Services,
		Reporter: d.By, Responders: []bot.PersonID{d.By}, Source: d.Source, Origin: d.Origin, LeadlessSince: at,
		Times: Times{Started: at, Detected: at, Declared: at},
	}
	i.Log(DeclaredEntry, d.By, at, d.Severity.Label()+": "+d.Title)
	if q := d.Quote; q != nil {
		i.logEntry(Entry{
			Kind: NoteEntry, By: d.By, At: NotAfter(q.At, at), Recorded: at, Text: q.Author + ": " + q.Text, Link: q.Link,
		})
	}
	if d.Change != "" {
		i.Judged = []Judged{{d.Change, Suspect, d.By, at}}
		i.Log(ChangeEntry, d.By, at, "Declared from "+d.Change+", which is suspected.")
	}
	if d.Severity == SEV4 && d.MayLead {
		i.setLead(d.By, at)
	}
	i.scheduleUpdate(at, policy)
	return i
}

// NotAfter is t, or limit where t is later.
func NotAfter(t, limit time.Time) time.Time {
	if t.IsZero() || t.After(limit) {
		return limit
	}
	return t
}

// Duration is how long it has lasted, or did until it was resolved.
func (i *Incident) Duration(now time.Time) time.Duration {
	if !i.Times.Resolved.IsZero() && !i.State.Open() {
		now = i.Times.Resolved
	}
	return max(0, now.Sub(i.Started))
}
