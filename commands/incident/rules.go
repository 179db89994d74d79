package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
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
	Cancelled:     "add notes",
}

func (i *Incident) refuse(what string) error {
	return bot.Errorf(bot.Conflict, "%s is already %s, so you cannot %s. What you can do: %s.", i.ID(), strings.ToLower(i.State.Label()), what, moves[i.State])
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
		return bot.Errorf(bot.Forbidden, "Only the lead can %s, and %s has none yet. Take the lead first: /incident lead me", what, i.ID())
	}
	return bot.Errorf(bot.Forbidden, "Only the lead (@%s) or the deputy of %s can %s. Ask them, or take over with: /incident handover", i.Lead, i.ID(), what)
}

// join makes whoever acts a responder.
func (i *Incident) join(by Actor) {
	if by.Person != "" && !by.Guest && !contains(i.Responders, by.Person) {
		i.Responders = append(i.Responders, by.Person)
	}
}

// SetSeverity changes the severity. Anybody may raise it, for it costs little to be wrong; lowering it is the lead's and needs a reason.
func (i *Incident) SetSeverity(by Actor, to Severity, why string, at time.Time, policy Policy) error {
	if err := i.needActive("change its severity"); err != nil {
		return err
	}
	if to == i.Severity {
		return bot.Errorf(bot.Conflict, "%s is already %s.", i.ID(), to.Label()).About("severity")
	}
	lower := i.Severity.WorseThan(to)
	if lower {
		if err := i.needLead(by, at, "lower the severity"); err != nil {
			return err
		}
		if why == "" {
			return bot.Errorf(bot.Invalid, "Lowering the severity needs a reason, so that nobody wonders later. For example: /incident sev %s only one region is affected", strings.TrimPrefix(string(to), "sev")).About("why")
		}
	}
	i.join(by)
	kind := SeverityEntry
	if to.WorseThan(i.Severity) {
		kind = SeverityUp
	}
	i.log(kind, by.Person, at, withReason(i.Severity.Label()+" → "+to.Label(), why))
	i.Severity = to
	i.scheduleUpdate(at, policy)
	return nil
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
		return bot.Errorf(bot.Invalid, "Status is one of investigating, identified, monitoring. To end %s: /incident resolve", i.ID()).About("status")
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
	i.log(StatusEntry, by.Person, at, withReason(i.State.Label()+" → "+to.Label(), why))
	i.State = to
	return nil
}

// Report is what an update tells. Only Text is needed.
type Report struct {
	Text     string
	Severity Severity
	Status   State
	Impact   string
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
	if r.Impact != "" && r.Impact != i.Impact {
		i.Impact = r.Impact
		i.log(ImpactEntry, by.Person, at, "Impact: "+r.Impact)
	}
	i.Updates++
	i.LastUpdate = Update{r.Text, by.Person, at}
	i.log(UpdateEntry, by.Person, at, r.Text)
	i.scheduleUpdate(at, policy)
	if r.Next > 0 {
		i.NextUpdate = at.Add(r.Next)
	}
	return nil
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
		return bot.Errorf(bot.Conflict, "The impact of %s is over since %s already. To correct it: /incident times mitigated=14:05 why=\"seen on the graphs\"", i.ID(), bot.FormatTime(i.Mitigated, nil))
	}
	if err := i.needLead(by, at, "say that the impact is over"); err != nil {
		return err
	}
	if when.Before(i.Started) {
		return bot.Errorf(bot.Invalid, "The impact cannot be over before it started (%s). Correct the start first with: /incident times started=13:40 why=\"first alert\"", bot.FormatTime(i.Started, nil)).About("at")
	}
	i.join(by)
	i.Mitigated = when
	i.logEntry(Entry{Kind: MitigatedEntry, By: by.Person, At: when, Recorded: at, Text: "Impact over"})
	return nil
}

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
		return bot.Errorf(bot.Invalid, "Until: a pause lasts at most 7 days. For example: /incident pause until tomorrow 09:00 waiting for the vendor").About("until")
	}
	i.Resume, i.ResumeAt, i.State = i.State, until, Paused
	i.log(PausedEntry, by.Person, at, withReason("Paused until "+bot.FormatTime(until, nil), why))
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
	i.log(ResumedEntry, by.Person, at, "Work goes on: "+i.State.Label())
	i.scheduleUpdate(at, policy)
	return nil
}

// Outcome is what is told when an incident is resolved.
type Outcome struct {
	Summary string
	Started time.Time // zero: leave it
	Impact  string
}

