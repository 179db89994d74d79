package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/incident"
)

// Look implements change.Store.
func (r Repository) Look(
	ctx context.Context, c *change.Change, near []string, horizon time.Duration,
) (change.Around, error) {
	return (&looker{known: r.known, tx: r.db.Reader(ctx)}).look(c, near, horizon)
}

// looker looks around changes and remembers on which guards what it saw depends.
type looker struct {
	known  *delegated
	tx     *gorm.DB
	recent bool // what is remembered of people will do
	guards []bot.Guard
	seen   []change.Around
	next   int
	replay bool
}

// again makes looks answer what they answered before, in the same order.
func (l *looker) again() { l.next, l.replay = 0, true }

func (l *looker) look(c *change.Change, near []string, horizon time.Duration) (change.Around, error) {
	if l.replay {
		if l.next == len(l.seen) {
			return change.Around{}, errors.New("a decision looked at more the second time")
		}
		l.next++
		return l.seen[l.next-1], nil
	}
	var a change.Around
	var guards []bot.Guard
	var err error
	if horizon == change.OnlyPeople {
		a, guards, err = l.people(c)
	} else {
		a, guards, err = look(l.tx, c, near, horizon)
	}
	l.guards, l.seen = append(l.guards, guards...), append(l.seen, a)
	return a, err
}

// people reads what depends on people alone.
func (l *looker) people(c *change.Change) (change.Around, []bot.Guard, error) {
	if l.recent {
		if list, version, ok := l.known.at(c.Created); ok {
			return change.Around{Delegations: list}, []bot.Guard{{Name: database.PeopleGuard, Version: version}}, nil
		}
	}
	turn := l.known.begin()
	var t survey
	versions, delegations := t.Guards([]string{database.PeopleGuard}), t.delegations(c.Created)
	if err := t.All(l.tx); err != nil {
		return change.Around{}, nil, err
	}
	guards, list := versions(), delegations()
	l.known.keep(turn, guards[0].Version, c.Created, list)
	return change.Around{Delegations: list}, guards, nil
}

// survey reads what is around changes, all of it in one state of the database.
type survey struct{ database.Together }

const failedWithin = 30 * 24 * time.Hour

// look reads what is around a change, and the versions of the guards that it depends on.
func look(
	tx *gorm.DB, c *change.Change, near []string, horizon time.Duration,
) (a change.Around, guards []bot.Guard, err error) {
	var t survey
	versions := t.Guards(guardsOf(c, near))
	// What was over before the change was created can be no more in its way.
	freezes, delegations := t.freezes(c.Created), t.delegations(c.Created)
	open := t.openIncidents(near)
	others := func() []change.Other { return nil }
	if c.Window.Set() {
		others = t.nearChanges(c, near, horizon)
	}
	var counts struct{ Failures, SameDay int }
	if len(c.Services) > 0 && horizon != change.OnlyBlocks {
		at := c.Window.Start
		if at.IsZero() {
			at = c.Created
		}
		day := at.In(c.Window.Location())
		from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location()).UTC()
		t.Add("count changes", &counts, `SELECT
(SELECT count(*) FROM changes c WHERE c.outcome IN ('failed', 'rolled_back') AND c.ended_at >= ? AND EXISTS (SELECT 1 FROM change_services s WHERE s.number = c.number AND s.service IN ?`+database.OneByOne+`)) AS failures,
(SELECT count(*) FROM changes c WHERE c.state NOT IN ('draft', 'rejected', 'expired', 'cancelled') AND c.start_at >= ? AND c.start_at < ? AND c.number <> ?
  AND EXISTS (SELECT 1 FROM change_services s WHERE s.number = c.number AND s.service IN ?`+database.OneByOne+`)) AS same_day`,
			at.Add(-failedWithin), c.Services, from, from.AddDate(0, 0, 1), c.Number, c.Services)
	}
	if err := t.All(tx); err != nil {
		return a, nil, err
	}
	a = change.Around{
		Others: others(), Open: open(), Delegations: delegations(), Failures: counts.Failures, SameDay: counts.SameDay,
	}
	if a.Freezes, err = freezes(); err != nil {
		return a, nil, err
	}
	if name := templateName(c.Template); name != "" {
		a.Approvals, a.Runs, err = templateRecord(tx, name)
	}
	return a, versions(), err
}

func (t *survey) openIncidents(near []string) func() []change.OpenIncident {
	var rows []struct {
		Number    int64
		Title     string
		Severity  string
		Lead      string
		Mitigated bool
		Service   string
	}
	on, args := "", []any(nil)
	if near != nil {
		on, args = " AND EXISTS (SELECT 1 FROM incident_services x WHERE x.number = i.number AND x.service IN ?"+
			database.OneByOne+")", []any{near}
	}
	t.Add("read open incidents", &rows, `SELECT i.number, i.title, i.severity, coalesce(i.lead, '') AS lead, i.mitigated_at IS NOT NULL AS mitigated, s.service
FROM incidents i JOIN incident_services s ON s.number = i.number WHERE i.state IN `+incident.OpenStates+on+` ORDER BY i.number, s.service`, args...)
	return func() (open []change.OpenIncident) {
		for _, row := range rows {
			id := fmt.Sprintf("INC-%d", row.Number)
			if len(open) == 0 || open[len(open)-1].ID != id {
				open = append(open, change.OpenIncident{
					ID: id, Title: row.Title, Severity: row.Severity, Lead: bot.PersonID(row.Lead), Mitigated: row.Mitigated,
				})
			}
			last := &open[len(open)-1]
			last.Services = append(last.Services, row.Service)
		}
		return open
	}
}
