// Package yamlfile reads a YAML file that a person wrote, strictly: a slip of the pen is refused instead of changing
// what the program does, and the refusal names line and key, and shows what to write instead.
//
// A [Form] says what kind of file it is. Reading it takes four steps, and each reports all it can before the next is
// not taken:
//
//	source.go   bytes to lines: encoding, size, tabs
//	guard.go    what the library would expand, recurse into or guess
//	tree.go     lines to a tree of texts, lists and mappings; with guard.go the only place that knows the YAML library
//	reader.go   tree to values, by the caller's schema
//
// A scalar is the text that was typed until the schema gives it a type. That is why a channel may be called no, and why
// a duration of 12:30 is refused instead of becoming a number.
package yamlfile

// Form is what files of one kind are and may hold.
type Form struct {
	Noun     string // of the file, with the article "a", like configuration
	Key      string // at its top, as an example, like name
	Empty    string // the sentence that tells how to start, when there is nothing in the file
	MaxBytes int    // of the file
	MaxText  int    // characters of one text
}

// Parse turns data into a tree, and a reader that takes values out of it. Errors call the file name; without a name,
// they name the line only. They are nil when the tree is there.
func (f Form) Parse(name string, data []byte) (*Reader, Node, Problems) {
	s, problems := newSource(name, data, f)
	if problems != nil {
		return nil, Node{}, problems
	}
	root, problems := parse(s)
	if problems != nil {
		return nil, Node{}, problems
	}
	return &Reader{problems: tally{source: s}, names: map[string]map[string]Position{}}, root, nil
}
