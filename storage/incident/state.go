package incident

import (
	"slices"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// incidentState is an incident as the database has it, without its timeline. It is never changed: many may hold the
// same one.
type incidentState struct {
	row        incidentRow
	services   []incidentServiceRow   // by name
	responders []incidentResponderRow // by name
	tasks      []taskRow              // by number
	judged     []judgedRow            // by change
	dues       []bot.Due              // what follows from the rest
	bare       bool                   // the rows hold no running digest: it was computed when they were read
}

// readIncident reads an incident; bot.ErrNoSuch if there is none.
func readIncident(tx *gorm.DB, number int64) (*incidentState, error) {
	var s incidentState
	var t database.Together
	t.Add("read incident", &s.row, "SELECT * FROM incidents WHERE number = ?", number)
	t.Add("read services", &s.services, "SELECT * FROM incident_services WHERE number = ? ORDER BY service", number)
	t.Add("read responders", &s.responders, "SELECT * FROM incident_responders WHERE number = ? ORDER BY person", number)
	t.Add("read tasks", &s.tasks, "SELECT * FROM incident_tasks WHERE number = ? ORDER BY n", number)
	t.Add("read suspected changes", &s.judged, "SELECT * FROM incident_changes WHERE number = ? ORDER BY change", number)
	if err := t.All(tx); err != nil {
		return nil, err
	}
	if s.row.Number == 0 {
		return nil, bot.ErrNoSuch
	}
	if s.row.Trail == "" { // from before there were digests
		s.bare = true
		var entries []entryRow
		if err := tx.Raw("SELECT * FROM incident_entries WHERE number = ? AND seq <= ? ORDER BY seq", number, s.row.Entries).
			Scan(&entries).Error; err != nil {
			return nil, database.Error("read timeline", err)
		}
		for i := range entries {
			s.row.Trail = record.Trail(s.row.Trail, &entries[i])
		}
	}
	s.dues = s.incident().Dues()
	return &s, nil
}

// incident makes an incident of the state, to be changed by whoever asks.
func (s *incidentState) incident() *incident.Incident {
	i := s.row.incident()
	for _, r := range s.services {
		i.Services = append(i.Services, r.Service)
	}
	for _, r := range s.responders {
		i.Responders = append(i.Responders, bot.PersonID(r.Person))
	}
	for _, r := range s.tasks {
		i.Tasks = append(i.Tasks, r.task())
	}
	for _, r := range s.judged {
		i.Judged = append(i.Judged, r.judged())
	}
	slices.SortStableFunc(i.Judged, func(a, b incident.Judged) int { return a.At.Compare(b.At) })
	return i
}

// stateOf is the state that an incident is in; its timeline goes on from the trail before.
func stateOf(i *incident.Incident, trail string) (s *incidentState, entries []any) {
	s = &incidentState{row: *newIncidentRow(i)}
	for _, e := range i.Fresh() {
		row := newEntryRow(i.Number, e)
		entries = append(entries, row)
		trail = record.Trail(trail, row)
	}
	s.row.Trail = trail
	for _, name := range record.SortedUnique(i.Services) {
		s.services = append(s.services, incidentServiceRow{i.Number, name, string(i.Severity)})
	}
	for _, p := range record.SortedUnique(i.Responders) {
		s.responders = append(s.responders, incidentResponderRow{i.Number, string(p)})
	}
	for _, t := range i.Tasks {
		s.tasks = append(s.tasks, *newTaskRow(i.Number, t))
	}
	for _, j := range i.Judged {
		s.judged = append(s.judged, judgedRow{i.Number, j.Change, string(j.Verdict), string(j.By), j.At})
	}
	slices.SortFunc(s.judged, func(a, b judgedRow) int { return compareText(a.Change, b.Change) })
	s.dues = i.Dues()
	return s, entries
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stored is the row as the database has it.
func (s *incidentState) stored() *incidentRow {
	if !s.bare {
		return &s.row
	}
	row := s.row
	row.Trail = ""
	return &row
}

// digest is what the audit log holds of the state.
func (s *incidentState) digest() string {
	rows := []any{&s.row}
	for _, r := range s.services {
		rows = append(rows, &incidentServiceRow{Number: r.Number, Service: r.Service}) // the severity follows the incident's
	}
	rows = record.AppendRows(rows, s.responders)
	rows = record.AppendRows(rows, s.tasks)
	rows = record.AppendRows(rows, s.judged)
	return record.Digest(rows...)
}

// saveIncident is what has to be written to get from one state, nil for none, to what the incident is now.
func saveIncident(before *incidentState, i *incident.Incident, e bot.Effects) (*incidentState, *commit.Changes) {
	was := &incidentState{}
	if before != nil {
		was = before
	}
	s, entries := stateOf(i, was.row.Trail)
	e.Audit.Version, e.Audit.Digest = i.Version, s.digest()
	e.Dues = append(e.Dues, bot.DuesChanged(was.dues, s.dues)...)
	c := &commit.Changes{Effects: e}
	if before == nil {
		c.Insert("", &s.row)
	} else {
		c.Replace(&s.row, was.stored(), was.row.Version, "number")
	}
	name := func(r incidentServiceRow) string { return r.Service }
	for _, gone := range record.Gone(was.services, s.services, name) {
		c.Delete(gone, "number", "service")
	}
	c.Insert("", record.Gone(s.services, was.services, name)...)
	c.Insert("ON CONFLICT DO NOTHING", record.Missing(s.responders, was.responders)...)
	c.Insert("", entries...)
	c.Insert(`ON CONFLICT (number, n) DO UPDATE SET text = excluded.text, owner = excluded.owner, due_at = excluded.due_at,
  follow_up = excluded.follow_up, done_at = excluded.done_at, done_by = excluded.done_by`, changedRows(s.tasks, was.tasks, taskRow.task)...)
	c.Insert("ON CONFLICT (number, change) DO UPDATE SET verdict = excluded.verdict, person = excluded.person, at = "+
		"excluded.at",
		changedRows(s.judged, was.judged, judgedRow.judged)...)
	c.Bump(s.concerns(was)...)
	return s, c
}

// changedRows are the rows that are new or tell something else than before.
func changedRows[R any, T comparable](list, from []R, tells func(R) T) []any {
	var rows []any
	for i := range list {
		told := tells(list[i])
		if !slices.ContainsFunc(from, func(r R) bool { return tells(r) == told }) {
			rows = append(rows, &list[i])
		}
	}
	return rows
}

// concerns are the guards of the services on which something else is the case by now for those who plan changes there.
func (s *incidentState) concerns(was *incidentState) []string {
	about := func(s *incidentState) [4]string {
		if !incident.State(s.row.State).Open() {
			return [4]string{}
		}
		mitigated := ""
		if s.row.MitigatedAt != nil {
			mitigated = "yes"
		}
		return [4]string{"open", s.row.Severity, mitigated}
	}
	if about(s) == about(was) &&
		slices.EqualFunc(s.services, was.services, func(a, b incidentServiceRow) bool { return a.Service == b.Service }) {
		return nil
	}
	var names []string
	for _, r := range slices.Concat(s.services, was.services) {
		names = append(names, database.ServiceGuard(r.Service))
	}
	return record.SortedUnique(names)
}

// loadServices fills in the services of incidents.
func loadServices(tx *gorm.DB, list []*incident.Incident) error {
	if len(list) == 0 {
		return nil
	}
	byNumber := map[int64]*incident.Incident{}
	numbers := make([]int64, len(list))
	for i, inc := range list {
		byNumber[inc.Number], numbers[i] = inc, inc.Number
	}
	var services []incidentServiceRow
	if err := tx.Raw("SELECT * FROM incident_services WHERE number IN ? ORDER BY number, service", numbers).
		Scan(&services).Error; err != nil {
		return database.Error("read services", err)
	}
	for _, s := range services {
		byNumber[s.Number].Services = append(byNumber[s.Number].Services, s.Service)
	}
	return nil
}
