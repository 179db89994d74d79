package yamlfile

import (
	"strings"
	"testing"
)

func TestExcerptOfALongLine(t *testing.T) {
	file := "groups: {" + strings.Repeat("g: [], ", 30) + "x: [\t" + strings.Repeat("y", 100) + "]}"
	s := &source{name: "f", lines: []string{file}}
	column := strings.Index(file, "\t") + 2
	want := "[], g: [], g: [], g: [], g: [], g: [], g: [], g: [], x: [\t" + strings.Repeat("y", 60)
	got := s.errorAt(Position{1, column}, "x").Excerpt
	line, caret, _ := strings.Cut(got, "\n")
	if !strings.HasSuffix(line, want[len(want)-100:]) || len(line) != 120 {
		t.Errorf("got %q", line)
	}
	if strings.TrimLeft(caret, " \t") != "^" || len(caret) != 61 || caret[59] != '\t' {
		t.Errorf("got %q below it", caret)
	}
}

var list = Form{Noun: "list", Key: "days", Empty: `"list example" prints one.`, MaxBytes: 2 << 10, MaxText: 20}

func TestAFormSaysHowItsFilesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"empty", "", "\n", `the file is empty. "list example" prints one.`},
		{"too large", "", strings.Repeat("#", 2<<10+1), "the file is larger than 2 KiB."},
		{"a second document", "", "---\ndays: a\n---\n",
			"line 3, column 1: a second document begins here. A list is one document.\n---\n^"},
		{"a long text", "f", "days: " + strings.Repeat("x", 21) + "\n",
			"f:1:7: this text is longer than 20 characters.\ndays: " + strings.Repeat("x", 21) + "\n      ^"},
		{"another kind", "f", "a\n", "f:1:1: the file has to be a mapping with keys like \"days:\", not text.\na\n^"},
		{"a near key", "f", "day: 1\n", "f:1:1: unknown key \"day\". Did you mean \"days\"?\nday: 1\n^"},
		{"a repeated key", "f", "days: 1\ndays: 2\n", "f:2:1: the key \"days\" is there already, on line 1.\ndays: 2\n^"},
		{"no number", "f", "days: 1.5\n", "f:1:7: days has to be a whole number, not \"1.5\".\ndays: 1.5\n      ^"},
		{"no value", "f", "days:\n", "f:1:1: days has no value.\ndays:\n^"},
		{"neither", "f", "open: maybe\n", "f:1:7: \"maybe\" is neither yes nor no.\nopen: maybe\n      ^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, problems := read(c.file, c.text); problems == nil || problems.Error() != c.want {
				t.Errorf("got:\n%v\nwant:\n%s", problems, c.want)
			}
		})
	}
}

func TestNumbersAndAnswers(t *testing.T) {
	for text, want := range map[string]bool{
		"yes": true, "true": true, "True": true, "TRUE": true, `"yes"`: true, "no": false, "false": false, "False": false,
	} {
		days, open, problems := read("f", "days: 28\nopen: "+text+"\n")
		if problems != nil || days != 28 || open != want {
			t.Errorf("%s is read as %v, and %d: %v", text, open, days, problems)
		}
	}
}

func read(name, text string) (days int, open bool, problems Problems) {
	r, root, problems := list.Parse(name, []byte(text))
	if problems != nil {
		return 0, false, problems
	}
	r.Fields(root, Fields{
		"days": func(n Node) { days = r.Number(n) },
		"open": func(n Node) { open = r.Yes(n) },
	})
	return days, open, r.Done()
}
