// Package incident is the repository of incidents: their rows, what they look like to reports, and what verification
// compares.
package incident

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of incidents.
type Repository struct{ db *database.DB }

var _ response.Store = Repository{}

// New returns the repository of a database.
func New(db *database.DB) Repository { return Repository{db} }

// Declare implements incident.Store.
func (r Repository) Declare(
	ctx context.Context, decide func(number int64) (*incident.Incident, bot.Effects, error),
) (*incident.Incident, error) {
	var inc *incident.Incident
	var made *incidentState
	err := r.db.Commits().Number(ctx, "incident", func(number int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if inc, e, err = decide(number); err != nil {
			return nil, err
		}
		inc.Version = 1
		var c *commit.Changes
		made, c = saveIncident(nil, inc, e)
		return c, nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) && inc != nil && inc.Origin != "" {
		return nil, response.ErrSameOrigin
	}
	if err != nil {
		return nil, r.db.LetInAnew(err)
	}
	r.db.Remember(inc.ID(), made)
	inc.Saved()
	return inc, nil
}

// Update implements incident.Store.
func (r Repository) Update(
	ctx context.Context, id string, decide func(*incident.Incident) (bot.Effects, error),
) (*incident.Incident, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	object := incident.FormatID(number)
	var inc *incident.Incident
	var left *incidentState
	step := func(_ *gorm.DB, now *incidentState) (_ *incidentState, changes *commit.Changes, err error) {
		inc = now.incident()
		e, err := decide(inc)
		if err != nil {
			return nil, nil, err
		}
		inc.Version++
		left, changes = saveIncident(now, inc, e)
		return left, changes, nil
	}
	err := database.AlterRecent(ctx, r.db, object, step)
	if errors.Is(err, database.ErrOld) {
		err = database.Alter(
			ctx, r.db, object, func(tx *gorm.DB) (*incidentState, error) { return readIncident(tx, number) }, step,
		)
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) && inc != nil && inc.Origin != "" {
		return nil, bot.Errorf(
			bot.Conflict, "Another open incident was declared from the same message as %s. Work on that one.", inc.ID(),
		)
	}
	if err != nil {
		return nil, err
	}
	r.db.Remember(object, left)
	inc.Saved()
	return inc, nil
}

// Get implements incident.Store.
func (r Repository) Get(ctx context.Context, id string) (*incident.Incident, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	state, err := readIncident(r.db.Reader(ctx), number)
	if err != nil {
		return nil, err
	}
	return state.incident(), nil
}

// OpenStates are the states in which an incident is open, as SQL writes a list.
const OpenStates = "('investigating', 'identified', 'monitoring', 'paused')"

// List implements incident.Store. Each page costs the same at any depth and in any history, also when nothing matches.
func (r Repository) List(ctx context.Context, f response.Filter) ([]*incident.Incident, error) {
	var rows []incidentRow
	tx := r.db.Reader(ctx)
	key := "i.number"
	few := f.Open || f.Person != "" || f.Origin != ""
	if f.Service != "" && !few {
		key = "s.number"
	}
	p := database.PageOf(key, f.Limit).Below(f.Before)
	if !f.Since.IsZero() {
		after, err := database.NumberBefore(tx, "incidents", "declared_at", f.Since)
		if err != nil {
			return nil, err
		}
		p.Above(after).And("i.declared_at >= ?", f.Since)
	}
	switch {
	case few:
		amongOpen(p, f)
	case f.Service != "":
		for _, severity := range severitiesOr(f.Severities) {
			p.Read(
				"incident_services s JOIN incidents i ON i.number = s.number", "s.service = ? AND s.severity = ?", f.Service,
				severity,
			)
		}
	case len(f.Severities) > 0:
		for _, severity := range f.Severities {
			p.Read("incidents i", "i.severity = ?", severity)
		}
	default:
		p.Read("incidents i", "")
	}
	if err := p.Scan(tx, "incidents", &rows); err != nil {
		return nil, database.Error("list incidents", err)
	}
	list := make([]*incident.Incident, len(rows))
	for i := range rows {
		list[i] = rows[i].incident()
	}
	return list, loadServices(tx, list)
}

// amongOpen finds open incidents. They are few, so any condition may be asked of each.
func amongOpen(p *database.Paging, f response.Filter) {
	p.And("i.state IN " + OpenStates)
	if len(f.Severities) > 0 {
		p.And("i.severity IN ?", f.Severities)
	}
	if f.Service != "" {
		p.And(
			"EXISTS (SELECT 1 FROM incident_services s WHERE s.number = i.number AND s.service = ?"+database.OneByOne+")",
			f.Service,
		)
	}
	if who := string(f.Person); who != "" {
		p.And(
			"(i.reporter = ? OR EXISTS (SELECT 1 FROM incident_responders p WHERE p.number = i.number AND p.person = ?))", who,
			who,
		)
	}
	if f.Origin != "" {
		p.And("i.origin = ? AND i.origin <> ''", f.Origin)
	}
	p.Read("incidents i", "")
}

// severitiesOr is the severities that are asked for, or all there are.
func severitiesOr(asked []string) []string {
	if len(asked) > 0 {
		return asked
	}
	return []string{"sev1", "sev2", "sev3", "sev4", "unknown"}
}

// Recent implements incident.Store.
func (r Repository) Recent(ctx context.Context, since time.Time) ([]response.Recent, error) {
	var rows []struct {
		Number  int64
		Title   string
		Service string
	}
	err := r.db.Reader(ctx).Raw(`SELECT i.number, i.title, coalesce(s.service, '') AS service
FROM (SELECT number, title FROM incidents WHERE state IN `+OpenStates+` AND declared_at >= ? ORDER BY number DESC LIMIT 20) i
LEFT JOIN incident_services s ON s.number = i.number ORDER BY i.number DESC, s.service`, since).Scan(&rows).Error
	var list []response.Recent
	for _, row := range rows {
		if len(list) == 0 || list[len(list)-1].Number != row.Number {
			list = append(list, response.Recent{Number: row.Number, Title: row.Title})
		}
		if row.Service != "" {
			last := &list[len(list)-1]
			last.Services = append(last.Services, row.Service)
		}
	}
	return list, database.Error("list recent incidents", err)
}

// Timeline implements incident.Store.
func (r Repository) Timeline(ctx context.Context, id string, after int) ([]incident.Entry, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	var rows []entryRow
	err := r.db.Reader(ctx).Raw("SELECT * FROM incident_entries WHERE number = ? AND seq > ? ORDER BY seq", number, after).
		Scan(&rows).Error
	var list []incident.Entry
	for _, e := range rows {
		list = append(list, e.entry())
	}
	return list, database.Error("read timeline", err)
}
