package incident

import (
	"cmp"
	"database/sql"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage/database"
)

// Facts reads what reports tell of incidents: those that are open or were since a time, and their follow-ups.
func Facts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	if err := incidentFacts(tx, f, since); err != nil {
		return err
	}
	return followUpFacts(tx, f, since)
}

// recentIncidents reads columns of what is open, or was declared or resolved since a time, which is a parameter four
// times. Each part has an index of its own, and no incident is in two of them. What is negated is not looked up by an
// index, which would lead through the whole history.
func recentIncidents(columns string) string {
	from := "SELECT " + columns + " FROM incidents WHERE "
	return from + "state IN " + OpenStates + " AND NOT (declared_at >= ?) UNION ALL " + from +
		"resolved_at >= ? AND NOT (declared_at >= ?) AND state NOT IN " + OpenStates + " UNION ALL " + from +
		"declared_at >= ?"
}

func incidentFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	n, err := database.Count(tx, "SELECT count(*) FROM incidents WHERE declared_at >= ?", since)
	if err != nil {
		return err
	}
	f.Incidents = make([]figures.Incident, 0, n+64) // and what is older and still open, or just ended
	at, numbers := make(map[int64]int, n), make([]int64, 0, n)
	var i figures.Incident
	var past string
	t := database.NewTarget(10, &i.Number, &i.Title, &i.Severity, &i.State, &i.Resolution, &i.Impact, &past, &i.Lead)
	err = database.EachRow(
		tx, "incidents",
		recentIncidents(
			`started_at, detected_at, declared_at, acknowledged_at, mitigated_at, resolved_at, closed_at, next_update_at, review_due, published_at,
  number, title, severity, state, resolution, impact, past, coalesce(lead, '')`,
		), []any{since, since, since, since},
		func(rows *sql.Rows) error {
			if err := t.Scan(rows); err != nil {
				return err
			}
			x := i
			x.Started, x.Detected, x.Declared, x.Acked, x.Mitigated = t.Times[0].Time, t.Times[1].Time, t.Times[2].Time, t.Times[3].Time, t.Times[4].Time
			x.Resolved, x.Closed, x.NextUpdate, x.ReviewDue, x.Published = t.Times[5].Time, t.Times[6].Time, t.Times[7].Time, t.Times[8].Time, t.Times[9].Time
			if past != "" {
				p := decodePast(past)
				for _, l := range p.Levels {
					x.Levels = append(x.Levels, figures.Level{Severity: string(l.Severity), Since: l.Since.UTC()})
				}
				for _, s := range p.Impacts {
					x.Stretches = append(x.Stretches, value.Span{From: s.From.UTC(), To: s.To.UTC()})
				}
				x.Since, x.StartKnown = p.Since, p.StartKnown
			}
			f.Incidents = append(f.Incidents, x)
			return nil
		},
	)
	if err != nil {
		return err
	}
	// Not by the database: SQLite would go through the whole history in its order.
	slices.SortFunc(f.Incidents, func(a, b figures.Incident) int { return cmp.Compare(a.Number, b.Number) })
	for k := range f.Incidents {
		at[f.Incidents[k].Number] = k
		numbers = append(numbers, f.Incidents[k].Number)
	}
	err = database.Belonging(
		tx, "services", "SELECT number, service FROM incident_services WHERE", numbers,
		func(number int64, service string) {
			if k, ok := at[number]; ok {
				f.Incidents[k].Services = append(f.Incidents[k].Services, service)
			}
		},
	)
	if err != nil {
		return err
	}
	for k := range f.Incidents {
		slices.Sort(f.Incidents[k].Services) // in no order of the database's
	}
	return database.Belonging(
		tx, "suspected changes", "SELECT number, change FROM incident_changes WHERE verdict = 'suspect' AND", numbers,
		func(number int64, change string) {
			if k, ok := at[number]; ok {
				f.Incidents[k].Suspects = append(f.Incidents[k].Suspects, change)
			}
		},
	)
}

func followUpFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []taskRow
	const from = "SELECT * FROM incident_tasks WHERE follow_up AND " // each part has an index of its own
	if err := tx.Raw(from+"done_at IS NULL UNION ALL "+from+"done_at >= ?", since).Scan(&rows).Error; err != nil {
		return database.Error("read follow-ups", err)
	}
	slices.SortFunc(rows, func(a, b taskRow) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.N, b.N)) })
	var numbers []int64
	of := map[int64][]string{}
	for _, t := range rows {
		if len(numbers) == 0 || numbers[len(numbers)-1] != t.Number {
			numbers, of[t.Number] = append(numbers, t.Number), nil
		}
	}
	err := database.Belonging(
		tx, "services", "SELECT number, service FROM incident_services WHERE", numbers,
		func(number int64, service string) {
			if _, ok := of[number]; ok {
				of[number] = append(of[number], service)
			}
		},
	)
	if err != nil {
		return err
	}
	for _, services := range of {
		slices.Sort(services)
	}
	for _, t := range rows {
		i := figures.Incident{Number: t.Number}
		f.FollowUps = append(f.FollowUps, figures.FollowUp{
			Incident: i.ID(), N: t.N, Text: t.Text, Owner: database.Somebody(t.Owner), Created: t.CreatedAt.UTC(),
			Due: database.OrZero(t.DueAt), Done: database.OrZero(t.DoneAt), Services: of[t.Number],
		})
	}
	return nil
}
