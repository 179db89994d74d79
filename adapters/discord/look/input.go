package look

import (
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// field is what an input is answered with, and a hint that its help is shown with, "" for none.
func (a *asker) field(in bot.Input) (c Component, hint string) {
	switch in.Kind {
	case bot.ChoiceInput, bot.ChoicesInput:
		if options, ok := offered(in); ok {
			return menu(in, options), ""
		}
		return a.typed(in), named(in)
	case bot.PersonInput:
		if c, ok := a.person(in); ok {
			return c, ""
		}
		return a.typed(in), "Write a name, like @ana."
	case bot.FileInput:
		return sized(Component{Type: FileUpload, CustomID: in.Name}, in, 1), ""
	case bot.TimeInput:
		return a.typed(in), "The zone is " + a.zone.String() + "."
	}
	return a.typed(in), ""
}

// sized says how many of something may be chosen. Where nothing has to be, Discord wants that to be said twice.
func sized(c Component, in bot.Input, most int) Component {
	c.Required, c.MinValues, c.MaxValues = new(in.Required), new(0), most
	if in.Required {
		c.MinValues = new(1)
	}
	return c
}

// offered are the options of a menu. A value that is none of them becomes one, so that nothing that somebody typed is
// dropped. ok is false where the menu could not offer everything.
func offered(in bot.Input) (options []Choice, ok bool) {
	options, ok = choices(in.Options)
	if !ok || in.Search {
		return nil, false
	}
	chosen := []string{in.Value}
	if in.Kind == bot.ChoicesInput {
		chosen = strings.Split(in.Value, ",")
	}
	for _, one := range chosen {
		one = strings.TrimSpace(one)
		if value.Blank(one) {
			continue
		}
		i := slices.IndexFunc(options, func(c Choice) bool {
			return strings.EqualFold(c.Value, one) || strings.EqualFold(c.Label, one)
		})
		if i < 0 {
			i = len(options)
			options = append(options, Choice{Label: name(one, maxOption, "…"), Value: one})
		}
		options[i].Default = true
	}
	tooLong := slices.ContainsFunc(options, func(c Choice) bool { return units(c.Value) > maxOption })
	return options, !tooLong && len(options) > 0 && len(options) <= bot.MaxOptions
}

// menu offers options: as boxes to tick where several may be chosen and all can be seen at once.
func menu(in bot.Input, options []Choice) Component {
	c := Component{Type: StringSelect, CustomID: in.Name, Placeholder: "Choose", Options: options}
	switch {
	case in.Kind == bot.ChoiceInput:
		return sized(c, in, 1)
	case len(options) <= maxChecked:
		c.Type, c.Placeholder = CheckboxGroup, ""
	}
	return sized(c, in, len(options))
}

// person is a menu of people; ok is false when somebody is chosen already whom it could not show.
func (a *asker) person(in bot.Input) (c Component, ok bool) {
	c = sized(Component{Type: UserSelect, CustomID: in.Name, Placeholder: "Choose somebody"}, in, 1)
	id := strings.TrimPrefix(in.Value, "@")
	if id == "" {
		return c, true
	}
	user := ""
	if a.user != nil {
		user = a.user(bot.PersonID(id))
	}
	c.Defaults = []Default{{ID: user, Type: "user"}}
	return c, snowflake(user)
}

// typed is an input for words.
func (a *asker) typed(in bot.Input) Component {
	c := Component{
		Type: TextInput, Style: OneLine, CustomID: in.Name, Value: in.Value, Placeholder: holder(in),
		Required: new(in.Required),
	}
	switch {
	case in.Kind == bot.TimeInput && !in.Time.IsZero():
		c.Value = spelled(in.Time, a.zone)
	case in.Kind == bot.DayInput && !in.Day.IsZero():
		c.Value = in.Day.String()
	}
	if in.Kind == bot.ParagraphInput || strings.Contains(in.Value, "\n") {
		c.Style = Paragraph
	}
	// People paste text that is a little too long; the core says so and keeps it, while Discord would not take it at all.
	c.MaxLength = maxTyped
	if in.Max > 0 && in.Max < maxTyped/2 {
		c.MaxLength = max(in.Max*2, units(c.Value))
	}
	return c
}

// spelled is a time as people type it. One that the clocks of the zone show twice is written with its offset.
func spelled(at time.Time, zone *time.Location) string {
	at = at.In(zone).Truncate(time.Minute)
	local := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC)
	if first, last := value.Instants(local, zone); first.Equal(at) && last.Equal(at) {
		return at.Format("2006-01-02 15:04")
	}
	return at.Format(time.RFC3339)
}

// holder is an example that an empty input shows.
func holder(in bot.Input) string {
	switch in.Kind {
	case bot.TimeInput:
		return "Like 14:05, fri 17:00 or 2027-03-01 14:05"
	case bot.DayInput:
		return "Like 2027-03-01, 1 mar or today"
	}
	return ""
}

// named says how a choice is typed, and names a few.
func named(in bot.Input) string {
	const some, room = 3, 60
	var names []string
	for _, o := range in.Options {
		if one := append(names, o.Value); o.Value != "" && len(one) <= some && units(strings.Join(one, ", ")) <= room {
			names = one
		}
	}
	like := ""
	if len(names) > 0 {
		like = ", like " + strings.Join(names, ", ")
	}
	switch {
	case in.Kind == bot.ChoicesInput:
		return "Write names with commas between them" + like + "."
	case len(names) > 1:
		last := len(names) - 1
		like = ", like " + strings.Join(names[:last], ", ") + " or " + names[last]
	}
	return "Write a name" + like + "."
}

// description is what stands below the label of an input: what is wrong with it, or else its help with the hint. A hint
// to a menu that is typed into comes first, because the help was written for one that lists its choices.
func description(in bot.Input, hint string) string {
	help := inLine(in.Help)
	switch {
	case in.Error != "":
		return cutWord(in.Error, maxHelp)
	case in.Kind == bot.ChoiceInput, in.Kind == bot.ChoicesInput:
		return cutWord(strings.TrimSpace(hint+" "+help), maxHelp)
	}
	if whole := strings.TrimSpace(help + " " + hint); units(whole) <= maxHelp {
		return whole
	}
	return cutWord(help, maxHelp)
}
