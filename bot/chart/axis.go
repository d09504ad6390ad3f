package chart

import (
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
)

// mostTicks is how many labels fit side by side under the picture.
const mostTicks = 8

// Whole steps of a clock and of a calendar; what is longer goes by months.
var clockSteps = [...]time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour,
}

// clock marks the time axis, whose unit is seconds of Unix time.
type clock struct{}

// Ticks puts them at whole hours, days or months of UTC. A tick has a date where it
// is the first, or where the day has changed since the one before.
func (clock) Ticks(from, to float64) []plot.Tick {
	moments := moments(time.Unix(int64(from), 0).UTC(), time.Unix(int64(to), 0).UTC())
	ticks := make([]plot.Tick, len(moments))
	step := 24 * time.Hour
	if len(moments) > 1 {
		step = moments[1].Sub(moments[0])
	}
	byDay, format := step%(24*time.Hour) == 0, "15:04"
	if step < time.Minute {
		format = time.TimeOnly
	}
	for i, t := range moments {
		newDay := i == 0 || moments[i-1].YearDay() != t.YearDay() || moments[i-1].Year() != t.Year()
		newYear := i > 0 && moments[i-1].Year() != t.Year()
		label := t.Format(format)
		switch {
		case byDay && (newYear || i == 0):
			label = t.Format("2 Jan") + "\n" + t.Format("2006")
		case byDay:
			label = t.Format("2 Jan") + "\n "
		case newDay:
			label += "\n" + t.Format("2 Jan")
		default:
			label += "\n "
		}
		ticks[i] = plot.Tick{Value: float64(t.Unix()), Label: label}
	}
	return ticks
}

// moments gives where the ticks are.
func moments(from, to time.Time) []time.Time {
	for _, step := range clockSteps {
		if to.Sub(from)/step >= mostTicks {
			continue
		}
		var list []time.Time
		t := from.Truncate(step)
		for ; !t.After(to); t = t.Add(step) {
			if !t.Before(from) {
				list = append(list, t)
			}
		}
		return list
	}
	var list []time.Time
	every := 1 + int(to.Sub(from).Hours()/24/30)/mostTicks
	t := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; !t.After(to); t = t.AddDate(0, every, 0) {
		if !t.Before(from) {
			list = append(list, t)
		}
	}
	return list
}

// whole marks an axis of counts with whole numbers.
type whole struct{}

// Ticks gives zero and up to five more.
func (whole) Ticks(_, top float64) []plot.Tick {
	step := 1.0
	for scale := 1.0; ; scale *= 10 {
		if step = scale; top/step <= 5 {
			break
		}
		if step = 2 * scale; top/step <= 5 {
			break
		}
		if step = 5 * scale; top/step <= 5 {
			break
		}
	}
	var ticks []plot.Tick
	for i := 0; float64(i)*step <= top; i++ {
		v := float64(i) * step
		ticks = append(ticks, plot.Tick{Value: v, Label: short(v)})
	}
	return ticks
}

// short writes a whole number so that it fits beside an axis.
func short(v float64) string {
	if v >= 1e15 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, " tn"}, {1e9, " bn"}, {1e6, " M"}} {
		if v >= unit.size {
			return strconv.FormatFloat(math.Round(v/unit.size*10)/10, 'f', -1, 64) + unit.name
		}
	}
	return thousands(uint64(v))
}

// days writes the days that the axis covers: "21–23 Dec 2014".
func days(d *Data) string {
	from, to := d.From.UTC(), d.To.Add(-time.Nanosecond).UTC()
	last := to.Format("2 Jan 2006")
	switch {
	case from.Format("2 Jan 2006") == last:
		return last
	case from.Year() == to.Year() && from.Month() == to.Month():
		return from.Format("2") + "–" + last
	case from.Year() == to.Year():
		return from.Format("2 Jan") + " – " + last
	}
	return from.Format("2 Jan 2006") + " – " + last
}

// stamp writes a moment without its year, for the legend.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 15:04") }
