package chart

import (
	"strconv"

	"github.com/watchbell/watchbell/bot"
)

// gridBox is where the cell of a row and a column is, within an area.
func gridBox(g *bot.Grid, area box, row, column int) box {
	width, height := (area.right-area.left)/float64(len(g.Columns)), (area.bottom-area.top)/float64(len(g.Rows))
	x, y := area.left+float64(column)*width, area.top+float64(row)*height
	return box{x, y, x + width, y + height}
}

// label is what a cell says; an empty one says nothing.
func label(c bot.GridCell) string {
	if c.Count == 0 {
		return ""
	}
	return strconv.Itoa(c.Count)
}

// grid draws a heat map. Empty cells have a smaller mark of their colour, so that the filled ones stand out.
func (p *painter) grid(g *bot.Grid) {
	area := box{200, 92, chartWidth - 60, chartHeight - 92}
	p.text(g.RowsAre, 40, area.top+24, 22, false, p.theme.faint, left)
	p.text(g.ColumnsAre, area.right, chartHeight-22, 22, false, p.theme.faint, right)
	for r := range g.Rows {
		at := gridBox(g, area, r, 0)
		p.text(g.Rows[r], area.left-18, (at.top+at.bottom)/2+8, 22, false, p.theme.faint, right)
		for k := range g.Columns {
			at, cell := gridBox(g, area, r, k), g.Cells[r][k]
			p.round(at.left+3, at.top+3, at.right-3, at.bottom-3, 8, p.theme.grid)
			if cell.Count == 0 {
				p.round(at.left+3, at.bottom-9, at.right-3, at.bottom-3, 3, p.theme.series[cell.Color])
				continue
			}
			p.round(at.left+3, at.top+3, at.right-3, at.bottom-3, 8, p.theme.series[cell.Color])
			p.text(label(cell), (at.left+at.right)/2, (at.top+at.bottom)/2+11, 30, true, rgb(0x10131d), middle)
		}
	}
	for k := range g.Columns {
		at := gridBox(g, area, 0, k)
		p.text(g.Columns[k], (at.left+at.right)/2, area.bottom+32, 22, false, p.theme.faint, middle)
	}
}

// grid draws the same as a part of a page.
func (d *svg) grid(g *bot.Grid) {
	area := box{100, 46, svgWidth - 30, svgHeight - 46}
	d.text(g.RowsAre, 20, area.top+12, 11, "start", "400", 0.75)
	d.text(g.ColumnsAre, area.right, svgHeight-11, 11, "end", "400", 0.75)
	for r := range g.Rows {
		at := gridBox(g, area, r, 0)
		d.text(g.Rows[r], area.left-9, (at.top+at.bottom)/2+4, 11, "end", "400", 0.75)
		for k := range g.Columns {
			at, cell := gridBox(g, area, r, k), g.Cells[r][k]
			top := at.top + 1.5
			if cell.Count == 0 {
				top = at.bottom - 4.5
			}
			d.add(
				`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3" %s/>`, at.left+1.5, top, at.right-at.left-3,
				at.bottom-1.5-top, tint(Series{Color: cell.Color}, "fill"),
			)
			if text := label(cell); text != "" {
				d.add(
					`<text x="%.1f" y="%.1f" font-size="15" text-anchor="middle" font-weight="600" fill="#10131d">%s</text>`,
					(at.left+at.right)/2, (at.top+at.bottom)/2+5, text,
				)
			}
		}
	}
	for k := range g.Columns {
		at := gridBox(g, area, 0, k)
		d.text(g.Columns[k], (at.left+at.right)/2, area.bottom+16, 11, "middle", "400", 0.75)
	}
}
