package book

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Head is what every record has. Each kind embeds it.
type Head struct {
	Number   int64  `json:"-"`
	Version  int    `json:"-"`
	ID       string `json:"-"` // like CTR-7, or the key of a record that has one
	Name     string
	Owner    bot.PersonID      `json:",omitempty"`
	Team     string            `json:",omitempty"`
	Seen     record.Visibility `json:",omitempty"`
	Readers  []bot.PersonID    `json:",omitempty"`
	Notes    string            `json:",omitempty"`
	Extra    map[string]string `json:",omitempty"`
	Remind   []int             `json:",omitempty"` // days before a date, in place of what its kind says
	Added    time.Time         `json:"-"`
	Changed  time.Time         `json:"-"`
	Archived time.Time         `json:"-"`

	// Linked is what it is linked with. It is known where a rule of its kind decides and where the record is shown.
	Linked []record.Linked `json:"-"`
	events []record.Entry  // that a rule of its kind told of
	from   *record.Row     // that it was read from; nil: it is new
}

// Base is the head, for the kernel.
func (h *Head) Base() *Head { return h }

// Tell adds to its history what a rule made happen: by a name that its kind's Tells has, in a few words.
func (h *Head) Tell(name, words string) {
	h.events = append(h.events, record.Entry{What: name, Is: words})
}

// Live reports whether it is not archived.
func (h *Head) Live() bool { return h.Archived.IsZero() }

// By lists what it is linked with by a relation, as that reads from its end.
func (h *Head) By(relation string) []record.Linked {
	return slices.DeleteFunc(slices.Clone(h.Linked), func(l record.Linked) bool { return l.Name != relation })
}

// Row is what of it says who looks after it and who may see it.
func (h *Head) Row() record.Row {
	return record.Row{
		ID: h.ID, Version: h.Version, Name: h.Name, Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: h.Readers,
	}
}

// Sight is what whoever opened a record may not see of what its fields name.
func (h *Head) Sight() field.Sight {
	var s field.Sight
	for _, l := range h.Linked {
		if l.Hidden && !l.Inward {
			if s == nil {
				s = field.Sight{}
			}
			s[l.ID] = true
		}
	}
	return s
}

// HeadNames are the names of what every record has.
var HeadNames = []string{"name", "owner", "team", "visible", "readers", "remind", "notes", "extra"}

const (
	maxName  = 120
	maxNotes = 4000
	maxExtra = 20 // keys
)

// headFields are the fields that every record has. The name is the text that a record is added with.
func headFields[T any, P Record[T]]() []field.Field[T] {
	head := func(x *T) *Head { return P(x).Base() }
	extra := field.Parsed("extra", "Further keys and values, one a line or separated by commas, like po=4711.", 2000,
		func(x *T) string { return writeExtra(head(x).Extra) },
		func(x *T, s string) (err error) { head(x).Extra, err = readExtra(s); return err })
	extra.Param.Paragraph = true
	remind := field.Parsed("remind",
		"How many days before its dates somebody is reminded, like 60,30,7; default is usual for it.",
		100, func(x *T) string { return writeDays(head(x).Remind) },
		func(x *T, s string) (err error) { head(x).Remind, err = readDays(s); return err })
	name := field.Text("name", "What it is called, like Datadog.", maxName,
		func(x *T) *string { return &head(x).Name }).Asked()
	name.Param.Label = "Name"
	seen := field.Choice("visible", "Who may see it: all, team or restricted, which is its owner and its readers.",
		func(x *T) *record.Visibility { return &head(x).Seen }, record.Everybody, record.Team, record.Restricted)
	seen.Show = func(x *T) bot.Text {
		if s := head(x).Seen; s != record.Everybody {
			return bot.T(string(s))
		}
		return nil
	}
	return []field.Field[T]{
		name,
		field.Person("owner", "Who looks after it; default is you.",
			func(x *T) *bot.PersonID { return &head(x).Owner }).Asked(),
		field.TeamOf("team", "The team that looks after it, a group of the configuration.",
			func(x *T) *string { return &head(x).Team }),
		seen,
		field.People("readers", "Who may see it besides, where it is restricted.",
			func(x *T) *[]bot.PersonID { return &head(x).Readers }),
		remind,
		field.LongText("notes", "Anything else worth knowing.", maxNotes,
			func(x *T) *string { return &head(x).Notes }).Asked(),
		extra,
	}
}

// writeExtra writes keys and values in the order of the keys.
func writeExtra(m map[string]string) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, key+"="+m[key])
	}
	return strings.Join(lines, "\n")
}

func readExtra(s string) (map[string]string, error) {
	m := map[string]string{}
	for line := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == ',' }) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, val, ok := strings.Cut(line, "=")
		key, val = value.Line(key), value.Line(val)
		if !ok || key == "" || val == "" {
			return nil, fmt.Errorf("%q is not a key and a value like po=4711", bot.Shown(line))
		}
		m[key] = val
	}
	switch {
	case len(m) > maxExtra:
		return nil, fmt.Errorf("it has %d keys, the limit is %d", len(m), maxExtra)
	case len(m) == 0:
		return nil, nil
	}
	return m, nil
}

func writeDays(list []int) string {
	var days []string
	for _, n := range list {
		days = append(days, strconv.Itoa(n))
	}
	return strings.Join(days, ",")
}

// readDays reads how many days before, the most first.
func readDays(s string) ([]int, error) {
	var list []int
	for _, word := range field.Separate(s) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n > 730 {
			return nil, fmt.Errorf("%q is not a number of days from 0 to 730, like 60,30,7", bot.Shown(word))
		}
		list = append(list, n)
	}
	if len(list) > 12 {
		return nil, fmt.Errorf("it has %d steps, the limit is 12", len(list))
	}
	slices.Sort(list)
	slices.Reverse(list)
	return slices.Compact(list), nil
}

// Audience is who may see the record.
func (h *Head) Audience() bot.Audience {
	r := h.Row()
	return r.Audience()
}