// Resolve ends it. Only people do that, never the bot.
func (i *Incident) Resolve(by Actor, o Outcome, at time.Time) error {
	if i.State == Paused {
		return i.refuse("resolve it")
	}
	if err := i.needActive("resolve it"); err != nil {
		return err
	}
	if err := i.needLead(by, at, "resolve it"); err != nil {
		return err
	}
	times := i.Times
	if !o.Started.IsZero() {
		times.Started = o.Started
		if times.Detected.Before(o.Started) {
			times.Detected = o.Started
		}
	}
	times.Resolved = at
	if times.Mitigated.IsZero() {
		times.Mitigated = at
	}
	if err := times.inOrder(); err != nil {
		return err
	}
	i.join(by)
	i.Times, i.State, i.Resolution = times, Resolved, o.Summary
	if o.Impact != "" {
		i.Impact = o.Impact
	}
	i.HandoverTo, i.NextUpdate = "", time.Time{}
	i.log(ResolvedEntry, by.Person, at, o.Summary)
	return nil
}

// Cancel ends an incident that was none.
func (i *Incident) Cancel(by Actor, why string, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("cancel it")
	}
	if err := i.needLead(by, at, "cancel it"); err != nil {
		return err
	}
	i.State, i.EndReason, i.Times.Closed, i.NextUpdate, i.HandoverTo = Cancelled, why, at, time.Time{}, ""
	i.log(CancelledEntry, by.Person, at, why)
	return nil
}

// Reopen makes an ended incident active again, under the same id.
func (i *Incident) Reopen(by Actor, why string, at time.Time, policy Policy) error {
	if i.State != Resolved && i.State != Review && i.State != Closed {
		return bot.Errorf(bot.Conflict, "%s is %s, so there is nothing to reopen. What you can do: %s.", i.ID(), strings.ToLower(i.State.Label()), moves[i.State])
	}
	i.join(by)
	i.State = Investigating
	i.Times.Resolved, i.Times.Closed, i.Times.Mitigated = time.Time{}, time.Time{}, time.Time{}
	i.Published, i.ReviewDue = time.Time{}, time.Time{}
	i.Reopened++
	if i.Lead == "" {
		i.LeadlessSince = at
	}
	i.log(ReopenedEntry, by.Person, at, why)
	i.scheduleUpdate(at, policy)
	return nil
}

// BeginReview opens the review of a resolved incident that needs one; it reports whether it did. SEV1, SEV2 and unjudged ones do.
func (i *Incident) BeginReview(at time.Time) bool {
	if i.State != Resolved || i.Severity.rank() > SEV2.rank() {
		return false
	}
	i.State = Review
	i.ReviewOwner = i.Lead
	if i.ReviewOwner == "" {
		i.ReviewOwner = i.Reporter
	}
	i.ReviewDue = businessDays(at, 5)
	if i.Severity == SEV1 {
		i.ReviewDue = at.AddDate(0, 0, 3)
	}
	i.log(ReviewEntry, "", at, fmt.Sprintf("Review begun, due %s", i.ReviewDue.Format("Monday 2 January")))
	return true
}

func businessDays(t time.Time, n int) time.Time {
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			n--
		}
	}
	return t
}

// Publish marks the review as finished.
func (i *Incident) Publish(by Actor, at time.Time) {
	if i.Published.IsZero() {
		i.Published = at
		i.log(PublishedEntry, by.Person, at, "Review published")
	}
}

// Close ends the work on it. Its severity must be known, its review published where it needs one; open tasks become follow-ups.
func (i *Incident) Close(by Actor, at time.Time) error {
	switch {
	case i.State != Resolved && i.State != Review:
		return bot.Errorf(bot.Conflict, "%s is %s and cannot be closed. Only resolved ones are. What you can do: %s.", i.ID(), strings.ToLower(i.State.Label()), moves[i.State])
	case i.Severity == Unknown:
		return bot.Errorf(bot.Conflict, "%s has no severity yet, and without one its numbers would mean nothing. Reopen it and judge it, for example: /incident sev 3", i.ID())
	case i.State == Review && i.Published.IsZero():
		return bot.Errorf(bot.Conflict, "The review of %s is not published yet. Write it with /incident review and publish it there.", i.ID())
	}
	if by.Person != i.ReviewOwner {
		if err := i.needLead(by, at, "close it"); err != nil {
			return err
		}
	}
	for n := range i.Tasks {
		if t := &i.Tasks[n]; t.Done.IsZero() && !t.FollowUp {
			t.FollowUp = true
		}
	}
	i.State, i.Times.Closed = Closed, at
	i.log(ClosedEntry, by.Person, at, "Closed")
	return nil
}

