package storage

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage/commit"
)

// Incidents is the repository of incidents.
type Incidents struct{ s *Store }

var _ incident.Store = Incidents{}

// Incidents returns the repository of incidents.
func (s *Store) Incidents() Incidents { return Incidents{s} }

// Declare implements incident.Store.
func (r Incidents) Declare(ctx context.Context, decide func(number int64) (*incident.Incident, bot.Effects, error)) (*incident.Incident, error) {
	var inc *incident.Incident
	err := r.s.commits.Number(ctx, "incident", func(number int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if inc, e, err = decide(number); err != nil {
			return nil, err
		}
		inc.Version = 1
		_, c := saveIncident(nil, inc, e)
		return c, nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) && inc != nil && inc.Origin != "" {
		return nil, incident.ErrSameOrigin
	}
	if err != nil {
		return nil, r.s.letInAnew(err)
	}
	inc.Saved()
	return inc, nil
}

// Update implements incident.Store.
func (r Incidents) Update(ctx context.Context, id string, decide func(*incident.Incident) (bot.Effects, error)) (*incident.Incident, error) {
	var inc *incident.Incident
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	read := func(tx *gorm.DB) (*incidentState, error) { return readIncident(tx, number) }
	err := alter(ctx, r.s, incident.FormatID(number), read, func(_ *gorm.DB, now *incidentState) (*incidentState, *commit.Changes, error) {
		inc = now.incident()
		e, err := decide(inc)
		if err != nil {
			return nil, nil, err
		}
		inc.Version++
		then, c := saveIncident(now, inc, e)
		return then, c, nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) && inc != nil && inc.Origin != "" {
		return nil, bot.Errorf(bot.Conflict, "Another open incident was declared from the same message as %s. Work on that one.", inc.ID())
	}
	if err != nil {
		return nil, err
	}
	inc.Saved()
	return inc, nil
}

// Get implements incident.Store.
func (r Incidents) Get(ctx context.Context, id string) (*incident.Incident, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	state, err := readIncident(r.s.reader(ctx), number)
	if err != nil {
		return nil, err
	}
	return state.incident(), nil
}

const openStates = "('investigating', 'identified', 'monitoring', 'paused')"

// List implements incident.Store. Pages go by number, so they cost the same at any depth.
func (r Incidents) List(ctx context.Context, f incident.Filter) ([]*incident.Incident, error) {
	var where []string
	var args []any
	add := func(sql string, a ...any) {
		where = append(where, sql)
		args = append(args, a...)
	}
	if f.Open {
		add("state IN " + openStates)
	}
	if len(f.Severities) > 0 {
		add("severity IN ?", f.Severities)
	}
	if f.Service != "" {
		add("number IN (SELECT number FROM incident_services WHERE service = ?)", f.Service)
	}
	if f.Person != "" {
		p := string(f.Person)
		add("(reporter = ? OR number IN (SELECT number FROM incident_responders WHERE person = ?))", p, p)
	}
	if !f.Since.IsZero() {
		add("declared_at >= ?", f.Since)
	}
	if f.Before > 0 {
		add("number < ?", f.Before)
	}
	if f.Origin != "" {
		add("origin = ?", f.Origin)
	}
	sql := "SELECT * FROM incidents"
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	var rows []incidentRow
	tx := r.s.reader(ctx)
	if err := tx.Raw(sql+" ORDER BY number DESC LIMIT ?", append(args, f.Limit)...).Scan(&rows).Error; err != nil {
		return nil, dbError("list incidents", err)
	}
	list := make([]*incident.Incident, len(rows))
	for i := range rows {
		list[i] = rows[i].incident()
	}
	return list, loadServices(tx, list)
}

// Recent implements incident.Store.
func (r Incidents) Recent(ctx context.Context, since time.Time) ([]incident.Recent, error) {
	var rows []struct {
		Number  int64
		Title   string
		Service string
	}
	err := r.s.reader(ctx).Raw(`SELECT i.number, i.title, coalesce(s.service, '') AS service
FROM (SELECT number, title FROM incidents WHERE state IN `+openStates+` AND declared_at >= ? ORDER BY number DESC LIMIT 20) i
LEFT JOIN incident_services s ON s.number = i.number ORDER BY i.number DESC, s.service`, since).Scan(&rows).Error
	var list []incident.Recent
	for _, row := range rows {
		if len(list) == 0 || list[len(list)-1].Number != row.Number {
			list = append(list, incident.Recent{Number: row.Number, Title: row.Title})
		}
		if row.Service != "" {
			last := &list[len(list)-1]
			last.Services = append(last.Services, row.Service)
		}
	}
	return list, dbError("list recent incidents", err)
}

// Timeline implements incident.Store.
func (r Incidents) Timeline(ctx context.Context, id string, after int) ([]incident.Entry, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	var rows []entryRow
	err := r.s.reader(ctx).Raw("SELECT * FROM incident_entries WHERE number = ? AND seq > ? ORDER BY seq", number, after).Scan(&rows).Error
	var list []incident.Entry
	for _, e := range rows {
		list = append(list, e.entry())
	}
	return list, dbError("read timeline", err)
}

// CountIncidents is how many incidents there are.
func (s *Store) CountIncidents(ctx context.Context) (int64, error) {
	var n int64
	err := s.reader(ctx).Raw("SELECT value FROM counters WHERE name = 'incident'").Scan(&n).Error
	return n, dbError("count incidents", err)
}
