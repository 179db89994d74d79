package storage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

// Changes is the repository of changes, and of what belongs to no single one.
type Changes struct{ s *Store }

var (
	_ change.Keeper = Changes{}
)

// Changes returns the repository of changes.
func (s *Store) Changes() Changes { return Changes{s} }

// Create implements change.Store.
func (r Changes) Create(ctx context.Context, decide func(int64, change.Look) (*change.Change, bot.Effects, error)) (*change.Change, error) {
	var c *change.Change
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		number, h, err := r.s.nextNumber(tx, "change")
		if err != nil {
			return false, err
		}
		var e bot.Effects
		if c, e, err = decide(number, r.looker(tx)); err != nil {
			return false, err
		}
		c.Version = 1
		e.Audit.Version = 1
		return len(e.Jobs) > 0, r.write(tx, c, &savedChange{}, h, e)
	})
	if err != nil {
		return nil, err
	}
	c.Saved()
	return c, nil
}

// Update implements change.Store. The end of the audit log is locked before anything else is read, so that every other commit waits: what decide sees stays true until this one.
func (r Changes) Update(ctx context.Context, id string, decide func(*change.Change, change.Look) (bot.Effects, error)) (*change.Change, error) {
	var c *change.Change
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var err error
		if c, err = loadChange(tx, id, r.s.dialect.forUpdate()); err != nil {
			return false, err
		}
		h, err := r.s.lockHead(tx)
		if err != nil {
			return false, err
		}
		before := savedChange{version: c.Version, services: strings.Join(c.Services, ","), votes: append([]change.Vote(nil), c.Votes...), grants: len(c.Grants), started: !c.Started.IsZero()}
		e, err := decide(c, r.looker(tx))
		if err != nil {
			return false, err
		}
		c.Version++
		e.Audit.Version = c.Version
		return len(e.Jobs) > 0, r.write(tx, c, &before, h, e)
	})
	if err != nil {
		return nil, err
	}
	c.Saved()
	return c, nil
}

// savedChange is what the database already holds of a change; its zero value is nothing.
type savedChange struct {
	version  int
	services string
	votes    []change.Vote
	grants   int
	started  bool
}

// write saves what is new or changed of a change, with the effects.
func (r Changes) write(tx *gorm.DB, c *change.Change, before *savedChange, h head, e bot.Effects) error {
	row, err := newChangeRow(c)
	if err != nil {
		return dbError("encode change", err)
	}
	var b batch
	if before.version == 0 {
		b.insert("", row)
	} else {
		b.update(row, "number = ? AND version = ?", c.Number, before.version)
	}
	if services := strings.Join(c.Services, ","); services != before.services {
		if before.services != "" {
			if err := tx.Exec("DELETE FROM change_services WHERE number = ?", c.Number).Error; err != nil {
				return dbError("replace services", err)
			}
		}
		var rows []any
		for _, s := range c.Services {
			rows = append(rows, &changeServiceRow{c.Number, s})
		}
		b.insert("", rows...)
	}
	if c.Revised() {
		content, err := json.Marshal(c.Content)
		if err != nil {
			return dbError("encode content", err)
		}
		b.insert("ON CONFLICT (number, revision) DO UPDATE SET digest = excluded.digest, content = excluded.content",
			&revisionRow{c.Number, c.Revision, c.Digest, string(c.Requester), string(c.Beneficiary), string(c.Editor), e.Audit.At, string(content)})
	}
	if err := addVotes(&b, c, before.votes); err != nil {
		return err
	}
	var entries, grants []any
	for _, n := range c.Fresh() {
		entries = append(entries, &changeEntryRow{c.Number, n.Seq, n.At, nobody(n.By), string(n.Kind), n.Text})
	}
	for _, g := range c.Grants[before.grants:] {
		grants = append(grants, newGrantRow(c.Number, g))
	}
	if !before.started && !c.Started.IsZero() {
		b.insert("", &executionRow{c.Number, c.Revision, c.Digest, c.Started})
	}
	b.insert("", entries...)
	b.insert("", grants...)
	return r.s.save(tx, &b, h, e)
}

