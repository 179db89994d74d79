// Package field says what a record of a register holds: each field is bound to where the record's type keeps it, by a
// function, and knows how it is asked for, written, read, shown and sorted.
package field

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Field is one thing that a record says, bound to where its type keeps it.
type Field[T any] struct {
	Param bot.Param // how it is asked for

	Text func(x *T) string             // as it is written in commands, forms and files; "" is not given
	Take func(x *T, c *bot.Call)       // the argument of its name, which was given; nil: it is read as text
	Read func(x *T, text string) error // what text writes; "" empties it. The error says what is right
	Show func(x *T) bot.Text           // nil: text
	Sort func(x *T) string             // as it compares; nil: text
	Refs func(x *T) []string           // the things that it names, by their ids
	To   []string                      // nouns of the registers that these are in
	Team bool                          // it names a team
	Who  func(x *T) []bot.PersonID     // the people that it names
}

// Asked makes the form ask for it.
func (f Field[T]) Asked() Field[T] { f.Param.Form = true; return f }

// Label is how its input and its line on the card are called, where the name is not enough.
func (f Field[T]) Label(s string) Field[T] { f.Param.Label = s; return f }

// Shown is how people read it.
func (f *Field[T]) Shown(x *T) bot.Text {
	if f.Show != nil {
		return f.Show(x)
	}
	return bot.T(f.Text(x))
}

// Sorted is how it compares.
func (f *Field[T]) Sorted(x *T) string {
	if f.Sort != nil {
		return f.Sort(x)
	}
	return strings.ToLower(f.Text(x))
}

// Apply makes the record say what a call says. An input that somebody left alone changes nothing, and one that they
// emptied empties the field. What s does not see stays.
func (f *Field[T]) Apply(x *T, c *bot.Call, s Sight) *bot.Error {
	name := f.Param.Name
	raw, there := c.Raw[name]
	var read func() error
	switch {
	case c.Given(name) && c.Changed(name) && f.Take != nil:
		read = func() error { f.Take(x, c); return nil }
	case c.Given(name) && c.Changed(name):
		read = func() error { return f.Read(x, c.Text(name)) }
	case !c.Given(name) && there && raw == "" && (c.Opened == nil || c.Changed(name)):
		read = func() error { return f.Read(x, "") }
	default:
		return nil
	}
	return f.Wrong(f.ReadBy(x, s, read))
}

// Wrong says what is wrong with what somebody wrote, nil when nothing is.
func (f *Field[T]) Wrong(err error) *bot.Error {
	var whole *bot.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &whole):
		return whole
	}
	return bot.Errorf(bot.Invalid, "%s: %s.", f.Param.Caption(), err.Error()).About(f.Param.Name)
}

// Parsed is a field of a line with a form of its own. write is how it is written, and read takes that and whatever else
// means the same; its error says what is right.
func Parsed[T any](name, help string, most int, write func(*T) string, read func(x *T, text string) error) Field[T] {
	return Field[T]{Param: bot.Param{Name: name, Kind: bot.TextParam, Max: most, Help: help}, Text: write, Read: read}
}

// Text is a field of a line of words, so many characters at most.
func Text[T any](name, help string, most int, at func(*T) *string) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.TextParam, Max: most, Help: help},
		Text:  func(x *T) string { return *at(x) },
		Take:  func(x *T, c *bot.Call) { *at(x) = c.Text(name) },
		Read: func(x *T, s string) error {
			*at(x) = value.Line(s)
			return tooLong(*at(x), most)
		},
	}
}

// LongText is a field of several lines.
func LongText[T any](name, help string, most int, at func(*T) *string) Field[T] {
	f := Text(name, help, most, at)
	f.Param.Paragraph = true
	f.Read = func(x *T, s string) error {
		*at(x) = value.Lines(s)
		return tooLong(*at(x), most)
	}
	return f
}

func tooLong(s string, most int) error {
	if n := value.Count(s); n > most {
		return fmt.Errorf("it has %d characters, the limit is %d", n, most)
	}
	return nil
}

