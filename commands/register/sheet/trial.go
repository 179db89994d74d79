package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Did is what a line does.
type Did int

const (
	Nothing Did = iota
	Creates
	Changes
)

// Outcome is what a line would do to a record.
type Outcome struct {
	Did   Did
	ID    string
	Label string   // of the record
	What  []string // the differences
}

// Trial is what a file would do.
type Trial struct {
	Created, Changed, Unchanged int
	Wrong                       int // lines
	First                       []Outcome
	Problems                    []Problem // the first of them
}

const (
	shownDifferences = 10
	shownProblems    = 20
)

// Run asks of each line what it would do. Lines are read so many at a time: ahead is told which come next. An error of
// do that is for people is a problem of the line; any other error ends the trial and is returned.
func (t *Trial) Run(f *File, batch int, ahead func([]Line) error, do func(Line) (Outcome, error)) error {
	seen := map[string]int{}
	for last := false; !last; {
		var lines []Line
		for len(lines) < batch && !last {
			l, end, err := f.Next()
			last = end
			var bad *Problem
			if errors.As(err, &bad) {
				t.problem(*bad)
			} else if err == nil {
				lines = append(lines, l)
			}
		}
		if err := ahead(lines); err != nil {
			return err
		}
		for _, l := range lines {
			o, err := do(l)
			if err := t.take(l, o, err, seen); err != nil {
				return fmt.Errorf("line %d: %w", l.Number, err)
			}
		}
	}
	return nil
}

// take counts what came of a line.
func (t *Trial) take(l Line, o Outcome, err error, seen map[string]int) error {
	if texts := forPeople(err); len(texts) > 0 {
		t.Wrong++
		for _, text := range texts {
			t.note(Problem{l.Number, text})
		}
		return nil
	}
	if err != nil {
		return err
	}
	if first, twice := seen[o.ID]; twice {
		t.problem(*wrong(l.Number, "%s is in line %d already. Each record is in a file once.", o.ID, first))
		return nil
	}
	seen[o.ID] = l.Number
	t.count(o)
	return nil
}

// Good reports that nothing is wrong.
func (t *Trial) Good() bool { return t.Wrong == 0 }

func (t *Trial) problem(p Problem) {
	t.Wrong++
	t.note(p)
}

func (t *Trial) note(p Problem) {
	if len(t.Problems) < shownProblems {
		t.Problems = append(t.Problems, p)
	}
}

func (t *Trial) count(o Outcome) {
	switch o.Did {
	case Creates:
		t.Created++
	case Changes:
		t.Changed++
	default:
		t.Unchanged++
		return
	}
	if len(t.First) < shownDifferences {
		t.First = append(t.First, o)
	}
}

// forPeople are the sentences of an error that is for people.
func forPeople(err error) []string {
	var one *bot.Error
	var several bot.Problems
	var texts []string
	switch {
	case errors.As(err, &several):
		for _, e := range several {
			texts = append(texts, e.Text)
		}
	case errors.As(err, &one):
		texts = []string{one.Text}
	}
	return texts
}

// Counts says what it comes to, like "2 to add, 1 to change, 7 unchanged".
func (t *Trial) Counts() string {
	parts := []string{
		fmt.Sprintf("%d to add", t.Created), fmt.Sprintf("%d to change", t.Changed), fmt.Sprintf("%d unchanged", t.Unchanged),
	}
	if t.Wrong > 0 {
		parts = append(parts, value.Counted(t.Wrong, "line")+" with errors")
	}
	return strings.Join(parts, ", ")
}

// Message shows what a file would do, and what is wrong with it.
func (t *Trial) Message(file string) bot.Message {
	m := bot.Message{
		Title: "Trial of " + cmp.Or(value.Shown(file, 60), "the file"), Tone: bot.Info,
		Sections: []bot.Section{bot.Para(bot.Bold(t.Counts()), ". Nothing has been changed.")},
	}
	if !t.Good() {
		m.Tone = bot.Warning
		slices.SortStableFunc(t.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		for _, p := range t.Problems {
			m.Sections = append(m.Sections, bot.Para(value.Cut(p.Error(), 400)))
		}
		if t.Wrong > len(t.Problems) {
			m.Context = append(m.Context, bot.T(fmt.Sprintf("These are the first %d.", len(t.Problems))))
		}
		m.Context = append(m.Context, bot.T("A file is imported as a whole or not at all. Correct it, and import it again."))
		return m
	}
	for _, o := range t.First {
		line := bot.T(bot.Bold(o.ID), " "+value.Shown(o.Label, 60))
		if o.Did == Creates {
			line = append(line, bot.T(": new")...)
		} else {
			line = append(line, bot.T(": "+value.Cut(strings.Join(o.What, "; "), 300))...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if n := t.Created + t.Changed; n > len(t.First) {
		m.Context = append(m.Context, bot.T(fmt.Sprintf("These are the first %d of %d.", len(t.First), n)))
	}
	return m
}
