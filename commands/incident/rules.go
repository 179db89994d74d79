package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Actor is who acts on an incident.
type Actor struct {
	Person   bot.PersonID
	Override bool // may do what only the lead may, on every incident
	Guest    bool // may note, nothing else
}

// After this long without a lead every responder may do what the lead may: an incident must not stand still.
const leadless = 10 * time.Minute

// moves says what can be done in each state, for the sentence that refuses anything else.
var moves = map[State]string{
	Investigating: "update, change status or severity, pause, resolve or cancel",
	Identified:    "update, change status or severity, pause, resolve or cancel",
	Monitoring:    "update, change status or severity, pause, resolve or cancel",
	Paused:        "resume it, or add notes and tasks",
	Resolved:      "reopen or close it, or add notes and follow-ups",
	Review:        "write the review, reopen or close it, or add notes and follow-ups",
	Closed:        "reopen it, or add notes and follow-ups",
	Cancelled:     "reopen it, or add notes",
}

func (i *Incident) refuse(what string) error {
	return bot.Errorf(
		bot.Conflict, "%s is already %s, so you cannot %s. What you can do: %s.", i.ID(), strings.ToLower(i.State.Label()),
		what, moves[i.State],
	)
}

func (i *Incident) needActive(what string) error {
	if !i.State.Active() {
		return i.refuse(what)
	}
	return nil
}

// needLead refuses what only lead and deputy may do to everybody else.
func (i *Incident) needLead(by Actor, at time.Time, what string) error {
	switch {
	case by.Override, by.Person == i.Lead && i.Lead != "", by.Person == i.Deputy && i.Deputy != "":
		return nil
	case i.Lead == "" && at.Sub(i.LeadlessSince) > leadless:
		return nil
	case i.Lead == "":
		return bot.Errorf(
			bot.Forbidden, "Only the lead can %s, and %s has none yet. Take the lead first: /incident lead me %s", what, i.ID(),
			i.ID(),
		)
	}
	return bot.Errorf(
		bot.Forbidden,
		"Only the lead (%s) or the deputy of %s can %s. Ask %s to do it, or to hand over to you: /incident handover %s @%s",
		i.Lead, i.ID(), what, i.Lead, i.ID(), by.Person,
	)
}

// join makes whoever acts a responder.
func (i *Incident) join(by Actor) {
	if by.Person != "" && !by.Guest && !slices.Contains(i.Responders, by.Person) {
		i.Responders = append(i.Responders, by.Person)
	}
}

// SetSeverity changes the severity. Anybody may raise it, for it costs little to be wrong; lowering it is the lead's
// and needs a reason.
func (i *Incident) SetSeverity(by Actor, to Severity, why string, at time.Time, policy Policy) error {
	if err := i.needActive("change its severity"); err != nil {
		return err
	}
	if to == i.Severity {
		return bot.Errorf(bot.Conflict, "%s is already %s.", i.ID(), to.Label()).About("severity")
	}
	lower := i.Severity != Unknown && i.Severity.WorseThan(to) // the first judgement is neither up nor down
	if lower {
		if err := i.needLead(by, at, "lower the severity"); err != nil {
			return err
		}
		if why == "" {
			return bot.Errorf(
				bot.Invalid,
				"Lowering the severity needs a reason for the timeline. For example: /incident sev %s %s only one region is "+
					"affected",
				i.ID(), strings.TrimPrefix(string(to), "sev"),
			).About("why")
		}
	}
	i.join(by)
	kind := SeverityEntry
	if i.Severity != Unknown && to.WorseThan(i.Severity) || to == SEV1 {
		kind = SeverityUp
	}
	i.Log(kind, by.Person, at, withReason(i.Severity.Label()+" → "+to.Label(), why))
	i.judge(to, at)
	i.scheduleUpdate(at, policy)
	return nil
}

