package command

import (
	"strings"
	"unicode/utf16"

	"github.com/watchbell/watchbell/bot/value"
)

// Kinds of options.
const (
	subcommand = 1
	group      = 2
	text       = 3
	integer    = 4
	boolean    = 5
	user       = 6
)

// Definition is a command as Discord registers it: a slash command, or an entry in the menu of a message.
//
// Source: https://discord.com/developers/docs/interactions/application-commands
type Definition struct {
	Type         int      `json:"type"`
	Name         string   `json:"name"`
	Description  string   `json:"description,omitempty"` // entries of menus have none
	Options      []Option `json:"options,omitempty"`
	Contexts     []int    `json:"contexts"`
	Integrations []int    `json:"integration_types"`
}

// Option is a subcommand, or an argument.
type Option struct {
	Type         int      `json:"type"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Required     bool     `json:"required,omitempty"`
	Autocomplete bool     `json:"autocomplete,omitempty"`
	Choices      []Choice `json:"choices,omitempty"`
	Options      []Option `json:"options,omitempty"`    // of a subcommand
	Min          *int     `json:"min_value,omitempty"`  // of a number
	Max          *int     `json:"max_value,omitempty"`  // of a number
	MaxLength    int      `json:"max_length,omitempty"` // of a text
}

// Choice is one value of an option, as it is registered and as it is suggested.
type Choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// here says that a command is for guilds, and for the app that a guild installed: nobody brings it along from
// elsewhere, and it is not offered in direct messages.
func here(d Definition) Definition {
	d.Contexts, d.Integrations = []int{0}, []int{0}
	return d
}

// size is what counts towards Discord's limit of a command: all names, descriptions and values.
func (d Definition) size() int { return units(d.Name) + units(d.Description) + sizes(d.Options) }

func (o Option) size() int {
	n := units(o.Name) + units(o.Description) + sizes(o.Options)
	for _, c := range o.Choices {
		n += units(c.Name) + units(c.Value)
	}
	return n
}

func sizes(list []Option) int {
	n := 0
	for _, o := range list {
		n += o.size()
	}
	return n
}

// units is the length of a text as JavaScript counts it. Discord does not say how it counts; this is never less than
// the number of characters.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// cut shortens a text to a number of units.
func cut(s string, n int) string {
	for k := n; units(s) > n; k-- {
		if short := value.Cut(s, k); units(short) <= n {
			return short
		}
	}
	return s
}

// cutAtWord is cut that leaves whole words where it can.
func cutAtWord(s string, n int) string {
	short := cut(s, n)
	if short == s {
		return s
	}
	short = strings.TrimSuffix(short, "…")
	if i := strings.LastIndexByte(short, ' '); i > len(short)/2 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:") + "…"
}
