package storage

import (
	"strconv"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/incident"
)

// groupOf reads the parts of a page of objects, by the number that they belong to.
func groupOf[R any](tx *gorm.DB, sql string, of func(R) int64, args ...any) (map[int64][]R, error) {
	var rows []R
	if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, dbError("read parts", err)
	}
	by := map[int64][]R{}
	for _, row := range rows {
		by[of(row)] = append(by[of(row)], row)
	}
	return by, nil
}

const ofPage = " WHERE number BETWEEN ? AND ? ORDER BY number, "

func (r *recordCheck) incidents() error {
	if err := r.dense("incidents", "incident", incident.FormatID); err != nil {
		return err
	}
	return eachPage(r, "incidents", func(rows []incidentRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		services, err := groupOf(r.tx, "SELECT * FROM incident_services"+ofPage+"service", func(x incidentServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		responders, err := groupOf(r.tx, "SELECT * FROM incident_responders"+ofPage+"person", func(x incidentResponderRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		tasks, err := groupOf(r.tx, "SELECT * FROM incident_tasks"+ofPage+"n", func(x taskRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		judged, err := groupOf(r.tx, "SELECT * FROM incident_changes"+ofPage+"change", func(x judgedRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := groupOf(r.tx, "SELECT * FROM incident_entries"+ofPage+"seq", func(x entryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]objectState, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &incidentState{row: rows[i], services: services[n], responders: responders[n], tasks: tasks[n], judged: judged[n]}
			page[i] = objectState{incident.FormatID(n), s.digest(), timelineFault(rows[i].Trail, entries[n])}
		}
		return r.compare(page)
	}, func(row incidentRow) int64 { return row.Number })
}

func (r *recordCheck) changes() error {
	if err := r.dense("changes", "change", change.FormatID); err != nil {
		return err
	}
	return eachPage(r, "changes", func(rows []changeRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		revisions, err := groupOf(r.tx, "SELECT * FROM change_revisions"+ofPage+"revision", func(x revisionRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		services, err := groupOf(r.tx, "SELECT * FROM change_services"+ofPage+"service", func(x changeServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		votes, err := groupOf(r.tx, "SELECT * FROM change_votes"+ofPage+"n", func(x voteRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		grants, err := groupOf(r.tx, "SELECT * FROM change_grants"+ofPage+"at, id", func(x grantRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := groupOf(r.tx, "SELECT * FROM change_entries"+ofPage+"seq", func(x changeEntryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]objectState, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &changeState{row: rows[i], services: services[n], votes: votes[n], grants: grants[n]}
			for _, revision := range revisions[n] {
				if revision.Revision == rows[i].Revision {
					s.revision = revision
				}
			}
			page[i] = objectState{change.FormatID(n), s.digest(), timelineFault(rows[i].Trail, entries[n])}
		}
		return r.compare(page)
	}, func(row changeRow) int64 { return row.Number })
}

// timelineFault says whether a timeline is not the one that its running digest was made of.
func timelineFault[R any](trail string, entries []R) string {
	run := ""
	for i := range entries {
		run = trailAfter(run, &entries[i])
	}
	if run != trail {
		return "has a timeline that is not the one that was written: an entry was changed, removed or added outside of Watchbell"
	}
	return ""
}

// eachPage reads a table of numbered rows in order.
func eachPage[R any](r *recordCheck, table string, check func([]R) error, number func(R) int64) error {
	for after := int64(-1 << 62); ; {
		var rows []R
		if err := r.tx.Raw("SELECT * FROM "+table+" WHERE number > ? ORDER BY number LIMIT ?", after, recordPage).Scan(&rows).Error; err != nil {
			return dbError("read "+table, err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := check(rows); err != nil {
			return err
		}
		after = number(rows[len(rows)-1])
	}
}

// checkKind checks all things of a kind that is kept whole.
func checkKind[T, R any](r *recordCheck, k kind[T, R]) error {
	number := func(row R) int64 {
		x, err := k.thing(row)
		if err != nil {
			return 1 << 62
		}
		n, _ := k.id(x)
		return *n
	}
	if err := r.dense(k.table, k.counter, func(n int64) string { return k.prefix + strconv.FormatInt(n, 10) }); err != nil {
		return err
	}
	return eachPage(r, k.table, func(rows []R) error {
		page := make([]objectState, len(rows))
		for i := range rows {
			s := &page[i]
			x, err := k.whole(r.tx, rows[i])
			if err != nil {
				return &bot.RecordError{Object: k.name, What: "cannot be read any more: " + err.Error()}
			}
			s.object, s.digest = k.prefix+strconv.FormatInt(number(rows[i]), 10), k.digest(&rows[i], x)
		}
		return r.compare(page)
	}, number)
}

// few checks a table that never grows large, or of which each row is an object of its own.
func few[R any](r *recordCheck, table, order string, state func(R) objectState) error {
	for done := 0; ; done += recordPage {
		var rows []R
		if err := r.tx.Raw("SELECT * FROM "+table+" ORDER BY "+order+" LIMIT ? OFFSET ?", recordPage, done).Scan(&rows).Error; err != nil {
			return dbError("read "+table, err)
		}
		page := make([]objectState, len(rows))
		for i, row := range rows {
			page[i] = state(row)
		}
		if err := r.compare(page); err != nil || len(rows) < recordPage {
			return err
		}
	}
}

func (r *recordCheck) freezes() error {
	return few(r, "change_freezes", "id", func(x freezeRow) objectState { return objectState{x.ID, digestOf(&x), ""} })
}

func (r *recordCheck) rotas() error {
	return few(r, "oncall_rotas", "name", func(x rotaRow) objectState { return objectState{"rota/" + x.Name, digestOf(&x), ""} })
}

func (r *recordCheck) tokens() error {
	return few(r, "tokens", "id", func(x tokenRow) objectState { return objectState{"token/" + x.ID, x.digest(), ""} })
}

func (r *recordCheck) calendars() error {
	return few(r, "report_calendars", "name", func(x freeDaysRow) objectState { return objectState{"calendar/" + x.Name, digestOf(&x), ""} })
}

func (r *recordCheck) deployments() error {
	return few(r, "deployments", "at, id", func(x deploymentRow) objectState { return objectState{"deployment/" + x.ID, digestOf(&x), ""} })
}
