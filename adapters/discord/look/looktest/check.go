package looktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/bot/value"
)

// Check holds a message to what Discord takes: a look.Body, or anything that is written as the JSON of one.
func Check(message any) error {
	var m struct {
		Components []look.Component `json:"components"`
		Flags      int              `json:"flags"`
		Mentions   *struct {
			Parse *[]string `json:"parse"`
			Users []string  `json:"users"`
		} `json:"allowed_mentions"`
		Content string            `json:"content"`
		Embeds  []json.RawMessage `json:"embeds"`
	}
	if err := decode(message, &m); err != nil {
		return err
	}
	c := &checker{}
	c.that(m.Flags&(1<<15) != 0, "the flag of Components V2 is missing")
	c.that(m.Content == "" && len(m.Embeds) == 0, "a message of components holds neither content nor embeds")
	c.that(m.Mentions != nil && m.Mentions.Parse != nil, "allowed_mentions.parse is missing: names would notify")
	if m.Mentions != nil {
		c.that(len(m.Mentions.Users) <= 100, "%d people are notified, the limit is 100", len(m.Mentions.Users))
		distinct := slices.Compact(slices.Sorted(slices.Values(m.Mentions.Users)))
		c.that(len(distinct) == len(m.Mentions.Users), "somebody is notified twice")
	}
	c.that(len(m.Components) > 0, "there is no component")
	n := 0
	for range look.All(m.Components) {
		n++
	}
	c.that(n <= 40, "%d components, the limit is 40", n)
	for _, top := range m.Components {
		c.inMessage(top)
	}
	c.whole(m.Components)
	return c.err()
}

// CheckModal holds a modal to what Discord takes: a look.Modal, or anything that is written as the JSON of one.
func CheckModal(modal any) error {
	var m look.Modal
	if err := decode(modal, &m); err != nil {
		return err
	}
	c := &checker{}
	c.that(m.Type == 9, "the answer has the type %d, a modal is 9", m.Type)
	c.length("custom_id", m.Data.CustomID, 1, 100)
	c.length("title", m.Data.Title, 1, 45)
	c.that(len(m.Data.Components) >= 1 && len(m.Data.Components) <= 5, "%d components, a modal has 1 to 5",
		len(m.Data.Components))
	for _, top := range m.Data.Components {
		switch top.Type {
		case look.TextDisplay:
			c.text(top)
		case look.Label:
			c.label(top)
		default:
			c.that(false, "a modal holds no component of type %d", top.Type)
		}
	}
	c.whole(m.Data.Components)
	return c.err()
}

func decode(from, into any) error {
	data, ok := from.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(from); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, into)
}

// checker collects what is wrong.
type checker struct{ wrong []error }

func (c *checker) err() error { return errors.Join(c.wrong...) }

func (c *checker) that(ok bool, format string, args ...any) {
	if !ok {
		c.wrong = append(c.wrong, fmt.Errorf(format, args...))
	}
}

// length holds a text to a number of characters; in UTF-16, the strictest way to count.
func (c *checker) length(what, s string, from, to int) {
	n := len(utf16.Encode([]rune(s)))
	c.that(n >= from && n <= to, "%s %q has %d characters, the limits are %d and %d", what, value.Cut(s, 50), n, from, to)
	c.that(from == 0 || !value.Blank(s), "nothing of %s can be seen", what)
}

// whole checks what holds for all components together.
func (c *checker) whole(list []look.Component) {
	ids := map[string]bool{}
	chars, bytes := 0, 0
	for part := range look.All(list) {
		if part.CustomID != "" {
			c.that(!ids[part.CustomID], "custom_id %q is there twice", part.CustomID)
			ids[part.CustomID] = true
		}
		if part.Type == look.TextDisplay {
			chars += len(utf16.Encode([]rune(part.Content)))
			bytes += len(part.Content) + 12
		}
	}
	c.that(chars <= 4000, "all texts have %d characters, the limit is 4000", chars)
	c.that(bytes <= 10_170, "all texts have %d bytes with 12 for each, the limit is 10170", bytes)
}

func (c *checker) text(part look.Component) { c.length("a text", part.Content, 1, 4000) }

func (c *checker) inMessage(part look.Component) {
	switch part.Type {
	case look.TextDisplay:
		c.text(part)
	case look.Separator:
	case look.MediaGallery:
		c.that(len(part.Items) >= 1 && len(part.Items) <= 10, "a gallery of %d pictures", len(part.Items))
		for _, item := range part.Items {
			c.media(item.Media)
			c.length("a picture's description", item.Description, 0, 1024)
		}
	case look.FileDisplay:
		c.that(part.File != nil, "a file has no address")
		if part.File != nil {
			c.media(*part.File)
		}
	case look.ActionRow:
		c.row(part)
	case look.Container:
		c.that(len(part.Components) > 0, "a container is empty")
		c.that(part.Accent == nil || *part.Accent >= 0 && *part.Accent <= 0xFFFFFF, "there is no such colour")
		for _, inner := range part.Components {
			c.that(inner.Type != look.Container, "a container is in another")
			c.inMessage(inner)
		}
	default:
		c.that(false, "a message holds no component of type %d here", part.Type)
	}
}

