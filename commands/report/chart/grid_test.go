package chart

import (
	"bytes"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

// A heat map has the colour of each level where something is in its cell, on both grounds, and the count on a page.
func TestAGridShowsItsCounts(t *testing.T) {
	c := Chart{Name: "heat", Title: "Heat map", Kind: "grid", Alt: "One critical risk.", Grid: &bot.Grid{
		Rows: []string{"2", "1"}, Columns: []string{"1", "2"}, RowsAre: "impact", ColumnsAre: "likelihood",
		Cells: [][]bot.GridCell{{{Color: "yellow"}, {Count: 7, Color: "red"}}, {{Color: "green"}, {Color: "yellow"}}},
	}}
	for _, dark := range []bool{false, true} {
		data, err := c.PNG(dark)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[color.Color]int{}
		for x := range chartWidth {
			for y := range chartHeight {
				seen[color.RGBAModel.Convert(img.At(x, y))]++
			}
		}
		series := light.series
		if dark {
			series = map[string]color.RGBA{"red": rgb(0xf0626f), "green": rgb(0x4cc38a)}
		}
		if red, green := seen[series["red"]], seen[series["green"]]; red < 10*green || green == 0 {
			t.Errorf("dark %v: %d red, %d green", dark, red, green)
		}
	}
	if svg := string(c.SVG()); !strings.Contains(svg, ">7</text>") || !strings.Contains(svg, "One critical risk.") ||
		!strings.Contains(svg, "fill-red") {
		t.Error(svg)
	}
}
