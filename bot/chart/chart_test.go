package chart

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/vg"
)

func utc(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// night is the outage of 22 December 2014 with half an hour without data before.
func night() Data {
	return Data{
		Title: "North Korea (KP): visible IPv4 prefixes", Unit: "IPv4 prefixes",
		From: utc("2014-12-22 04:15"), To: utc("2014-12-23 03:00"),
		Steps: []Step{
			{utc("2014-12-21 15:00"), 4, 4, true},
			{utc("2014-12-22 09:10"), 0, 0, false},
			{utc("2014-12-22 09:40"), 4, 4, true},
			{utc("2014-12-22 16:15"), 0, 4, true},
			{utc("2014-12-23 01:46"), 4, 4, true},
		},
		Bands:   []Band{{utc("2014-12-22 16:15"), utc("2014-12-23 01:46")}},
		Caveats: []string{"Reconstruction from published times, not recorded BGP."},
	}
}

func TestAlt(t *testing.T) {
	change := func(f func(*Data)) Data {
		d := night()
		d.Caveats = nil
		f(&d)
		return d
	}
	const head = "North Korea (KP): visible IPv4 prefixes, from 22 Dec 2014 04:15 to 23 Dec 2014 03:00 UTC; "
	tests := []struct {
		name string
		data Data
		want string
	}{
		{
			"whole", night(), head + "4 of 4 IPv4 prefixes at first, 0 of 4 at the lowest, first at 22 Dec 2014 16:15, 4 of 4 at the end; " +
				"outage from 22 Dec 2014 16:15 to 23 Dec 2014 01:46; no data from 22 Dec 2014 09:10 to 22 Dec 2014 09:40. " +
				"Reconstruction from published times, not recorded BGP.",
		},
		{
			"lasting", change(func(d *Data) { d.Steps = d.Steps[2:4]; d.Bands[0].End = time.Time{}; d.From = utc("2014-12-22 12:00") }),
			"North Korea (KP): visible IPv4 prefixes, from 22 Dec 2014 12:00 to 23 Dec 2014 03:00 UTC; " +
				"4 of 4 IPv4 prefixes at first, 0 of 4 from 22 Dec 2014 16:15 on; outage since 22 Dec 2014 16:15.",
		},
		{
			"lost at the very end", change(func(d *Data) {
				d.To, d.Steps, d.Bands = utc("2014-12-22 16:15"), d.Steps[2:4], nil
				d.From = utc("2014-12-22 12:00")
			}),
			"North Korea (KP): visible IPv4 prefixes, from 22 Dec 2014 12:00 to 22 Dec 2014 16:15 UTC; " +
				"4 of 4 IPv4 prefixes at first, 0 of 4 from 22 Dec 2014 16:15 on.",
		},
		{"level", change(func(d *Data) { d.Steps, d.Bands = d.Steps[:1], nil }), head + "4 of 4 IPv4 prefixes throughout."},
		{"nothing", change(func(d *Data) { d.Steps, d.Bands = nil, nil }), head + "nothing is known of that time."},
		{"of nothing", change(func(d *Data) { d.Steps, d.Bands = []Step{{d.From, 0, 0, true}}, nil }), head + "0 IPv4 prefixes throughout."},
		{"growing", change(func(d *Data) {
			d.Steps, d.Bands = []Step{{d.From, 1, 2, true}, {utc("2014-12-22 20:00"), 1024, 2048, true}}, nil
		}), head + "1 of 2 IPv4 prefixes at first, never fewer, 1,024 of 2,048 at the end."},
		{
			"spell", change(func(d *Data) {
				d.Spells = []Band{{utc("2014-12-21 14:55"), utc("2014-12-22 16:15")}}
				d.Steps = d.Steps[3:4]
			}),
			head + "0 of 4 IPv4 prefixes from 22 Dec 2014 16:15 on; outage from 22 Dec 2014 16:15 to 23 Dec 2014 01:46; " +
				"in and out too often to draw until 22 Dec 2014 16:15.",
		},
		{
			"spell alone", change(func(d *Data) {
				d.Spells = []Band{{Start: utc("2014-12-21 14:55")}}
				d.Steps, d.Bands = d.Steps[:1], nil
			}),
			head + "losses too many to draw one by one; in and out too often to draw in all of it.",
		},
		{"no span", change(func(d *Data) { d.To = d.From }), "North Korea (KP): visible IPv4 prefixes: the end of the chart is not after its beginning."},
		{
			"hostile", change(func(d *Data) { d.Title = "a\x1b[2J\u202eb\n\xffc"; d.Steps, d.Bands = d.Steps[:1], nil }),
			"a[2Jb \ufffdc, from 22 Dec 2014 04:15 to 23 Dec 2014 03:00 UTC; 4 of 4 IPv4 prefixes throughout.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.data.Alt(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	long := night()
	long.Caveats = []string{strings.Repeat("very long ", 300)}
	if got := []rune(long.Alt()); len(got) > MaxAlt || len(got) < MaxAlt-10 || got[len(got)-1] != '…' {
		t.Errorf("a long alt text has %d characters and ends in %q", len(got), string(got[len(got)-5:]))
	}
}

func TestSpans(t *testing.T) {
	at := func(minute int) time.Time { return utc("2014-12-22 00:00").Add(time.Duration(minute) * time.Minute) }
	d := Data{From: at(0), To: at(100), Steps: []Step{
		{at(50), 2, 4, true}, {at(-5), 3, 4, true}, {at(-9), 1, 4, true}, // out of order, two before the beginning
		{at(60), 9, 9, true}, {at(60), 2, 4, true}, // two at once
		{at(70), 7, 7, false}, {at(80), 0, 0, false}, {at(100), 1, 1, true}, {at(200), 1, 1, true},
	}}
	want := []span{
		{at(0), at(50), 3, 4, true, false},
		{at(50), at(70), 2, 4, true, false},
		{at(70), at(100), 7, 7, false, false},
		{at(100), at(100), 1, 1, true, false},
	}
	got := d.spans()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(span{})); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	d.Spells = []Band{{at(-3), at(10)}, {at(55), at(75)}}
	want = []span{
		{at(0), at(10), 3, 4, false, true},
		{at(10), at(50), 3, 4, true, false},
		{at(50), at(55), 2, 4, true, false},
		{at(55), at(75), 2, 4, false, true},
		{at(75), at(100), 7, 7, false, false},
		{at(100), at(100), 1, 1, true, false},
	}
	if diff := cmp.Diff(want, d.spans(), cmp.AllowUnexported(span{})); diff != "" {
		t.Errorf("spans with spells (-want +got):\n%s", diff)
	}
	none := Data{From: at(0), To: at(9)}
	if got, want := blind(none.spans()), []Band{{at(0), at(9)}}; !cmp.Equal(got, want) {
		t.Errorf("without steps the time without data is %v, want %v", got, want)
	}
}

func TestOutages(t *testing.T) {
	at := func(minute int) time.Time { return utc("2014-12-22 00:00").Add(time.Duration(minute) * time.Minute) }
	d := Data{From: at(0), To: at(100), Bands: []Band{
		{at(60), time.Time{}},
		{at(30), at(40)},
		{at(35), at(50)},
		{at(-9), at(-1)},
		{at(-9), at(5)},
		{at(20), at(10)},
		{at(70), at(80)},
		{at(100), at(120)},
	}}
	want := []Band{{at(-9), at(5)}, {at(30), at(50)}, {at(60), time.Time{}}}
	if diff := cmp.Diff(want, d.outages()); diff != "" {
		t.Errorf("outages (-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ from, to, say string }{
		{"2014-12-22 00:00", "2014-12-22 00:00", "not after"},
		{"2014-12-22 00:00", "2013-12-22 00:00", "not after"},
		{"2004-12-22 00:00", "2014-12-22 00:00", "more than a chart shows"},
		{"0001-01-01 00:00", "2014-12-22 00:00", "outside the years"},
	}
	for _, tt := range tests {
		d := night()
		d.From, d.To = utc(tt.from), utc(tt.to)
		if _, err := PNG(d); err == nil || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("from %s to %s: error %v, want one with %q", tt.from, tt.to, err, tt.say)
		}
	}
}

// drawn gives the picture of d.
func drawn(t testing.TB, d Data) image.Image {
	t.Helper()
	data, err := PNG(d)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != width || b.Dy() != height {
		t.Fatalf("the picture is %d by %d", b.Dx(), b.Dy())
	}
	return img
}

// rows gives, for every column from left to right, the rows that have the colour.
func rows(img image.Image, c color.NRGBA) map[int][]int {
	found := map[int][]int{}
	for y := range height {
		for x := range width {
			r, g, b, _ := img.At(x, y).RGBA()
			if uint8(r>>8) == c.R && uint8(g>>8) == c.G && uint8(b>>8) == c.B {
				found[x] = append(found[x], y)
			}
		}
	}
	return found
}

func ends(columns map[int][]int) (first, last int) {
	first = width
	for x := range columns {
		first, last = min(first, x), max(last, x)
	}
	return first, last
}

// The line is level or upright, stands where the times say, is at zero in the
// outage and missing where nothing is known.
func TestPicture(t *testing.T) {
	d := night()
	img := drawn(t, d)
	line := rows(img, lineBlue)
	left, right := ends(line)
	column := func(at time.Time) int {
		return left + int(math.Round(float64(at.Sub(d.From))/float64(d.To.Sub(d.From))*float64(right-left)))
	}
	high, low := line[left+5][0], line[column(utc("2014-12-22 20:00"))][0]
	if low-high < 150 {
		t.Fatalf("the line at 4 of 4 is in row %d, at 0 of 4 in row %d: want it clearly above", high, low)
	}
	for x := left + 5; x < right-5; x++ {
		at := d.From.Add(time.Duration(float64(x-left) / float64(right-left) * float64(d.To.Sub(d.From))))
		near := func(s string) bool {
			c := column(utc(s))
			return x > c-5 && x < c+5
		}
		in := func(a, b string) bool { return at.After(utc(a)) && at.Before(utc(b)) }
		switch got := line[x]; {
		case near("2014-12-22 09:10"), near("2014-12-22 09:40"): // the ends of the gap
		case near("2014-12-22 16:15"), near("2014-12-23 01:46"):
			if len(got) > 0 && got[len(got)-1]-got[0] > 20 && got[len(got)-1]-got[0] < low-high-10 {
				t.Errorf("column %d: the line goes from row %d to %d: neither level nor upright", x, got[0], got[len(got)-1])
			}
		case in("2014-12-22 09:10", "2014-12-22 09:40"):
			if len(got) > 0 {
				t.Errorf("column %d: a line where nothing is known", x)
			}
		case in("2014-12-22 16:15", "2014-12-23 01:46"):
			if len(got) == 0 || got[0] < low-2 || len(got) > 8 {
				t.Errorf("column %d in the outage: rows %v, want the line at zero, row %d", x, got, low)
			}
		default:
			if len(got) == 0 || got[0] > high+2 || len(got) > 8 {
				t.Errorf("column %d: rows %v, want the line at 4 of 4, row %d", x, got, high)
			}
		}
	}
	// The band fills the outage, the hatching the gap; no colour is elsewhere.
	if a, b := ends(plotted(rows(img, bandFill), high, low)); abs(a-column(utc("2014-12-22 16:15"))) > 5 || abs(b-column(utc("2014-12-23 01:46"))) > 5 {
		t.Errorf("the band goes from column %d to %d", a, b)
	}
	if a, b := ends(plotted(rows(img, blindFill), high, low)); abs(a-column(utc("2014-12-22 09:10"))) > 3 || abs(b-column(utc("2014-12-22 09:40"))) > 3 {
		t.Errorf("what is without data goes from column %d to %d", a, b)
	}
	if rows(img, color.NRGBA{255, 255, 255, 255})[0] == nil {
		t.Error("the background is not white")
	}
}

// plotted leaves out what is above or below the axes: the legend.
func plotted(columns map[int][]int, high, low int) map[int][]int {
	out := map[int][]int{}
	for x, ys := range columns {
		inside := slices.DeleteFunc(slices.Clone(ys), func(y int) bool { return y < high+5 || y > low-5 })
		if len(inside) > 50 { // not the edge of a letter
			out[x] = inside
		}
	}
	return out
}

func abs(n int) int { return max(n, -n) }

// Nothing known is no line and a hatched picture: never an empty one that could be
// taken for zero.
func TestNothingKnown(t *testing.T) {
	d := night()
	d.Steps, d.Bands = nil, nil
	img := drawn(t, d)
	if line := rows(img, lineBlue); len(line) > 0 {
		t.Errorf("a line in %d columns though nothing is known", len(line))
	}
	if n := len(rows(img, blindFill)); n < 1000 {
		t.Errorf("%d columns are marked as without data, want all", n)
	}
}

// In a spell there is no line, for none of it was drawn, nor is it taken for a gap.
func TestSpell(t *testing.T) {
	d := night()
	d.Steps, d.Bands = d.Steps[:1], nil
	d.Spells = []Band{{Start: d.From}}
	img := drawn(t, d)
	if line := rows(img, lineBlue); len(line) > 0 {
		t.Errorf("a line in %d columns of a spell", len(line))
	}
	if n := len(plotted(rows(img, spellFill), 150, 300)); n < 700 {
		t.Errorf("%d columns are marked as a spell, want most", n)
	}
	if n := len(plotted(rows(img, blindFill), 150, 300)); n > 0 {
		t.Errorf("%d columns are marked as without data", n)
	}
}

// The shortest outage of a long time still shows.
func TestShortOutage(t *testing.T) {
	d := night()
	d.From, d.To = utc("2014-01-01 00:00"), utc("2014-12-31 00:00")
	d.Steps = []Step{{d.From, 4, 4, true}}
	d.Bands = []Band{{utc("2014-06-01 00:00"), utc("2014-06-01 00:01")}}
	if n := len(plotted(rows(drawn(t, d), bandEdge), 150, 300)); n < 1 {
		t.Error("an outage of a minute in a year does not show")
	}
}

func TestSameBytes(t *testing.T) {
	want, err := PNG(night())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := PNG(night()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("drawn beside others: %d bytes, error %v; want the same %d bytes", len(got), err, len(want))
			}
		})
	}
	wg.Wait()
	if len(want) > 100<<10 {
		t.Errorf("%d bytes for a simple picture", len(want))
	}
}

