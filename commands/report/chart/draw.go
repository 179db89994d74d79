package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// theme is how a picture looks. Both have enough contrast to be read on a page of the other kind, for chat programs
// choose neither.
type theme struct {
	back, edge, grid, text, faint, target color.RGBA
	series                                map[string]color.RGBA
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

var (
	light = theme{
		rgb(0xfbfbfd), rgb(0xd9dbe3), rgb(0xe7e9ef), rgb(0x1c2030), rgb(0x5d6475), rgb(0x5d6475),
		map[string]color.RGBA{
			"red": rgb(0xd43c4e), "orange": rgb(0xee8a2e), "yellow": rgb(0xf2c744), "blue": rgb(0x3f78e0),
			"green": rgb(0x2f9e6b)},
	}
	dark = theme{
		rgb(0x1d2130), rgb(0x363c52), rgb(0x2c3247), rgb(0xeceef6), rgb(0xa7aec4), rgb(0xa7aec4),
		map[string]color.RGBA{
			"red": rgb(0xf0626f), "orange": rgb(0xf5a14e), "yellow": rgb(0xf6d463), "blue": rgb(0x6f9ff5),
			"green": rgb(0x4cc38a)},
	}
)

// Size of a picture in pixels; it is meant to be shown at half of that.
const (
	chartWidth  = 1200
	chartHeight = 560
)

// PNG draws the chart, on a light or a dark ground.
func (c Chart) PNG(onDark bool) ([]byte, error) {
	t := light
	if onDark {
		t = dark
	}
	p := &painter{img: image.NewRGBA(image.Rect(0, 0, chartWidth, chartHeight)), theme: t}
	p.chart(c)
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, p.img)
	return b.Bytes(), err
}

type painter struct {
	img   *image.RGBA
	theme theme
}

// box is the area of the plot, with y growing downwards.
type box struct{ left, top, right, bottom float64 }

func (p *painter) chart(c Chart) {
	p.round(0, 0, chartWidth, chartHeight, 22, p.theme.edge)
	p.round(2, 2, chartWidth-2, chartHeight-2, 20, p.theme.back)
	p.text(c.Title, 40, 62, 30, true, p.theme.text, left)
	if c.Grid != nil {
		p.grid(c.Grid)
		return
	}
	area := box{112, 128, chartWidth - 44, chartHeight - 66}
	p.legend(c, area)
	low, high, step := axis(c)
	y := func(v float64) float64 { return area.bottom - (v-low)/(high-low)*(area.bottom-area.top) }
	for v := low; v <= high+step/1e6; v += step {
		p.rect(area.left, y(v)-1, area.right, y(v)+1, p.theme.grid)
		p.text(tickLabel(v, step)+c.Unit, area.left-14, y(v)+8, 22, false, p.theme.faint, right)
	}
	width := (area.right - area.left) / float64(len(c.Labels))
	every := int(math.Ceil(float64(len(c.Labels)) / 8))
	for k := len(c.Labels) - 1; k >= 0; k -= every { // the newest has its label
		p.text(c.Labels[k], area.left+(float64(k)+0.5)*width, area.bottom+36, 22, false, p.theme.faint, middle)
	}
	if c.Kind == "stack" {
		p.stack(c, area, width, y)
	} else {
		p.lines(c, area, width, y)
	}
	if c.Target > 0 {
		for x := area.left; x < area.right; x += 18 {
			p.rect(x, y(c.Target)-1.5, min(x+10, area.right), y(c.Target)+1.5, p.theme.target)
		}
		p.text(
			"target "+strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", c.Target), "0"), ".")+c.Unit, area.right,
			y(c.Target)-10, 21, false, p.theme.faint, right,
		)
	}
}

// legend stands between title and plot, on the right.
func (p *painter) legend(c Chart, area box) {
	x := area.left
	for _, s := range c.Series {
		p.round(x, 84, x+18, 102, 5, p.theme.series[s.Color])
		x += 28
		x += p.text(s.Name, x, 101, 22, false, p.theme.faint, left) + 34
	}
}

func (p *painter) stack(c Chart, area box, width float64, y func(float64) float64) {
	gap := max(2, width*0.14)
	for k := range c.Labels {
		sum := 0.0
		x := area.left + float64(k)*width
		for n := len(c.Series) - 1; n >= 0; n-- { // the most severe on top
			v := c.Series[n].Values[k]
			if v <= 0 {
				continue
			}
			p.round(x+gap, y(sum+v)+1, x+width-gap, y(sum)-1, 4, p.theme.series[c.Series[n].Color])
			sum += v
		}
	}
}

func (p *painter) lines(c Chart, area box, width float64, y func(float64) float64) {
	for _, s := range c.Series {
		var last [2]float64
		drawn := false
		for k, v := range s.Values {
			if k < len(s.Gaps) && s.Gaps[k] {
				drawn = false
				continue
			}
			at := [2]float64{area.left + (float64(k)+0.5)*width, y(v)}
			if drawn {
				p.stroke(last, at, 5, p.theme.series[s.Color])
			}
			p.dot(at, 7, p.theme.series[s.Color])
			p.dot(at, 3.5, p.theme.back)
			last, drawn = at, true
		}
	}
}