// judge notes a severity. The first judgement of an unknown one says how severe it had been all along.
func (i *Incident) judge(to Severity, at time.Time) {
	if len(i.Levels) == 0 { // the first change
		i.Levels = []Level{{i.Severity, i.Started}}
	}
	if last := &i.Levels[len(i.Levels)-1]; last.Severity == Unknown {
		last.Severity = to
	} else {
		i.Levels = append(i.Levels, Level{to, at})
	}
	i.Severity = to
}

func withReason(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// SetStatus moves between investigating, identified and monitoring, in any direction.
func (i *Incident) SetStatus(by Actor, to State, why string, at time.Time) error {
	if !to.Active() {
		return bot.Errorf(
			bot.Invalid, "Status is one of investigating, identified, monitoring. To end it: /incident resolve %s", i.ID(),
		).About("status")
	}
	if err := i.needActive("change its status"); err != nil {
		return err
	}
	if to == i.State {
		return bot.Errorf(bot.Conflict, "%s is already %s.", i.ID(), to).About("status")
	}
	if err := i.needLead(by, at, "change the status"); err != nil {
		return err
	}
	i.join(by)
	i.Log(StatusEntry, by.Person, at, withReason(i.State.Label()+" → "+to.Label(), why))
	i.State = to
	return nil
}

// Report is what an update tells. Only Text is needed.
type Report struct {
	Text     string
	Severity Severity
	Status   State
	Impact   *string       // nil: leave it
	Next     time.Duration // until the next update; 0: by the severity
}

// Tell records an update for everybody and starts the time to the next one.
func (i *Incident) Tell(by Actor, r Report, at time.Time, policy Policy) error {
	if !i.State.Open() {
		return i.refuse("give an update")
	}
	i.join(by)
	if r.Severity != "" && r.Severity != i.Severity {
		if err := i.SetSeverity(by, r.Severity, r.Text, at, policy); err != nil {
			return err
		}
		i.unannounce()
	}
	if r.Status != "" && r.Status != i.State {
		if err := i.SetStatus(by, r.Status, "", at); err != nil {
			return err
		}
	}
	i.setImpact(by, r.Impact, at)
	i.Updates++
	i.LastUpdate = Update{r.Text, by.Person, at}
	i.Log(UpdateEntry, by.Person, at, r.Text)
	if i.State == Paused {
		return nil // no update is due until work goes on
	}
	i.scheduleUpdate(at, policy)
	if r.Next > 0 {
		i.NextUpdate = at.Add(r.Next)
	}
	return nil
}

// setImpact says who notices, and how. nil leaves it, as does what it says already.
func (i *Incident) setImpact(by Actor, impact *string, at time.Time) {
	if impact == nil || *impact == i.Impact {
		return
	}
	i.Impact = *impact
	i.Log(ImpactEntry, by.Person, at, "Impact: "+cmp.Or(i.Impact, "none any more"))
}

// unannounce turns the last entry into a silent one: the update that carries it is announced instead.
func (i *Incident) unannounce() {
	if last := &i.fresh[len(i.fresh)-1]; last.Kind == SeverityUp {
		last.Kind = SeverityEntry
	}
}

// Mitigate records that the impact is over, while work goes on.
func (i *Incident) Mitigate(by Actor, when, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("say that the impact is over")
	}
	if !i.Mitigated.IsZero() {
		return bot.Errorf(
			bot.Conflict,
			"The impact of %s has been over since %s. To correct it: /incident times %s mitigated=14:05 why=\"seen on the "+
				"graphs\"",
			i.ID(), i.Mitigated, i.ID(),
		)
	}
	if err := i.needLead(by, at, "say that the impact is over"); err != nil {
		return err
	}
	if when.Before(i.Started) && i.Started.Sub(when) < time.Minute {
		when = i.Started // people type minutes
	}
	if when.Before(i.Started) {
		return bot.Errorf(
			bot.Invalid,
			"The impact cannot be over before it started (%s). Correct the start first with: /incident times %s "+
				"started=13:40 why=\"first alert\"",
			i.Started, i.ID(),
		).About("at")
	}
	i.join(by)
	i.Mitigated = when
	i.logEntry(Entry{Kind: MitigatedEntry, By: by.Person, At: when, Recorded: at, Text: "Impact over"})
	return nil
}

