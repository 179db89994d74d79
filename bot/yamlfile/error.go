package yamlfile

import (
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong, for the person who wrote it.
type Error struct {
	File         string // as the caller named it; "" when the caller names it, or when it is about no file
	Line, Column int    // from 1, in characters; 0 when it is about the file as a whole
	Text         string // one or more sentences: what is wrong, and what to write instead
	Excerpt      string // the line, and below it a caret; "" without a position
}

// Error returns the place, the text and the excerpt, like a compiler does.
func (e *Error) Error() string {
	text := e.Text
	switch {
	case e.Line > 0 && e.File == "":
		text = fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, text)
	case e.Line > 0:
		text = fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, text)
	case e.File != "":
		text = e.File + ": " + text
	}
	if e.Excerpt != "" {
		text += "\n" + e.Excerpt
	}
	return text
}

// Problems are all errors found in one file, in the order of their lines. It is never empty.
type Problems []*Error

// Error returns one error below the other.
func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, e := range p {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap makes each [Error] reachable with [errors.As].
func (p Problems) Unwrap() []error {
	list := make([]error, len(p))
	for i, e := range p {
		list[i] = e
	}
	return list
}

// Position is a place in a file; lines and columns count from 1, in characters.
type Position struct{ Line, Column int }

// maxProblems is how many problems are shown: whoever reads them repairs the first few and tries again.
const maxProblems = 50

// tally collects the problems of a source and only counts those that are too many to show.
type tally struct {
	source *source
	list   Problems
	more   int
}

func (t *tally) full() bool { return len(t.list) == maxProblems }

func (t *tally) add(at Position, format string, args ...any) {
	if t.full() {
		t.more++
		return
	}
	t.list = append(t.list, t.source.errorAt(at, format, args...))
}

// sorted is nil when there are no problems.
func (t *tally) sorted() Problems {
	slices.SortStableFunc(t.list, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if t.more > 0 {
		t.list = append(t.list, &Error{File: t.source.name, Text: fmt.Sprintf("There are %d more problems.", t.more)})
	}
	return t.list
}
