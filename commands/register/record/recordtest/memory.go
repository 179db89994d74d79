// Package recordtest is a record.Store in memory, which those of databases are compared with.
package recordtest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Memory is a record.Store in memory, as simple as it can be: the model that those of databases are compared with.
type Memory struct {
	// Save saves the effects of a change. When it refuses them, nothing is changed. Optional.
	Save func(ctx context.Context, e bot.Effects) error
	// Active reports whether somebody is there. Default: everybody is.
	Active func(who bot.PersonID) bool

	mu      sync.Mutex
	rows    []record.Row
	links   []record.Link
	history []record.Entry
	guards  map[string]int64
	imports []*staged // by number
}

var _ record.Store = (*Memory)(nil)

// Add implements record.Store.
func (m *Memory) Add(ctx context.Context, kind string, make func(number int64) (record.Change, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	number := int64(1)
	for _, r := range m.rows {
		if r.Kind == kind {
			number++
		}
	}
	m.mu.Unlock() // make may look at the store
	change, err := make(number)
	m.mu.Lock()
	if err == nil && m.find(change.Row.ID) >= 0 {
		err = record.ErrTaken
	}
	if err == nil {
		err = m.commit(ctx, change)
	}
	if err == nil {
		m.rows = append(m.rows, change.Row)
	}
	return err
}

// Update implements record.Store.
func (m *Memory) Update(
	ctx context.Context, id string, decide func(ctx context.Context, now record.Row) (record.Change, error),
) error {
	for {
		now, err := m.Record(ctx, id)
		if err != nil {
			return err
		}
		change, err := decide(ctx, now)
		if err != nil {
			return err
		}
		if again, err := m.update(ctx, now.Version, change); !again {
			return err
		}
	}
}

// update saves a change of a record, unless it is no longer of a version.
func (m *Memory) update(ctx context.Context, version int, change record.Change) (again bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(change.Row.ID)
	if m.rows[i].Version != version {
		return true, nil
	}
	if err := m.commit(ctx, change); err != nil {
		return errors.Is(err, bot.ErrStale), err
	}
	m.rows[i] = change.Row
	return false, nil
}

// commit saves all of a change but its row.
func (m *Memory) commit(ctx context.Context, change record.Change) error {
	e := change.Effects
	var others []bot.Guard
	for _, g := range e.Relies {
		if !m.ours(g) {
			others = append(others, g)
		} else if m.guards[g.Name] != g.Version {
			return bot.ErrStale
		}
	}
	e.Relies = others
	if m.Save != nil {
		if err := m.Save(ctx, e); err != nil {
			return err
		}
	}
	if m.guards == nil {
		m.guards = map[string]int64{}
	}
	for _, name := range change.Bumps {
		m.guards[name]++
	}
	m.history = append(m.history, change.History...)
	m.links = slices.DeleteFunc(m.links, func(l record.Link) bool { return slices.Contains(change.Severed, l) })
	m.links = append(m.links, change.Linked...)
	return nil
}

// ours reports whether a guard is counted here.
func (m *Memory) ours(g bot.Guard) bool {
	return strings.HasPrefix(g.Name, record.Guard("")) || strings.HasPrefix(g.Name, record.LinksGuard(""))
}

func (m *Memory) find(id string) int {
	return slices.IndexFunc(m.rows, func(r record.Row) bool {
		return strings.EqualFold(r.ID, id) || strings.EqualFold(r.Alias, id)
	})
}

// Record implements record.Store.
func (m *Memory) Record(_ context.Context, id string) (record.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(id)
	if i < 0 {
		return record.Row{}, bot.ErrNoSuch
	}
	return m.rows[i], nil
}

// List implements record.Store.
func (m *Memory) List(_ context.Context, q record.Query) ([]record.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sorts := func(a, b record.Row) int {
		x, y := m.Sorted(q, a), m.Sorted(q, b)
		order := cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Number, y.Number))
		if strings.HasPrefix(q.Sort, "-") {
			return -order
		}
		return order
	}
	var list []record.Row
	for _, r := range m.rows {
		if m.matches(q, r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, sorts)
	if q.After != nil {
		list = slices.DeleteFunc(list, func(r record.Row) bool {
			x := m.Sorted(q, r)
			order := cmp.Or(cmp.Compare(x.Value, q.After.Value), cmp.Compare(x.Kind, q.After.Kind),
				cmp.Compare(x.Number, q.After.Number))
			return order <= 0 != strings.HasPrefix(q.Sort, "-") || order == 0
		})
	}
	if q.Limit > 0 && len(list) > q.Limit {
		list = list[:q.Limit]
	}
	return list, nil
}

func (m *Memory) matches(q record.Query, r record.Row) bool {
	for name, want := range q.Where {
		if r.Values[name] != want {
			return false
		}
	}
	for word := range strings.FieldsSeq(q.Words) {
		if !strings.Contains(r.Words, word) {
			return false
		}
	}
	orphan := r.Owner == "" && r.Team == "" || r.Owner != "" && m.Active != nil && !m.Active(r.Owner)
	switch {
	case q.Kind != "" && r.Kind != q.Kind, q.Kinds != nil && !slices.Contains(q.Kinds, r.Kind),
		q.Owner != "" && r.Owner != q.Owner, q.Team != "" && r.Team != q.Team, q.State != "" && r.State != q.State,
		q.Orphans && !orphan, !q.Wakes.IsZero() && (r.Wakes.IsZero() || q.Wakes.Before(r.Wakes)),
		q.Reader != nil && !q.Reader.Sees(&r):
		return false
	case q.IDs != nil:
		return slices.Contains(q.IDs, r.ID)
	}
	return q.Archived == !r.Archived.IsZero()
}

// Sorted implements record.Store.
func (m *Memory) Sorted(q record.Query, r record.Row) record.Key {
	k := record.Key{Kind: r.Kind, Number: r.Number}
	switch by := strings.TrimPrefix(q.Sort, "-"); by {
	case "", "name":
		k.Value = strings.ToLower(r.Name)
	case "number":
	case "changed":
		k.Value = r.Changed.UTC().Format("2006-01-02T15:04:05.000000")
	default:
		k.Value = r.Values[by]
	}
	return k
}

// Links implements record.Store.
func (m *Memory) Links(_ context.Context, id string) ([]record.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.links), func(l record.Link) bool { return l.From != id && l.To != id }), nil
}

// History implements record.Store.
func (m *Memory) History(_ context.Context, id string, limit int) ([]record.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []record.Entry
	for _, e := range slices.Backward(m.history) {
		if e.Record == id && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, nil
}

// Happened implements record.Store.
func (m *Memory) Happened(
	_ context.Context, names map[string][]string, period value.Span,
) ([]record.Happened, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []record.Happened
	for _, e := range m.history {
		i := m.find(e.Record)
		if i >= 0 && slices.Contains(names[m.rows[i].Kind], e.What) && period.Holds(e.At) {
			of := m.rows[i]
			list = append(list, record.Happened{Entry: e, Of: record.Row{
				ID: of.ID, Kind: of.Kind, Name: of.Name, Owner: of.Owner, Team: of.Team, Seen: of.Seen, Readers: of.Readers,
			}})
		}
	}
	return list, nil
}

// Guards implements record.Store.
func (m *Memory) Guards(_ context.Context, names ...string) ([]bot.Guard, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]bot.Guard, len(names))
	for i, name := range names {
		list[i] = bot.Guard{Name: name, Version: m.guards[name]}
	}
	return list, nil
}
