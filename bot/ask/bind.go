package ask

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Binder turns what people typed or chose into the typed arguments of a command, and completes what they are about to
// type.
type Binder struct {
	Tree  *Tree
	Store Finder
	Zone  *time.Location // of people who have none of their own
}

// Finder knows the people whom arguments name, and the thing that a place belongs to.
type Finder interface {
	PeopleNamed(ctx context.Context, name string) ([]bot.Person, error)
	People(ctx context.Context) ([]bot.Person, error)
	ObjectAt(ctx context.Context, c bot.Conversation) (string, error)
}

// Bind turns the raw arguments of a call into typed ones. What is missing is not its affair.
func (b *Binder) Bind(ctx context.Context, c *bot.Call) error {
	c.Bound = map[string]any{}
	var bad bot.Problems
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		if p.Kind == bot.FileParam {
			if e := bindFile(c, p); e != nil {
				bad = append(bad, e.About(p.Name))
			}
			continue
		}
		raw := strings.TrimSpace(c.Raw[p.Name])
		if raw == "" && p.Kind == bot.RefParam {
			found, err := b.here(ctx, c, p)
			if err != nil {
				return err
			}
			raw = found
			if raw != "" {
				c.Raw[p.Name] = raw
			}
		}
		if raw == "" {
			continue
		}
		v, err := b.read(ctx, c, p, raw)
		var e *bot.Error
		switch {
		case errors.As(err, &e) && slices.Contains(c.Typed.Maybe, p.Name):
			delete(c.Raw, p.Name) // "@media" in a sentence is nobody's name
		case errors.As(err, &e):
			bad = append(bad, e.About(p.Name))
		case err != nil:
			return err
		case v != nil:
			c.Bound[p.Name] = v
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// bindFile takes a file that came with the request. Words are no file: of typed text the line breaks and bytes are not
// what they were.
func bindFile(c *bot.Call, p *bot.Param) *bot.Error {
	up, given := c.Files[p.Name]
	switch {
	case !given && strings.TrimSpace(c.Raw[p.Name]) != "":
		return bot.Errorf(bot.Invalid, "%s is a file and cannot be typed. %s", p.Caption(), p.Help)
	case !given:
		return nil
	case len(up.Data) > p.Max:
		return bot.Errorf(
			bot.Invalid, "%s: the file has %s, the limit is %s.", p.Caption(), mebibytes(len(up.Data)), mebibytes(p.Max),
		)
	case len(up.Data) == 0:
		return bot.Errorf(bot.Invalid, "%s: the file is empty. %s", p.Caption(), p.Help)
	}
	c.Bound[p.Name] = up
	return nil
}

func mebibytes(n int) string {
	return strings.TrimSuffix(strconv.FormatFloat(math.Ceil(float64(n)*10/(1<<20))/10, 'f', 1, 64), ".0") + " MiB"
}

// here is the thing that the place of the call belongs to: in an incident's channel its id need not be typed.
func (b *Binder) here(ctx context.Context, c *bot.Call, p *bot.Param) (string, error) {
	if c.Place.Channel == "" || p.Prefix == "" {
		return b.only(ctx, c, p)
	}
	object, err := b.Store.ObjectAt(ctx, c.Place)
	if err != nil && !errors.Is(err, bot.ErrNoSuch) || strings.HasPrefix(object, p.Prefix+"-") {
		return object, err
	}
	return "", nil
}

// read turns one raw argument into its value; a nil value counts as not given.
func (b *Binder) read(ctx context.Context, c *bot.Call, p *bot.Param, raw string) (any, error) {
	switch p.Kind {
	case bot.TextParam:
		return readText(p, raw)
	case bot.ChoiceParam:
		return readChoice(p, ctx, raw)
	case bot.PersonParam:
		if p.Many {
			return b.readPeople(ctx, c, p, raw)
		}
		return b.readPerson(ctx, c, p, raw)
	case bot.RefParam:
		return ReadRef(p, raw)
	case bot.TimeParam:
		t, err := value.When(raw, c.Now, c.Person.LocationOr(b.Zone), p.Toward)
		return t, invalid(p, err)
	case bot.DurationParam:
		longest := p.Longest
		if longest == 0 {
			longest = 90 * 24 * time.Hour
		}
		d, err := value.Duration(raw, time.Minute, longest)
		return d, invalid(p, err)
	case bot.NumberParam:
		number := strings.TrimPrefix(raw, "#")
		if p.Match != nil && p.Match.MatchString(raw) {
			number = strings.TrimLeft(raw, "rR") // of a revision, like r3
		}
		n, err := strconv.Atoi(number)
		if err != nil || !digits.MatchString(number) || n < p.Min || n > p.Max {
			return nil, bot.Errorf(
				bot.Invalid, "%s: %q is not a number from %d to %d. Write %d.", p.Caption(), bot.Shown(raw), p.Min, p.Max, p.Min,
			)
		}
		return n, nil
	case bot.DayParam:
		return readDay(p, raw, c.Today())
	case bot.MoneyParam:
		return readMoney(p, raw)
	case bot.FlagParam:
		switch strings.ToLower(raw) {
		case "no", "off", "false", "0":
			return nil, nil
		}
		return true, nil
	}
	return nil, bot.Errorf(bot.Invalid, "%s cannot be given here.", p.Caption())
}

// invalid turns a parser's refusal into one that names the parameter.
func invalid(p *bot.Param, err error) error {
	if err == nil {
		return nil
	}
	return bot.Errorf(bot.Invalid, "%s: %s", p.Caption(), err.Error())
}

func readText(p *bot.Param, raw string) (any, error) {
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
		return nil, bot.Errorf(bot.Invalid, "%s is empty: it holds nothing that can be seen. %s", p.Caption(), p.Help)
	case n == 0:
		return nil, nil
	case n > limit:
		return nil, bot.Errorf(
			bot.Invalid, "%s has %d characters, the limit is %d. Please shorten it; details can follow with a note.",
			p.Caption(), n, limit,
		)
	case n < p.Min:
		return nil, bot.Errorf(bot.Invalid, "%s needs at least %d characters. %s", p.Caption(), p.Min, p.Help)
	}
	return value.Cut(text, limit), nil
}

func readChoice(p *bot.Param, ctx context.Context, raw string) (any, error) {
	options, err := p.Options(ctx)
	if err != nil {
		return nil, err
	}
	if !p.Many {
		v, err := choose(p, options, raw)
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
		v, err := choose(p, options, part)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list, nil
}

func choose(p *bot.Param, options []bot.Option, raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Value
		if strings.EqualFold(o.Value, raw) || strings.EqualFold(o.Label, raw) {
			return o.Value, nil
		}
	}
	for _, o := range options {
		if slices.ContainsFunc(strings.Fields(o.Also), func(s string) bool { return strings.EqualFold(s, raw) }) {
			return o.Value, nil
		}
	}
	if p.Parse != nil {
		if v, ok := p.Parse(raw); ok {
			return v, nil
		}
	}
	if len(options) == 0 {
		return "", bot.Errorf(bot.Invalid, "%s: %q is not known, and none is configured.", p.Caption(), bot.Shown(raw))
	}
	near := value.Nearest(raw, names)
	switch {
	case near != "" && len(options) > bot.MaxOptions:
		return "", bot.Errorf(bot.Invalid, "%s: %q is not known. Did you mean %s?", p.Caption(), bot.Shown(raw), near)
	case len(options) > bot.MaxOptions:
		return "", bot.Errorf(
			bot.Invalid, "%s: %q is none of the %d that there are. Write one like %s.", p.Caption(), bot.Shown(raw),
			len(options), names[0],
		)
	case near != "":
		return "", bot.Errorf(
			bot.Invalid, "%s: %q is not one of %s. Did you mean %s?", p.Caption(), bot.Shown(raw), strings.Join(names, ", "),
			near,
		)
	}
	return "", bot.Errorf(bot.Invalid, "%s: %q is not one of %s.", p.Caption(), bot.Shown(raw), strings.Join(names, ", "))
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

// ReadRef reads the id of a thing.
func ReadRef(p *bot.Param, raw string) (any, error) {
	number := raw
	if prefix, n, ok := strings.Cut(raw, "-"); ok && strings.EqualFold(prefix, p.Prefix) {
		number = n
	}
	n, err := strconv.Atoi(number)
	if err != nil || !digits.MatchString(number) || n == 0 {
		return nil, bot.Errorf(bot.Invalid, "%q is not an id. Write %s-1.", bot.Shown(raw), p.Prefix)
	}
	return p.Prefix + "-" + strconv.Itoa(n), nil
}

func (b *Binder) readPeople(ctx context.Context, c *bot.Call, p *bot.Param, raw string) (any, error) {
	var people []bot.Person
	for name := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == ',' || r == ' ' }) {
		who, err := b.readPerson(ctx, c, p, name)
		if err != nil {
			return nil, err
		}
		if one := who.(bot.Person); !slices.ContainsFunc(people, func(x bot.Person) bool { return x.ID == one.ID }) {
			people = append(people, one)
		}
	}
	return people, nil
}

