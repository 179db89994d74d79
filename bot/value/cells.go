package value

import (
	"strings"
	"unicode/utf8"
)

// formula are the characters with which a spreadsheet begins a formula, also
// in their full-width forms, or skips to get to one.
const formula = "=+-@\t\r\n\x00＝＋－＠"

// Cells marks in a row of a CSV file what a spreadsheet would take for a
// formula as text, by an apostrophe in front. What looks marked already gets
// one more, so that Unmarked gives back what was there. The row itself is left
// alone.
func Cells(row []string) []string {
	marked := make([]string, len(row))
	for i, cell := range row {
		marked[i] = cell
		if first, size := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'")); size > 0 && strings.ContainsRune(formula, first) {
			marked[i] = "'" + cell
		}
	}
	return marked
}

// Unmarked is the text of a cell that Cells may have marked.
func Unmarked(cell string) string {
	rest, marked := strings.CutPrefix(cell, "'")
	if marked && Cells([]string{rest})[0] != rest {
		return rest
	}
	return cell
}
