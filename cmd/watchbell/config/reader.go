package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// reader takes values out of the tree. What is wrong it notes and goes on, so a value it returns is only good when done finds nothing.
type reader struct {
	problems tally
	names    map[string]map[string]position // what the file defines, by what it is, as in names["person"]["ana"]
	last     []func()                       // checks that need to know all names
}

// done runs the checks that had to wait and returns all problems.
func (r *reader) done() Problems {
	for _, check := range r.last {
		check()
	}
	return r.problems.sorted()
}

func (r *reader) problem(at position, format string, args ...any) {
	r.problems.add(at, format, args...)
}

// is reports whether n is of kind k, or has no value where the key may stand alone, as a list does whose items are all commented out.
func (r *reader) is(n node, k kind) bool {
	switch {
	case n.kind == k:
		return true
	case n.kind == nothing && k != scalar:
		return false
	case n.path == "":
		r.problem(n.at, `the file has to be a mapping with keys like "name:", not %s.`, n.kind)
	case n.kind == nothing:
		r.problem(n.at, "%s has no value.", n.what())
	case k == scalar && n.kind == mapping:
		r.problem(n.at, "%s has to be text, not a mapping. Put quotes around text with a colon.", n.what())
	default:
		r.problem(n.at, "%s has to be %s, not %s.", n.what(), k, n.kind)
	}
	return false
}

// text is the scalar n as it was typed.
func (r *reader) text(n node) (string, bool) {
	ok := r.is(n, scalar)
	return n.text, ok
}

// items reads each item of a list.
func (r *reader) items(n node, read func(node)) {
	if r.is(n, sequence) {
		for _, item := range n.children {
			read(item)
		}
	}
}

// set reads a list of texts in which none is repeated.
func (r *reader) set(n node, read func(node) string) []string {
	var list []string
	r.items(n, func(n node) {
		word := read(n)
		if n.kind == scalar && slices.Contains(list, word) {
			r.problem(n.at, "%s is listed twice.", quote(word))
		}
		list = append(list, word)
	})
	return list
}

// entries reads each value of a mapping whose keys are names that the person chose.
func (r *reader) entries(n node, read func(node)) {
	if !r.is(n, mapping) {
		return
	}
	seen := map[string]position{}
	for _, entry := range n.children {
		if first, again := seen[entry.key]; again {
			r.problem(entry.keyAt, "the key %s is there already, on line %d.", quote(entry.key), first.line)
			continue
		}
		seen[entry.key] = entry.keyAt
		read(entry)
	}
}

// fields are the keys that a mapping may have, and how each value is read.
type fields map[string]func(node)

// fields reads a mapping whose keys are given.
func (r *reader) fields(n node, f fields, required ...string) {
	missing := required
	r.entries(n, func(entry node) {
		missing = slices.DeleteFunc(slices.Clone(missing), func(key string) bool { return key == entry.key })
		if read, ok := f[entry.key]; ok {
			read(entry)
			return
		}
		r.unknownKey(entry, n.path, slices.Sorted(maps.Keys(f)))
	})
	if n.kind != mapping && n.kind != nothing {
		return
	}
	for _, key := range missing {
		r.problem(n.at, "%s has no %s.", n.what(), key)
	}
}

var secretKey = regexp.MustCompile(`(?i)token|secret|passw|database|dsn|credential|(api|private|signing)[-_]?key`)

func (r *reader) unknownKey(entry node, parent string, known []string) {
	where := ""
	if parent != "" {
		where = " under " + parent
	}
	hint := nearest(entry.key, known)
	secret := secretKey.MatchString(entry.key)
	switch {
	case secret:
		hint = " Secrets do not belong into this file: set an environment variable."
	case hint == "":
		hint = " The keys are " + strings.Join(known, ", ") + "."
	}
	shown := !r.problems.full()
	r.problem(entry.keyAt, "unknown key %s%s.%s", quote(entry.key), where, hint)
	if last := len(r.problems.list) - 1; secret && shown {
		r.problems.list[last].Excerpt = "" // the value would end in a log
	}
}

// define notes that a name exists, and refuses it when it does already.
func (r *reader) define(what, name string, at position) {
	if r.names[what] == nil {
		r.names[what] = map[string]position{}
	}
	if first, again := r.names[what][name]; again {
		r.problem(at, "the %s %s is there already, on line %d.", what, quote(name), first.line)
		return
	}
	r.names[what][name] = at
}

// known checks that n names one of the things. It has to wait until all names are defined.
func (r *reader) known(n node, things ...string) {
	for _, what := range things {
		if _, ok := r.names[what][n.text]; ok {
			return
		}
	}
	hint := ""
	if !r.problems.full() { // otherwise nobody sees it
		var names []string
		for _, what := range things {
			names = append(names, slices.Sorted(maps.Keys(r.names[what]))...)
		}
		hint = nearest(n.text, names)
		if few := 12; hint == "" && len(names) > 0 && len(names) <= few {
			hint = " Known here: " + strings.Join(names, ", ") + "."
		}
	}
	r.problem(n.at, "there is no %s %s.%s", strings.Join(things, " or "), quote(n.text), hint)
}

// nearest is " Did you mean …?", or "" when nothing is near.
func nearest(word string, names []string) string {
	if near := value.Nearest(word, names); near != "" {
		return " Did you mean " + quote(near) + "?"
	}
	return ""
}

// quote shows what somebody typed, in one line of bounded length, with escapes for what cannot be seen.
func quote(s string) string { return strconv.Quote(value.Cut(s, 80)) }