// SetTimes corrects the facts of when, with a reason.
func (i *Incident) SetTimes(by Actor, change Times, why string, at time.Time) error {
	if err := i.needLead(by, at, "correct its times"); err != nil {
		return err
	}
	times, said := i.Times, []string{}
	set := func(name string, have *time.Time, want time.Time) {
		if !want.IsZero() && !want.Equal(*have) {
			*have = want
			said = append(said, name+" "+bot.FormatTime(want, nil))
		}
	}
	set("started", &times.Started, change.Started)
	set("detected", &times.Detected, change.Detected)
	set("acknowledged", &times.Acknowledged, change.Acknowledged)
	set("mitigated", &times.Mitigated, change.Mitigated)
	if !i.Times.Resolved.IsZero() {
		set("resolved", &times.Resolved, change.Resolved)
	} else if !change.Resolved.IsZero() {
		return bot.Errorf(bot.Invalid, "Resolved: %s is not resolved yet. Resolve it first: /incident resolve", i.ID()).About("resolved")
	}
	if len(said) == 0 {
		return bot.Errorf(bot.Invalid, "Nothing to correct was given. For example: /incident times started=13:40 why=\"first alert\"")
	}
	if err := times.inOrder(); err != nil {
		return err
	}
	i.Times = times
	i.log(TimeEntry, by.Person, at, withReason("Corrected: "+strings.Join(said, ", "), why))
	return nil
}

// inOrder names the first pair of times that cannot be.
func (t Times) inOrder() error {
	facts := []struct {
		name string
		at   time.Time
	}{{"started", t.Started}, {"detected", t.Detected}, {"acknowledged", t.Acknowledged}, {"mitigated", t.Mitigated}, {"resolved", t.Resolved}, {"closed", t.Closed}}
	pairs := [][2]int{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 4}, {2, 4}, {3, 4}, {4, 5}}
	for _, p := range pairs {
		a, b := facts[p[0]], facts[p[1]]
		if !a.at.IsZero() && !b.at.IsZero() && b.at.Before(a.at) {
			return bot.Errorf(bot.Invalid, "The times do not fit: %s (%s) would be before %s (%s). Correct one of the two, for example: /incident times %s=\"%s\"",
				b.name, bot.FormatTime(b.at, nil), a.name, bot.FormatTime(a.at, nil), b.name, a.at.UTC().Format("2006-01-02 15:04 UTC")).About(b.name)
		}
	}
	return nil
}

// Describe changes title, impact or services.
func (i *Incident) Describe(by Actor, title, impact string, services []string, at time.Time) error {
	var said []string
	if title != "" && title != i.Title {
		i.Title = title
		said = append(said, "title: "+title)
	}
	if impact != "" && impact != i.Impact {
		i.Impact = impact
		said = append(said, "impact: "+impact)
	}
	if services != nil && strings.Join(services, ",") != strings.Join(i.Services, ",") {
		i.Services = services
		said = append(said, "services: "+strings.Join(services, ", "))
	}
	if len(said) == 0 {
		return bot.Errorf(bot.Invalid, "Nothing new was given. For example: /incident edit title=\"Checkout returns 502 in Europe\"")
	}
	i.join(by)
	i.log(DescribedEntry, by.Person, at, strings.Join(said, "; "))
	return nil
}

// Note adds to the timeline, for something that happened at the given time. Notes can be added in every state.
func (i *Incident) Note(by Actor, text string, when, at time.Time, link string) error {
	if when.After(at.Add(time.Minute)) {
		return bot.Errorf(bot.Invalid, "At: a note tells of what has happened, so its time cannot lie ahead. For example: /incident note rolled back web at 14:05").About("at")
	}
	i.join(by)
	i.logEntry(Entry{Kind: NoteEntry, By: by.Person, At: when, Recorded: at, Text: text, Link: link})
	return nil
}

func contains(list []bot.PersonID, p bot.PersonID) bool {
	for _, q := range list {
		if q == p {
			return true
		}
	}
	return false
}

// Similar reports whether two titles tell of the same thing: at least half of their longer words are shared.
func Similar(a, b string) bool {
	words := func(s string) map[string]bool {
		set := map[string]bool{}
		for w := range strings.FieldsSeq(strings.ToLower(value.Line(s))) {
			if w = strings.Trim(w, ".,:;!?()\"'"); len(w) > 2 {
				set[w] = true
			}
		}
		return set
	}
	wa, wb := words(a), words(b)
	shared := 0
	for w := range wa {
		if wb[w] {
			shared++
		}
	}
	all := len(wa) + len(wb) - shared
	return all > 0 && shared*2 >= all
}
