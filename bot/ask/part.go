package ask

import (
	"slices"

	"github.com/watchbell/watchbell/bot"
)

// Part is the tree with some of its commands only, of the same nouns.
func (t *Tree) Part(has func(*bot.Command) bool) *Tree {
	part := &Tree{nouns: t.nouns, byName: map[string]*bot.Command{}, top: t.top}
	part.commands = slices.DeleteFunc(slices.Clone(t.commands), func(c *bot.Command) bool { return !has(c) })
	for _, c := range part.commands {
		part.byName[c.Name] = c
	}
	return part
}
