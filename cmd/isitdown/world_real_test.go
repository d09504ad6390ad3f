package main

import (
	"strings"
	"testing"
)

// What is said of the world by real recordings: of updates alone nothing, for what did not change
// is not in them; of a table that is cut off what it holds, and that it is.
func TestWorldOfRealRecordings(t *testing.T) {
	notShort(t)
	for _, tt := range []struct {
		routes string
		code   int
		says   []string
	}{
		{"mrt/updates.20260222.1530.bz2", exitUnknown, []string{"WORLD nothing can be said at present: there are updates alone, and no table", ": 0 up, 0 degraded, 0 down,"}},
		{"mrt/updates.20160811.1600.gz", exitUnknown, []string{"WORLD nothing can be said at present: there are updates alone, and no table"}},
		{"mrt/rib.20140523.0600_firstMB.bz2", exitUp, []string{"69 countries: 69 up", "29 vantage points", "MRT data stops at byte", "apnic 2014-12-24, "}},
		{"mrt/rib6.20151101.0600_firstMB.bz2", exitUp, []string{"0 vantage points (IPv6: 21)", "those after that point are not counted"}},
	} {
		args := []string{"world", "--routes", data(t, tt.routes)}
		for _, l := range lists2014(t) {
			args = append(args, "--registry", l)
		}
		stdout, stderr, code := isitdown(t, args...)
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", tt.routes, code, tt.code, stdout, stderr)
		}
		for _, want := range tt.says {
			if !strings.Contains(oneLine(stdout), want) {
				t.Errorf("%s: it does not say %q:\n%s", tt.routes, want, stdout)
			}
		}
	}
}