// pausedUntil stands in the entry before the time, which each reader sees in their own zone.
const pausedUntil = "Paused until "

// Longest time an incident may be paused.
const longestPause = 7 * 24 * time.Hour

// Pause stops the reminders until a time, when it becomes active again by itself.
func (i *Incident) Pause(by Actor, until time.Time, why string, at time.Time) error {
	if err := i.needActive("pause it"); err != nil {
		return err
	}
	if err := i.needLead(by, at, "pause it"); err != nil {
		return err
	}
	if until.Sub(at) > longestPause {
		return bot.Errorf(
			bot.Invalid,
			"Until: a pause lasts at most 7 days. For example: /incident pause %s waiting for the vendor until tomorrow 09:00",
			i.ID(),
		).About("until")
	}
	i.Resume, i.ResumeAt, i.State = i.State, until, Paused
	i.Log(PausedEntry, by.Person, at, withReason(pausedUntil+until.UTC().Format(time.RFC3339), why))
	return nil
}

// Unpause makes a paused incident active again. The bot does it when the time has come.
func (i *Incident) Unpause(by Actor, at time.Time, policy Policy) error {
	if i.State != Paused {
		return i.refuse("resume it")
	}
	if by.Person != "" {
		if err := i.needLead(by, at, "resume it"); err != nil {
			return err
		}
	}
	i.State, i.Resume, i.ResumeAt = i.Resume, "", time.Time{}
	i.Log(ResumedEntry, by.Person, at, "Work goes on: "+i.State.Label())
	i.scheduleUpdate(at, policy)
	return nil
}

// Description is what Describe changes. Zero fields are left as they are.
type Description struct {
	Title    string
	Impact   *string
	Services []string // empty: none any more
}

// Describe changes title, impact or services.
func (i *Incident) Describe(by Actor, d Description, at time.Time) error {
	var said []string
	if d.Title != "" && d.Title != i.Title {
		i.Title = d.Title
		said = append(said, "title: "+d.Title)
	}
	if d.Impact != nil && *d.Impact != i.Impact {
		i.Impact = *d.Impact
		said = append(said, "impact: "+cmp.Or(i.Impact, "none any more"))
	}
	if d.Services != nil && !slices.Equal(d.Services, i.Services) {
		i.Services = d.Services
		said = append(said, "services: "+cmp.Or(strings.Join(i.Services, ", "), "none any more"))
	}
	if len(said) == 0 {
		return bot.Errorf(
			bot.Invalid, "Nothing new was given. For example: /incident edit %s title=\"Checkout returns 502 in Europe\"",
			i.ID(),
		)
	}
	i.join(by)
	i.Log(DescribedEntry, by.Person, at, strings.Join(said, "; "))
	return nil
}

// Note adds to the timeline, for something that happened at the given time. Notes can be added in every state.
func (i *Incident) Note(by Actor, text string, when, at time.Time, link string) error {
	if when.After(at.Add(time.Minute)) {
		return bot.Errorf(
			bot.Invalid,
			"At: a note is about something that has happened, so its time cannot be in the future. For example: /incident "+
				"note %s rolled back web at 14:05",
			i.ID(),
		).About("at")
	}
	i.join(by)
	i.logEntry(Entry{Kind: NoteEntry, By: by.Person, At: when, Recorded: at, Text: text, Link: link})
	return nil
}

// Alike returns a test for titles that tell of the same thing as this one: at least half of their longer words are
// shared.
func Alike(title string) func(other string) bool {
	words := titleWords(title)
	return func(other string) bool {
		others := titleWords(other)
		shared := 0
		for w := range others {
			if words[w] {
				shared++
			}
		}
		all := len(words) + len(others) - shared
		return all > 0 && shared*2 >= all
	}
}

func titleWords(title string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(strings.ToLower(title)) {
		if w = strings.Trim(w, ".,:;!?()\"'"); len(w) > 2 {
			set[w] = true
		}
	}
	return set
}
