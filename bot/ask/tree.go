// Package ask turns what people type, press and fill in into commands with typed arguments: the tree of all commands,
// the grammar of typed lines, the reading of arguments, forms for what is missing, help, and completion.
package ask

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Tree holds all commands. It is built once at start-up and only read afterwards.
type Tree struct {
	nouns    []bot.Noun
	commands []*bot.Command
	byName   map[string]*bot.Command
	top      *bot.Command // "/help"
}

// Add adds commands to a noun, which it makes if it is new. It panics on a command that breaks the rules: that is a
// fault of the program, to be seen at its first start.
func (t *Tree) Add(n bot.Noun, commands []bot.Command) {
	if t.byName == nil {
		t.byName = map[string]*bot.Command{}
		t.top = t.topCommand()
	}
	t.join(n)
	for i := range commands {
		c := &commands[i]
		if err := c.Check(); err != nil {
			panic(fmt.Sprintf("command %q: %v", c.Name, err))
		}
		if c.Noun() != n.Name || t.byName[c.Name] != nil {
			panic(fmt.Sprintf("command %q: wrong noun or given twice", c.Name))
		}
		c.Under = n.Under
		t.byName[c.Name] = c
		t.commands = append(t.commands, c)
	}
}

// join adds a noun, or its groups and buttons to the one of its name.
func (t *Tree) join(n bot.Noun) {
	i := slices.IndexFunc(t.nouns, func(have bot.Noun) bool { return have.Name == n.Name })
	if i < 0 {
		t.nouns = append(t.nouns, n)
		return
	}
	have := &t.nouns[i]
	if n.Summary != "" || n.Default != "" && have.Default != "" || len(n.Aliases) > 0 || n.Under != have.Under {
		panic(fmt.Sprintf("noun %q: it is there already, so its summary, default and aliases are given twice", n.Name))
	}
	have.Default = cmp.Or(have.Default, n.Default)
	have.Groups = slices.Concat(have.Groups, n.Groups)
	have.Buttons = slices.Concat(have.Buttons, n.Buttons)
}

// Has reports whether there is a noun of that name.
func (t *Tree) Has(name string) bool {
	return slices.ContainsFunc(t.nouns, func(n bot.Noun) bool { return n.Name == name })
}

// Command finds a command by its name.
func (t *Tree) Command(name string) (*bot.Command, bool) { c, ok := t.byName[name]; return c, ok }

// Commands lists all commands in the order they were declared.
func (t *Tree) Commands() []*bot.Command { return t.commands }

// Nouns lists the slash commands. Those that stand under one of them are in Under.
func (t *Tree) Nouns() []bot.Noun { return t.Under("") }

// Under lists what stands under an umbrella.
func (t *Tree) Under(umbrella string) []bot.Noun {
	return slices.DeleteFunc(slices.Clone(t.nouns), func(n bot.Noun) bool { return n.Under != umbrella })
}

// Shortcuts lists the commands offered on every chat message.
func (t *Tree) Shortcuts() []*bot.Command {
	var s []*bot.Command
	for _, c := range t.commands {
		if c.Shortcut != "" {
			s = append(s, c)
		}
	}
	return s
}

func (t *Tree) noun(word string) (bot.Noun, bool) {
	for _, n := range t.nouns {
		if strings.EqualFold(n.Name, word) ||
			slices.ContainsFunc(n.Aliases, func(a string) bool { return strings.EqualFold(a, word) }) {
			return n, true
		}
	}
	return bot.Noun{}, false
}

// words finds the noun that a line begins with, behind its umbrella or alone, and what follows it.
func (t *Tree) words(line string) (n bot.Noun, rest string, ok bool) {
	first, rest := nextWord(line)
	if n, ok = t.noun(first); !ok || !n.Umbrella {
		return n, rest, ok
	}
	second, tail := nextWord(rest)
	if below, is := t.noun(second); is && below.Under == n.Name {
		return below, tail, true
	}
	return n, rest, true
}

func (t *Tree) verb(n bot.Noun, word string) (*bot.Command, bool) {
	for _, c := range t.commands {
		if c.Noun() == n.Name &&
			(strings.EqualFold(c.Verb(), word) ||
				slices.ContainsFunc(c.Aliases, func(a string) bool { return strings.EqualFold(a, word) })) {
			return c, true
		}
	}
	return nil, false
}

// begins finds the command that a line begins with, and what follows its verb. A verb of two words comes before the one
// that its first word is: /ops me link is not about /ops me.
func (t *Tree) begins(n bot.Noun, line string) (c *bot.Command, rest string, ok bool) {
	first, rest := cutWord(line)
	if second, tail := cutWord(rest); second != "" {
		if c, ok = t.verb(n, first+"-"+second); ok && c.Spaced {
			return c, tail, true
		}
	}
	c, ok = t.verb(n, first)
	return c, rest, ok
}

func (t *Tree) verbs(n bot.Noun) []string {
	var v []string
	for _, below := range t.Under(n.Name) {
		v = append(v, below.Name)
	}
	for _, c := range t.commands {
		if c.Noun() == n.Name {
			v = append(v, c.Words())
			v = append(v, c.Aliases...)
		}
	}
	return v
}