// crowd has a step every few seconds and hundreds of outages.
func crowd(n int) Data {
	d := night()
	d.From, d.To, d.Steps, d.Bands = utc("2014-12-20 00:00"), utc("2014-12-23 00:00"), nil, nil
	every := d.To.Sub(d.From) / time.Duration(n)
	for i := range n {
		at := d.From.Add(time.Duration(i) * every)
		d.Steps = append(d.Steps, Step{at, uint64(i*7919) % 1024, 1024, i%97 != 0})
		if i%100 == 0 {
			d.Bands = append(d.Bands, Band{at, at.Add(every)})
		}
	}
	return d
}

func TestCrowd(t *testing.T) {
	img := drawn(t, crowd(20_000))
	if n := len(rows(img, lineBlue)); n < 900 {
		t.Errorf("the line is in %d columns, want most", n)
	}
}

// What is left out of a crowd of points is never an extreme of its column, nor the ends.
func TestThin(t *testing.T) {
	var line []vg.Point
	for i := range 100_000 {
		line = append(line, vg.Point{X: vg.Length(i) / 100, Y: vg.Length(100 + i%3)})
	}
	line[50_050].Y, line[70_070].Y = 900, -900
	got := thin(line)
	if len(got) > 6*1000 {
		t.Errorf("%d points are left of %d in 1,000 columns", len(got), len(line))
	}
	has := func(x, y vg.Length) bool {
		return slices.ContainsFunc(got, func(p vg.Point) bool { return p.Y == y && math.Floor(float64(p.X)) == float64(x) })
	}
	if !has(500, 900) || !has(700, -900) {
		t.Error("a spike is lost")
	}
	if got[0] != line[0] || got[len(got)-1] != line[len(line)-1] {
		t.Errorf("the line goes from %v to %v, want from %v to %v", got[0], got[len(got)-1], line[0], line[len(line)-1])
	}
	if short := line[:1000]; !slices.Equal(thin(short), short) {
		t.Error("a short line is changed")
	}
}