// axis chooses round steps.
func axis(c Chart) (low, high, step float64) {
	low = c.Floor
	for k := range c.Labels {
		sum := 0.0
		for _, s := range c.Series {
			if c.Kind == "stack" {
				sum += s.Values[k]
			} else {
				sum = max(sum, s.Values[k])
			}
		}
		high = max(high, sum)
	}
	high = max(high, c.Target)
	if c.Unit == "%" {
		high = 100
	}
	if high <= low {
		high = low + 1
	}
	raw := (high - low) / 4
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step = m * mag; step >= raw {
			break
		}
	}
	if c.Kind == "stack" {
		step = max(1, math.Ceil(step))
	}
	if c.Unit == "%" { // it hangs from 100
		return 100 - math.Ceil((100-low)/step-1e-9)*step, 100, step
	}
	return low, low + math.Ceil((high-low)/step-1e-9)*step, step
}

func tickLabel(v, step float64) string {
	digits := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	if s := step * math.Pow(10, float64(digits)); math.Abs(s-math.Round(s)) > 1e-6 { // 2.5
		digits++
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// pen draws an outline whose points are those of the picture, on a mask that is no larger than the shape.
type pen struct {
	mask *vector.Rasterizer
	at   image.Point
}

func (p pen) point(x, y float64) (float32, float32) {
	return float32(x - float64(p.at.X)), float32(y - float64(p.at.Y))
}

func (p pen) move(x, y float64) { p.mask.MoveTo(p.point(x, y)) }
func (p pen) line(x, y float64) { p.mask.LineTo(p.point(x, y)) }
func (p pen) curve(x0, y0, x1, y1, x2, y2 float64) {
	ax, ay := p.point(x0, y0)
	bx, by := p.point(x1, y1)
	cx, cy := p.point(x2, y2)
	p.mask.CubeTo(ax, ay, bx, by, cx, cy)
}

// fill fills an outline that lies within a box.
func (p *painter) fill(within box, outline func(pen), c color.RGBA) {
	low, high := math.Floor, math.Ceil
	area := image.Rect(int(low(within.left)), int(low(within.top)), int(high(within.right)), int(high(within.bottom))).
		Intersect(p.img.Bounds())
	if area.Empty() {
		return
	}
	mask := vector.NewRasterizer(area.Dx(), area.Dy())
	outline(pen{mask, area.Min})
	mask.ClosePath()
	mask.Draw(p.img, area, image.NewUniform(c), image.Point{})
}

func (p *painter) rect(x0, y0, x1, y1 float64, c color.RGBA) {
	draw.Draw(
		p.img, image.Rect(int(math.Round(x0)), int(math.Round(y0)), int(math.Round(x1)), int(math.Round(y1))),
		image.NewUniform(c), image.Point{}, draw.Over,
	)
}

func (p *painter) round(x0, y0, x1, y1, radius float64, c color.RGBA) {
	radius = min(radius, (x1-x0)/2, (y1-y0)/2)
	const k = 0.5523 // of a quarter circle
	bend := radius * (1 - k)
	p.fill(box{x0, y0, x1, y1}, func(o pen) {
		o.move(x0+radius, y0)
		o.line(x1-radius, y0)
		o.curve(x1-bend, y0, x1, y0+bend, x1, y0+radius)
		o.line(x1, y1-radius)
		o.curve(x1, y1-bend, x1-bend, y1, x1-radius, y1)
		o.line(x0+radius, y1)
		o.curve(x0+bend, y1, x0, y1-bend, x0, y1-radius)
		o.line(x0, y0+radius)
		o.curve(x0, y0+bend, x0+bend, y0, x0+radius, y0)
	}, c)
}

func (p *painter) dot(at [2]float64, radius float64, c color.RGBA) {
	p.round(at[0]-radius, at[1]-radius, at[0]+radius, at[1]+radius, radius, c)
}

func (p *painter) stroke(a, b [2]float64, width float64, c color.RGBA) {
	dx, dy := b[0]-a[0], b[1]-a[1]
	n := math.Hypot(dx, dy)
	if n == 0 {
		return
	}
	dx, dy = -dy/n*width/2, dx/n*width/2
	x, y := math.Abs(dx), math.Abs(dy)
	p.fill(box{min(a[0], b[0]) - x, min(a[1], b[1]) - y, max(a[0], b[0]) + x, max(a[1], b[1]) + y}, func(o pen) {
		o.move(a[0]+dx, a[1]+dy)
		o.line(b[0]+dx, b[1]+dy)
		o.line(b[0]-dx, b[1]-dy)
		o.line(a[0]-dx, a[1]-dy)
	}, c)
}

type align int

const (
	left align = iota
	middle
	right
)

// text writes one line with its baseline at y and returns how wide it is.
func (p *painter) text(s string, x, y, size float64, bold bool, c color.RGBA, a align) float64 {
	face := faceOf(size, bold)
	defer face.mu.Unlock()
	face.mu.Lock()
	d := font.Drawer{Dst: p.img, Src: image.NewUniform(c), Face: face.Face}
	width := float64(d.MeasureString(s)) / 64
	switch a {
	case middle:
		x -= width / 2
	case right:
		x -= width
	}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}
	d.DrawString(s)
	return width
}

// lockedFace is a face that one picture at a time draws with: faces keep what they have drawn.
type lockedFace struct {
	font.Face
	mu sync.Mutex
}

var faces sync.Map

func faceOf(size float64, bold bool) *lockedFace {
	type key struct {
		size float64
		bold bool
	}
	if f, ok := faces.Load(key{size, bold}); ok {
		return f.(*lockedFace)
	}
	data := goregular.TTF
	if bold {
		data = gobold.TTF
	}
	parsed, err := opentype.Parse(data)
	if err != nil {
		panic(err) // embedded: a fault of the build
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	f, _ := faces.LoadOrStore(key{size, bold}, &lockedFace{Face: face})
	return f.(*lockedFace)
}
