package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/report"
)

// Reports is the repository of reports.
type Reports struct{ s *Store }

var _ report.Keeper = Reports{}

// Reports returns the repository of reports.
func (s *Store) Reports() Reports { return Reports{s} }

// Facts implements report.Source. What it reads grows with what is open and with what happened since, not with the whole history.
func (r Reports) Facts(ctx context.Context, since, now time.Time) (*report.Facts, error) {
	f := &report.Facts{At: now.UTC()}
	since = since.UTC()
	err := r.s.reader(ctx).Transaction(func(tx *gorm.DB) error {
		for _, read := range []func(*gorm.DB, *report.Facts, time.Time) error{incidentFacts, changeFacts, openChangeFacts, followUpFacts, strayFacts, began} {
			if err := read(tx, f, since); err != nil {
				return err
			}
		}
		return nil
	}, repeatableRead(r.s.dialect))
	return f, err
}

// recentIncidents finds what is open, or was declared or resolved since a time. Each part has an index of its own.
const recentIncidents = `(SELECT number FROM incidents WHERE state IN ` + openStates + ` UNION SELECT number FROM incidents WHERE declared_at >= ? UNION SELECT number FROM incidents WHERE resolved_at >= ?)`

type incidentFact struct {
	Number                                            int64
	Title, Severity, State, Resolution, Impact, Past  string
	Lead                                              *string
	StartedAt, DetectedAt, DeclaredAt                 time.Time
	AcknowledgedAt, MitigatedAt, ResolvedAt, ClosedAt *time.Time
	NextUpdateAt, ReviewDue, PublishedAt              *time.Time
}

func incidentFacts(tx *gorm.DB, f *report.Facts, since time.Time) error {
	var rows []incidentFact
	err := tx.Raw(`SELECT number, title, severity, state, resolution, impact, past, lead, started_at, detected_at, declared_at, acknowledged_at, mitigated_at, resolved_at, closed_at, next_update_at, review_due, published_at
FROM incidents WHERE number IN `+recentIncidents+` ORDER BY number`, since, since).Scan(&rows).Error
	if err != nil {
		return dbError("read incidents", err)
	}
	at := make(map[int64]int, len(rows))
	f.Incidents = make([]report.Incident, len(rows))
	for k, row := range rows {
		at[row.Number] = k
		i := report.Incident{
			Number: row.Number, Title: row.Title, Severity: row.Severity, State: row.State, Lead: somebody(row.Lead), Resolution: row.Resolution, Impact: row.Impact,
			Started: row.StartedAt.UTC(), Detected: row.DetectedAt.UTC(), Declared: row.DeclaredAt.UTC(), Acked: orZero(row.AcknowledgedAt), Mitigated: orZero(row.MitigatedAt), Resolved: orZero(row.ResolvedAt), Closed: orZero(row.ClosedAt),
			NextUpdate: orZero(row.NextUpdateAt), ReviewDue: orZero(row.ReviewDue), Published: orZero(row.PublishedAt),
		}
		if row.Past != "" {
			p := decodePast(row.Past)
			for _, l := range p.Levels {
				i.Levels = append(i.Levels, report.Level{Severity: string(l.Severity), Since: l.Since.UTC()})
			}
			for _, s := range p.Impacts {
				i.Stretches = append(i.Stretches, report.Span{From: s.From.UTC(), To: s.To.UTC()})
			}
			i.Since = p.Since
		}
		f.Incidents[k] = i
	}
	var services []incidentServiceRow
	if err := tx.Raw("SELECT number, service FROM incident_services WHERE number IN "+recentIncidents+" ORDER BY number, service", since, since).Scan(&services).Error; err != nil {
		return dbError("read services", err)
	}
	for _, s := range services {
		i := &f.Incidents[at[s.Number]]
		i.Services = append(i.Services, s.Service)
	}
	var judged []judgedRow
	if err := tx.Raw("SELECT number, change FROM incident_changes WHERE verdict = 'suspect' AND number IN "+recentIncidents+" ORDER BY number, change", since, since).Scan(&judged).Error; err != nil {
		return dbError("read suspected changes", err)
	}
	for _, j := range judged {
		i := &f.Incidents[at[j.Number]]
		i.Suspects = append(i.Suspects, j.Change)
	}
	return nil
}

// The states in which a change may still do something, and those that a report tells of by its outcome.
const (
	openChanges = "('pending', 'approved', 'implementing', 'verifying', 'rolling_back')"
	doneChanges = "started_at IS NOT NULL AND outcome <> '' AND coalesce(finished_at, ended_at) >= ? AND state NOT IN " + openChanges
)

type changeFact struct {
	Number                                                                 int64
	Title, Type, State, RiskLevel, Env, Requester, Outcome, Template       string
	Revision                                                               int
	Held, Caused, Glass                                                    bool
	StartAt, EndAt, SubmittedAt, DecidedAt, StartedAt, FinishedAt, EndedAt *time.Time
}

func changeFacts(tx *gorm.DB, f *report.Facts, since time.Time) error {
	var rows []changeFact
	err := tx.Raw(`SELECT number, title, type, state, risk_level, env, requester, outcome, template, revision, held, caused, glass, start_at, end_at, submitted_at, decided_at, started_at, finished_at, ended_at
FROM changes WHERE `+doneChanges+` ORDER BY number`, since).Scan(&rows).Error
	if err != nil {
		return dbError("read changes", err)
	}
	at := make(map[int64]int, len(rows))
	for k, row := range rows {
		at[row.Number] = k
		f.Changes = append(f.Changes, row.fact())
	}
	var services []changeServiceRow
	if err := tx.Raw("SELECT s.number, s.service FROM change_services s WHERE s.number IN (SELECT number FROM changes WHERE "+doneChanges+") ORDER BY s.number, s.service", since).Scan(&services).Error; err != nil {
		return dbError("read services", err)
	}
	for _, s := range services {
		c := &f.Changes[at[s.Number]]
		c.Services = append(c.Services, s.Service)
	}
	return nil
}

