package config

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// refusal is a file and all that is said about it.
type refusal struct{ name, file, want string }

func (c refusal) test(t *testing.T) {
	t.Helper()
	_, err := Parse("watchbell.yaml", []byte(c.file))
	if err == nil {
		t.Fatal("accepted")
	}
	if err.Error() != c.want {
		t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
	}
	var first *Error
	if !errors.As(err, &first) || !IsError(err) || IsError(os.ErrNotExist) {
		t.Errorf("%T holds no *Error", err)
	}
}

// Files that are no YAML, or YAML that no configuration needs: rows B136 to B140 of the bad inputs.
var notYAML = []refusal{
	{"empty file", "",
		`watchbell.yaml: the file is empty. "watchbell config example" prints a complete one to start from.`},
	{"blank file", " \n\n",
		`watchbell.yaml: the file is empty. "watchbell config example" prints a complete one to start from.`},
	{"UTF-16 with a mark", "\xff\xfen\x00a\x00",
		`watchbell.yaml: the file is UTF-16 text. Save it as UTF-8.`},
	{"UTF-16 without a mark", "n\x00a\x00m\x00e\x00",
		`watchbell.yaml: the file is UTF-16 text. Save it as UTF-8.`},
	{"NUL byte", "name: a\x00b\n",
		`watchbell.yaml:1:8: there is a NUL byte. The file has to be text.
name: a�b
       ^`},
	{"escape sequence", "name: a\x1b[2Jb\n",
		`watchbell.yaml:1:8: the control character U+001B is not allowed.
name: a�[2Jb
       ^`},
	{"Latin-1", "name: Caf\xe9\n",
		`watchbell.yaml:1:10: this is not UTF-8 text. Save the file as UTF-8.
name: Caf�
         ^`},
	{"tab indentation", "web:\n\tlisten: a:1\n  \tx: y\n",
		`watchbell.yaml:2:1: a tab indents this line. Use spaces.
	listen: a:1
^
watchbell.yaml:3:3: a tab indents this line. Use spaces.
  	x: y
  ^`},
	{"no-break space as indentation", "web:\n\u00a0 listen: a:1\n",
		`watchbell.yaml:2:1: the character U+00A0 indents this line. Use spaces.
� listen: a:1
^`},
	{"second document", "name: a\n---\nname: b\n",
		`watchbell.yaml:2:1: a second document begins here. A configuration is one document.
---
^`},
	{"text after the end of the document", "name: a\n...\nname: b\n",
		`watchbell.yaml:3:1: a second document begins here. A configuration is one document.
name: b
^`},
	{"two headers", "---\n---\nname: a\n",
		`watchbell.yaml:2:1: a second document begins here. A configuration is one document.
---
^`},
	{"python tag", "name: !!python/object:os.system x\n",
		`watchbell.yaml:1:7: the tag "!!python/object:os.system" is not supported. Put quotes around text that begins with "!".
name: !!python/object:os.system x
      ^`},
	{"binary tag", "name: !!binary aGk=\n",
		`watchbell.yaml:1:7: the tag "!!binary" is not supported. Put quotes around text that begins with "!".
name: !!binary aGk=
      ^`},
	{"own tag at the end of the file", "name: !x",
		`watchbell.yaml:1:7: the tag "!x" is not supported. Put quotes around text that begins with "!".
name: !x
      ^`},
	{"anchors and aliases, all of them", "name: &n a\nweb: *n\nroles: {all: [*]}\n",
		`watchbell.yaml:1:7: "&" is an anchor in YAML. Anchors are not supported. Put quotes around text that begins with it.
name: &n a
      ^
watchbell.yaml:2:6: "*" is an alias in YAML. Aliases are not supported. Put quotes around text that begins with it.
web: *n
     ^
watchbell.yaml:3:15: "*" is an alias in YAML. Aliases are not supported. Put quotes around text that begins with it.
roles: {all: [*]}
              ^`},
	{"merge key", "web:\n  <<: {listen: a:1}\n",
		`watchbell.yaml:2:3: "<<" merges mappings in YAML, which is not supported.
  <<: {listen: a:1}
  ^`},
	{"complex key", "? name\n: a\n",
		`watchbell.yaml:1:1: "?" begins a key of several lines in YAML, which is not supported.
? name
^`},
	{"directive", "%YAML 1.2\n---\nname: a\n",
		`watchbell.yaml:1:1: "%" is a directive in YAML. Directives are not supported. Put quotes around text that begins with it.
%YAML 1.2
^`},
	{"open quote", "name: \"a\n",
		`watchbell.yaml:1:7: this is not valid YAML: could not find end character of double-quoted text.
name: "a
      ^`},
	{"reserved character", "name: @a\n",
		`watchbell.yaml:1:7: this is not valid YAML: '@' is a reserved character.
name: @a
      ^`},
	{"open bracket", "people: [a\n",
		`watchbell.yaml:1:9: this is not valid YAML: sequence end token ']' not found.
people: [a
        ^`},
	{"colon in plain text", "name: a: b\n",
		`watchbell.yaml:1:7: this is not valid YAML: mapping value is not allowed in this context. Check how this line and the next are indented, and put quotes around text with a colon or a bracket.
name: a: b
      ^`},
	{"wrong indentation", "name: a\n  zone: UTC\n",
		`watchbell.yaml:1:7: this is not valid YAML: mapping value is not allowed in this context. Check how this line and the next are indented, and put quotes around text with a colon or a bracket.
name: a
      ^`},
	{"dedent between levels", "web:\n   listen: a:1\n listen: b:1\n",
		`watchbell.yaml:3:2: this is not valid YAML: value is not allowed in this context. Check how this line and the next are indented, and put quotes around text with a colon or a bracket.
 listen: b:1
 ^`},
	{"unquoted IPv6 address", "web:\n  listen: [::1]:80\n",
		`watchbell.yaml:2:16: this is not valid YAML: value is not allowed in this context. Check how this line and the next are indented, and put quotes around text with a colon or a bracket.
  listen: [::1]:80
               ^`},
	{"key without a value in braces", "web: {listen}\n",
		`watchbell.yaml:1:13: a key in braces has to have a value here.
web: {listen}
            ^`},
	{"key with a colon and no value in braces", "web: {listen: }\n",
		`watchbell.yaml:1:15: a key in braces has to have a value here.
web: {listen: }
              ^`},
	{"list at the top", "- name: a\n",
		`watchbell.yaml:1:1: the file has to be a mapping with keys like "name:", not a list.
- name: a
^`},
	{"text at the top", "watchbell\n",
		`watchbell.yaml:1:1: the file has to be a mapping with keys like "name:", not text.
watchbell
^`},
}

