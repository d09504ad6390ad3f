package chart

import (
	"image/color"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours are those of Okabe and Ito, or tints of them, which people with any
// kind of colour vision tell apart; in greys the hatching and the edges do it.
var (
	ink       = color.NRGBA{0x1a, 0x1a, 0x1a, 0xff}
	faint     = color.NRGBA{0x59, 0x59, 0x59, 0xff}
	grid      = color.NRGBA{0xe6, 0xe6, 0xe6, 0xff}
	lineBlue  = color.NRGBA{0x00, 0x4b, 0x87, 0xff}
	bandFill  = color.NRGBA{0xfb, 0xdc, 0xb8, 0xff}
	bandEdge  = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	blindFill = color.NRGBA{0xee, 0xee, 0xee, 0xff}
	blindEdge = color.NRGBA{0xb5, 0xb5, 0xb5, 0xff}
	spellFill = color.NRGBA{0xe6, 0xf1, 0xf8, 0xff}
	spellEdge = color.NRGBA{0x7f, 0xb8, 0xd8, 0xff}
)

// leastBand is how wide a band is drawn at least, in pixels, so that a short outage
// of a long time still shows.
const leastBand = 3

func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// pattern is how an area looks.
type pattern struct {
	fill, edge color.Color
	inside     func(c draw.Canvas, edge color.Color, box vg.Rectangle) // nil: its two edges
}

func outagePattern() pattern { return pattern{bandFill, bandEdge, nil} }
func blindPattern() pattern  { return pattern{blindFill, blindEdge, hatch} }
func spellPattern() pattern  { return pattern{spellFill, spellEdge, stripe} }

// area shades the times of bands over the whole height.
type area struct {
	pattern
	bands    []Band
	from, to time.Time
}

// Plot draws the bands.
func (a area) Plot(c draw.Canvas, p *plot.Plot) {
	trX, _ := p.Transforms(&c)
	for _, b := range a.bands {
		start, end := b.Start, b.End
		if start.Before(a.from) {
			start = a.from
		}
		if end.IsZero() || end.After(a.to) {
			end = a.to
		}
		left, right := trX(seconds(start)), trX(seconds(end))
		if right-left < leastBand {
			middle := (left + right) / 2
			left, right = max(c.Min.X, middle-leastBand/2.), min(c.Max.X, middle+leastBand/2.)
		}
		box := vg.Rectangle{Min: vg.Point{X: left, Y: c.Min.Y}, Max: vg.Point{X: right, Y: c.Max.Y}}
		fillBox(c, a.fill, box)
		if a.inside != nil {
			a.inside(c, a.edge, box)
			continue
		}
		style := draw.LineStyle{Color: a.edge, Width: 2}
		if !b.Start.Before(a.from) {
			c.StrokeLine2(style, left, c.Min.Y, left, c.Max.Y)
		}
		if !b.End.IsZero() && !b.End.After(a.to) {
			c.StrokeLine2(style, right, c.Min.Y, right, c.Max.Y)
		}
	}
}

func fillBox(c draw.Canvas, fill color.Color, box vg.Rectangle) {
	c.FillPolygon(fill, []vg.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}})
}

// hatch draws slanting lines, at the same places whatever the box.
func hatch(c draw.Canvas, edge color.Color, box vg.Rectangle) {
	const every = 14
	height := box.Max.Y - box.Min.Y
	style := draw.LineStyle{Color: edge, Width: 1.5}
	first := math.Floor(float64(box.Min.X-height)/every) * every
	for x := vg.Length(first); x < box.Max.X; x += every {
		// The line goes from (x, bottom) to (x+height, top), as far as it is inside.
		low, high := max(x, box.Min.X), min(x+height, box.Max.X)
		if low < high {
			c.StrokeLine2(style, low, box.Min.Y+low-x, high, box.Min.Y+high-x)
		}
	}
}

// stripe draws upright lines, as a line that comes and goes would.
func stripe(c draw.Canvas, edge color.Color, box vg.Rectangle) {
	const every = 12
	style := draw.LineStyle{Color: edge, Width: 1.5}
	for x := vg.Length(math.Ceil(float64(box.Min.X)/every)) * every; x < box.Max.X; x += every {
		c.StrokeLine2(style, x, box.Min.Y, x, box.Max.Y)
	}
}

// levels draws a thin line for every tick of the counts.
type levels struct{}

// Plot draws them.
func (levels) Plot(c draw.Canvas, p *plot.Plot) {
	_, trY := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(draw.LineStyle{Color: grid, Width: 1.5}, c.Min.X, trY(t.Value), c.Max.X, trY(t.Value))
	}
}

// steps draws a line that is level as long as nothing changes and upright where it
// does. It is broken where nothing is known.
type steps struct {
	spans []span
	value func(span) uint64
	style draw.LineStyle
}

// Plot draws the line.
func (s steps) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	var line []vg.Point
	flush := func() {
		// In pieces, for the rasteriser's time grows with the square of a line.
		const piece = 64
		for line = thin(line); len(line) > 1; line = line[min(piece, len(line)-1):] {
			c.StrokeLines(s.style, line[:min(piece+1, len(line))])
		}
		line = nil
	}
	for _, sp := range s.spans {
		if !sp.known {
			flush()
			continue
		}
		y := trY(float64(s.value(sp)))
		line = append(line, vg.Point{X: trX(seconds(sp.from)), Y: y}, vg.Point{X: trX(seconds(sp.to)), Y: y})
	}
	flush()
}

// thin keeps of the points that fall into one column of pixels the first, the
// lowest, the highest and the last: the line looks the same, and one of a hundred
// thousand steps is drawn as fast as one of a thousand.
func thin(line []vg.Point) []vg.Point {
	if len(line) <= 4*width {
		return line
	}
	var out []vg.Point
	for i := 0; i < len(line); {
		column := math.Floor(float64(line[i].X))
		first, low, high := line[i], line[i], line[i]
		last := first
		for ; i < len(line) && math.Floor(float64(line[i].X)) == column; i++ {
			last = line[i]
			if last.Y < low.Y {
				low = last
			}
			if last.Y > high.Y {
				high = last
			}
		}
		// Upright at one place: the extremes are moved by less than a pixel.
		out = append(out, first, vg.Point{X: first.X, Y: low.Y}, vg.Point{X: first.X, Y: high.Y},
			vg.Point{X: first.X, Y: last.Y}, last)
	}
	return out
}
