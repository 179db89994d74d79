package change

import (
	"encoding/json"
	"strings"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// changeState is a change as the database has it, without its timeline and earlier revisions. It is never changed.
type changeState struct {
	row      changeRow
	revision revisionRow
	services []changeServiceRow // by name
	votes    []voteRow          // by number
	grants   []grantRow         // by time and id
	touches  []touchRow         // what follows from the rest, for others to find
	bare     bool               // the rows hold no running digest: it was computed when they were read

	// What the rows say, where this process made them of it; nil for those that were read. Whoever decides next gets a
	// copy and does not have to read the JSON in the rows.
	made *change.Change
}

// readChange reads a change; bot.ErrNoSuch if there is none.
func readChange(tx *gorm.DB, number int64) (*changeState, error) {
	var s changeState
	var t database.Together
	t.Add("read change", &s.row, "SELECT * FROM changes WHERE number = ?", number)
	t.Add(
		"read revision", &s.revision,
		"SELECT r.* FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision WHERE "+
			"c.number = ?",
		number,
	)
	t.Add("read services", &s.services, "SELECT * FROM change_services WHERE number = ? ORDER BY service", number)
	t.Add("read votes", &s.votes, "SELECT * FROM change_votes WHERE number = ? ORDER BY n", number)
	t.Add("read grants", &s.grants, "SELECT * FROM change_grants WHERE number = ? ORDER BY at, id", number)
	t.Add("read what a change touches", &s.touches, "SELECT * FROM change_touches WHERE number = ? ORDER BY what", number)
	if err := t.All(tx); err != nil {
		return nil, err
	}
	if s.row.Number == 0 {
		return nil, bot.ErrNoSuch
	}
	if s.row.Trail == "" { // from before there were digests
		s.bare = true
		var entries []changeEntryRow
		if err := tx.Raw("SELECT * FROM change_entries WHERE number = ? AND seq <= ? ORDER BY seq", number, s.row.Entries).
			Scan(&entries).Error; err != nil {
			return nil, database.Error("read timeline", err)
		}
		for i := range entries {
			s.row.Trail = record.Trail(s.row.Trail, &entries[i])
		}
	}
	return &s, nil
}

// change makes a change of the state, to be altered by whoever asks.
func (s *changeState) change() (*change.Change, error) {
	if s.made != nil {
		return s.made.Clone(), nil
	}
	c, err := s.row.change()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(s.revision.Content), &c.Content); err != nil {
		return nil, database.Error("read content of "+c.ID(), err)
	}
	for _, row := range s.votes {
		v, err := row.vote()
		if err != nil {
			return nil, database.Error("read vote", err)
		}
		c.Votes = append(c.Votes, v)
	}
	for _, row := range s.grants {
		c.Grants = append(c.Grants, row.grant())
	}
	return c, nil
}

// stateOfChange is the state that a change is in; its timeline goes on from the trail before.
func stateOfChange(before *changeState, c *change.Change, e bot.Effects) (s *changeState, entries []any, err error) {
	row, err := newChangeRow(c)
	if err != nil {
		return nil, nil, database.Error("encode change", err)
	}
	s = &changeState{row: *row, revision: before.revision, made: c.Clone()}
	s.row.Trail = before.row.Trail
	for _, n := range c.Fresh() {
		entry := &changeEntryRow{c.Number, n.Seq, n.At, database.Nobody(n.By), string(n.Kind), n.Text, n.Agent}
		entries = append(entries, entry)
		s.row.Trail = record.Trail(s.row.Trail, entry)
	}
	if c.Revised() {
		content, err := json.Marshal(c.Content)
		if err != nil {
			return nil, nil, database.Error("encode content", err)
		}
		s.revision = revisionRow{
			c.Number, c.Revision, c.Digest, string(c.Requester), string(c.Beneficiary), string(c.Editor), e.Audit.At,
			string(content),
		}
	}
	for _, name := range record.SortedUnique(c.Services) {
		s.services = append(s.services, changeServiceRow{c.Number, name})
	}
	for i, v := range c.Votes {
		vote, err := newVoteRow(c, i+1, v)
		if err != nil {
			return nil, nil, database.Error("encode vote", err)
		}
		s.votes = append(s.votes, *vote)
	}
	for _, g := range c.Grants {
		s.grants = append(s.grants, *newGrantRow(c.Number, g))
	}
	s.touches = touchesOf(c)
	return s, entries, nil
}

