package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Size of a chart in a page, in its own units.
const (
	svgWidth  = 600
	svgHeight = 280
)

// SVG draws the chart as a part of a page: it is text, takes no time to make and needs no request of its own. Colours
// are those of the page where it has any for .chart, text is in the colour of the text around it, and who cannot see it
// is read its title and the same in words.
func (c Chart) SVG() template.HTML {
	d := &svg{}
	id := "chart-" + html.EscapeString(c.Name)
	d.add(
		`<svg class="chart" viewBox="0 0 %d %d" role="img" aria-labelledby="%s"><title id="%s">%s</title>`, svgWidth,
		svgHeight, id, id, html.EscapeString(c.Title+". "+c.Alt),
	)
	d.text(c.Title, 20, 24, 15, "start", "600", 1)
	if c.Grid != nil {
		d.grid(c.Grid)
		d.add(`</svg>`)
		return template.HTML(d.String())
	}
	area := box{56, 64, svgWidth - 22, svgHeight - 33}
	d.legend(c, area)
	low, high, step := axis(c)
	y := func(v float64) float64 { return area.bottom - (v-low)/(high-low)*(area.bottom-area.top) }
	for v := low; v <= high+step/1e6; v += step {
		d.line(area.left, y(v), area.right, y(v), `stroke="currentColor" stroke-opacity="0.15"`)
		d.text(tickLabel(v, step)+c.Unit, area.left-7, y(v)+4, 11, "end", "400", 0.75)
	}
	width := (area.right - area.left) / float64(len(c.Labels))
	every := int(math.Ceil(float64(len(c.Labels)) / 8))
	for k := len(c.Labels) - 1; k >= 0; k -= every { // the newest has its label
		d.text(c.Labels[k], area.left+(float64(k)+0.5)*width, area.bottom+18, 11, "middle", "400", 0.75)
	}
	if c.Kind == "stack" {
		d.stack(c, area, width, y)
	} else {
		d.lines(c, area, width, y)
	}
	if c.Target > 0 {
		d.line(
			area.left, y(c.Target), area.right, y(c.Target),
			`stroke="currentColor" stroke-opacity="0.7" stroke-width="1.500" stroke-dasharray="5 4"`,
		)
		d.text(
			"target "+strconv.FormatFloat(math.Round(c.Target*1000)/1000, 'f', -1, 64)+c.Unit, area.right, y(c.Target)-5, 11,
			"end", "400", 0.75,
		)
	}
	d.add(`</svg>`)
	return template.HTML(d.String())
}

// svg is a drawing that is being made.
type svg struct{ strings.Builder }

func (d *svg) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func (d *svg) text(s string, x, y, size float64, anchor, weight string, opacity float64) {
	d.add(
		`<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s" font-weight="%s" fill="currentColor" fill-opacity="%g">%s</text>`,
		x, y, size, anchor, weight, opacity, html.EscapeString(s),
	)
}

func (d *svg) line(x1, y1, x2, y2 float64, style string) {
	d.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`, x1, y1, x2, y2, style)
}

// tint is how a thing of a series looks: by its class, and by itself where the page has no colours.
func tint(s Series, property string) string {
	c := light.series[s.Color]
	return fmt.Sprintf(`class="%s-%s" %s="#%02x%02x%02x"`, property, s.Color, property, c.R, c.G, c.B)
}

// legend stands between title and plot. Nobody measures text here: a letter is taken to be as wide as most are.
func (d *svg) legend(c Chart, area box) {
	x := area.left
	for _, s := range c.Series {
		d.add(`<rect x="%.1f" y="42" width="9" height="9" rx="2" %s/>`, x, tint(s, "fill"))
		d.text(s.Name, x+14, 50.5, 11, "start", "400", 0.75)
		x += 34 + 6.2*float64(len([]rune(s.Name)))
	}
}

func (d *svg) stack(c Chart, area box, width float64, y func(float64) float64) {
	gap := max(1, width*0.14)
	for k := range c.Labels {
		sum := 0.0
		x := area.left + float64(k)*width
		for n := len(c.Series) - 1; n >= 0; n-- { // the most severe on top
			v := c.Series[n].Values[k]
			if v <= 0 {
				continue
			}
			d.add(
				`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" %s/>`, x+gap, y(sum+v)+0.5, width-2*gap,
				max(0.5, y(sum)-y(sum+v)-1), tint(c.Series[n], "fill"),
			)
			sum += v
		}
	}
}

func (d *svg) lines(c Chart, area box, width float64, y func(float64) float64) {
	for _, s := range c.Series {
		var path, dots strings.Builder
		move := "M"
		for k, v := range s.Values {
			if k < len(s.Gaps) && s.Gaps[k] {
				move = "M"
				continue
			}
			x := area.left + (float64(k)+0.5)*width
			fmt.Fprintf(&path, "%s%.1f %.1f", move, x, y(v))
			fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="3.5" %s/>`, x, y(v), tint(s, "fill"))
			move = "L"
		}
		d.add(`<path d="%s" fill="none" stroke-width="2.500" %s/>%s`, path.String(), tint(s, "stroke"), dots.String())
	}
}
