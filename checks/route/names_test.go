package route

import "testing"

// A few collectors are named; many of a public project go by its name.
func TestJoinNames(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"rrc01", "rrc00", "route-views2"}, "route-views2, rrc00, rrc01"},
		{[]string{"rrc00", "rrc01", "rrc03", "rrc04", "rrc05"}, "RIPE RIS"},
		{[]string{"rrc00", "rrc01", "rrc03", "rrc26", "route-views.sg", "edge1"}, "RIPE RIS, RouteViews, edge1"},
		{[]string{"a", "b", "c", "rrc", "rrcxx", "rrc00"}, "RIPE RIS, a, b, c and others"},
	} {
		set := map[string]bool{}
		for _, n := range tt.names {
			set[n] = true
		}
		if got := joinNames(set); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.names, got, tt.want)
		}
	}
}
