package recordtest

import (
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/record"
)

// staged is an import with what it makes of records.
type staged struct {
	record.Import
	first int64
	list  []record.Staged
}

// Stage implements record.Store.
func (m *Memory) Stage(
	_ context.Context, i record.Import, fill func(first int64, add func([]record.Staged) error) (record.Import, error),
) (record.Import, error) {
	m.mu.Lock()
	s := &staged{first: m.next(i.Kind)}
	number := int64(len(m.imports)) + 1
	m.imports = append(m.imports, s)
	m.mu.Unlock() // fill looks at the store
	filled, err := fill(s.first, func(list []record.Staged) error {
		s.list = append(s.list, list...)
		return nil
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.imports[number-1] = nil
		return i, err
	}
	filled.Number = number
	s.Import = filled
	return filled, nil
}

func (m *Memory) next(kind string) int64 {
	number := int64(1)
	for _, r := range m.rows {
		if r.Kind == kind {
			number++
		}
	}
	return number
}

// Import implements record.Store.
func (m *Memory) Import(_ context.Context, number int64) (record.Import, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if number < 1 || number > int64(len(m.imports)) || m.imports[number-1] == nil {
		return record.Import{}, bot.ErrNoSuch
	}
	return m.imports[number-1].Import, nil
}

// Staged implements record.Store.
func (m *Memory) Staged(_ context.Context, number int64, without, limit int) ([]record.Staged, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.imports[number-1].list
	return slices.Clone(list[min(without, len(list)):min(without+limit, len(list))]), nil
}

// Apply implements record.Store.
func (m *Memory) Apply(ctx context.Context, number int64, e bot.Effects) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.imports[number-1]
	if !s.Applied.IsZero() || s.Created > 0 && m.next(s.Kind) != s.first {
		return &record.MovedError{}
	}
	for _, g := range s.Relies {
		if m.guards[g.Name] != g.Version && m.ours(g) {
			return &record.MovedError{}
		}
	}
	all := record.Change{Effects: e, Bumps: s.Bumps}
	all.Effects.Jobs = append(all.Effects.Jobs, s.Jobs...)
	for _, x := range s.list {
		i := m.find(x.Change.Row.ID)
		if (x.Was == nil) != (i < 0) || x.Was != nil && m.rows[i].Version != x.Was.Version {
			return &record.MovedError{Records: []string{x.Change.Row.ID}}
		}
		all.History = append(all.History, x.Change.History...)
		all.Linked = append(all.Linked, x.Change.Linked...)
		all.Severed = append(all.Severed, x.Change.Severed...)
		all.Effects.Dues = append(all.Effects.Dues, x.Change.Effects.Dues...)
	}
	if err := m.commit(ctx, all); err != nil {
		return err
	}
	for _, x := range s.list {
		if i := m.find(x.Change.Row.ID); i >= 0 {
			m.rows[i] = x.Change.Row
		} else {
			m.rows = append(m.rows, x.Change.Row)
		}
	}
	if s.Applied = e.Audit.At; s.Undoes > 0 {
		m.imports[s.Undoes-1].Undone = number
	}
	return nil
}

// Note implements record.Store.
func (m *Memory) Note(ctx context.Context, e bot.Effects) error {
	if m.Save == nil {
		return nil
	}
	return m.Save(ctx, e)
}
