package sheet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

var columns = []string{"name", "notes"}

func TestFilesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ data, says string }{
		"empty":        {"", "The file is empty. Its first line names the columns, like: key,name,notes"},
		"a blank line": {"\n\n", "The file is empty."},
		"no header": {
			"GDG-1,Lamp\n",
			`Line 1: The first line has to name the columns, and the first column is key, not "gdg-1".`,
		},
		"no key": {"name,notes\n", "the first column is key"},
		"semicolons": {
			"key;name;notes\nA;b;c\n",
			"Line 1: The columns are separated by semicolons. Save the file with commas.",
		},
		"tabs": {"key\tname\n", "separated by tabs"},
		"an unknown column": {
			"key,nmae\n",
			`Line 1: There is no column "nmae". Did you mean name? The columns are: key, name, notes.`,
		},
		"a column twice":       {"key,name,NAME\n", "The column name is there twice."},
		"two keys":             {"key,key\n", "The column key is there twice."},
		"UTF-16":               {"\xff\xfek\x00e\x00y\x00", "The file is UTF-16. Save it as CSV UTF-8."},
		"UTF-16 without mark":  {"k\x00e\x00y\x00,\x00n\x00", "The file is UTF-16."},
		"UTF-16, the other":    {"\xfe\xff\x00k\x00e\x00y", "The file is UTF-16."},
		"Latin-1":              {"key,name\n,Caf\xe9\n", "Line 2: It is not UTF-8 but Latin-1 or another old encoding."},
		"NUL":                  {"key,name\n,a\n,\x00\n", "Line 3: It holds a NUL character"},
		"old line ends":        {"key,name\r,a\r", "Line 1: It is broken by a lone carriage return."},
		"too large":            {strings.Repeat("a", sheet.MaxSize+1), "The file has 8.0 MiB, the limit is 8 MiB. Split it."},
		"a quote in the first": {"key,na\"me\n", "Line 1: A quotation mark stands inside a cell."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sheet.Open([]byte(c.data), columns)
			var bad *sheet.Problem
			if !errors.As(err, &bad) || !strings.Contains(bad.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// tried is what a file would do by a function that creates what has no key.
func tried(t *testing.T, data string) (*sheet.Trial, []sheet.Line) {
	t.Helper()
	f, err := sheet.Open([]byte(data), columns)
	if err != nil {
		t.Fatal(err)
	}
	var trial sheet.Trial
	var lines []sheet.Line
	err = trial.Run(f, 2, func([]sheet.Line) error { return nil }, func(l sheet.Line) (sheet.Outcome, error) {
		lines = append(lines, l)
		switch {
		case l.Cells[0] == "bad":
			return sheet.Outcome{}, bot.Problems{bot.Errorf(bot.Invalid, "One."), bot.Errorf(bot.Invalid, "Two.")}
		case l.Key == "":
			return sheet.Outcome{Did: sheet.Creates, ID: fmt.Sprint("new", l.Number)}, nil
		}
		return sheet.Outcome{Did: sheet.Changes, ID: l.Key, What: []string{"name: a → b"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &trial, lines
}

func TestLinesThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct {
		data  string
		wrong int
		says  []string
	}{
		"ragged": {"key,name\nA\nB,b\nC,c,d\n", 2, []string{
			"Line 2: It has another number of cells than the 2 columns of the first line.", "Line 4: It has another number",
		}},
		"an open quote": {
			"key,name\nA,a\nB,\"b\nC,c\n",
			1, []string{"Line 3: A quotation mark opens here and is not closed"},
		},
		"a bare quote":    {"key,name\nA,a \"b\" c\n", 1, []string{"Line 2: A quotation mark stands inside a cell."}},
		"twice":           {"key,name\nA,a\nB,b\nA,c\n", 1, []string{"Line 4: A is in line 2 already."}},
		"after two lines": {"key,name\n\"A\",\"a\nb\"\nB,bad\n", 1, []string{"Line 4: One.", "Line 4: Two."}},
		"a huge cell": {
			"key,name\nA," + strings.Repeat("x", 40<<10) + "\n",
			1, []string{"Line 2: The cell in column 2 has 40 kB."},
		},
		"too many": {
			"key,name\n" + strings.Repeat(",a\n", sheet.MaxRows+1),
			1, []string{"Line 20002: The file has more than 20000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trial, _ := tried(t, c.data)
			said := trial.Message("x.csv").Plain(nil)
			if trial.Wrong != c.wrong || trial.Good() {
				t.Errorf("%d are wrong: %s", trial.Wrong, said)
			}
			for _, s := range c.says {
				if !strings.Contains(said, s) {
					t.Errorf("%q is missing in %s", s, said)
				}
			}
		})
	}
	trial, _ := tried(t, "key,name\n"+strings.Repeat(",bad\n", 30))
	if said := trial.Message("").Plain(nil); trial.Wrong != 30 || len(trial.Problems) != 20 ||
		!strings.Contains(said, "30 lines with errors") || !strings.Contains(said, "These are the first 20.") {
		t.Errorf("%s", said)
	}
}

func TestWhatAFileWouldDo(t *testing.T) {
	trial, lines := tried(t, "\ufeffKey, Name \r\nA,a\r\n,'=b\n\nC,\"c,\n''=d\"\n")
	if want := "1 to add, 2 to change, 0 unchanged"; trial.Counts() != want || len(trial.First) != 3 {
		t.Errorf("%s %+v", trial.Counts(), trial.First)
	}
	if lines[1].Cells[0] != "=b" || lines[2].Cells[0] != "c,\n''=d" || lines[2].Number != 5 {
		t.Errorf("%+v", lines)
	}
	said := trial.Message("x.csv").Plain(nil)
	for _, s := range []string{"Trial of x.csv", "Nothing has been changed", "A : name: a → b"} {
		if !strings.Contains(said, s) {
			t.Errorf("%q is missing in %s", s, said)
		}
	}
	boom := errors.New("boom")
	f, _ := sheet.Open([]byte("key\nA\n"), columns)
	err := new(sheet.Trial).Run(f, 1, func([]sheet.Line) error { return nil }, func(sheet.Line) (sheet.Outcome, error) {
		return sheet.Outcome{}, boom
	})
	if !errors.Is(err, boom) {
		t.Error(err)
	}
}

// What was written is what is read, and no spreadsheet takes any of it for a formula.
func TestCellsComeBack(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		start := rapid.SampledFrom([]string{"", "=", "'=", "''", "+", "-", "@", "\t", "\n", "＝", `"`, ",", ";"}).
			Draw(t, "start")
		rest := rapid.StringMatching(`[a-z0-9 ,;"'=\n\té日]{0,12}`).Draw(t, "rest")
		return start + rest
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(text, 2, 2), 0, 5).Draw(t, "rows")
		var out bytes.Buffer
		err := sheet.Write(&out, columns, func(write func([]string) error) error {
			for n, row := range rows {
				if err := write(append([]string{fmt.Sprint("A-", n)}, row...)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f, err := sheet.Open(out.Bytes(), columns)
		if err != nil {
			t.Fatal(err)
		}
		for n, row := range rows {
			l, _, err := f.Next()
			if err != nil || !slices.Equal(l.Cells, row) || l.Key != fmt.Sprint("A-", n) {
				t.Fatalf("%q became %q: %v", row, l.Cells, err)
			}
		}
		if _, last, err := f.Next(); !errors.Is(err, io.EOF) || !last {
			t.Fatal(err)
		}
	})
}

// Whatever a file holds, it is read to its end.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"key,name\nA,b\n", "key;name", "\xff\xfe", "key,\"name\nA", "key,name\n\"\"\"", "\r", "key\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := sheet.Open(data, columns)
		if err != nil {
			return
		}
		for n := 0; n <= len(data)+1; n++ {
			l, last, err := file.Next()
			if err == nil && len(l.Cells) != len(file.Columns) {
				t.Fatalf("%d cells", len(l.Cells))
			}
			if last {
				return
			}
		}
		t.Fatal("it does not end")
	})
}