func (c *checker) media(m look.Media) {
	attached, ok := strings.CutPrefix(m.URL, "attachment://")
	c.that(strings.HasPrefix(m.URL, "https://") || strings.HasPrefix(m.URL, "http://") || ok && attached != "",
		"%q is no address of a file", m.URL)
}

func (c *checker) row(part look.Component) {
	c.that(len(part.Components) >= 1 && len(part.Components) <= 5, "a row of %d", len(part.Components))
	for _, inner := range part.Components {
		if inner.Type != look.Button {
			c.that(len(part.Components) == 1, "a menu shares its row")
			c.menu(inner, false)
			continue
		}
		c.length("a button's label", inner.Label, 1, 80)
		c.length("a button's custom_id", inner.CustomID, 1, 100)
		c.that(inner.Style >= look.PrimaryButton && inner.Style <= look.DangerButton, "a button of style %d", inner.Style)
	}
}

// menu checks a menu of a message or, with what must be said there, of a modal.
func (c *checker) menu(part look.Component, modal bool) {
	c.length("a menu's custom_id", part.CustomID, 1, 100)
	c.length("a menu's placeholder", part.Placeholder, 0, 150)
	if modal {
		c.that(part.Required != nil && part.MinValues != nil, "a menu does not say whether it is required")
		c.that(part.Required == nil || part.MinValues == nil || *part.Required == (*part.MinValues > 0),
			"a menu's min_values and required differ")
	} else {
		c.that(part.Required == nil, "a menu in a message is never required")
	}
	chosen := len(part.Defaults)
	switch part.Type {
	case look.StringSelect:
		chosen = c.options(part.Options, 25)
	case look.CheckboxGroup:
		c.that(modal, "a message has no boxes to tick")
		chosen = c.options(part.Options, 10)
	case look.UserSelect:
		for _, d := range part.Defaults {
			c.that(d.Type == "user" && d.ID != "", "%+v is nobody", d)
		}
	default:
		c.that(false, "type %d is no menu", part.Type)
	}
	c.that(chosen <= max(part.MaxValues, 1), "%d are chosen, %d may be", chosen, part.MaxValues)
	c.that(part.MinValues == nil || *part.MinValues <= max(part.MaxValues, 1), "more must be chosen than may be")
}

// options checks the options of a menu and counts those that are chosen.
func (c *checker) options(list []look.Choice, most int) (chosen int) {
	c.that(len(list) >= 1 && len(list) <= most, "%d options, the limits are 1 and %d", len(list), most)
	values := map[string]bool{}
	for _, o := range list {
		c.length("an option's label", o.Label, 1, 100)
		c.length("an option's value", o.Value, 1, 100)
		c.that(!values[o.Value], "the option %q is there twice", o.Value)
		values[o.Value] = true
		if o.Default {
			chosen++
		}
	}
	return chosen
}

func (c *checker) label(part look.Component) {
	c.length("a label", part.Label, 1, 45)
	c.length("a label's description", part.Description, 0, 100)
	if part.Component == nil {
		c.that(false, "the label %q is around nothing", part.Label)
		return
	}
	in := *part.Component
	c.length("an input's custom_id", in.CustomID, 1, 100)
	c.that(in.Label == "", "an input in a label has none of its own")
	c.that(in.Required != nil, "the input %q does not say whether it is required", in.CustomID)
	switch in.Type {
	case look.TextInput:
		c.that(in.Style == look.OneLine || in.Style == look.Paragraph, "a text input of style %d", in.Style)
		c.length("a text input's placeholder", in.Placeholder, 0, 100)
		c.that(in.MaxLength >= 1 && in.MaxLength <= 4000, "a text input takes %d characters", in.MaxLength)
		c.length("a text input's value", in.Value, 0, in.MaxLength)
		c.that(in.Style == look.Paragraph || !strings.Contains(in.Value, "\n"), "a value of several lines has no room")
	case look.FileUpload:
		c.that(in.MinValues != nil && in.MaxValues >= 1 && in.MaxValues <= 10, "the limits of an upload are missing")
		c.that(in.MinValues == nil || in.Required == nil || *in.Required == (*in.MinValues > 0),
			"an upload's min_values and required differ")
	default:
		c.menu(in, true)
	}
}
