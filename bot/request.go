package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Request is one thing a person did on a platform. Its adapter has authenticated it: From is who acted, beyond doubt.
// Exactly one of Text, Token and Shortcut says what was done.
type Request struct {
	Key   string       // names the action: a second request with the same key within seven days has no second effect
	Again bool         // it was sent before, and nobody knows what became of that: it may still be on its way
	From  Account      // who
	Place Conversation // where
	Via   string       // by what they act, for the audit log: a token, or the user of the operating system who names them
	// how surely it comes from that person
	Assurance Assurance
	// the id of the message in Place whose button it began with, "" for other requests and for answers that only one
	// person sees
	On string

	Text     string            // a typed command, "/incident resolve INC-4"
	Token    string            // a click on an action, or with Values a submitted form
	Choice   string            // what was picked, when the action is a menu
	Values   map[string]string // what a form was submitted with; not nil for forms
	Draft    bool              // Values are not all: they are kept, and the form comes back to be gone on with
	Check    bool              // with Values: nothing is done; the form comes back with what its command foresees of them
	Shortcut string            // a command named by itself: a shortcut, a reaction
	Args     map[string]string // of such a command, by parameter; nil opens its form
	Quote    *Quote            // the message it was used on
	Files    map[string]Upload // of FileParams, by name; their bytes are as they came

	Lone    bool // there is no place that could imply a thing, so that the only one there is may be meant; for terminals
	NoForms bool // the platform cannot show forms: name what is missing instead

	// the name of the agent that does this for the person, "" where they do it themselves or by a plain script
	Agent string
	// patterns of permissions that the way it came by is limited to, like those of a token; nil is no limit
	Scopes []string
	Paced  bool   // the way it came by has a limit of its own, so it does not count towards its person's
	Paged  bool   // the answer is wanted as a Page, where there is one
	Ask    bool   // of a Shortcut: its form is opened with Args filled in, even when nothing is missing
	Digest string // of all that is asked for, where Key is chosen by whoever asks and may come again with something else
}

// Upload is a file that somebody gave to a command.
type Upload struct {
	Name string
	Data []byte
}

// Quote is a chat message that a command is about.
type Quote struct {
	Author string     `json:"author"` // a display name
	Text   string     `json:"text"`
	At     time.Time  `json:"at"`
	Ref    MessageRef `json:"ref"`
	Link   string     `json:"link,omitempty"`
	Ours   bool       `json:"ours,omitempty"` // the platform says that we posted it
}

// Status is how an action ended.
type Status string

const (
	Done     Status = "done"
	Refused  Status = "refused"     // not allowed, not found or no longer possible
	Usage    Status = "usage"       // the words were wrong
	Unready  Status = "unavailable" // not recorded: repeat later
	FormOpen Status = "form"        // nothing happened yet; a form asks for the rest
)

// Reply is the answer to a Request, seen by the person who acted only. A Form with errors on its inputs stays open.
type Reply struct {
	Status  Status   `json:"status"`
	Message *Message `json:"message,omitempty"`
	Form    *Form    `json:"form,omitempty"`
	Page    *Page    `json:"-"` // to a request that asks for one, or what a check says beside the form

	Shown bool `json:"-"` // the card that it was done on shows it too: a sign is enough where that card is in view

	// Kept stands in place of Message wherever answers are kept to be shown again: Message holds a secret and is shown
	// once. nil: Message is kept.
	Kept *Message `json:"-"`

	// Asked stands in place of the words it was asked with, where those are kept or shown again: they hold a secret. "":
	// the words may be shown.
	Asked string `json:"-"`

	Kind   ErrorKind         `json:"kind,omitempty"`   // of a refusal
	Errors map[string]string `json:"errors,omitempty"` // of a refusal: what is wrong, by parameter
	After  time.Duration     `json:"-"`                // how long to wait before it is tried again, where that is known
	Data   json.RawMessage   `json:"data,omitempty"`   // for programs, which do not read words
	Object string            `json:"object,omitempty"` // the id of the thing that it changed, filled in by the bot
	// of the request that it was the first answer to; only in answers that are given again
	Digest string `json:"digest,omitempty"`
}

// Answer is a Reply that says m.
func Answer(m Message) Reply { return Reply{Status: Done, Message: &m} }

// Call is a request once the door has let it in: the person is known and allowed, the arguments are typed.
type Call struct {
	Request
	Command *Command
	Person  Person
	Now     time.Time
	Zone    *time.Location    // the person's, or else the installation's
	Opened  map[string]string // what a form showed when it was opened; nil for other requests
	// Of a form that is asked in steps: what was filled in so far, and of what was typed what the form showed before.
	Drafted, Before map[string]string

	// What the door keeps with it. Handlers ask the methods below.
	Raw     map[string]string // arguments as they came
	Bound   map[string]any    // arguments as they were read
	Typed   Typed             // how a typed command was understood
	Implied string            // the id of a thing that was not named, because it is the only one
	Rights  Grants
	Acts    bool   // it has made effects: what it answers was decided by this call
	Object  string // of these effects
}

// May reports whether the person has a further permission. Of a right that only its exact name gives, the scopes of a
// token have to name it too.
func (c *Call) May(permission string) bool {
	within := c.Scopes == nil || !strings.Contains(permission, ":") || Covers(c.Scopes, permission)
	return within && c.Rights.Allow(c.Person, permission)
}

// Allows reports whether somebody else has a permission.
func (c *Call) Allows(p Person, permission string) bool { return c.Rights.Allow(p, permission) }

// Several reports whether a typed text names several people for the argument, so that none of them was taken.
func (c *Call) Several(name string) bool {
	return slices.Contains(c.Typed.Several, name) && !c.Given(name)
}

