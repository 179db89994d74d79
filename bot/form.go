package bot

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// Ref is what an opaque token on a button or form stands for. The token carries it, or the store keeps it; it grants nothing by itself.
type Ref struct {
	Token   string
	Command string            `json:"command"`
	Args    map[string]string `json:"args,omitempty"`
	Choose  string            `json:"choose,omitempty"`
	Form    bool              `json:"form,omitempty"`   // an action that always opens its form
	Values  map[string]string `json:"values,omitempty"` // of such an action, or what an open form was filled with
	Opened  map[string]string `json:"opened,omitempty"` // an open form: what it showed
	Open    bool              `json:"open,omitempty"`
	Quote   *Quote            `json:"quote,omitempty"`
	Person  PersonID          `json:"person,omitempty"` // whose form it is
	Expires time.Time         `json:"expires,omitzero"`
}

// How long a form may stay open.
const formLife = 24 * time.Hour

// missing lists the parameters that have to be given and were not: those that are required, and those that a form had to be filled in with.
func (c *Call) missing() []*Param {
	var m []*Param
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		_, shown := c.Request.Values[p.Name]
		if (p.Required || p.Needed && shown && c.Opened != nil) && !c.Given(p.Name) {
			m = append(m, p)
		}
	}
	return m
}

// openForm asks for the rest of a call. Values already given are shown in it, so that nothing typed is lost.
func (b *Bot) openForm(ctx context.Context, c *Call, typed map[string]string, bad problems) (Reply, error) {
	if c.Command.May != nil && !lacksRef(c) {
		if err := c.Command.May(ctx, c); err != nil {
			return Reply{}, err
		}
	}
	values, hidden := map[string]string{}, map[string]string{}
	if c.Command.Prefill != nil && !lacksRef(c) {
		pre, err := c.Command.Prefill(ctx, c)
		if err != nil {
			return Reply{}, err
		}
		maps.Copy(values, pre)
	}
	opened := maps.Clone(values)
	for name, was := range c.Opened {
		// Only who was told that a field changed meanwhile may overwrite it the next time.
		if !slices.ContainsFunc(bad, func(e *Error) bool { return e.Kind == Conflict && e.Field == name }) {
			opened[name] = was
		}
	}
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		switch raw, ok := c.raw[p.Name]; {
		case ok && p.asked(c):
			values[p.Name] = raw
		case ok:
			hidden[p.Name] = raw
		}
	}
	maps.Copy(values, typed)
	ref := Ref{
		Token: rand.Text(), Command: c.Command.Name, Args: hidden, Open: true, Opened: opened, Values: values,
		Quote: c.Quote, Person: c.Person.ID, Expires: c.Now.Add(formLife),
	}
	form, err := b.buildForm(ctx, c, values)
	if err != nil {
		return Reply{}, err
	}
	if c.Command.Intro != nil && !lacksRef(c) {
		if form.Intro, err = c.Command.Intro(ctx, c); err != nil {
			return Reply{}, err
		}
	}
	form.Token = ref.Token
	if err := b.markErrors(ctx, c, form, bad); err != nil {
		return Reply{}, err
	}
	if err := b.store.SaveRefs(ctx, []Ref{ref}); err != nil {
		return Reply{}, err
	}
	return Reply{Status: FormOpen, Form: form}, nil
}

// asked reports whether the form has an input for the parameter: those marked Form, and the id of a thing when no place implies it.
func (p *Param) asked(c *Call) bool {
	return p.Form || p.Kind == RefParam && p.Required && c.raw[p.Name] == "" && p.Options != nil
}

func lacksRef(c *Call) bool {
	return slices.ContainsFunc(c.missing(), func(p *Param) bool { return p.Kind == RefParam })
}

func (b *Bot) buildForm(ctx context.Context, c *Call, values map[string]string) (*Form, error) {
	f := &Form{Command: c.Command.Name, Title: c.Command.Title, Submit: c.Command.Submit}
	if f.Submit == "" {
		f.Submit = "Save"
	}
	limit := b.maxInputs(c.From.Platform)
	for i := range c.Command.Params {
		p := &c.Command.Params[i]
		if !p.asked(c) || len(f.Inputs) == limit {
			continue
		}
		in, err := p.input(ctx, c, values[p.Name])
		if err != nil {
			return nil, err
		}
		f.Inputs = append(f.Inputs, in)
	}
	return f, nil
}

func (b *Bot) maxInputs(platform string) int {
	on, err := b.platform(platform)
	if l, limits := on.(InputLimiter); err == nil && limits {
		return min(MaxInputs, l.MaxInputs())
	}
	return MaxInputs
}

// input is how a form asks for the parameter.
func (p *Param) input(ctx context.Context, c *Call, now string) (Input, error) {
	in := Input{Name: p.Name, Label: p.label(), Help: p.Help, Value: now, Required: p.Required || p.Needed, Kind: LineInput}
	switch {
	case p.Options != nil:
		options, err := p.Options(ctx)
		if err != nil {
			return in, err
		}
		if len(options) == 0 && p.Kind == RefParam && p.Required {
			return in, Errorf(NotFound, "There is nothing to use /%s %s on right now. See what there is with: /%s list all", c.Command.Noun(), c.Command.Verb(), c.Command.Noun())
		}
		in.Kind = ChoiceInput
		if p.Many {
			in.Kind = ChoicesInput
		}
		in.offer(options)
	case p.Kind == FileParam:
		in.Kind, in.Value, in.Max = FileInput, "", p.Max
	case p.Kind == PersonParam && !p.Many:
		in.Kind = PersonInput
	case p.Kind == TimeParam, p.Picker:
		in.Kind, in.Time = TimeInput, p.moment(now, c.Now, c.Zone)
	case p.Kind == DayParam:
		in.Kind, in.Day = DayInput, p.pickedDay(now, c.today())
	case p.Kind == TextParam:
		in.Max = cmp.Or(p.Max, 4000)
		if p.Paragraph {
			in.Kind = ParagraphInput
		}
	}
	return in, nil
}

// markErrors puts each refusal beside its input; one that belongs to none goes above the form. People are named and times are the reader's, as
// in any other answer.
func (b *Bot) markErrors(ctx context.Context, c *Call, f *Form, bad problems) error {
	for _, e := range bad {
		m, err := b.sealPeople(ctx, Message{Sections: []Section{{Text: e.Words()}}}.withYears(c.Now), c.From.Platform)
		if err != nil {
			return err
		}
		text := m.Sections[0].Text.Plain(c.Zone)
		i := slices.IndexFunc(f.Inputs, func(in Input) bool { return in.Name == e.Field })
		if i < 0 {
			f.Intro = append(f.Intro, T(text+" ")...)
			continue
		}
		f.Inputs[i].Error, f.Inputs[i].Conflict = text, e.Kind == Conflict
	}
	return nil
}
