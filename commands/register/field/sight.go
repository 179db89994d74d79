package field

import (
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Sight is what somebody may not see of the things that fields name, by their ids. A nil Sight sees everything.
type Sight map[string]bool

// Of are those of some ids that are seen.
func (s Sight) Of(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return s[id] })
}

// TextTo is a field as somebody reads it: without what they may not see.
func (f *Field[T]) TextTo(x *T, s Sight) string {
	if f.Refs == nil {
		return f.Text(x)
	}
	return strings.Join(s.Of(f.Refs(x)), ",")
}

// ShownTo is Shown without what somebody may not see.
func (f *Field[T]) ShownTo(x *T, s Sight) bot.Text {
	if f.Refs == nil {
		return f.Shown(x)
	}
	return bot.T(strings.Join(s.Of(f.Refs(x)), ", "))
}

// ReadBy makes a field what somebody writes, which read does. What they may not see was not before them, so it stays.
func (f *Field[T]) ReadBy(x *T, s Sight, read func() error) error {
	if f.Refs == nil || len(s) == 0 {
		return read()
	}
	hidden := slices.DeleteFunc(slices.Clone(f.Refs(x)), func(id string) bool { return !s[id] })
	if err := read(); err != nil || len(hidden) == 0 {
		return err
	}
	written := f.Refs(x)
	if len(written) > 0 && !f.Param.Many {
		return bot.Errorf(
			bot.Forbidden, "%s: it names something that you may not see, so somebody who may has to change it. Ask a manager.",
			f.Param.Caption(),
		).About(f.Param.Name)
	}
	return f.Read(x, strings.Join(slices.Concat(written, hidden), ","))
}

// Known refuses ids that somebody writes and may not see, as if they were not there.
func (f *Field[T]) Known(written []string, s Sight) error {
	for _, id := range written {
		if f.Refs != nil && s[id] {
			return f.None(id)
		}
	}
	return nil
}

// None is that a field names what is not there, at least for whoever asks.
func (f *Field[T]) None(id string) error {
	return bot.Errorf(bot.NotFound, "%s: there is no %s.", f.Param.Name, bot.Shown(id)).About(f.Param.Name)
}