// Given reports whether the argument was given.
func (c *Call) Given(name string) bool { _, ok := c.Bound[name]; return ok }

// Changed reports whether the argument was given and, in a form, differs from what the form showed when it was opened:
// an input that somebody left alone never overwrites what others changed meanwhile.
func (c *Call) Changed(name string) bool {
	if c.Opened != nil {
		return !c.same(name, c.Raw[name], c.Opened[name])
	}
	return c.Given(name)
}

// same compares two values of an argument. Of one that may be given several times the order does not matter, of a time,
// a day or an amount the spelling.
func (c *Call) same(name, a, b string) bool {
	p := c.Command.Param(name)
	switch {
	case a == b:
		return true
	case p != nil && (p.Kind == TimeParam || p.Picker):
		return p.sameMoment(a, b, c)
	case p != nil && (p.Kind == DayParam || p.Kind == MoneyParam):
		return p.sameCivil(a, b, c)
	case p == nil || !p.Many:
		return false
	}
	x, y := strings.Split(a, ","), strings.Split(b, ",")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// Unchanged refuses to overwrite what somebody else changed while the form was open: inputs that this person changed,
// and that would show something else by now. now is what the form would show. The form stays open and says so; who
// saves it again overwrites.
func (c *Call) Unchanged(now map[string]string) error {
	var bad Problems
	for i := range c.Command.Params {
		name := c.Command.Params[i].Name
		was, shown := c.Opened[name]
		if !shown || !c.Changed(name) || c.same(name, now[name], was) || c.same(name, now[name], c.Raw[name]) {
			continue
		}
		meanwhile := "emptied"
		if now[name] != "" {
			meanwhile = "changed to " + strconv.Quote(value.Cut(now[name], 200))
		}
		bad = append(
			bad,
			Errorf(
				Conflict, "While the form was open, this was %s. Save again to overwrite it, or leave it as it is.", meanwhile,
			).About(
				name,
			),
		)
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// Text is the argument as text, "" when it was not given.
func (c *Call) Text(name string) string { return valueOf[string](c, name) }

// List is an argument that may be given several times.
func (c *Call) List(name string) []string { return valueOf[[]string](c, name) }

// Who is the argument as a person, the zero Person when it was not given.
func (c *Call) Who(name string) Person { return valueOf[Person](c, name) }

// Whos is an argument that names several people.
func (c *Call) Whos(name string) []Person { return valueOf[[]Person](c, name) }

// Time is the argument as a time, the zero time when it was not given.
func (c *Call) Time(name string) time.Time { return valueOf[time.Time](c, name) }

// Day is the argument as a day, the zero Day when it was not given.
func (c *Call) Day(name string) value.Day { return valueOf[value.Day](c, name) }

// Money is the argument as an amount of money, the zero Money when it was not given.
func (c *Call) Money(name string) value.Money { return valueOf[value.Money](c, name) }

// File is the argument as a file, the zero Upload when it was not given.
func (c *Call) File(name string) Upload { return valueOf[Upload](c, name) }

// Duration is the argument as a duration.
func (c *Call) Duration(name string) time.Duration { return valueOf[time.Duration](c, name) }

// Number is the argument as a number.
func (c *Call) Number(name string) int { return valueOf[int](c, name) }

func valueOf[V any](c *Call, name string) V { v, _ := c.Bound[name].(V); return v }

// InPerson refuses a call that came by a token.
func (c *Call) InPerson() error {
	if c.Scopes == nil && c.Agent == "" {
		return nil
	}
	return Errorf(Forbidden, "No token may do %s: it takes a person, in chat or in a terminal.", c.Command.Name)
}

// Effects starts the effects of what this call did to an object: its audit entry, with the call's action key. They rely
// on the person being who they were when the call was let in.
func (c *Call) Effects(object string, version int, detail string) Effects {
	c.Acts, c.Object = true, object
	e := Effects{Audit: Audit{
		Actor: c.Person.ID, Action: c.Command.Name, Object: object, Version: version, Result: ResultDone,
		Detail: Marked(detail, c.Agent, c.Person.ID), Source: c.Source(), Key: c.Key, At: c.Now,
	}}
	e.Digest = c.Digest
	if c.Person.AsOf.Name != "" {
		e.Relies = []Guard{c.Person.AsOf}
	}
	return e
}

// Marked is what the audit log says of something that an agent did for somebody. "" is no agent, and changes nothing.
func Marked(detail, agent string, owner PersonID) string {
	if agent == "" {
		return detail
	}
	return strings.TrimSpace(detail + " (by agent " + agent + " for @" + string(owner) + ")")
}

// Source is where it came from, as the audit log names it: the platform, the channel, and by what means.
func (r Request) Source() string {
	s := r.From.Platform
	for _, more := range []string{r.Place.Channel, r.Via} {
		if more != "" {
			s += "/" + more
		}
	}
	return s
}

// Handler carries out a command. It returns what the person is told, or an *Error that tells them why not.
type Handler func(ctx context.Context, c *Call) (Reply, error)

// Typed is what a typed line says.
type Typed struct {
	Args    map[string]string // by parameter, as typed
	Maybe   []string          // parameters whose value stands in a sentence: when it is nobody's name it was not meant
	Several []string          // parameters that the text names several of, so that none was taken
}

// Shown is what people typed, safe and short enough to repeat to them.
func Shown(s string) string { return value.Cut(value.Line(s), 80) }

// Param finds a parameter by a name that people may write; nil when there is none.
func (c *Command) Param(name string) *Param {
	for i := range c.Params {
		if p := &c.Params[i]; !p.Hidden && p.Named(name) {
			return p
		}
	}
	return nil
}