// addVotes inserts new votes and updates those whose state changed. Votes that count no more are written first, to make room for those that take their place.
func addVotes(b *batch, c *change.Change, before []change.Vote) error {
	var fresh []any
	for i, v := range c.Votes {
		if i < len(before) && before[i] == v {
			continue
		}
		row, err := newVoteRow(c, i+1, v)
		if err != nil {
			return dbError("encode vote", err)
		}
		if i < len(before) {
			b.update(row, "number = ? AND n = ?", c.Number, i+1)
			continue
		}
		fresh = append(fresh, row)
	}
	b.insert("", fresh...)
	return nil
}

// loadChange reads one change with its parts. lock is " FOR UPDATE" or "".
func loadChange(tx *gorm.DB, id, lock string) (*change.Change, error) {
	number, ok := change.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	if lock != "" { // first, so that the parts are those of the locked row
		var n []int64
		if err := tx.Raw("SELECT number FROM changes WHERE number = ?"+lock, number).Scan(&n).Error; err != nil || len(n) == 0 {
			return nil, cmp.Or(dbError("lock change", err), bot.ErrNoSuch)
		}
	}
	var row struct {
		Change  changeRow `gorm:"embedded"`
		Content string
	}
	err := tx.Raw("SELECT c.*, r.content FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision WHERE c.number = ?", number).Scan(&row).Error
	if err != nil {
		return nil, dbError("read change", err)
	}
	if row.Change.Number == 0 {
		return nil, bot.ErrNoSuch
	}
	c, err := row.Change.change()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(row.Content), &c.Content); err != nil {
		return nil, dbError("read content of "+c.ID(), err)
	}
	return c, loadChangeVotes(tx, []*change.Change{c})
}

// loadChangeParts fills in the content of the current revisions, votes and grants.
func loadChangeParts(tx *gorm.DB, list []*change.Change) error {
	if len(list) == 0 {
		return nil
	}
	byNumber := map[int64]*change.Change{}
	numbers := make([]int64, len(list))
	for i, c := range list {
		byNumber[c.Number], numbers[i] = c, c.Number
	}
	var revisions []revisionRow
	err := tx.Raw("SELECT r.* FROM change_revisions r JOIN changes c ON c.number = r.number AND c.revision = r.revision WHERE r.number IN ?", numbers).Scan(&revisions).Error
	if err != nil {
		return dbError("read revisions", err)
	}
	for _, r := range revisions {
		if err := json.Unmarshal([]byte(r.Content), &byNumber[r.Number].Content); err != nil {
			return dbError("read content of "+change.FormatID(r.Number), err)
		}
	}
	return loadChangeVotes(tx, list)
}

// loadChangeVotes fills in votes and grants.
func loadChangeVotes(tx *gorm.DB, list []*change.Change) error {
	byNumber := map[int64]*change.Change{}
	numbers := make([]int64, len(list))
	for i, c := range list {
		byNumber[c.Number], numbers[i] = c, c.Number
	}
	var votes []voteRow
	if err := tx.Raw("SELECT * FROM change_votes WHERE number IN ? ORDER BY number, n", numbers).Scan(&votes).Error; err != nil {
		return dbError("read votes", err)
	}
	for _, row := range votes {
		v, err := row.vote()
		if err != nil {
			return dbError("read vote", err)
		}
		byNumber[row.Number].Votes = append(byNumber[row.Number].Votes, v)
	}
	var grants []grantRow
	if err := tx.Raw("SELECT * FROM change_grants WHERE number IN ? ORDER BY number, at, id", numbers).Scan(&grants).Error; err != nil {
		return dbError("read grants", err)
	}
	for _, row := range grants {
		byNumber[row.Number].Grants = append(byNumber[row.Number].Grants, row.grant())
	}
	return nil
}

// Get implements change.Store.
func (r Changes) Get(ctx context.Context, id string) (*change.Change, error) {
	return loadChange(r.s.reader(ctx), id, "")
}

