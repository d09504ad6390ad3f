package checks

import (
	"strings"
	"testing"
)

// Loss is told where there are enough pings to hosts that answer, and changes no state.
func TestPingsLost(t *testing.T) {
	for _, tt := range []struct {
		name       string
		hosts      string
		sent, lost int // of each host
		want       string
	}{
		{"two in five", "a0 a1", 10, 4, "degraded reachability: 8 of 20 pings of the last half hour to hosts that answer were lost"},
		{"too few to tell", "a0 a1", 9, 4, ""},
		{"few are lost", "a0 a1", 50, 9, ""},
		{"a fifth", "a0 a1", 50, 10, "20 of 100 pings"},
		{"none", "a0 a1", 50, 0, ""},
		{"of a host that is silent", "a0 s1", 12, 6, ""},
		{"of one that lies elsewhere", "a0 o1", 12, 6, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := roundOf(tt.hosts)
			for i := range r.Hosts {
				r.Hosts[i].Pings, r.Hosts[i].PingsLost = tt.sent, tt.lost
			}
			target, err := ParseTarget("175.45.176.0/22")
			if err != nil {
				t.Fatal(err)
			}
			v := Assess(Case{Footprint: Footprint{Target: target}, Reach: r, Now: noon, Rules: DefaultRules()})
			said := strings.Join(v.Reasons, "; ")
			if tt.want == "" && strings.Contains(said, "degraded reachability") || !strings.Contains(said, tt.want) {
				t.Errorf("got %q, want %q", said, tt.want)
			}
			if (v.Probing.PingsLost > 0) != (tt.want != "") || v.State != Unknown {
				t.Errorf("%s, %d of %d lost", v.State, v.Probing.PingsLost, v.Probing.Pings)
			}
			r.Guard.Void = "our own network: 5 of 8 control targets do not answer"
			if v = Assess(Case{Footprint: Footprint{Target: target}, Reach: r, Now: noon, Rules: DefaultRules()}); v.Probing.PingsLost != 0 {
				t.Errorf("%d lost while our own network fails", v.Probing.PingsLost)
			}
		})
	}
}
