// Package sheet is how records stand in CSV files. It knows nothing of records but the names of their columns, texts,
// and a function that says what a line would do:
//
//	Write: records ──> file
//	Open:  file ──> lines ──Run──> Trial: counts, the first differences, all problems
//
// A file is UTF-8 with commas. Its first line names the columns, of which the first is the key: empty for what is new.
// A column that is left out leaves its field as it is, and an empty cell empties it.
package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Key is the name of the first column: the id of a record.
const Key = "key"

// Limits of a file.
const (
	MaxSize = 8 << 20 // bytes
	MaxRows = 20_000
	maxCell = 32 << 10 // bytes
)

// Write writes a file: its header, then each row that next gives until it returns none. Rows begin with the key.
func Write(w io.Writer, columns []string, rows func(write func(row []string) error) error) error {
	out := csv.NewWriter(w)
	if err := out.Write(append([]string{Key}, columns...)); err != nil {
		return err
	}
	err := rows(func(row []string) error { return out.Write(value.Cells(row)) })
	out.Flush()
	return errors.Join(err, out.Error())
}

// Problem is what is wrong with a file, and what is right.
type Problem struct {
	Line int // 0 for the file as a whole
	Text string
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("Line %d: %s", p.Line, p.Text)
}

func wrong(line int, format string, args ...any) *Problem {
	return &Problem{line, fmt.Sprintf(format, args...)}
}

// Line is a record as a file has it.
type Line struct {
	Number int
	Key    string
	Cells  []string // in the order of File.Columns
}

// File is a file that is read line by line.
type File struct {
	Columns []string // without the key
	r       *csv.Reader
	rows    int
}

// Open reads the header of a file. allowed are the columns that there may be. Its error is a *Problem.
func Open(data []byte, allowed []string) (*File, error) {
	if p := encoding(data); p != nil {
		return nil, p
	}
	f := &File{r: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, byteOrder)))}
	header, err := f.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, wrong(0, "The file is empty. Its first line names the columns, like: key,%s", strings.Join(allowed, ","))
	}
	if err != nil {
		return nil, f.problem(err)
	}
	line, _ := f.r.FieldPos(0)
	if len(header) == 1 {
		for mark, name := range map[string]string{";": "semicolons", "\t": "tabs", "|": "bars"} {
			if strings.Contains(header[0], mark) {
				return nil, wrong(line, "The columns are separated by %s. Save the file with commas.", name)
			}
		}
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	if header[0] != Key {
		return nil, wrong(
			line, "The first line has to name the columns, and the first column is key, not %q. For example: key,%s",
			bot.Shown(header[0]), strings.Join(allowed, ","),
		)
	}
	f.Columns = header[1:]
	for i, name := range f.Columns {
		switch {
		case name == Key || slices.Contains(f.Columns[:i], name):
			return nil, wrong(line, "The column %s is there twice.", bot.Shown(name))
		case !slices.Contains(allowed, name):
			near := ""
			if n := value.Nearest(name, allowed); n != "" {
				near = " Did you mean " + n + "?"
			}
			return nil, wrong(
				line, "There is no column %q.%s The columns are: key, %s.", bot.Shown(name), near, strings.Join(allowed, ", "),
			)
		}
	}
	return f, nil
}

var byteOrder = []byte("\ufeff")

// encoding refuses what is no UTF-8 text, with what it seems to be.
func encoding(data []byte) *Problem {
	switch {
	case len(data) > MaxSize:
		return wrong(0, "The file has %.1f MiB, the limit is %d MiB. Split it.", float64(len(data))/(1<<20), MaxSize>>20)
	case utf16(data):
		return wrong(0, "The file is UTF-16. Save it as CSV UTF-8.")
	}
	line := 1
	for rest := data; len(rest) > 0; line++ {
		text, after, _ := bytes.Cut(rest, []byte("\n"))
		text = bytes.TrimSuffix(text, []byte("\r"))
		switch {
		case bytes.IndexByte(text, 0) >= 0:
			return wrong(line, "It holds a NUL character, so this is no text file. Save it as CSV UTF-8.")
		case !utf8.Valid(text):
			return wrong(line, "It is not UTF-8 but Latin-1 or another old encoding. Save the file as CSV UTF-8.")
		case bytes.IndexByte(text, '\r') >= 0:
			return wrong(line, "It is broken by a lone carriage return. Save the file with usual line ends.")
		}
		rest = after
	}
	return nil
}

// utf16 reports whether a file begins with UTF-16's mark, or half of its first bytes are zero.
func utf16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	mark := binary.BigEndian.Uint16(data)
	first := data[:min(len(data), 64)]
	return mark == 0xfeff || mark == 0xfffe || bytes.Count(first, []byte{0})*5 >= len(first)*2
}

// Next is the next line, or io.EOF at the end. After a *Problem with a line it can be called again, unless last.
func (f *File) Next() (l Line, last bool, err error) {
	row, err := f.r.Read()
	if errors.Is(err, io.EOF) {
		return l, true, io.EOF
	}
	if err != nil {
		p := f.problem(err)
		return l, !errors.Is(err, csv.ErrFieldCount), p
	}
	line, _ := f.r.FieldPos(0)
	if f.rows++; f.rows > MaxRows {
		return l, true, wrong(line, "The file has more than %d records. Split it.", MaxRows)
	}
	for i, cell := range row {
		if len(cell) > maxCell {
			return l, true, wrong(
				line, "The cell in column %d has %d kB. Perhaps a quotation mark is missing.", i+1, len(cell)>>10,
			)
		}
		row[i] = value.Unmarked(cell)
	}
	return Line{line, strings.TrimSpace(row[0]), row[1:]}, false, nil
}

// problem says what the reader found.
func (f *File) problem(err error) *Problem {
	var bad *csv.ParseError
	if !errors.As(err, &bad) {
		return wrong(0, "It cannot be read: %v.", err)
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return wrong(bad.StartLine, "It has another number of cells than the %d columns of the first line. %s",
			len(f.Columns)+1, "Put cells that hold a comma between quotation marks.")
	case errors.Is(err, csv.ErrBareQuote):
		return wrong(bad.StartLine, `A quotation mark stands inside a cell. Write the whole cell between quotation marks, `+
			`and each one inside twice, like "the ""old"" one".`)
	}
	return wrong(bad.StartLine, "A quotation mark opens here and is not closed as it should be. Close it at the end of "+
		"the cell, and write each one inside twice.")
}