// List implements change.Store. Pages go by number, so they cost the same at any depth.
func (r Changes) List(ctx context.Context, f change.Filter) ([]*change.Change, error) {
	var where []string
	var args []any
	add := func(sql string, a ...any) {
		where = append(where, sql)
		args = append(args, a...)
	}
	if len(f.States) > 0 {
		add("state IN ?", texts(f.States))
	}
	for column, value := range map[string]string{"type": string(f.Type), "risk_level": string(f.Level), "env": f.Env} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	if f.Service != "" {
		add("number IN (SELECT number FROM change_services WHERE service = ?)", f.Service)
	}
	if f.Requester != "" {
		add("(requester = ? OR beneficiary = ?)", string(f.Requester), string(f.Requester))
	}
	if f.Voter != "" {
		add("number IN (SELECT number FROM change_votes WHERE person = ?)", string(f.Voter))
	}
	if !f.From.IsZero() {
		add("coalesce(finished_at, end_at, started_at) >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("coalesce(started_at, start_at) < ?", f.To)
	}
	if !f.Created[0].IsZero() {
		add("created_at >= ?", f.Created[0])
	}
	if !f.Created[1].IsZero() {
		add("created_at < ?", f.Created[1])
	}
	if t := f.Touched; !t[0].IsZero() {
		add("(created_at >= ? AND created_at < ? OR started_at >= ? AND started_at < ?)", t[0], t[1], t[0], t[1])
	}
	if f.Before > 0 {
		add("number < ?", f.Before)
	}
	order := "DESC"
	if f.After > 0 {
		order = "ASC"
		add("number > ?", f.After-1)
	}
	sql := "SELECT * FROM changes"
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	var rows []changeRow
	tx := r.s.reader(ctx)
	if err := tx.Raw(sql+" ORDER BY number "+order+" LIMIT ?", append(args, f.Limit)...).Scan(&rows).Error; err != nil {
		return nil, dbError("list changes", err)
	}
	list := make([]*change.Change, len(rows))
	for i := range rows {
		c, err := rows[i].change()
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, loadChangeParts(tx, list)
}

func texts[S ~string](list []S) []string {
	t := make([]string, len(list))
	for i, s := range list {
		t[i] = string(s)
	}
	return t
}

// Timeline implements change.Store.
func (r Changes) Timeline(ctx context.Context, id string, after int) ([]change.Entry, error) {
	number, ok := change.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	var rows []changeEntryRow
	err := r.s.reader(ctx).Raw("SELECT * FROM change_entries WHERE number = ? AND seq > ? ORDER BY seq", number, after).Scan(&rows).Error
	entries := make([]change.Entry, len(rows))
	for i := range rows {
		entries[i] = rows[i].entry()
	}
	return entries, dbError("read timeline", err)
}

// Revisions implements change.History.
func (r Changes) Revisions(ctx context.Context, ids []int64) (map[int64][]change.Revision, error) {
	var rows []revisionRow
	if err := r.s.reader(ctx).Raw("SELECT * FROM change_revisions WHERE number IN ? ORDER BY number, revision", ids).Scan(&rows).Error; err != nil {
		return nil, dbError("read revisions", err)
	}
	all := map[int64][]change.Revision{}
	for _, row := range rows {
		v := change.Revision{N: row.Revision, Digest: row.Digest, By: bot.PersonID(row.MadeBy), At: row.MadeAt.UTC()}
		if err := json.Unmarshal([]byte(row.Content), &v.Content); err != nil {
			return nil, dbError("read content", err)
		}
		all[row.Number] = append(all[row.Number], v)
	}
	return all, nil
}

// Entries implements change.History.
func (r Changes) Entries(ctx context.Context, numbers []int64) (map[int64][]change.Entry, error) {
	var rows []changeEntryRow
	if err := r.s.reader(ctx).Raw("SELECT * FROM change_entries WHERE number IN ? ORDER BY number, seq", numbers).Scan(&rows).Error; err != nil {
		return nil, dbError("read timelines", err)
	}
	all := map[int64][]change.Entry{}
	for _, row := range rows {
		all[row.Number] = append(all[row.Number], row.entry())
	}
	return all, nil
}

// Look implements change.Store.
func (r Changes) Look(ctx context.Context, c *change.Change, horizon time.Duration) (change.Around, error) {
	return look(r.s.reader(ctx), c, horizon)
}

func (r Changes) looker(tx *gorm.DB) change.Look {
	return func(c *change.Change, horizon time.Duration) (change.Around, error) { return look(tx, c, horizon) }
}

const failedWithin = 30 * 24 * time.Hour

// look reads what is around a change.
func look(tx *gorm.DB, c *change.Change, horizon time.Duration) (change.Around, error) {
	var a change.Around
	var err error
	at := c.Window.Start
	if at.IsZero() {
		at = c.Created
	}
	// What was over before the change was created can be no more in its way.
	if a.Freezes, err = freezesFrom(tx, c.Created); err != nil {
		return a, err
	}
	if a.Delegations, err = delegationsFrom(tx, c.Created); err != nil {
		return a, err
	}
	if a.Open, err = openIncidents(tx); err != nil {
		return a, err
	}
	if c.Window.Set() {
		if a.Others, err = nearChanges(tx, c, horizon); err != nil {
			return a, err
		}
	}
	if len(c.Services) > 0 && horizon != change.OnlyBlocks {
		var counts struct{ Failures, SameDay int }
		day := at.In(c.Window.Location())
		from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location()).UTC()
		err = tx.Raw(`SELECT
(SELECT count(DISTINCT c.number) FROM changes c JOIN change_services s ON s.number = c.number WHERE s.service IN ? AND c.outcome IN ('failed', 'rolled_back') AND c.ended_at >= ?) AS failures,
(SELECT count(DISTINCT c.number) FROM changes c JOIN change_services s ON s.number = c.number WHERE s.service IN ? AND c.state NOT IN ('draft', 'rejected', 'expired', 'cancelled') AND c.start_at >= ? AND c.start_at < ? AND c.number <> ?) AS same_day`,
			c.Services, at.Add(-failedWithin), c.Services, from, from.AddDate(0, 0, 1), c.Number).Scan(&counts).Error
		if err != nil {
			return a, dbError("count changes", err)
		}
		a.Failures, a.SameDay = counts.Failures, counts.SameDay
	}
	if name := templateName(c.Template); name != "" {
		a.Approvals, a.Runs, err = templateRecord(tx, name)
	}
	return a, err
}

func openIncidents(tx *gorm.DB) ([]change.OpenIncident, error) {
	var rows []struct {
		Number    int64
		Title     string
		Severity  string
		Lead      string
		Mitigated bool
		Service   string
	}
	err := tx.Raw(`SELECT i.number, i.title, i.severity, coalesce(i.lead, '') AS lead, i.mitigated_at IS NOT NULL AS mitigated, s.service
FROM incidents i JOIN incident_services s ON s.number = i.number WHERE i.state IN ` + openStates + ` ORDER BY i.number, s.service`).Scan(&rows).Error
	var open []change.OpenIncident
	for _, row := range rows {
		id := fmt.Sprintf("INC-%d", row.Number)
		if len(open) == 0 || open[len(open)-1].ID != id {
			open = append(open, change.OpenIncident{ID: id, Title: row.Title, Severity: row.Severity, Lead: bot.PersonID(row.Lead), Mitigated: row.Mitigated})
		}
		last := &open[len(open)-1]
		last.Services = append(last.Services, row.Service)
	}
	return open, dbError("read open incidents", err)
}

const liveStates = "('pending', 'approved', 'implementing', 'verifying', 'rolling_back')"

func nearChanges(tx *gorm.DB, c *change.Change, horizon time.Duration) ([]change.Other, error) {
	var rows []struct {
		Number    int64
		Title     string
		State     string
		RiskLevel string
		Requester string
		Content   string
	}
	err := tx.Raw(`SELECT c.number, c.title, c.state, c.risk_level, c.requester, r.content FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision
WHERE c.state IN `+liveStates+` AND c.env = ? AND c.number <> ? AND c.start_at < ? AND c.end_at > ? ORDER BY c.start_at, c.number LIMIT 500`,
		c.Env, c.Number, c.Window.End.Add(max(0, horizon)), c.Window.Start).Scan(&rows).Error
	if err != nil {
		return nil, dbError("read near changes", err)
	}
	var others []change.Other
	for _, row := range rows {
		var x change.Content
		if err := json.Unmarshal([]byte(row.Content), &x); err != nil {
			return nil, dbError("read content of "+change.FormatID(row.Number), err)
		}
		who := x.Implementers
		if len(who) == 0 {
			who = []bot.PersonID{bot.PersonID(row.Requester)}
		}
		others = append(others, change.Other{ID: change.FormatID(row.Number), Title: row.Title, State: change.State(row.State), Level: change.Level(row.RiskLevel), Env: x.Env, Services: x.Services,
			Implementers: who, Artifacts: x.Artifacts, Window: x.Window})
	}
	return others, nil
}

// Seen implements change.Memory.
func (r Changes) Seen(ctx context.Context, at time.Time) (time.Time, error) {
	var last time.Time
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var old []string
		if err := tx.Raw("SELECT value FROM settings WHERE name = 'change.seen'" + r.s.dialect.forUpdate()).Scan(&old).Error; err != nil {
			return false, err
		}
		if len(old) > 0 {
			last, _ = time.Parse(time.RFC3339Nano, old[0])
		}
		return false, tx.Exec("INSERT INTO settings (name, value) VALUES ('change.seen', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", at.UTC().Format(time.RFC3339Nano)).Error
	})
	return last, dbError("note that the bot is alive", err)
}

