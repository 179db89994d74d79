package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

type kind string

const (
	nothing   kind = "nothing" // a key without a value
	scalar    kind = "text"
	sequence  kind = "a list"
	mapping   kind = "a mapping"
	something kind = "something else"
)

// node is a value of the file.
type node struct {
	at       position
	path     string // of the keys that lead to it, like incidents.channel; the items of a list share the list's
	item     bool   // of a list
	kind     kind
	text     string
	children []node // of a list or a mapping, in the order of the file

	key   string // in a mapping
	keyAt position
}

// what names the node in a sentence.
func (n node) what() string {
	if n.item {
		return "this entry of " + n.path
	}
	return n.path
}

// parse turns the source into a tree.
func parse(s *source) (root node, problems Problems) {
	// The library is large and written by others. What makes it panic is no valid file.
	defer func() {
		if recover() != nil {
			root, problems = node{}, Problems{{File: s.name, Text: "the file is not valid YAML."}}
		}
	}()
	tokens := lexer.Tokenize(s.text())
	if problems := guard(s, tokens); problems != nil {
		return node{}, problems
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // the reader reports them, all at once
	if err != nil {
		return node{}, Problems{syntaxError(s, err)}
	}
	root = node{kind: nothing, at: position{1, 1}}
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

func place(t *token.Token) position { return position{t.Position.Line, t.Position.Column} }

// tree takes over what the library found.
func tree(n ast.Node, path string) node {
	out := node{path: path, at: place(n.GetToken()), kind: something}
	switch n := n.(type) {
	case *ast.NullNode:
		out.kind = nothing
	case *ast.StringNode:
		out.kind, out.text = scalar, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = scalar, n.Value.Value
	case *ast.SequenceNode:
		out.kind = sequence
		for _, v := range n.Values {
			item := tree(v, path)
			item.item = true
			out.children = append(out.children, item)
		}
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			out.children = append(out.children, pair(v, path))
		}
		if len(out.children) > 0 && !n.IsFlowStyle {
			out.at = out.children[0].keyAt
		}
	case *ast.MappingValueNode:
		out.kind, out.children = mapping, []node{pair(n, path)}
		out.at = out.children[0].keyAt
	}
	return out
}

func pair(n *ast.MappingValueNode, path string) node {
	key := n.Key.GetToken()
	if path != "" {
		path += "."
	}
	out := tree(n.Value, path+key.Value)
	out.key, out.keyAt = key.Value, place(key)
	if out.kind == nothing {
		out.at = out.keyAt
	}
	return out
}
