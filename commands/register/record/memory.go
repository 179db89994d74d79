package record

import (
	"context"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Memory is a store that reads each thing once, for a decision on thousands of records. What it remembers is as old as
// the versions and guards that it read with it, so a commit that compares those is safe.
type Memory struct {
	Store
	kind    string
	own     map[string]*Row // the records of a batch, by id in lower case
	targets map[string]*Row // what fields name, without what it holds; nil is nothing
	guards  map[string]bot.Guard
}

// Remember makes a memory of a store, for decisions on records of a kind.
func Remember(s Store, kind string) *Memory {
	return &Memory{
		Store: s, kind: kind, own: map[string]*Row{}, targets: map[string]*Row{}, guards: map[string]bot.Guard{},
	}
}

// Fetch makes the records of these ids the batch.
func (m *Memory) Fetch(ctx context.Context, ids []string) error {
	m.own = map[string]*Row{}
	if len(ids) == 0 {
		return nil
	}
	spelled := make([]string, 0, 2*len(ids))
	for _, id := range ids {
		spelled = append(spelled, strings.ToUpper(id), strings.ToLower(id))
	}
	rows, err := m.Store.List(ctx, Query{IDs: spelled})
	if err != nil {
		return err
	}
	for _, r := range rows {
		m.own[strings.ToLower(r.ID)] = &r
	}
	return nil
}

// Record implements Records by the batch, or what fields name.
func (m *Memory) Record(ctx context.Context, id string) (Row, error) {
	if r := m.own[strings.ToLower(id)]; r != nil {
		return *r, nil
	}
	if r, known := m.targets[id]; known {
		if r == nil {
			return Row{}, bot.ErrNoSuch
		}
		return *r, nil
	}
	return m.Store.Record(ctx, id)
}

// Target is what a field names, with its guard. fresh are the keys of records that are going to be there.
func (m *Memory) Target(ctx context.Context, id string, fresh map[string]bool) (Row, error) {
	if r, known := m.targets[id]; known {
		if r == nil {
			return Row{}, bot.ErrNoSuch
		}
		return *r, nil
	}
	r, err := m.Store.Record(ctx, id)
	if key := strings.ToLower(id); errors.Is(err, bot.ErrNoSuch) && fresh[key] {
		r, err = Row{Kind: m.kind, ID: key, Seen: Everybody}, nil
		m.targets[key] = &r
	} else if err == nil {
		if _, err = m.Guards(ctx, Guard(r.ID)); err == nil {
			r, err = m.Store.Record(ctx, r.ID) // after its guard
		}
	}
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		m.targets[id] = nil
		return Row{}, err
	case err != nil:
		return Row{}, err
	}
	r.Data, r.Values, r.Words = nil, nil, ""
	m.targets[id], m.targets[r.ID] = &r, &r
	return r, nil
}

// Guards implements Web: each guard as it was first seen.
func (m *Memory) Guards(ctx context.Context, names ...string) ([]bot.Guard, error) {
	var unknown []string
	for _, name := range names {
		if _, known := m.guards[name]; !known {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		guards, err := m.Store.Guards(ctx, unknown...)
		if err != nil {
			return nil, err
		}
		for _, g := range guards {
			m.guards[g.Name] = g
		}
	}
	list := make([]bot.Guard, len(names))
	for i, name := range names {
		list[i] = m.guards[name]
	}
	return list, nil
}