func (b *Binder) readPerson(ctx context.Context, c *bot.Call, p *bot.Param, raw string) (any, error) {
	name := value.Line(strings.TrimPrefix(raw, "@"))
	if strings.EqualFold(name, "me") {
		return c.Person, nil
	}
	found, err := b.Store.PeopleNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if strings.EqualFold(string(f.ID), name) {
			return f, nil
		}
	}
	if found = bot.PreferActive(found); len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		var ids []string
		for _, f := range found {
			ids = append(ids, "@"+string(f.ID))
		}
		return nil, bot.Errorf(
			bot.Invalid, "%s: several people are called %q. Write one of %s.", p.Caption(), bot.Shown(name),
			strings.Join(ids, ", "),
		)
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
		return nil, bot.Errorf(
			bot.Invalid, "%s: nobody here is called %q. Did you mean @%s?", p.Caption(), bot.Shown(name), near,
		)
	}
	return nil, bot.Errorf(
		bot.Invalid, "%s: nobody here is called %q. Write a name with an at sign, like @%s, or me.", p.Caption(),
		bot.Shown(name), c.Person.ID,
	)
}

// Object is the id of what a command is used on, "" when it is used on nothing.
func Object(c *bot.Call) string {
	for i := range c.Command.Params {
		if p := &c.Command.Params[i]; p.Kind == bot.RefParam && p.Required {
			return c.Text(p.Name)
		}
	}
	return ""
}
