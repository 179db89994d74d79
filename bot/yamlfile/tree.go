package yamlfile

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Kind is what a value is, as sentences say it.
type Kind string

// The kinds of values.
const (
	Nothing   Kind = "nothing" // a key without a value
	Scalar    Kind = "text"
	List      Kind = "a list"
	Mapping   Kind = "a mapping"
	something Kind = "something else"
)

// Node is a value of the file.
type Node struct {
	At       Position
	Path     string // of the keys that lead to it, like incidents.channel; the items of a list share the list's
	Item     bool   // of a list
	Kind     Kind
	Text     string // of a scalar, as it was typed
	Children []Node // of a list or a mapping, in the order of the file

	Key   string // in a mapping
	KeyAt Position
}

// what names the node in a sentence.
func (n Node) what() string {
	if n.Item {
		return "this entry of " + n.Path
	}
	return n.Path
}

// parse turns the source into a tree.
func parse(s *source) (root Node, problems Problems) {
	// The library is large and written by others. What makes it panic is no valid file.
	defer func() {
		if recover() != nil {
			root, problems = Node{}, Problems{{File: s.name, Text: "the file is not valid YAML."}}
		}
	}()
	tokens := lexer.Tokenize(s.text())
	if problems := guard(s, tokens); problems != nil {
		return Node{}, problems
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // the reader reports them, all at once
	if err != nil {
		return Node{}, Problems{syntaxError(s, err)}
	}
	root = Node{Kind: Nothing, At: Position{1, 1}}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			root = tree(doc.Body, "")
		}
	}
	return root, nil
}

func syntaxError(s *source, err error) *Error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return &Error{File: s.name, Text: "the file is not valid YAML."}
	}
	hint := ""
	if strings.Contains(at.GetMessage(), "not allowed") {
		hint = " Check how this line and the next are indented, and put quotes around text with a colon or a bracket."
	}
	return s.errorAt(place(at.GetToken()), "this is not valid YAML: %s.%s", at.GetMessage(), hint)
}

func place(t *token.Token) Position { return Position{t.Position.Line, t.Position.Column} }

// tree takes over what the library found.
func tree(n ast.Node, path string) Node {
	out := Node{Path: path, At: place(n.GetToken()), Kind: something}
	switch n := n.(type) {
	case *ast.NullNode:
		out.Kind = Nothing
	case *ast.StringNode:
		out.Kind, out.Text = Scalar, n.Value
	case *ast.LiteralNode:
		out.Kind, out.Text = Scalar, n.Value.Value
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			item := tree(v, path)
			item.Item = true
			out.Children = append(out.Children, item)
		}
	case *ast.MappingNode:
		out.Kind = Mapping
		for _, v := range n.Values {
			out.Children = append(out.Children, pair(v, path))
		}
		if len(out.Children) > 0 && !n.IsFlowStyle {
			out.At = out.Children[0].KeyAt
		}
	case *ast.MappingValueNode:
		out.Kind, out.Children = Mapping, []Node{pair(n, path)}
		out.At = out.Children[0].KeyAt
	}
	return out
}

func pair(n *ast.MappingValueNode, path string) Node {
	key := n.Key.GetToken()
	if path != "" {
		path += "."
	}
	out := tree(n.Value, path+key.Value)
	out.Key, out.KeyAt = key.Value, place(key)
	if out.Kind == Nothing {
		out.At = out.KeyAt
	}
	return out
}