// Number is a field of a whole number within bounds. 0 is not given.
func Number[T any](name, help string, least, most int, at func(*T) *int) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.NumberParam, Min: least, Max: most, Help: help},
		Text: func(x *T) string {
			if *at(x) == 0 {
				return ""
			}
			return strconv.Itoa(*at(x))
		},
		Take: func(x *T, c *bot.Call) { *at(x) = c.Number(name) },
		Read: func(x *T, s string) error {
			if s == "" {
				*at(x) = 0
				return nil
			}
			n, err := strconv.Atoi(s)
			if err != nil || n < least || n > most {
				return fmt.Errorf("%q is not a number from %d to %d", bot.Shown(s), least, most)
			}
			*at(x) = n
			return nil
		},
		Sort: func(x *T) string { return padded(int64(*at(x))) },
	}
}

// Months is a field of a length in months.
func Months[T any](name, help string, at func(*T) *int) Field[T] {
	f := Number(name, help, 1, 240, at)
	f.Show = func(x *T) bot.Text {
		if *at(x) == 0 {
			return nil
		}
		return bot.T(value.Counted(*at(x), "month"))
	}
	return f
}

// padded is a number that compares as text.
func padded(n int64) string {
	if n < 0 {
		return fmt.Sprintf("-%019d", n+1<<62)
	}
	return fmt.Sprintf("%020d", n)
}

// Day is a field of a day of the calendar.
func Day[T any](name, help string, at func(*T) *value.Day) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.DayParam, Toward: value.Either, Help: help},
		Text:  func(x *T) string { return at(x).String() },
		Take:  func(x *T, c *bot.Call) { *at(x) = c.Day(name) },
		Read: func(x *T, s string) error {
			d, ok := value.ParseDate(s)
			if !ok && s != "" {
				return fmt.Errorf("%q is not a day like 2026-09-22", bot.Shown(s))
			}
			*at(x) = d
			return nil
		},
		Show: func(x *T) bot.Text { return bot.T(at(x).Long()) },
	}
}

// Money is a field of an amount that is not negative.
func Money[T any](name, help string, at func(*T) *value.Money) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.MoneyParam, Help: help},
		Text:  func(x *T) string { data, _ := at(x).MarshalText(); return string(data) },
		Take:  func(x *T, c *bot.Call) { *at(x) = c.Money(name) },
		Read: func(x *T, s string) error {
			if s == "" {
				*at(x) = value.Money{}
				return nil
			}
			m, err := value.ParseMoney(s, value.NotNegative)
			if err == nil {
				*at(x) = m
			}
			return err
		},
		Show: func(x *T) bot.Text { return bot.T(at(x).String()) },
		Sort: func(x *T) string { return at(x).Currency + padded(at(x).Minor) },
	}
}

// Choice is a field of one word out of several.
func Choice[T any, S ~string](name, help string, at func(*T) *S, of ...S) Field[T] {
	options := make([]bot.Option, len(of))
	for i, s := range of {
		options[i] = bot.Option{Value: string(s), Label: string(s)}
	}
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.ChoiceParam, Fixed: true, Help: help, Options: Fixed(options)},
		Text:  func(x *T) string { return string(*at(x)) },
		Take:  func(x *T, c *bot.Call) { *at(x) = S(c.Text(name)) },
		Read: func(x *T, s string) error {
			if s != "" && !slices.Contains(of, S(s)) {
				return fmt.Errorf("%q is not one of %s", bot.Shown(s), strings.Join(value.Texts(of), ", "))
			}
			*at(x) = S(s)
			return nil
		},
	}
}

// Word is a parameter of a verb: one word out of several, which has to be given.
func Word[S ~string](name, help string, of ...S) bot.Param {
	f := Choice(name, help, func(*struct{ s S }) *S { return nil }, of...)
	f.Param.Bare, f.Param.Required, f.Param.Form = true, true, true
	return f.Param
}

// Fixed are options that never change.
func Fixed(options []bot.Option) func(context.Context) ([]bot.Option, error) {
	return func(context.Context) ([]bot.Option, error) { return options, nil }
}

const yes, no = "yes", "no"

// Flag is a field of yes or no.
func Flag[T any](name, help string, at func(*T) *bool) Field[T] {
	f := Choice(name, help, func(*T) *string { return nil }, yes, no)
	f.Text = func(x *T) string {
		if *at(x) {
			return yes
		}
		return ""
	}
	f.Take = func(x *T, c *bot.Call) { *at(x) = c.Text(name) == yes }
	f.Read = func(x *T, s string) error {
		if s != "" && s != yes && s != no {
			return fmt.Errorf("%q is not yes or no", bot.Shown(s))
		}
		*at(x) = s == yes
		return nil
	}
	f.Show, f.Sort = nil, nil
	return f
}

