package register

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// headNames are the names of what every record has.
var headNames = []string{"name", "owner", "team", "visible", "readers", "remind", "notes", "extra"}

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

var secrets = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|` +
	`\b(xox[abeprs]-|xapp-|gh[oprsu]_|github_pat_|glpat-|AKIA[0-9A-Z]{16}|sk_live_|AIza[0-9A-Za-z_-]{30})|` +
	`(?i)\b(password|passwd|passphrase|secret|api[-_ ]?key|licen[cs]e[-_ ]?key)\s*[:=]\s*\S{4,}`)

// noSecret refuses what looks like a password or a key: everybody who may see the record could read it, and its history
// keeps it for ever.
func noSecret(name, text string) error {
	if !secrets.MatchString(text) {
		return nil
	}
	return bot.Errorf(
		bot.Invalid, "%s looks as if it held a password or a key. Keep that in your vault, and write where it is, like "+
			"vault=https://vault.example.com/datadog. If it holds none, write it in other words.",
		title(name),
	).About(name)
}
