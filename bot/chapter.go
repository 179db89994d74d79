package bot

import "github.com/watchbell/watchbell/bot/value"

// Chapter is a section that a capability adds to weekly and monthly reports.
type Chapter struct {
	Name  string // of the section, like decisions
	Title string // in a few words; reports add how many lines there are
	Lines []ChapterLine
	Grid  *Grid // a picture of it. Optional
}

// Grid is a picture of counts in rows and columns, like a heat map.
type Grid struct {
	Title      string       `json:"title"`
	Rows       []string     `json:"rows"`    // labels, from the top
	Columns    []string     `json:"columns"` // labels, from the left
	RowsAre    string       `json:"rows_are"`
	ColumnsAre string       `json:"columns_are"`
	Cells      [][]GridCell `json:"cells"` // by row
	Alt        string       `json:"alt"`   // the same in words
}

// GridCell is one cell: its count, and its colour as charts call it.
type GridCell struct {
	Count int    `json:"count"`
	Color string `json:"color"`
}

// ChapterLine is one thing in it. Reports show those that their readers may see, and sum up only these.
type ChapterLine struct {
	Text     Text
	Worth    value.Money // a year; zero: nothing to sum up
	Audience Audience
}
