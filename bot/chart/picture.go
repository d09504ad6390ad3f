package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The size of a picture in pixels. A phone shows it at about a third of that, so
// the smallest letters are 25 pixels high.
const (
	width  = 1200
	height = 510

	margin     = 26
	titleSize  = 34
	legendSize = 27
	tickSize   = 27
	caveatSize = 25
	leading    = 1.25 // distance of lines, in sizes of their letters

	mostTitleLines  = 2
	mostCaveatLines = 3

	manySteps = 200
)

// bold is the weight of titles, as package golang.org/x/image/font counts.
const bold = 3

// PNG draws d. The same d gives the same bytes. It refuses what has no beginning and
// end that a picture could show; where there are no steps the picture says that
// there is no data.
func PNG(d Data) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("drawing a chart: %w", err)
	}
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(72), vgimg.UseBackgroundColor(color.White))
	s := sheet{Canvas: draw.New(canvas), data: &d, spans: d.spans()}
	s.draw()
	var b bytes.Buffer
	if err := png.Encode(&b, canvas.Image()); err != nil {
		return nil, fmt.Errorf("encoding a chart: %w", err)
	}
	return b.Bytes(), nil
}

// sheet is a picture in the making. One unit of length is a pixel; the origin is at
// the bottom left.
type sheet struct {
	draw.Canvas
	data  *Data
	spans []span
}

// draw fills the sheet from both ends: what is left in the middle is the plot's.
func (s *sheet) draw() {
	top := vg.Length(height - margin/2)
	for _, line := range s.wrap(tidy(s.data.Title), titleSize, bold, mostTitleLines) {
		top -= titleSize * leading
		s.write(margin, top+titleSize*.2, line, titleSize, bold, ink)
	}
	top -= legendSize*leading + 8
	s.legend(top + 6)
	bottom := vg.Length(margin * 2 / 3)
	caveats := s.wrap(s.caveats(), caveatSize, 0, mostCaveatLines)
	for i := len(caveats) - 1; i >= 0; i-- {
		s.write(margin, bottom, caveats[i], caveatSize, 0, faint)
		bottom += caveatSize * leading
	}
	s.plot().Draw(draw.Crop(s.Canvas, margin/2, -margin-24, bottom, top-height-12))
}

// plot gives the axes and what is between them.
func (s *sheet) plot() *plot.Plot {
	d := s.data
	p := plot.New()
	p.BackgroundColor = color.White
	p.X.Min, p.X.Max = seconds(d.From), seconds(d.To)
	p.Y.Min, p.Y.Max = 0, s.top()*1.06
	p.X.Tick.Marker, p.Y.Tick.Marker = clock{}, whole{}
	p.Y.Label.Text = limit(tidy(d.Unit), 20)
	p.Y.Label.TextStyle.Font, p.Y.Label.TextStyle.Color = sans(legendSize, 0), ink
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label.Font, a.Tick.Label.Color = sans(tickSize, 0), ink
		a.Color, a.Width, a.Padding = faint, 2, 0
		a.Tick.Color, a.Tick.Width, a.Tick.Length = faint, 2, 8
	}
	gaps := blind(s.spans)
	line := vg.Length(6)
	if len(s.spans) > manySteps { // a thick one would hide everything
		line = 2
	}
	p.Add(
		area{outagePattern(), d.outages(), d.From, d.To},
		levels{},
		area{blindPattern(), gaps, d.From, d.To},
		area{spellPattern(), d.spells(), d.From, d.To},
		steps{s.spans, func(s span) uint64 { return s.of }, draw.LineStyle{Color: faint, Width: 2, Dashes: []vg.Length{4, 6}}},
		steps{s.spans, func(s span) uint64 { return s.seen }, draw.LineStyle{Color: lineBlue, Width: line}},
	)
	return p
}

// top is the largest count shown, at least 1.
func (s *sheet) top() float64 {
	top := uint64(1)
	for _, sp := range s.spans {
		if sp.known {
			top = max(top, sp.seen, sp.of)
		}
	}
	return float64(top)
}

