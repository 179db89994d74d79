package bot

import (
	"context"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// sealPeople gives every mention in m the person's name and account on the platform. It returns a copy.
func (b *Bot) sealPeople(ctx context.Context, m Message, platform string) (Message, error) {
	if !mentionsAnyone(m) {
		return m, nil
	}
	name, err := b.namer(ctx, platform)
	if err != nil {
		return m, err
	}
	return m.mapped(name), nil
}

// namer gives people in a text their names, and their accounts on a platform.
func (b *Bot) namer(ctx context.Context, platform string) (func(Text) Text, error) {
	people, err := b.store.People(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Person, len(people))
	for _, p := range people {
		byID[string(p.ID)] = p
	}
	return func(t Text) Text {
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
	}, nil
}

// withYears marks the times of m that would be misread without their year. It returns a copy.
func (m Message) withYears(now time.Time) Message {
	far := func(s Span) bool { return s.Kind == TimeSpan && s.Time != nil && value.NeedsYear(*s.Time, now) }
	if !m.any(far) {
		return m
	}
	return m.mapped(func(t Text) Text {
		t = slices.Clone(t)
		for i := range t {
			t[i].Year = far(t[i])
		}
		return t
	})
}

// mapped is a copy of a message with each of its texts replaced.
func (m Message) mapped(by func(Text) Text) Message {
	m.Sections = slices.Clone(m.Sections)
	for i := range m.Sections {
		s := &m.Sections[i]
		s.Text = by(s.Text)
		s.Fields = slices.Clone(s.Fields)
		for j := range s.Fields {
			s.Fields[j].Value = by(s.Fields[j].Value)
		}
	}
	m.Context = slices.Clone(m.Context)
	for i := range m.Context {
		m.Context[i] = by(m.Context[i])
	}
	return m
}

func mentionsAnyone(m Message) bool { return m.any(func(s Span) bool { return s.Kind == PersonSpan }) }

// any reports whether some span of a message is such.
func (m Message) any(such func(Span) bool) bool {
	has := func(t Text) bool { return slices.ContainsFunc(t, such) }
	for _, s := range m.Sections {
		if has(s.Text) || slices.ContainsFunc(s.Fields, func(f Field) bool { return has(f.Value) }) {
			return true
		}
	}
	return slices.ContainsFunc(m.Context, has)
}
