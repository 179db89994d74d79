package bot

import (
	"context"
	"slices"
)

// sealPeople gives every mention in m the person's name and account on the platform. It returns a copy.
func (b *Bot) sealPeople(ctx context.Context, m Message, platform string) (Message, error) {
	if !mentionsAnyone(m) {
		return m, nil
	}
	people, err := b.store.People(ctx)
	if err != nil {
		return m, err
	}
	byID := make(map[string]Person, len(people))
	for _, p := range people {
		byID[string(p.ID)] = p
	}
	name := func(t Text) Text {
		t = slices.Clone(t)
		for i := range t {
			if p, ok := byID[t[i].Ref]; ok && t[i].Kind == PersonSpan {
				t[i].Text = p.Name
				if a, ok := p.on(platform); ok {
					t[i].User = a.User
				}
			}
		}
		return t
	}
	m.Sections = slices.Clone(m.Sections)
	for i := range m.Sections {
		s := &m.Sections[i]
		s.Text = name(s.Text)
		s.Fields = slices.Clone(s.Fields)
		for j := range s.Fields {
			s.Fields[j].Value = name(s.Fields[j].Value)
		}
	}
	m.Context = slices.Clone(m.Context)
	for i := range m.Context {
		m.Context[i] = name(m.Context[i])
	}
	return m, nil
}

func mentionsAnyone(m Message) bool {
	has := func(t Text) bool { return slices.ContainsFunc(t, func(s Span) bool { return s.Kind == PersonSpan }) }
	for _, s := range m.Sections {
		if has(s.Text) || slices.ContainsFunc(s.Fields, func(f Field) bool { return has(f.Value) }) {
			return true
		}
	}
	return slices.ContainsFunc(m.Context, has)
}
