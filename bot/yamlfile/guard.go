package yamlfile

import (
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// Limits of the tree. No schema has more than six levels, and no key is longer than a name. The library recurses into
// each level, and notes with each value all keys that lead to it.
const (
	maxDepth = 32
	maxKey   = 100
)

// guard refuses what no file needs and the library would expand, recurse into, spend minutes on or quietly accept. It
// makes every scalar the text that was typed.
func guard(s *source, tokens token.Tokens) Problems {
	t := tally{source: s}
	var d depth
	var before *token.Token // the last one that was no comment
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		if text := d.fatal(s.form, tk, before); text != "" {
			t.add(place(tk), "%s", text)
			return t.sorted()
		}
		if text := unsupported(s.form, tk, before); text != "" {
			t.add(place(tk), "%s", text)
		}
		if guessed(tk.Type) {
			tk.Type = token.StringType
		}
		before = tk
	}
	return t.sorted()
}

// fatal is why nothing that follows makes sense.
func (d *depth) fatal(f Form, tk, before *token.Token) string {
	switch {
	case tk.Type == token.InvalidType:
		return "this is not valid YAML: " + tk.Error + "."
	case tk.Type == token.DocumentHeaderType && before != nil, before != nil && before.Type == token.DocumentEndType:
		return "a second document begins here. A " + f.Noun + " is one document."
	case tk.Type == token.DirectiveType:
		return `"%" is a directive in YAML. Directives are not supported. Put quotes around text that begins with it.`
	case d.add(tk, before) > maxDepth:
		return fmt.Sprintf("this is nested deeper than %d levels.", maxDepth)
	case d.end(tk, before):
		return "a key in braces has to have a value here."
	}
	return ""
}

// unsupported is why the token is refused, or "".
func unsupported(f Form, tk, before *token.Token) string {
	const quotes = " Put quotes around text that begins with it."
	switch tk.Type {
	case token.AnchorType:
		return `"&" is an anchor in YAML. Anchors are not supported.` + quotes
	case token.AliasType:
		return `"*" is an alias in YAML. Aliases are not supported.` + quotes
	case token.TagType:
		return "the tag " + Quote(tk.Value) + ` is not supported. Put quotes around text that begins with "!".`
	case token.MergeKeyType:
		return `"<<" merges mappings in YAML, which is not supported.`
	case token.MappingKeyType:
		return `"?" begins a key of several lines in YAML, which is not supported.`
	case token.MappingValueType:
		if before != nil && utf8.RuneCountInString(before.Value) > maxKey {
			return fmt.Sprintf("the key before this colon is longer than %d characters.", maxKey)
		}
	}
	if utf8.RuneCountInString(tk.Value) > f.MaxText {
		return fmt.Sprintf("this text is longer than %d characters.", f.MaxText)
	}
	return ""
}

// guessed are the types that the library gives a plain scalar by its looks.
func guessed(t token.Type) bool {
	switch t {
	case token.NullType, token.BoolType, token.IntegerType, token.BinaryIntegerType, token.OctetIntegerType,
		token.HexIntegerType, token.FloatType, token.InfinityType, token.NanType:
		return true
	}
	return false
}

// depth follows how deep tokens are nested: in brackets, and outside of them by their columns. A list that stands at
// the column of its key counts as one level with it, so the true depth is at most twice as large.
type depth struct {
	columns  []int
	brackets []bracket
}

// bracket is an open one.
type bracket struct {
	braces bool
	colon  bool // in the entry that is being written
}

func (d *depth) add(tk, before *token.Token) int {
	switch tk.Type {
	case token.SequenceStartType, token.MappingStartType:
		d.brackets = append(d.brackets, bracket{braces: tk.Type == token.MappingStartType})
	case token.SequenceEntryType:
		d.indent(tk.Position.Column)
	case token.MappingValueType:
		if before != nil {
			d.indent(before.Position.Column) // of the key
		}
	}
	return len(d.brackets) + len(d.columns)
}

func (d *depth) indent(column int) {
	if len(d.brackets) > 0 {
		return
	}
	for len(d.columns) > 0 && d.columns[len(d.columns)-1] >= column {
		d.columns = d.columns[:len(d.columns)-1]
	}
	d.columns = append(d.columns, column)
}

// end follows where entries and brackets end, and reports whether tk ends an entry in braces that has no value, as in
// {a, b} and {a: }. The library would make up values, in time with the square of their number.
func (d *depth) end(tk, before *token.Token) (unvalued bool) {
	if len(d.brackets) == 0 {
		return false
	}
	in := &d.brackets[len(d.brackets)-1]
	switch tk.Type {
	case token.MappingValueType:
		in.colon = true
		return false
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType:
	default:
		return false
	}
	trailing := before.Type == token.CollectEntryType && tk.Type == token.MappingEndType
	empty := before.Type == token.MappingStartType || trailing
	unvalued = in.braces && !empty && (!in.colon || before.Type == token.MappingValueType)
	in.colon = false
	if tk.Type != token.CollectEntryType {
		d.brackets = d.brackets[:len(d.brackets)-1]
	}
	return unvalued
}
