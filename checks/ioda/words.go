package ioda

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// dated writes a moment: "22 Dec 2014 16:15 UTC".
func dated(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// number writes a count with separators: "1,204". What is no whole number keeps
// one place.
func number(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) || math.Abs(x) > 1e15 {
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	whole, rest, _ := strings.Cut(strconv.FormatFloat(x, 'f', 1, 64), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest == "0" {
		return whole
	}
	return whole + "." + rest
}

// percent writes a share. It says "100 %" only of all and "0 %" only of nothing.
func percent(share float64) string {
	p := share * 100
	switch {
	case p > 0 && p < 0.1:
		return "less than 0.1 %"
	case p > 0 && p < 1, p >= 99.5 && p < 100:
		return fmt.Sprintf("%.1f %%", math.Floor(p*10)/10)
	case p > 100 && p < 100.5:
		return fmt.Sprintf("%.1f %%", math.Ceil(p*10)/10)
	case p > 1000:
		return "more than 1,000 %"
	}
	return fmt.Sprintf("%.0f %%", p)
}
