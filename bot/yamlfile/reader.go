package yamlfile

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// Reader takes values out of a tree. What is wrong it notes and goes on, so a value it returns is only good when Done
// finds nothing. It is for one goroutine.
type Reader struct {
	problems tally
	names    map[string]map[string]Position // what the file defines, by what it is, as in names["person"]["ana"]
	last     []func()                       // checks that need to know all names
}

// Done runs the checks that had to wait and returns all problems, nil when there are none.
func (r *Reader) Done() Problems {
	for _, check := range r.last {
		check()
	}
	return r.problems.sorted()
}

// Problem notes what is wrong at a place: one or more sentences, the first of which may begin in lower case.
func (r *Reader) Problem(at Position, format string, args ...any) {
	r.problems.add(at, format, args...)
}

// Later has Done run a check that needs to know all names of the file.
func (r *Reader) Later(check func()) { r.last = append(r.last, check) }

// Is reports whether n is of kind k, and notes a problem when it is of another. A key without a value is a problem
// where a text is expected only: a list or a mapping is empty when all its lines are commented out.
func (r *Reader) Is(n Node, k Kind) bool {
	switch {
	case n.Kind == k:
		return true
	case n.Kind == Nothing && k != Scalar:
		return false
	case n.Path == "":
		key := r.problems.source.form.Key
		r.Problem(n.At, `the file has to be a mapping with keys like "%s:", not %s.`, key, n.Kind)
	case n.Kind == Nothing:
		r.Problem(n.At, "%s has no value.", n.what())
	case k == Scalar && n.Kind == Mapping:
		r.Problem(n.At, "%s has to be text, not a mapping. Put quotes around text with a colon.", n.what())
	default:
		r.Problem(n.At, "%s has to be %s, not %s.", n.what(), k, n.Kind)
	}
	return false
}

// Text returns the scalar n as it was typed.
func (r *Reader) Text(n Node) (string, bool) {
	ok := r.Is(n, Scalar)
	return n.Text, ok
}

// Number returns the scalar n as a whole number.
func (r *Reader) Number(n Node) int {
	text, ok := r.Text(n)
	number, err := strconv.Atoi(text)
	if ok && err != nil {
		r.Problem(n.At, "%s has to be a whole number, not %s.", n.what(), Quote(text))
	}
	return number
}

// Yes reports whether the scalar n is yes or true; it may also be no or false.
func (r *Reader) Yes(n Node) bool {
	text, ok := r.Text(n)
	switch strings.ToLower(text) {
	case "yes", "true":
		return ok
	case "no", "false":
	default:
		if ok {
			r.Problem(n.At, "%s is neither yes nor no.", Quote(text))
		}
	}
	return false
}

// Items reads each item of a list.
func (r *Reader) Items(n Node, read func(Node)) {
	if r.Is(n, List) {
		for _, item := range n.Children {
			read(item)
		}
	}
}

// Set reads a list of texts in which none is repeated.
func (r *Reader) Set(n Node, read func(Node) string) []string {
	var list []string
	r.Items(n, func(n Node) {
		word := read(n)
		if n.Kind == Scalar && slices.Contains(list, word) {
			r.Problem(n.At, "%s is listed twice.", Quote(word))
		}
		list = append(list, word)
	})
	return list
}

// Entries reads each value of a mapping whose keys are names that the person chose. Of a key that is repeated only the
// first counts.
func (r *Reader) Entries(n Node, read func(Node)) {
	if !r.Is(n, Mapping) {
		return
	}
	seen := map[string]Position{}
	for _, entry := range n.Children {
		if first, again := seen[entry.Key]; again {
			r.Problem(entry.KeyAt, "the key %s is there already, on line %d.", Quote(entry.Key), first.Line)
			continue
		}
		seen[entry.Key] = entry.KeyAt
		read(entry)
	}
}

// Fields are the keys that a mapping may have, and how each value is read.
type Fields map[string]func(Node)

// Fields reads a mapping whose keys are given. An unknown key is a problem, and so is a required one that is missing.
func (r *Reader) Fields(n Node, f Fields, required ...string) {
	missing := required
	r.Entries(n, func(entry Node) {
		missing = slices.DeleteFunc(slices.Clone(missing), func(key string) bool { return key == entry.Key })
		if read, ok := f[entry.Key]; ok {
			read(entry)
			return
		}
		r.unknownKey(entry, n.Path, slices.Sorted(maps.Keys(f)))
	})
	if n.Kind != Mapping && n.Kind != Nothing {
		return
	}
	for _, key := range missing {
		r.Problem(n.At, "%s has no %s.", n.what(), key)
	}
}

var secretKey = regexp.MustCompile(`(?i)token|secret|passw|database|dsn|credential|(api|private|signing)[-_]?key`)

func (r *Reader) unknownKey(entry Node, parent string, known []string) {
	where := ""
	if parent != "" {
		where = " under " + parent
	}
	hint := nearest(entry.Key, known)
	secret := secretKey.MatchString(entry.Key)
	switch {
	case secret:
		hint = " Secrets do not belong into this file: set an environment variable."
	case hint == "":
		hint = " The keys are " + strings.Join(known, ", ") + "."
	}
	shown := !r.problems.full()
	r.Problem(entry.KeyAt, "unknown key %s%s.%s", Quote(entry.Key), where, hint)
	if last := len(r.problems.list) - 1; secret && shown {
		r.problems.list[last].Excerpt = "" // the value would end in a log
	}
}

// Define notes that a name of something exists, and refuses it when it does already.
func (r *Reader) Define(what, name string, at Position) {
	if r.names[what] == nil {
		r.names[what] = map[string]Position{}
	}
	if first, again := r.names[what][name]; again {
		r.Problem(at, "the %s %s is there already, on line %d.", what, Quote(name), first.Line)
		return
	}
	r.names[what][name] = at
}

// Defined returns the number of names that something has so far, and whether name is one of them.
func (r *Reader) Defined(what, name string) (count int, ok bool) {
	_, ok = r.names[what][name]
	return len(r.names[what]), ok
}

// Known checks that n names one of the things. It has to wait until all names are defined.
func (r *Reader) Known(n Node, things ...string) {
	for _, what := range things {
		if _, ok := r.names[what][n.Text]; ok {
			return
		}
	}
	hint := ""
	if !r.problems.full() { // otherwise nobody sees it
		var names []string
		for _, what := range things {
			names = append(names, slices.Sorted(maps.Keys(r.names[what]))...)
		}
		hint = nearest(n.Text, names)
		if few := 12; hint == "" && len(names) > 0 && len(names) <= few {
			hint = " Known here: " + strings.Join(names, ", ") + "."
		}
	}
	r.Problem(n.At, "there is no %s %s.%s", strings.Join(things, " or "), Quote(n.Text), hint)
}

// nearest is " Did you mean …?", or "" when nothing is near.
func nearest(word string, names []string) string {
	if near := value.Nearest(word, names); near != "" {
		return " Did you mean " + Quote(near) + "?"
	}
	return ""
}

// Quote shows what somebody typed, in one line of bounded length, with escapes for what cannot be seen.
func Quote(s string) string { return strconv.Quote(value.Cut(s, 80)) }