// SavePolicy implements change.Memory.
func (r Changes) SavePolicy(ctx context.Context, sha, text string, at time.Time) error {
	err := r.s.db.WithContext(ctx).Exec("INSERT INTO change_policies (sha, text, at) VALUES (?, ?, ?) ON CONFLICT (sha) DO UPDATE SET at = excluded.at", sha, text, at).Error
	if CannotWrite(err) { // the same policy again need not be written
		if newest, readErr := r.Policy(ctx, ""); readErr == nil && newest == text {
			return nil
		}
	}
	return dbError("save policy", err)
}

// Policy implements change.Memory.
func (r Changes) Policy(ctx context.Context, sha string) (string, error) {
	where, args := "ORDER BY at DESC LIMIT 1", []any(nil)
	if sha != "" {
		where, args = "WHERE sha = ?", []any{sha}
	}
	var text []string
	if err := r.s.reader(ctx).Raw("SELECT text FROM change_policies "+where, args...).Scan(&text).Error; err != nil {
		return "", dbError("read policy", err)
	}
	if len(text) == 0 {
		return "", bot.ErrNoSuch
	}
	return text[0], nil
}

// SaveMembers implements change.Memory.
func (r Changes) SaveMembers(ctx context.Context, group string, people []bot.PersonID, at time.Time) error {
	data, err := json.Marshal(people)
	if err != nil {
		return err
	}
	err = r.s.db.WithContext(ctx).Exec("INSERT INTO group_members (name, members, at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET members = excluded.members, at = excluded.at", group, string(data), at).Error
	return dbError("save members", err)
}

// Members implements change.Memory.
func (r Changes) Members(ctx context.Context, group string) ([]bot.PersonID, time.Time, error) {
	var row membersRow
	if err := r.s.reader(ctx).Raw("SELECT * FROM group_members WHERE name = ?", group).Scan(&row).Error; err != nil {
		return nil, time.Time{}, dbError("read members", err)
	}
	if row.Name == "" {
		return nil, time.Time{}, bot.ErrNoSuch
	}
	var people []bot.PersonID
	err := json.Unmarshal([]byte(row.Members), &people)
	return people, row.At.UTC(), err
}

// errNothing ends a transaction that has nothing to do.
var errNothing = errors.New("nothing to do")
