package storage

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// Incidents is the repository of incidents.
type Incidents struct{ s *Store }

var _ incident.Store = Incidents{}

// Incidents returns the repository of incidents.
func (s *Store) Incidents() Incidents { return Incidents{s} }

// Declare implements incident.Store. The number and the end of the audit log are locked by one statement, and all rows are written by another.
func (r Incidents) Declare(ctx context.Context, decide func(number int64) (*incident.Incident, bot.Effects, error)) (*incident.Incident, error) {
	var inc *incident.Incident
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		number, h, err := r.s.nextNumber(tx, "incident")
		if err != nil {
			return false, err
		}
		var e bot.Effects
		if inc, e, err = decide(number); err != nil {
			return false, err
		}
		inc.Version = 1
		e.Audit.Version = inc.Version
		var b batch
		b.insert("", newIncidentRow(inc))
		insertParts(&b, inc, nil)
		return len(e.Jobs) > 0, r.s.save(tx, &b, h, e)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) && inc != nil && inc.Origin != "" {
		return nil, incident.ErrSameOrigin
	}
	if err != nil {
		return nil, err
	}
	inc.Saved()
	return inc, nil
}

// nextNumber takes the next number of a counter and locks the end of the audit log, in one statement.
func (s *Store) nextNumber(tx *gorm.DB, counter string) (int64, head, error) {
	var n struct {
		Value int64
		Head  head `gorm:"embedded"`
	}
	sql := `UPDATE counters SET value = value + 1 WHERE name = ?
RETURNING value, (SELECT seq FROM audit_head WHERE id = 1) AS seq, (SELECT hash FROM audit_head WHERE id = 1) AS hash`
	if s.dialect == postgresDialect { // where the head has to be locked
		sql = `WITH n AS (UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value),
h AS (SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE)
SELECT n.value, h.seq, h.hash FROM n, h`
	}
	err := tx.Raw(sql, counter).Scan(&n).Error
	if err == nil && n.Head.Hash == "" {
		err = errors.New("the counter or the audit log's head is missing")
	}
	return n.Value, n.Head, dbError("next number", err)
}

