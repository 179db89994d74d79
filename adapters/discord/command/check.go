package command

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/payload"
)

// What Discord takes. One command that breaks a limit makes it refuse all of them.
const (
	maxSlash       = 100   // slash commands
	maxMenu        = 15    // entries in the menu of messages
	maxOptions     = 25    // of a command, or of a subcommand
	maxChoices     = 25    // of an option
	maxLabel       = 32    // of a name
	maxDescription = 100   //
	maxName        = 100   // of a choice, and of its value
	maxLength      = 6_000 // of a text
	hardSize       = 8_000 // of a command
)

var validName = regexp.MustCompile(`^[-_\p{L}\p{M}\p{N}]{1,32}$`)

// Check holds the layout to Discord's limits. The error names everything that breaks one.
func (l *Layout) Check() error { return Check(l.Commands()) }

// Check holds commands, all that are registered together, to Discord's limits. The error names everything that breaks
// one.
func Check(list []Definition) error {
	c := &checker{}
	seen := map[string]bool{}
	slash, menu := 0, 0
	for _, d := range list {
		if key := fmt.Sprint(d.Type, d.Name); seen[key] {
			c.fault(d.title(), "there are two of this name")
		} else {
			seen[key] = true
		}
		switch d.Type {
		case payload.ChatInput:
			slash++
			c.slash(d)
		case payload.MessageCommand:
			menu++
			c.menu(d)
		default:
			c.fault(d.title(), "its type is %d", d.Type)
		}
	}
	c.most("all commands", "slash commands", slash, maxSlash)
	c.most("all commands", "entries in the menu of messages", menu, maxMenu)
	return errors.Join(c.faults...)
}

// title is how people know the command.
func (d Definition) title() string {
	if d.Type == payload.ChatInput {
		return "/" + d.Name
	}
	return fmt.Sprintf("%q", d.Name)
}

type checker struct{ faults []error }

func (c *checker) fault(where, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// most holds a number of things to a limit.
func (c *checker) most(where, what string, n, limit int) {
	if n > limit {
		c.fault(where, "%d %s, the limit is %d", n, what, limit)
	}
}

// length holds a text to its limit.
func (c *checker) length(where, what, s string, limit int) {
	if n := units(s); n < 1 || n > limit {
		c.fault(where, "%s has %d characters, it must have 1 to %d", what, n, limit)
	}
}

func (c *checker) menu(d Definition) {
	c.length(d.title(), "its name", d.Name, maxLabel)
	if d.Description != "" || len(d.Options) > 0 {
		c.fault(d.title(), "an entry in the menu of messages has no description and no options")
	}
}

func (c *checker) slash(d Definition) {
	c.names(d.title(), d.Name, d.Description)
	c.most(d.title(), "characters over all its names, descriptions and choices", d.size(), hardSize)
	c.options(d.title(), d.Options, 0)
}

func (c *checker) names(where, name, description string) {
	if !validName.MatchString(name) || name != strings.ToLower(name) {
		c.fault(where, "the name %q must have 1 to %d letters, digits, - or _, in lower case", name, maxLabel)
	}
	c.length(where, "its description", description, maxDescription)
}

// options checks one level of options: all of them subcommands, or all of them arguments, the required ones first.
func (c *checker) options(where string, list []Option, depth int) {
	c.most(where, "options", len(list), maxOptions)
	seen := map[string]bool{}
	nested, optional := 0, false
	for _, o := range list {
		here := where + " " + o.Name
		if seen[o.Name] {
			c.fault(where, "there are two options called %q", o.Name)
		}
		seen[o.Name] = true
		c.names(here, o.Name, o.Description)
		if o.Type == subcommand || o.Type == group {
			nested++
			if depth > 0 {
				c.fault(here, "a subcommand cannot be below a subcommand")
			}
			c.options(here, o.Options, depth+1)
			continue
		}
		if o.Required && optional {
			c.fault(here, "a required option stands behind one that is not")
		}
		optional = optional || !o.Required
		c.argument(here, o)
	}
	if nested > 0 && nested < len(list) {
		c.fault(where, "subcommands and arguments stand side by side")
	}
}

func (c *checker) argument(where string, o Option) {
	if o.Type < text || o.Type > user {
		c.fault(where, "its type is %d", o.Type)
	}
	if o.Autocomplete && (len(o.Choices) > 0 || o.Type != text) {
		c.fault(where, "only a text without choices can be completed")
	}
	if len(o.Options) > 0 {
		c.fault(where, "an argument has no options")
	}
	if o.MaxLength < 0 || o.MaxLength > maxLength || o.MaxLength > 0 && o.Type != text {
		c.fault(where, "a text may have up to %d characters, not %d, and nothing else has a length", maxLength, o.MaxLength)
	}
	switch {
	case (o.Min != nil || o.Max != nil) && o.Type != integer:
		c.fault(where, "only a number has bounds")
	case o.Min != nil && o.Max != nil && *o.Min > *o.Max:
		c.fault(where, "no number is from %d to %d", *o.Min, *o.Max)
	}
	c.choices(where, o)
}

func (c *checker) choices(where string, o Option) {
	c.most(where, "choices", len(o.Choices), maxChoices)
	if len(o.Choices) > 0 && o.Type != text {
		c.fault(where, "only a text has choices here")
	}
	names, values := map[string]bool{}, map[string]bool{}
	for _, x := range o.Choices {
		c.length(where, fmt.Sprintf("the choice %q", x.Name), x.Name, maxName)
		c.length(where, fmt.Sprintf("the value of the choice %q", x.Name), x.Value, maxName)
		if names[x.Name] || values[x.Value] {
			c.fault(where, "there are two choices %q", x.Name)
		}
		names[x.Name], values[x.Value] = true, true
	}
}