// Person is a field of somebody who is known.
func Person[T any](name, help string, at func(*T) *bot.PersonID) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.PersonParam, Help: help},
		Text:  func(x *T) string { return string(*at(x)) },
		Take:  func(x *T, c *bot.Call) { *at(x) = c.Who(name).ID },
		Read:  func(x *T, s string) error { *at(x) = bot.PersonID(strings.TrimPrefix(s, "@")); return nil },
		Show:  func(x *T) bot.Text { return Mention(*at(x)) },
		Who:   func(x *T) []bot.PersonID { return nonEmpty([]bot.PersonID{*at(x)}) },
	}
}

// Mention mentions somebody, or nobody.
func Mention(who bot.PersonID) bot.Text {
	if who == "" {
		return nil
	}
	return bot.T(bot.Mention(who))
}

// People is a field of several people who are known.
func People[T any](name, help string, at func(*T) *[]bot.PersonID) Field[T] {
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.PersonParam, Many: true, Help: help},
		Text:  func(x *T) string { return strings.Join(value.Texts(*at(x)), ",") },
		Take: func(x *T, c *bot.Call) {
			*at(x) = nil
			for _, p := range c.Whos(name) {
				*at(x) = append(*at(x), p.ID)
			}
		},
		Read: func(x *T, s string) error {
			*at(x) = nil
			for _, id := range Separate(s) {
				*at(x) = append(*at(x), bot.PersonID(strings.TrimPrefix(id, "@")))
			}
			return nil
		},
		Show: func(x *T) bot.Text {
			var t bot.Text
			for _, p := range *at(x) {
				if len(t) > 0 {
					t = append(t, bot.T(", ")...)
				}
				t = append(t, bot.Mention(p))
			}
			return t
		},
		Who: func(x *T) []bot.PersonID { return *at(x) },
	}
}

// TeamOf is a field of a team, which is a group of the configuration.
func TeamOf[T any](name, help string, at func(*T) *string) Field[T] {
	f := Text(name, help, 60, at)
	f.Param.Kind, f.Team = bot.ChoiceParam, true
	return f
}

// Ref is a field that names a record of another register by its id or its name. It is a link, known at both ends.
func Ref[T any](name, help, noun string, at func(*T) *string) Field[T] {
	f := Text(name, help, 60, at)
	f.Param.Kind, f.To = bot.ChoiceParam, []string{noun}
	f.Refs = func(x *T) []string { return nonEmpty([]string{*at(x)}) }
	return f
}

// Refs is a field that names several records of another register.
func Refs[T any](name, help, noun string, at func(*T) *[]string) Field[T] {
	f := List(name, help, at)
	f.Param.Kind, f.Param.Many, f.To = bot.ChoiceParam, true, []string{noun}
	f.Take = func(x *T, c *bot.Call) { *at(x) = c.List(name) }
	f.Refs = func(x *T) []string { return *at(x) }
	return f
}

// List is a field of words, separated by commas.
func List[T any](name, help string, at func(*T) *[]string) Field[T] {
	read := func(x *T, s string) error {
		*at(x) = Separate(s)
		return tooLong(s, 1000)
	}
	return Field[T]{
		Param: bot.Param{Name: name, Kind: bot.TextParam, Max: 1000, Help: help},
		Text:  func(x *T) string { return strings.Join(*at(x), ",") },
		Take:  func(x *T, c *bot.Call) { _ = read(x, c.Text(name)) },
		Read:  read,
		Show:  func(x *T) bot.Text { return bot.T(strings.Join(*at(x), ", ")) },
	}
}

// Separate are the words between commas, each once.
func Separate(s string) []string {
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = value.Line(part); part != "" && !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}

func nonEmpty[S ~string](list []S) []S {
	return slices.DeleteFunc(list, func(s S) bool { return s == "" })
}

// URL is a field of an address on the web.
func URL[T any](name, help string, at func(*T) *string) Field[T] {
	f := Text(name, help, 500, at)
	f.Read = func(x *T, s string) error {
		*at(x) = value.Line(s)
		return badURL(*at(x))
	}
	f.Show = func(x *T) bot.Text {
		if u := *at(x); u != "" {
			return bot.T(bot.Link(u, u))
		}
		return nil
	}
	f.Param.Help = help
	return f
}

func badURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address like https://example.com/page", bot.Shown(s))
	}
	return tooLong(s, 500)
}
