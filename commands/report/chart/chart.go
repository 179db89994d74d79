// Package chart draws what a report shows over time: bars and lines, as a picture for chats and as a part of a page. It
// knows nothing of what the numbers are.
package chart

import "github.com/watchbell/watchbell/bot"

// Chart is a picture: bars that are stacked, lines, or both kinds of one.
type Chart struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Unit   string   `json:"unit,omitempty"`
	Kind   string   `json:"kind"` // stack, line or grid
	Labels []string `json:"labels"`
	Series []Series `json:"series"`
	Target float64  `json:"target,omitempty"` // a line to compare with; 0 is none
	Floor  float64  `json:"floor,omitempty"`  // where the axis begins
	Alt    string   `json:"alt"`              // the same in words
	// Grid is drawn in place of all this where Kind is grid.
	Grid *bot.Grid `json:"grid,omitempty"`
}

// Series is one set of values; Gaps have none.
type Series struct {
	Name   string    `json:"name"`
	Color  string    `json:"color"` // of the palette
	Values []float64 `json:"values"`
	Gaps   []bool    `json:"gaps,omitempty"`
}

// File is the chart as a picture to upload.
func (c Chart) File() (bot.File, error) {
	f := bot.File{Name: c.Name + ".png", Title: c.Title, Alt: c.Title + ". " + c.Alt, Type: "image/png"}
	var err error
	if f.Data, err = c.PNG(false); err != nil {
		return f, err
	}
	f.Dark, err = c.PNG(true)
	return f, err
}
