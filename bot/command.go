package bot

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot/value"
)

// Command is one thing people can do. The same description parses typed text, builds its form, names its buttons and
// writes its help.
type Command struct {
	Name       string // noun.verb; also the audit action
	Permission string // usually the name; a command without one panics at start-up
	Aliases    []string
	Spaced     bool   // its verb is typed as two words, me-link as "me link"; the verb "me" then takes no arguments
	Title      string // of its form, at most 24 characters
	Submit     string // the label of the form's button
	Summary    string // one line for help, without a full stop
	Example    string // one line that works as it stands
	Params     []Param
	Under      string // the umbrella that its noun stands under; the tree fills it in
	Reads      bool   // it changes nothing
	Common     bool   // people use it daily: offered first where a platform has room for few
	OpensRoom  bool   // a room is opened for what it makes, so it is limited more tightly
	InOutage   bool   // whoever was a member within a day may do it while their platform does not answer about them
	// the card of what it is used on shows what it did, so that where the card is seen a short acknowledgement is enough
	OnCard   bool
	InPerson bool   // somebody's own word, which no program may give for them, whatever its token's scopes
	Asks     bool   // without any argument it opens its form, even when none is required
	Shortcut string // offered on every chat message under this label
	// the shortcut is about the message itself: nothing is asked, and it is offered on our messages only where a platform
	// lets us choose
	OnOurs   bool
	Global   string // offered wherever a platform has a menu of the whole app, under this label
	Keeps    bool   // carried out on a message that somebody pins and a file that somebody shares, as Reaction is
	Reaction string // the name of the emoji that carries it out on a message, whose words become its argument text
	Handle   Handler
	// May says beforehand why this person cannot do it, so that nobody fills in a form in vain. Handle decides all the
	// same. Optional.
	May func(ctx context.Context, c *Call) error
	// Prefill says what the form shows at first, or why it cannot be opened. Optional.
	Prefill func(ctx context.Context, c *Call) (map[string]string, error)
	// Foresee says what would come of what a form is filled with so far: what a page shows beside the form. Optional.
	Foresee func(ctx context.Context, c *Call) ([]Panel, error)
	// Intro is what stands above the form: what somebody is about to confirm. Optional.
	Intro func(ctx context.Context, c *Call) (Text, error)
}

// Bare are arguments without those that are secret, for what is kept or shown again.
func (c *Command) Bare(args map[string]string) map[string]string {
	bare := args
	for i := range c.Params {
		if _, given := bare[c.Params[i].Name]; given && c.Params[i].Secret {
			bare = maps.Clone(bare)
			delete(bare, c.Params[i].Name)
		}
	}
	return bare
}

// Secretive reports whether it takes something secret.
func (c *Command) Secretive() bool {
	return slices.ContainsFunc(c.Params, func(p Param) bool { return p.Secret })
}

// Verb is the second half of the name.
func (c *Command) Verb() string { _, v, _ := strings.Cut(c.Name, "."); return v }

// Words is the verb as people type it.
func (c *Command) Words() string {
	if c.Spaced {
		return strings.ReplaceAll(c.Verb(), "-", " ")
	}
	return c.Verb()
}

// Noun is the first half of the name.
func (c *Command) Noun() string { n, _, _ := strings.Cut(c.Name, "."); return n }

// Behind is what people type behind the slash command: the verb, below an umbrella with its noun.
func (c *Command) Behind() string {
	if c.Under != "" {
		return c.Noun() + " " + c.Words()
	}
	return c.Words()
}

// Slash is how people type it, without arguments, like "/incident resolve" or "/ops contract add".
func (c *Command) Slash() string { return c.Stem() + " " + c.Words() }

// Stem is how people type its noun, like "/incident" or "/ops contract".
func (c *Command) Stem() string { return Noun{Name: c.Noun(), Under: c.Under}.Slash() }

// Entry is the command in a list of its noun's: its verb and what it does, like "resolve – end the incident".
func (c *Command) Entry() string { return c.Behind() + " – " + c.Summary }