// stored is the row as the database has it.
func (s *changeState) stored() *changeRow {
	if !s.bare {
		return &s.row
	}
	row := s.row
	row.Trail = ""
	return &row
}

// digest is what the audit log holds of the state.
func (s *changeState) digest() string {
	rows := []any{&s.row, &s.revision}
	rows = record.AppendRows(rows, s.services)
	rows = record.AppendRows(rows, s.votes)
	return record.Digest(record.AppendRows(rows, s.grants)...)
}

// dues are what is due of the state. Nearly all changes owe nothing, and are not read for it.
func (s *changeState) dues() ([]bot.Due, error) {
	if s.made != nil {
		return s.made.Dues(), nil
	}
	if !strings.Contains(s.row.Data, owesReview) {
		return nil, nil
	}
	c, err := s.change()
	if err != nil {
		return nil, err
	}
	return c.Dues(), nil
}

// owesReview is in the record of each change that owes a review, or did.
const owesReview = `"kind":"` + string(change.PIR) + `"`

// saveChange is what has to be written to get from one state, nil for none, to what the change is now.
func saveChange(before *changeState, c *change.Change, e bot.Effects) (*changeState, *commit.Changes, error) {
	was := &changeState{}
	if before != nil {
		was = before
	}
	s, entries, err := stateOfChange(was, c, e)
	if err != nil {
		return nil, nil, err
	}
	e.Audit.Version, e.Audit.Digest = c.Version, s.digest()
	due, err := was.dues()
	if err != nil {
		return nil, nil, err
	}
	e.Dues = append(e.Dues, bot.DuesChanged(due, c.Dues())...)
	x := &commit.Changes{Effects: e}
	if before == nil {
		x.Insert("", &s.row)
	} else {
		x.Replace(&s.row, was.stored(), was.row.Version, "number")
	}
	if c.Revised() {
		x.Insert(
			"ON CONFLICT (number, revision) DO UPDATE SET digest = excluded.digest, made_by = excluded.made_by, made_at = "+
				"excluded.made_at, content = excluded.content",
			&s.revision,
		)
	}
	for _, gone := range record.Missing(was.services, s.services) {
		x.Delete(gone, "number", "service")
	}
	x.Insert("", record.Missing(s.services, was.services)...)
	for i := range s.votes {
		switch {
		case i >= len(was.votes):
			x.Insert("", &s.votes[i])
		case s.votes[i] != was.votes[i]:
			x.Update(&s.votes[i], "number", "n")
		}
	}
	if was.row.StartedAt == nil && s.row.StartedAt != nil {
		x.Insert("", &executionRow{c.Number, c.Revision, c.Digest, c.Started})
	}
	x.Insert("", entries...)
	for i := len(was.grants); i < len(s.grants); i++ {
		x.Insert("", &s.grants[i])
	}
	for _, gone := range record.Gone(was.touches, s.touches, func(r touchRow) string { return r.What }) {
		x.Delete(gone, "number", "what")
	}
	x.Insert("ON CONFLICT (number, what) DO UPDATE SET env = excluded.env, start_at = excluded.start_at, end_at = "+
		"excluded.end_at", record.Missing(s.touches, was.touches)...)
	x.Bump(s.concerns(was)...)
	return s, x, nil
}

// concerns are the guards of those for whom something else is the case by now: who plans on the same services or in the
// same environment, and who uses the same template.
func (s *changeState) concerns(was *changeState) []string {
	var names []string
	if s.footprint() != was.footprint() {
		for _, state := range []*changeState{s, was} {
			if state.row.Number != 0 && state.row.Env != "" {
				names = append(names, environmentGuard(state.row.Env))
			}
		}
	}
	if s.row.Template != "" && s.row.Outcome != was.row.Outcome {
		names = append(names, templateGuard(s.row.Template))
	}
	return record.SortedUnique(names)
}

// footprint is as much of a change as others see when they look for what is in their way.
func (s *changeState) footprint() string {
	r := s.row
	if len(s.touches) == 0 {
		return r.Outcome // which counts among the failures on its services
	}
	seen := []string{r.Env, r.RiskLevel, r.Title, s.touches[0].StartAt.UTC().String(), s.touches[0].EndAt.UTC().String()}
	for _, t := range s.touches {
		seen = append(seen, t.What)
	}
	return strings.Join(seen, "\x00")
}
