package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOverrides(t *testing.T) {
	tests := []struct {
		name, lines string
		ask         string
		prefixes    string
		origins     int
		country     string
		notes       []string
	}{
		{
			"add a prefix", `add KP 192.0.2.0/24 2014-01-01 "leased, see example.org"`, "KP",
			"175.45.176.0/22 192.0.2.0/24", 1, "KP",
			[]string{"override of 2014-01-01: 192.0.2.0/24 added (leased, see example.org)"},
		},
		{
			"add what is there", `add KP 175.45.177.0/24 2014-01-01 "test"`, "KP",
			"175.45.176.0/22", 1, "KP",
			[]string{"override of 2014-01-01: 175.45.177.0/24 added (test); it is registered to KP in the lists already: no effect"},
		},
		{
			"remove a part", `remove KP 175.45.177.0/24 2014-01-01 "test"`, "KP",
			"175.45.176.0/24 175.45.178.0/23", 1, "KP",
			[]string{"override of 2014-01-01: 175.45.177.0/24 removed (test)"},
		},
		{
			"remove what is not there", `remove KP 192.0.2.0/24 2014-01-01 "test"`, "KP",
			"175.45.176.0/22", 1, "KP",
			[]string{"override of 2014-01-01: 192.0.2.0/24 removed (test); it is not registered to KP in the lists: no effect"},
		},
		{
			"in the order of the file", "add KP 192.0.2.0/24 2014-01-01 \"in\"\nremove KP 192.0.2.128/25 2014-01-02 \"out\"", "KP",
			"175.45.176.0/22 192.0.2.0/25", 1, "KP",
			[]string{"override of 2014-01-01: 192.0.2.0/24 added (in)", "override of 2014-01-02: 192.0.2.128/25 removed (out)"},
		},
		{
			"IPv6", `add KP 2001:db8::/32 2014-01-01 "test"`, "KP",
			"175.45.176.0/22 2001:db8::/32", 1, "KP",
			[]string{"override of 2014-01-01: 2001:db8::/32 added (test)"},
		},
		{
			"a network", `add KP AS64500 2014-01-01 "test"`, "KP", "175.45.176.0/22", 2, "KP",
			[]string{"override of 2014-01-01: AS64500 added (test)"},
		},
		{
			"a network, asked for", `add KP AS64500 2014-01-01 "test"`, "AS64500", "", 1, "KP",
			[]string{"override of 2014-01-01: AS64500 added (test)"},
		},
		{
			"a network out", `remove KP AS131279 2014-01-01 "test"`, "AS131279", "", 1, "",
			[]string{"override of 2014-01-01: AS131279 removed (test)"},
		},
		{
			"a country with nothing else", `add TV 192.0.2.0/24 2014-01-01 "test"`, "TV", "192.0.2.0/24", 0, "TV",
			[]string{"override of 2014-01-01: 192.0.2.0/24 added (test)"},
		},
		{"another country", `add KR 192.0.2.0/24 2014-01-01 "test"`, "KP", "175.45.176.0/22", 1, "KP", nil},
		{
			"an address in a prefix that was added", `add KP 192.0.2.0/24 2014-01-01 "test"`, "192.0.2.7", "192.0.2.7/32", 0, "KP",
			[]string{"override of 2014-01-01: 192.0.2.0/24 added (test)"},
		},
		{
			"an address in a prefix that was removed", `remove KP 175.45.177.0/24 2014-01-01 "test"`, "175.45.177.7", "175.45.177.7/32", 0, "",
			[]string{"override of 2014-01-01: 175.45.177.0/24 removed (test)"},
		},
		{"a quote and a comment", "# why\n\n  add KP 192.0.2.0/24   2014-01-01  \"said \\\"yes\\\" # really\"\r\n", "KP", "175.45.176.0/22 192.0.2.0/24", 1, "KP", []string{`override of 2014-01-01: 192.0.2.0/24 added (said "yes" # really)`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fp := footprint(t, load(t, apnicList, tt.lines), tt.ask)
			if got := prefixStrings(fp); got != tt.prefixes {
				t.Errorf("got prefixes %s, want %s", got, tt.prefixes)
			}
			if len(fp.Origins) != tt.origins || fp.Country != tt.country {
				t.Errorf("got origins %v in %q, want %d in %q", fp.Origins, fp.Country, tt.origins, tt.country)
			}
			if d := cmp.Diff(tt.notes, fp.Notes); d != "" {
				t.Errorf("notes (-want +got)\n%s", d)
			}
		})
	}
}

func TestOverridesAreStrict(t *testing.T) {
	const good = "add KP 192.0.2.0/24 2014-01-01 \"test\"\n"
	tests := []struct{ line, want string }{
		{`add`, "write: add KP"},
		{`add KP 192.0.2.0/24 2014-01-01`, "write: add KP"},
		{`change KP 192.0.2.0/24 2014-01-01 "test"`, `"change" is neither add nor remove`},
		{`add XX 192.0.2.0/24 2014-01-01 "test"`, `"XX" is no ISO 3166 code`},
		{`add kp 192.0.2.0/24 2014-01-01 "test"`, `"kp" is no ISO 3166 code in capitals`},
		{`add KP 192.0.2.1/24 2014-01-01 "test"`, "did you mean 192.0.2.0/24?"},
		{`add KP 192.0.2.1 2014-01-01 "test"`, `"192.0.2.1" is neither a prefix nor an AS number`},
		{`add KP KR 2014-01-01 "test"`, `"KR" is neither a prefix nor an AS number`},
		{`add KP 0.0.0.0/0 2014-01-01 "test"`, "shorter than /8"},
		{`add KP 2001:db8::/65 2014-01-01 "test"`, "longer than /64"},
		{`add KP 192.0.2.0/24 01.01.2014 "test"`, "write yyyy-mm-dd"},
		{`add KP 192.0.2.0/24 2014-02-30 "test"`, "write yyyy-mm-dd"},
		{`add KP 192.0.2.0/24 2014-01-01 test`, "the reason is missing"},
		{`add KP 192.0.2.0/24 2014-01-01 since "test"`, "something stands between"},
		{`add KP 192.0.2.0/24 2014-01-01 "test`, "the reason must be printable"},
		{`add KP 192.0.2.0/24 2014-01-01 "test" # why`, "the reason must be printable"},
		{`add KP 192.0.2.0/24 2014-01-01 "a\nb"`, "the reason must be printable"},
		{`add KP 192.0.2.0/24 2014-01-01 "  "`, "1 to 300 bytes"},
		{`add KP 192.0.2.0/24 2014-01-01 "` + strings.Repeat("x", 301) + `"`, "1 to 300 bytes"},
		{strings.Repeat("add ", 1<<16), "line 1"},
	}
	for _, tt := range tests {
		t.Run(tt.line[:min(len(tt.line), 60)], func(t *testing.T) {
			var l Loader
			err := l.Add("mine.txt", strings.NewReader(good+tt.line+"\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "mine.txt") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, tt.want)
			}
			if len(l.overrides) != 0 {
				t.Errorf("half of the file is used: %v", l.overrides)
			}
		})
	}
}

// The overrides that come with the program are read each time it starts.
func TestOwnOverrides(t *testing.T) {
	own, err := readOverrides("overrides.txt", strings.NewReader(ownOverrides))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range own {
		if !strings.Contains(o.reason, ".") {
			t.Errorf("line %d names no source: %s", o.line, o.reason)
		}
	}
}
