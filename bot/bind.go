package bot

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// problems gathers what is wrong with the arguments of one call, in the order of its parameters.
type problems []*Error

func (p problems) Error() string {
	var texts []string
	for _, e := range p {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, " ")
}

// Binder turns what people typed or chose into the typed arguments of a command, and completes what they are about to type.
type Binder struct {
	Tree  *Tree
	Store Finder
	Zone  *time.Location // of people who have none of their own
}

// Finder knows the people whom arguments name, and the thing that a place belongs to.
type Finder interface {
	PeopleNamed(ctx context.Context, name string) ([]Person, error)
	People(ctx context.Context) ([]Person, error)
	ObjectAt(ctx context.Context, c Conversation) (string, error)
}

// Bind turns the raw arguments of a call into typed ones. What is missing is not its affair.
func (b *Binder) Bind(ctx context.Context, c *Call) error {
	c.values = map[string]any{}
	var bad problems
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		if p.Kind == FileParam {
			if e := c.bindFile(p); e != nil {
				bad = append(bad, e.About(p.Name))
			}
			continue
		}
		raw := strings.TrimSpace(c.raw[p.Name])
		if raw == "" && p.Kind == RefParam {
			found, err := b.here(ctx, c, p)
			if err != nil {
				return err
			}
			raw = found
			if raw != "" {
				c.raw[p.Name] = raw
			}
		}
		if raw == "" {
			continue
		}
		v, err := b.read(ctx, c, p, raw)
		var e *Error
		switch {
		case errors.As(err, &e) && slices.Contains(c.typed.Maybe, p.Name):
			delete(c.raw, p.Name) // "@media" in a sentence is nobody's name
		case errors.As(err, &e):
			bad = append(bad, e.About(p.Name))
		case err != nil:
			return err
		case v != nil:
			c.values[p.Name] = v
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// bindFile takes a file that came with the request. Words are no file: of typed text the line breaks and bytes are not what they were.
func (c *Call) bindFile(p *Param) *Error {
	up, given := c.Files[p.Name]
	switch {
	case !given && strings.TrimSpace(c.raw[p.Name]) != "":
		return Errorf(Invalid, "%s is a file and cannot be typed. %s", p.label(), p.Help)
	case !given:
		return nil
	case len(up.Data) > p.Max:
		return Errorf(Invalid, "%s: the file has %s, the limit is %s.", p.label(), mebibytes(len(up.Data)), mebibytes(p.Max))
	case len(up.Data) == 0:
		return Errorf(Invalid, "%s: the file is empty. %s", p.label(), p.Help)
	}
	c.values[p.Name] = up
	return nil
}

func mebibytes(n int) string {
	return strings.TrimSuffix(strconv.FormatFloat(math.Ceil(float64(n)*10/(1<<20))/10, 'f', 1, 64), ".0") + " MiB"
}

// here is the thing that the place of the call belongs to: in an incident's channel its id need not be typed.
func (b *Binder) here(ctx context.Context, c *Call, p *Param) (string, error) {
	if c.Place.Channel == "" || p.Prefix == "" {
		return b.only(ctx, c, p)
	}
	object, err := b.Store.ObjectAt(ctx, c.Place)
	if err != nil && !errors.Is(err, ErrNoSuch) || strings.HasPrefix(object, p.Prefix+"-") {
		return object, err
	}
	return "", nil
}

// read turns one raw argument into its value; a nil value counts as not given.
func (b *Binder) read(ctx context.Context, c *Call, p *Param, raw string) (any, error) {
	switch p.Kind {
	case TextParam:
		return p.readText(raw)
	case ChoiceParam:
		return p.readChoice(ctx, raw)
	case PersonParam:
		if p.Many {
			return b.readPeople(ctx, c, p, raw)
		}
		return b.readPerson(ctx, c, p, raw)
	case RefParam:
		return p.readRef(raw)
	case TimeParam:
		t, err := value.When(raw, c.Now, c.Person.LocationOr(b.Zone), p.Toward)
		return t, invalid(p, err)
	case DurationParam:
		longest := p.Longest
		if longest == 0 {
			longest = 90 * 24 * time.Hour
		}
		d, err := value.Duration(raw, time.Minute, longest)
		return d, invalid(p, err)
	case NumberParam:
		number := strings.TrimPrefix(raw, "#")
		if p.Match != nil && p.Match.MatchString(raw) {
			number = strings.TrimLeft(raw, "rR") // of a revision, like r3
		}
		n, err := strconv.Atoi(number)
		if err != nil || !digits.MatchString(number) || n < p.Min || n > p.Max {
			return nil, Errorf(Invalid, "%s: %q is not a number from %d to %d. Write %d.", p.label(), show(raw), p.Min, p.Max, p.Min)
		}
		return n, nil
	case DayParam:
		return p.readDay(raw, c.today())
	case MoneyParam:
		return p.readMoney(raw)
	case FlagParam:
		switch strings.ToLower(raw) {
		case "no", "off", "false", "0":
			return nil, nil
		}
		return true, nil
	}
	return nil, Errorf(Invalid, "%s cannot be given here.", p.label())
}

// invalid turns a parser's refusal into one that names the parameter.
func invalid(p *Param, err error) error {
	if err == nil {
		return nil
	}
	return Errorf(Invalid, "%s: %s", p.label(), err.Error())
}

func (p *Param) readText(raw string) (any, error) {
	clean := value.Line
	if p.Paragraph {
		clean = value.Lines
	}
	text, limit := clean(raw), p.Max
	if limit == 0 {
		limit = 4000
	}
	switch n := value.Count(text); {
	case n == 0 && p.Required:
		return nil, Errorf(Invalid, "%s is empty: it holds nothing that can be seen. %s", p.label(), p.Help)
	case n == 0:
		return nil, nil
	case n > limit:
		return nil, Errorf(Invalid, "%s has %d characters, the limit is %d. Please shorten it; details can follow with a note.", p.label(), n, limit)
	case n < p.Min:
		return nil, Errorf(Invalid, "%s needs at least %d characters. %s", p.label(), p.Min, p.Help)
	}
	return value.Cut(text, limit), nil
}

func (p *Param) readChoice(ctx context.Context, raw string) (any, error) {
	options, err := p.Options(ctx)
	if err != nil {
		return nil, err
	}
	if !p.Many {
		v, err := p.choose(options, raw)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
	var list []string
	for part := range strings.SplitSeq(raw, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		v, err := p.choose(options, part)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list, nil
}

func (p *Param) choose(options []Option, raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Value
		if strings.EqualFold(o.Value, raw) || strings.EqualFold(o.Label, raw) {
			return o.Value, nil
		}
	}
	if p.Parse != nil {
		if v, ok := p.Parse(raw); ok {
			return v, nil
		}
	}
	if len(options) == 0 {
		return "", Errorf(Invalid, "%s: %q is not known, and none is configured.", p.label(), show(raw))
	}
	if near := value.Nearest(raw, names); near != "" {
		return "", Errorf(Invalid, "%s: %q is not one of %s. Did you mean %s?", p.label(), show(raw), strings.Join(names, ", "), near)
	}
	return "", Errorf(Invalid, "%s: %q is not one of %s.", p.label(), show(raw), strings.Join(names, ", "))
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

func (p *Param) readRef(raw string) (any, error) {
	number := raw
	if prefix, n, ok := strings.Cut(raw, "-"); ok && strings.EqualFold(prefix, p.Prefix) {
		number = n
	}
	n, err := strconv.Atoi(number)
	if err != nil || !digits.MatchString(number) || n == 0 {
		return nil, Errorf(Invalid, "%q is not an id. Write %s-1.", show(raw), p.Prefix)
	}
	return p.Prefix + "-" + strconv.Itoa(n), nil
}

func (b *Binder) readPeople(ctx context.Context, c *Call, p *Param, raw string) (any, error) {
	var people []Person
	for name := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == ',' || r == ' ' }) {
		who, err := b.readPerson(ctx, c, p, name)
		if err != nil {
			return nil, err
		}
		if one := who.(Person); !slices.ContainsFunc(people, func(x Person) bool { return x.ID == one.ID }) {
			people = append(people, one)
		}
	}
	return people, nil
}

func (b *Binder) readPerson(ctx context.Context, c *Call, p *Param, raw string) (any, error) {
	name := value.Line(strings.TrimPrefix(raw, "@"))
	if strings.EqualFold(name, "me") {
		return c.Person, nil
	}
	found, err := b.Store.PeopleNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if len(found) == 1 || strings.EqualFold(string(f.ID), name) {
			return f, nil
		}
	}
	if len(found) > 1 {
		var ids []string
		for _, f := range found {
			ids = append(ids, "@"+string(f.ID))
		}
		return nil, Errorf(Invalid, "%s: several people are called %q. Write one of %s.", p.label(), show(name), strings.Join(ids, ", "))
	}
	people, err := b.Store.People(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range people {
		if f.Active {
			ids = append(ids, string(f.ID))
		}
	}
	if near := value.Nearest(name, ids); near != "" {
		return nil, Errorf(Invalid, "%s: nobody here is called %q. Did you mean @%s?", p.label(), show(name), near)
	}
	return nil, Errorf(Invalid, "%s: nobody here is called %q. Write a name with an at sign, like @%s, or me.", p.label(), show(name), c.Person.ID)
}