func TestTicks(t *testing.T) {
	labels := func(from, to string) string {
		var list []string
		for _, tick := range (clock{}).Ticks(seconds(utc(from)), seconds(utc(to))) {
			list = append(list, strings.TrimSpace(strings.ReplaceAll(tick.Label, "\n", "/")))
		}
		return strings.Join(list, " ")
	}
	tests := []struct{ from, to, want string }{
		{"2014-12-22 04:15", "2014-12-23 03:00", "06:00/22 Dec 09:00/ 12:00/ 15:00/ 18:00/ 21:00/ 00:00/23 Dec 03:00/"},
		{"2014-12-22 16:08", "2014-12-22 16:18", "16:08/22 Dec 16:10/ 16:12/ 16:14/ 16:16/ 16:18/"},
		{"2014-12-22 16:08", "2014-12-22 16:09", "16:08:00/22 Dec 16:08:15/ 16:08:30/ 16:08:45/ 16:09:00/"},
		{"2014-12-29 00:00", "2015-01-03 12:00", "29 Dec/2014 30 Dec/ 31 Dec/ 1 Jan/2015 2 Jan/ 3 Jan/"},
		{"2014-01-15 00:00", "2014-12-01 00:00", "1 Mar/2014 1 May/ 1 Jul/ 1 Sep/ 1 Nov/"},
	}
	for _, tt := range tests {
		if got := strings.ReplaceAll(labels(tt.from, tt.to), "/ ", "/ "); strings.TrimSuffix(got, "/") != strings.TrimSuffix(tt.want, "/") {
			t.Errorf("%s to %s: got %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
	counts := []struct {
		top  float64
		want string
	}{
		{1, "0 1"},
		{4, "0 1 2 3 4"},
		{7, "0 2 4 6"},
		{98, "0 20 40 60 80"},
		{1024, "0 500 1,000"},
		{2.5e6, "0 500,000 1 M 1.5 M 2 M 2.5 M"},
		{1.9e19, "0 5e+18 1e+19 1.5e+19"},
	}
	for _, tt := range counts {
		var list []string
		for _, tick := range (whole{}).Ticks(0, tt.top) {
			list = append(list, tick.Label)
		}
		if got := strings.Join(list, " "); got != tt.want {
			t.Errorf("counts up to %v: got %q, want %q", tt.top, got, tt.want)
		}
	}
}

func FuzzPNG(f *testing.F) {
	for _, d := range []Data{night(), {}, crowd(10)} {
		data, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"title":"x","from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:00:01Z","steps":[{"seen":18446744073709551615,"known":true}]}`))
	f.Add([]byte(`{"from":"9999-12-31T00:00:00Z","to":"9999-12-31T23:59:59Z","bands":[{"start":"0001-01-01T00:00:00Z"}],"caveats":["` + strings.Repeat("x", 900) + ` y"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Data
		if json.Unmarshal(data, &d) != nil {
			return
		}
		if alt := d.Alt(); alt == "" || len([]rune(alt)) > MaxAlt || strings.ContainsAny(alt, "\n\x1b") {
			t.Errorf("alt text %q", alt)
		}
		picture, err := PNG(d)
		if err != nil {
			return
		}
		if _, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkPNG(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := PNG(night()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPNGCrowd(b *testing.B) {
	d := crowd(10_000)
	for b.Loop() {
		if _, err := PNG(d); err != nil {
			b.Fatal(err)
		}
	}
}