func TestRefusesWhatIsNoPlainYAML(t *testing.T) {
	for _, c := range notYAML {
		t.Run(c.name, c.test)
	}
}

// Files that would cost the library much time or memory, each with how its refusal ends: row B137.
func TestRefusesBombs(t *testing.T) {
	deeper := "this is nested deeper than 32 levels."
	for _, c := range []struct{ name, file, want string }{
		{"billion laughs", laughs(), "Aliases are not supported. Put quotes around text that begins with it."},
		{"10 000 brackets", strings.Repeat("[", 10_000), deeper},
		{"10 000 braces", strings.Repeat("{a: ", 10_000), deeper},
		{"10 000 dashes", strings.Repeat("- ", 10_000), deeper},
		{"deep indentation", staircase(40), deeper},
		{"brackets after closed ones", strings.Repeat("]", 100) + strings.Repeat("[", 10_000), deeper},
		{"10 000 complex keys", strings.Repeat("? ", 10_000), "which is not supported."},
		{
			"values for the library to make up", "{" + strings.Repeat("a,", 10_000) + "}",
			"a key in braces has to have a value here.",
		},
		{"a megabyte of brackets", strings.Repeat("[", form.MaxBytes), "more than 100 000 keys and values."},
		{"a megabyte of lines", strings.Repeat("#\n", form.MaxBytes/2), "more than 100 000 keys and values."},
		{"more than a megabyte", strings.Repeat("#", form.MaxBytes+1), "the file is larger than 1 MiB."},
		{"a long key", strings.Repeat("k", 101) + ":\n  a: b\n", "the key before this colon is longer than 100 characters."},
		{"a long text", "name: " + strings.Repeat("n", 50_000) + "\n", "this text is longer than 1000 characters."},
	} {
		t.Run(c.name, func(t *testing.T) {
			took, allocated, err := measure(c.file)
			var problems Problems
			if !errors.As(err, &problems) ||
				!slices.ContainsFunc(problems, func(e *Error) bool { return strings.HasSuffix(e.Text, c.want) }) {
				t.Fatalf("got %.500v", err)
			}
			// It takes well below 100 ms; the bound only tells a bomb that goes off from a busy machine.
			if took > 5*time.Second || allocated > 20<<20 {
				t.Errorf("took %v and %d KiB", took, allocated>>10)
			}
		})
	}
}

// measure is the best of three, as the machine has other work too.
func measure(file string) (took time.Duration, allocated uint64, err error) {
	took = time.Hour
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err = Parse("watchbell.yaml", []byte(file))
		took = min(took, time.Since(start))
		runtime.ReadMemStats(&after)
		allocated = after.TotalAlloc - before.TotalAlloc
	}
	return took, allocated, err
}

// laughs doubles nine times what it says ten times.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return b.String()
}

func staircase(steps int) string {
	var b strings.Builder
	for i := range steps {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestShowsTheFirstFiftyProblems(t *testing.T) {
	_, err := Parse("watchbell.yaml", []byte(strings.Repeat("a: b\n", 60)))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 51 ||
		problems[50].Error() != "watchbell.yaml: There are 10 more problems." {
		t.Errorf("%d problems, the last %v", len(problems), problems[len(problems)-1])
	}
}