// Usage is the grammar of the command in one line, like "/incident note [incident] <text> [at <time>]".
func (c *Command) Usage() string {
	parts := []string{c.Slash()}
	for _, p := range c.Params {
		if s := p.Usage(); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// Param is one argument of a command.
type Param struct {
	Name     string // how it is typed as name=value
	Label    string // of its input, at most 45 characters
	Help     string // what is accepted, with an example
	Kind     ParamKind
	Required bool
	Needed   bool   // its form asks for it like for what is required, while a typed command may leave it out
	Form     bool   // asked for in the form, where a platform limits these in the order of the parameters
	Picker   bool   // Text: its form has a picker of times, while typed words may be more than a time
	Bare     bool   // may be typed without its name
	Word     string // may be typed at the end after this word, like "at 14:05"
	Aliases  []string
	Hidden   bool // for buttons only, never typed
	Secret   bool // Text: never kept and never shown again, so a form that comes back asks for it anew
	Many     bool // Choice, Person: may be given several times
	Digits   bool // Ref: a number without the prefix in front of everything else is an id too

	// Characters of a text (Max 0: 4 000), or bounds of a Number. Of a Day, how many days after today it lies, and of
	// Money, whole units of its currency; both 0 are no bounds.
	Min, Max  int
	Paragraph bool // a text of several lines

	Options func(ctx context.Context) ([]Option, error) // Choice, and Ref for its picker
	Fixed   bool                                        // Choice: the options are the same words in every installation
	// Ref: what is meant where nothing names one, at a terminal; default Options
	Likely func(ctx context.Context) ([]Option, error)
	Parse  func(raw string) (string, bool) // Choice: other spellings, like "2" for "sev2"
	Match  *regexp.Regexp                  // Choice, Number: what a bare word must look like to be meant for it

	// Knows reports whether a line that is none of a noun's verbs is what its default command takes: the name of a thing,
	// to whoever looks. Optional.
	Knows func(ctx context.Context, line string) bool

	Prefix  string       // Ref: what its ids start with, like "INC"; the place it is used in implies one
	Toward  value.Toward // Time, Day: on which side of now, so that a bare clock time or day means the last or next one
	Sign    value.Sign   // Money: whether it may be negative
	Longest time.Duration
}

// ParamKind is how an argument is read.
type ParamKind string

const (
	TextParam     ParamKind = "text" // the rest of the line
	ChoiceParam   ParamKind = "choice"
	PersonParam   ParamKind = "person"
	RefParam      ParamKind = "id"
	TimeParam     ParamKind = "time"
	DurationParam ParamKind = "duration"
	NumberParam   ParamKind = "number"
	FlagParam     ParamKind = "flag"
	DayParam      ParamKind = "day"   // of the calendar, the same in every zone; Toward is Past unless it is given
	MoneyParam    ParamKind = "money" // an amount with its currency
	FileParam     ParamKind = "file"  // its content is never typed; Max is its size in bytes
)

// Caption is the label of its input, made of its name where it has none.
func (p *Param) Caption() string {
	if p.Label != "" {
		return p.Label
	}
	return strings.ToUpper(p.Name[:1]) + strings.ReplaceAll(p.Name[1:], "-", " ")
}

// Named reports whether people may write this name for it, in any case.
func (p *Param) Named(name string) bool {
	return strings.EqualFold(p.Name, name) ||
		slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

// Usage is how it is typed, like "[at <time>]"; "" when it is never typed.
func (p *Param) Usage() string {
	var s string
	switch {
	case p.Hidden, p.Kind == FileParam:
		return ""
	case p.Kind == RefParam:
		s = p.Prefix + "-1"
	case p.Kind == FlagParam:
		s = p.Name
	case p.Kind == PersonParam && p.Bare:
		s = "@person"
	case p.Word != "":
		s = p.Word + " <" + string(p.Kind) + ">"
	case p.Bare:
		s = "<" + p.Name + ">"
	default:
		s = p.Name + "=<" + string(p.Kind) + ">"
	}
	if p.Required && p.Kind != RefParam {
		return s
	}
	return "[" + s + "]"
}

// Check holds a command to what every platform can show.
func (c *Command) Check() error {
	inputs := 0
	for i := range c.Params {
		p := &c.Params[i]
		if p.Form {
			inputs++
		}
		if n := utf8.RuneCountInString(p.Caption()); n > MaxInputLabel {
			return fmt.Errorf("label %q has %d characters, the limit is %d", p.Caption(), n, MaxInputLabel)
		}
		if err := p.checkCivil(); err != nil {
			return err
		}
		if p.Kind == FileParam && p.Max == 0 {
			return fmt.Errorf("file %q has no size", p.Name)
		}
		if p.Kind == ChoiceParam && p.Options == nil {
			return fmt.Errorf("choice %q has no options", p.Name)
		}
		if p.Fixed && p.Kind != ChoiceParam {
			return fmt.Errorf("%q is no choice, so it cannot be fixed", p.Name)
		}
	}
	switch {
	case strings.Count(c.Name, ".") != 1:
		return fmt.Errorf("its name is not noun.verb")
	case c.Permission == "":
		return fmt.Errorf("it has no permission")
	case c.Spaced && strings.Count(c.Verb(), "-") != 1:
		return fmt.Errorf("its verb has no two words")
	case c.Handle == nil || c.Summary == "" || c.Example == "":
		return fmt.Errorf("it lacks a handler, a summary or an example")
	case inputs > MaxInputs:
		return fmt.Errorf("its form has %d inputs, the limit is %d", inputs, MaxInputs)
	case inputs > 0 && (c.Title == "" || utf8.RuneCountInString(c.Title) > MaxFormTitle):
		return fmt.Errorf("its form's title %q must have 1 to %d characters", c.Title, MaxFormTitle)
	}
	return nil
}

// Noun is a slash command: the first word people type. Several capabilities may share one, like /ops. The first that is
// used says everything about it; the others add commands, groups and buttons, and leave the rest empty.
type Noun struct {
	Name    string
	Aliases []string
	Summary string
	Groups  []Group  // of its verbs in the help, in the order people need them; those of no group come last
	Default string   // the command meant when the first word is no verb but a bare choice of it, like "/incident sev1 …"
	Buttons []Action // offered with the help
	// registers that come and go stand under it; a platform with a limited layout shows two free inputs
	Umbrella bool
	// The umbrella that it stands under: it is typed behind that, and is no slash command of its own. Where people type
	// freely, as in a terminal, it works alone too.
	Under string
}

// Slash is how people type it, like /incident or /ops contract.
func (n Noun) Slash() string {
	if n.Under != "" {
		return "/" + n.Under + " " + n.Name
	}
	return "/" + n.Name
}

// Group is a heading of the help with the verbs below it.
type Group struct {
	Title string
	Verbs []string
}