// legend names the areas that are there, in one row, and the days at its end.
func (s *sheet) legend(y vg.Length) {
	const swatch, gap, apart = 34, 10, 28
	right := days(s.data) + ", UTC"
	end := width - margin - 24 - s.widthOf(right, legendSize, 0)
	keys := s.keys()
	room := end - margin
	for _, k := range keys {
		room -= swatch + gap + s.widthOf(k.text, legendSize, 0) + apart
	}
	x := vg.Length(margin)
	for _, k := range keys {
		if room < 0 {
			k.text = k.short
		}
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + swatch, Y: y + legendSize*.75}}
		fillBox(s.Canvas, k.fill, box)
		if k.inside != nil {
			k.inside(s.Canvas, k.edge, box)
		} else {
			frame(s.Canvas, k.edge, box)
		}
		s.write(x+swatch+gap, y, k.text, legendSize, 0, ink)
		x += swatch + gap + s.widthOf(k.text, legendSize, 0) + apart
	}
	s.write(max(x, end), y, right, legendSize, 0, faint)
}

// key is one entry of a legend; short is for where not all has room.
type key struct {
	pattern
	text, short string
}

func (s *sheet) keys() []key {
	var list []key
	if bands := s.data.outages(); len(bands) > 0 {
		list = append(list, key{outagePattern(), outageLegend(bands), "outage"})
	}
	if len(s.data.spells()) > 0 {
		list = append(list, key{spellPattern(), "in and out", "in and out"})
	}
	if len(blind(s.spans)) > 0 {
		list = append(list, key{blindPattern(), "no data", "no data"})
	}
	return list
}

// outageLegend gives the times of an outage, for the axis has whole hours alone.
func outageLegend(bands []Band) string {
	b := bands[0]
	switch {
	case len(bands) > 1:
		return thousands(uint64(len(bands))) + " outages"
	case b.End.IsZero():
		return "outage since " + stamp(b.Start)
	}
	start, end := stamp(b.Start), stamp(b.End)
	if day := start[:len(start)-len("15:04")]; strings.HasPrefix(end, day) {
		end = end[len(day):]
	}
	return "outage " + start + " – " + end
}

func frame(c draw.Canvas, edge color.Color, box vg.Rectangle) {
	style := draw.LineStyle{Color: edge, Width: 2}
	c.StrokeLine2(style, box.Min.X, box.Min.Y, box.Min.X, box.Max.Y)
	c.StrokeLine2(style, box.Max.X, box.Min.Y, box.Max.X, box.Max.Y)
}

func (s *sheet) caveats() string {
	var list []string
	for _, c := range s.data.Caveats {
		if c = tidy(c); c != "" {
			list = append(list, strings.TrimSuffix(c, ".")+".")
		}
	}
	return strings.Join(list, " ")
}

// sans is Liberation Sans, which comes with the library: the picture does not depend
// on the fonts of a machine.
func sans(size vg.Length, weight int) font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if weight == bold {
		f.Weight = bold
	}
	return f
}

// write draws one line of text whose baseline begins at x and y.
func (s *sheet) write(x, y vg.Length, text string, size vg.Length, weight int, c color.Color) {
	style := draw.TextStyle{Color: c, Font: sans(size, weight), Handler: plot.DefaultTextHandler}
	s.FillText(style, vg.Point{X: x, Y: y + face(size, weight).Extents().Ascent - size}, text)
}

func (s *sheet) widthOf(text string, size vg.Length, weight int) vg.Length {
	return face(size, weight).Width(text)
}

func face(size vg.Length, weight int) *font.Face {
	f := font.DefaultCache.Lookup(sans(size, weight), size)
	return &f
}

// wrap breaks text into at most most lines that fit the sheet. The last one says
// where there would be more: the message has the whole.
func (s *sheet) wrap(text string, size vg.Length, weight, most int) []string {
	fits := func(line string) bool { return s.widthOf(line, size, weight) <= width-2*margin }
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for !fits(word) { // one word wider than the sheet
			word = limit(word, len([]rune(word))*3/4)
		}
		longer := strings.TrimSpace(line + " " + word)
		if fits(longer) {
			line = longer
			continue
		}
		if len(lines) == most-1 {
			for !fits(line + " …") {
				line = line[:max(0, strings.LastIndexByte(line, ' '))]
			}
			return append(lines, strings.TrimSpace(line+" …"))
		}
		lines, line = append(lines, line), word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