func (row changeFact) fact() report.Change {
	finished := orZero(row.FinishedAt)
	if finished.IsZero() {
		finished = orZero(row.EndedAt)
	}
	return report.Change{
		Number: row.Number, Title: row.Title, Type: row.Type, State: row.State, Risk: row.RiskLevel, Env: row.Env, Requester: bot.PersonID(row.Requester), Outcome: row.Outcome, Template: row.Template, Revision: row.Revision,
		Held: row.Held, Caused: row.Caused, Glass: row.Glass, Start: orZero(row.StartAt), End: orZero(row.EndAt), Submitted: orZero(row.SubmittedAt), Decided: orZero(row.DecidedAt), Started: orZero(row.StartedAt), Finished: finished,
	}
}

// openChangeFacts reads changes that wait or run, whole: who has to decide is in their requirement and votes.
func openChangeFacts(tx *gorm.DB, f *report.Facts, _ time.Time) error {
	var rows []changeRow
	if err := tx.Raw("SELECT * FROM changes WHERE state IN " + openChanges + " ORDER BY number").Scan(&rows).Error; err != nil {
		return dbError("read open changes", err)
	}
	const page = 500 // so that no list of numbers is too long for a statement
	for len(rows) > 0 {
		n := min(page, len(rows))
		var list []*change.Change
		for _, row := range rows[:n] {
			c, err := row.change()
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		if err := loadChangeParts(tx, list); err != nil {
			return err
		}
		for _, c := range list {
			f.Changes = append(f.Changes, openFact(c))
		}
		rows = rows[n:]
	}
	return nil
}

func openFact(c *change.Change) report.Change {
	x := report.Change{
		Number: c.Number, Title: c.Title, Type: string(c.Type), State: string(c.State), Risk: string(c.Risk.Level), Env: c.Env, Services: c.Services, Requester: c.Requester, Outcome: string(c.Outcome), Revision: c.Revision,
		Held: c.Hold.Why != "", Glass: c.Glass.By != "", Start: c.Window.Start, End: c.Window.End, Submitted: c.Submitted, Decided: c.Decided, Started: c.Started, Finished: c.Finished, Backout: c.Backout != "", Test: c.Test != "",
	}
	for _, s := range c.Stages() {
		if s.Active && !s.Satisfied() {
			x.Waiting = append(x.Waiting, s.From)
		}
		for _, v := range s.Yes {
			x.Approved = append(x.Approved, string(v.Person))
		}
	}
	for k, factor := range c.Risk.Factors {
		if k < 3 && factor.Points > 0 {
			x.Reasons = append(x.Reasons, factor.Text)
		}
	}
	return x
}

func followUpFacts(tx *gorm.DB, f *report.Facts, since time.Time) error {
	var rows []taskRow
	const which = "follow_up AND (done_at IS NULL OR done_at >= ?)"
	if err := tx.Raw("SELECT * FROM incident_tasks WHERE "+which+" ORDER BY number, n", since).Scan(&rows).Error; err != nil {
		return dbError("read follow-ups", err)
	}
	var services []incidentServiceRow
	if err := tx.Raw("SELECT number, service FROM incident_services WHERE number IN (SELECT number FROM incident_tasks WHERE "+which+") ORDER BY number, service", since).Scan(&services).Error; err != nil {
		return dbError("read services", err)
	}
	of := map[int64][]string{}
	for _, s := range services {
		of[s.Number] = append(of[s.Number], s.Service)
	}
	for _, t := range rows {
		i := report.Incident{Number: t.Number}
		f.FollowUps = append(f.FollowUps, report.FollowUp{Incident: i.ID(), N: t.N, Text: t.Text, Owner: somebody(t.Owner), Created: t.CreatedAt.UTC(), Due: orZero(t.DueAt), Done: orZero(t.DoneAt), Services: of[t.Number]})
	}
	return nil
}

func strayFacts(tx *gorm.DB, f *report.Facts, since time.Time) error {
	var rows []deploymentRow
	if err := tx.Raw("SELECT * FROM deployments WHERE note <> '' AND at >= ? ORDER BY at, id", since).Scan(&rows).Error; err != nil {
		return dbError("read deployments", err)
	}
	for _, d := range rows {
		f.Stray = append(f.Stray, report.Stray{Service: d.Service, Env: d.Env, Note: d.Note, By: bot.PersonID(d.Person), At: d.At.UTC()})
	}
	return nil
}

// began finds when the first thing happened; each part reads one row of an index.
func began(tx *gorm.DB, f *report.Facts, _ time.Time) error {
	for _, first := range []string{"SELECT declared_at AS at FROM incidents ORDER BY declared_at LIMIT 1", "SELECT created_at AS at FROM changes ORDER BY created_at LIMIT 1"} {
		var row struct{ At *time.Time }
		if err := tx.Raw(first).Scan(&row).Error; err != nil {
			return dbError("read the first record", err)
		}
		if at := orZero(row.At); !at.IsZero() && (f.Began.IsZero() || at.Before(f.Began)) {
			f.Began = at
		}
	}
	return nil
}
