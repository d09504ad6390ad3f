package checks

import (
	"testing"
	"time"
)

// Probes speak of the routes that they went by: what answered before these were lost does
// not contradict their loss, and what was silent while they were is not silent because they
// are back.
func TestProbesAndTheWay(t *testing.T) {
	lost, back := noon.Add(-time.Hour), ago(2*time.Minute)
	answered := func(at time.Time) func(*Host) {
		return func(h *Host) { h.Heard, h.Newest.At = at, at }
	}
	hushed := func(first, last time.Time) func(*Host) {
		return func(h *Host) { h.hush(first.Add(-2*time.Minute), first, last); h.WasSilent = true }
	}
	tests := []struct {
		name      string
		back      bool
		host      func(*Host)
		state     State
		answering Extent
		why       string
	}{
		{"gone, answered before", false, answered(lost.Add(-time.Second)), Down, ExtentUnknown, "nothing was asked since the routes went"},
		{"gone, answers since", false, answered(ago(time.Minute)), Unknown, ExtentAll, ""},
		{"gone, silent since", false, hushed(lost, ago(time.Minute)), Down, ExtentNone, ""},
		{"back, silent while they were gone", true, hushed(lost.Add(time.Minute), back.Add(-10*time.Second)), Up, ExtentUnknown, "nothing was asked for long enough since the routes are back"},
		{"back, silent from shortly before they went", true, hushed(lost.Add(-4*time.Minute), back.Add(30*time.Second)), Up, ExtentUnknown, "nothing was asked for long enough since the routes are back"},
		{"back, and still silent", true, hushed(lost.Add(time.Minute), back.Add(time.Minute)), Degraded, ExtentNone, ""},
		{"back, silent from long before they went", true, hushed(lost.Add(-10*time.Minute), back.Add(-10*time.Second)), Degraded, ExtentNone, ""},
		{"back, answering", true, answered(ago(time.Minute)), Up, ExtentAll, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := joined("all", "a0 a1 a2", "")
			for i := range c.Observations {
				o := &c.Observations[i]
				if !tt.back {
					c.lose(i, 0, 0)
				}
				o.Lost = Crossing{First: lost, Half: lost, Ninety: lost}
				if tt.back {
					o.Back = Crossing{First: back, Half: back, Ninety: back}
				}
			}
			for i := range c.Reach.Hosts {
				tt.host(&c.Reach.Hosts[i])
			}
			v := Assess(c)
			if v.State != tt.state || v.Answering != tt.answering || v.Probing.Why != tt.why {
				t.Errorf("got %s, answering %s, %q; want %s, %s, %q", v.State, v.Answering, v.Probing.Why, tt.state, tt.answering, tt.why)
			}
		})
	}
}