// Update implements incident.Store.
func (r Incidents) Update(ctx context.Context, id string, decide func(*incident.Incident) (bot.Effects, error)) (*incident.Incident, error) {
	var inc *incident.Incident
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var err error
		if inc, err = load(tx, id, r.s.dialect.forUpdate()); err != nil {
			return false, err
		}
		before := saved{inc.Version, len(inc.Services), inc.Services, len(inc.Responders), append([]incident.Task(nil), inc.Tasks...), append([]incident.Judged(nil), inc.Judged...)}
		e, err := decide(inc)
		if err != nil {
			return false, err
		}
		inc.Version++
		e.Audit.Version = inc.Version
		h, err := r.s.lockHead(tx)
		if err != nil {
			return false, err
		}
		var b batch
		b.update(newIncidentRow(inc), "number = ? AND version = ?", inc.Number, before.version)
		if strings.Join(before.serviceNames, ",") != strings.Join(inc.Services, ",") {
			if err := tx.Exec("DELETE FROM incident_services WHERE number = ?", inc.Number).Error; err != nil {
				return false, dbError("replace services", err)
			}
			before.services = 0
		}
		insertParts(&b, inc, &before)
		return len(e.Jobs) > 0, r.s.save(tx, &b, h, e)
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

// saved is what the database already holds of an incident.
type saved struct {
	version      int
	services     int
	serviceNames []string
	responders   int
	tasks        []incident.Task
	judged       []incident.Judged
}

// insertParts adds what an incident consists of beside its own row: everything when before is nil, else what is new or changed.
func insertParts(b *batch, inc *incident.Incident, before *saved) {
	if before == nil {
		before = &saved{}
	}
	var services, responders, entries, tasks, judged []any
	for _, s := range inc.Services[min(before.services, len(inc.Services)):] {
		services = append(services, &incidentServiceRow{inc.Number, s, string(inc.Severity)})
	}
	for _, p := range inc.Responders[before.responders:] {
		responders = append(responders, &incidentResponderRow{inc.Number, string(p)})
	}
	for _, e := range inc.Fresh() {
		entries = append(entries, newEntryRow(inc.Number, e))
	}
	for n, t := range inc.Tasks {
		if n >= len(before.tasks) || before.tasks[n] != t {
			tasks = append(tasks, newTaskRow(inc.Number, t))
		}
	}
	for n, j := range inc.Judged {
		if n >= len(before.judged) || before.judged[n] != j {
			judged = append(judged, &judgedRow{inc.Number, j.Change, string(j.Verdict), string(j.By), j.At})
		}
	}
	b.insert("ON CONFLICT (number, change) DO UPDATE SET verdict = excluded.verdict, person = excluded.person, at = excluded.at", judged...)
	b.insert("", services...)
	b.insert("ON CONFLICT DO NOTHING", responders...)
	b.insert("", entries...)
	b.insert("ON CONFLICT (number, n) DO UPDATE SET text = excluded.text, owner = excluded.owner, due_at = excluded.due_at, follow_up = excluded.follow_up, done_at = excluded.done_at, done_by = excluded.done_by", tasks...)
}

// load reads one incident with its parts. lock is " FOR UPDATE" or "".
func load(tx *gorm.DB, id, lock string) (*incident.Incident, error) {
	number, ok := incident.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	var row incidentRow
	if err := tx.Raw("SELECT * FROM incidents WHERE number = ?"+lock, number).Scan(&row).Error; err != nil {
		return nil, dbError("read incident", err)
	}
	if row.Number == 0 {
		return nil, bot.ErrNoSuch
	}
	inc := row.incident()
	return inc, loadParts(tx, []*incident.Incident{inc}, true)
}

// loadParts fills in services, responders and, if wanted, tasks of incidents.
func loadParts(tx *gorm.DB, list []*incident.Incident, tasks bool) error {
	if len(list) == 0 {
		return nil
	}
	byNumber := map[int64]*incident.Incident{}
	numbers := make([]int64, len(list))
	for i, inc := range list {
		byNumber[inc.Number], numbers[i] = inc, inc.Number
	}
	var services []incidentServiceRow
	if err := tx.Raw("SELECT * FROM incident_services WHERE number IN ? ORDER BY number, service", numbers).Scan(&services).Error; err != nil {
		return dbError("read services", err)
	}
	for _, s := range services {
		byNumber[s.Number].Services = append(byNumber[s.Number].Services, s.Service)
	}
	if !tasks {
		return nil
	}
	var responders []incidentResponderRow
	if err := tx.Raw("SELECT * FROM incident_responders WHERE number IN ? ORDER BY number, person", numbers).Scan(&responders).Error; err != nil {
		return dbError("read responders", err)
	}
	for _, p := range responders {
		byNumber[p.Number].Responders = append(byNumber[p.Number].Responders, bot.PersonID(p.Person))
	}
	var rows []taskRow
	if err := tx.Raw("SELECT * FROM incident_tasks WHERE number IN ? ORDER BY number, n", numbers).Scan(&rows).Error; err != nil {
		return dbError("read tasks", err)
	}
	for _, t := range rows {
		byNumber[t.Number].Tasks = append(byNumber[t.Number].Tasks, t.task())
	}
	var judged []judgedRow
	if err := tx.Raw("SELECT * FROM incident_changes WHERE number IN ? ORDER BY number, at, change", numbers).Scan(&judged).Error; err != nil {
		return dbError("read suspected changes", err)
	}
	for _, j := range judged {
		inc := byNumber[j.Number]
		inc.Judged = append(inc.Judged, incident.Judged{Change: j.Change, Verdict: incident.Verdict(j.Verdict), By: bot.PersonID(j.Person), At: j.At.UTC()})
	}
	return nil
}

// Get implements incident.Store.
func (r Incidents) Get(ctx context.Context, id string) (*incident.Incident, error) {
	return load(r.s.reader(ctx), id, "")
}

const openStates = "('investigating', 'identified', 'monitoring', 'paused')"

// List implements incident.Store. Each page costs the same at any depth and in any history, also when nothing matches.
func (r Incidents) List(ctx context.Context, f incident.Filter) ([]*incident.Incident, error) {
	var rows []incidentRow
	tx := r.s.reader(ctx)
	key := "i.number"
	few := f.Open || f.Person != "" || f.Origin != ""
	if f.Service != "" && !few {
		key = "s.number"
	}
	p := pageOf(key, f.Limit).below(f.Before)
	if !f.Since.IsZero() {
		after, err := numberBefore(tx, "incidents", "declared_at", f.Since)
		if err != nil {
			return nil, err
		}
		p.above(after).and("i.declared_at >= ?", f.Since)
	}
	switch {
	case few:
		p.amongOpen(f)
	case f.Service != "":
		for _, severity := range severitiesOr(f.Severities) {
			p.read("incident_services s JOIN incidents i ON i.number = s.number", "s.service = ? AND s.severity = ?", f.Service, severity)
		}
	case len(f.Severities) > 0:
		for _, severity := range f.Severities {
			p.read("incidents i", "i.severity = ?", severity)
		}
	default:
		p.read("incidents i", "")
	}
	if err := p.scan(tx, "incidents", &rows); err != nil {
		return nil, dbError("list incidents", err)
	}
	list := make([]*incident.Incident, len(rows))
	for i := range rows {
		list[i] = rows[i].incident()
	}
	return list, loadParts(tx, list, false)
}

// amongOpen finds open incidents. They are few, so any condition may be asked of each.
func (p *paging) amongOpen(f incident.Filter) {
	p.and("i.state IN " + openStates)
	if len(f.Severities) > 0 {
		p.and("i.severity IN ?", f.Severities)
	}
	if f.Service != "" {
		p.and("EXISTS (SELECT 1 FROM incident_services s WHERE s.number = i.number AND s.service = ?)", f.Service)
	}
	if who := string(f.Person); who != "" {
		p.and("(i.reporter = ? OR EXISTS (SELECT 1 FROM incident_responders p WHERE p.number = i.number AND p.person = ?))", who, who)
	}
	if f.Origin != "" {
		p.and("i.origin = ? AND i.origin <> ''", f.Origin)
	}
	p.read("incidents i", "")
}

// severitiesOr is the severities that are asked for, or all there are.
func severitiesOr(asked []string) []string {
	if len(asked) > 0 {
		return asked
	}
	return []string{"sev1", "sev2", "sev3", "sev4", "unknown"}
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
