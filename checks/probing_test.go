package checks

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ago is a time before noon, which is now.
func ago(d time.Duration) time.Time { return noon.Add(-d) }

var intact = Guard{At: ago(30 * time.Second), Answered: 8, Controls: 8, Networks: 6}

// roundOf makes a round that counts, of hosts written as what they tell and the last
// number of their /24, "a0 s1": a answers, r refuses, f fails, s is silent, m missed a probe,
// n never answered and is silent, o is outside, w answers rarely and is silent, W the
// same and answers.
func roundOf(hosts string) Reach {
	r := Reach{At: ago(20 * time.Second), Guard: intact}
	for i, h := range strings.Fields(hosts) {
		addr := netip.AddrFrom4([4]byte{175, 45, 176 + h[1] - '0', byte(10 + i)})
		r.Hosts = append(r.Hosts, hostThat(h[0], addr))
	}
	return r
}

// hostThat makes a host by its letter. One that is silent was heard 10 minutes ago and
// missed its first probe 8 minutes ago; the round asked it a minute ago.
func hostThat(what byte, addr netip.Addr) Host {
	h := Host{
		Name: addr.String(), Addr: addr, Port: 443, Method: MethodTCP, Role: RoleKnown,
		Rate: 0.1, Asked: 500, Before: true, Home: true, Heard: ago(time.Minute),
	}
	h.Newest = Answer{Host: h.Name, Addr: addr, Port: 443, Method: MethodTCP, At: ago(time.Minute), Outcome: Answered}
	switch what {
	case 'r':
		h.Newest.Outcome, h.Newest.Detail = Refused, "connection refused"
	case 'f':
		h.Newest.Outcome, h.Newest.Detail = Failing, "HTTP 503"
	case 's', 'n', 'w':
		h.hush(ago(10*time.Minute), ago(8*time.Minute), ago(time.Minute))
	case 'm':
		h.hush(ago(3*time.Minute), ago(time.Minute), ago(time.Minute))
	case 'o':
		h.Home = false
	}
	switch what {
	case 'n':
		h.Before, h.Rate, h.Heard = false, 1, time.Time{}
	case 'w', 'W':
		h.Rate = 0.6
	}
	return h
}

// hush has the host heard for the last time, and every probe from first to last missed.
func (h *Host) hush(heard, first, last time.Time) {
	h.Heard, h.Missing = heard, first
	h.Newest.Outcome, h.Newest.At = Silent, last
	h.Silence = Silence{Heard: heard}
	for t := first; !t.After(last); t = t.Add(20 * time.Second) {
		h.Silence = h.Silence.Add(Answer{At: t, Outcome: Silent}, min(h.Rate, MaxRate))
	}
}

func TestProbing(t *testing.T) {
	tests := []struct {
		name  string
		hosts string
		want  Extent
		count string // answering, silent, unsure of usable, excluded
		why   string
	}{
		{"all answer", "a0 a1 a2", ExtentAll, "3 0 0/3 0", ""},
		{"none answers", "s0 s1 s2", ExtentNone, "0 3 0/3 0", ""},
		{"a fifth silent", "a0 a1 a2 a3 s0", ExtentAll, "4 1 0/5 0", ""},
		{"more than a fifth, in two places", "a0 a1 a2 s0 s1", ExtentPart, "3 2 0/5 0", ""},
		{"four fifths", "a0 s0 s1 s2 s3", ExtentNone, "1 4 0/5 0", ""},
		{"less than four fifths", "a0 a0 s1 s2 s3", ExtentPart, "2 3 0/5 0", ""},
		{"silent in one place of several", "a0 a1 s2 s2 s2", ExtentUnknown, "2 3 0/5 0", "3 of 5 usual hosts are silent, all in one place"},
		{"all in one place", "s2 s2", ExtentNone, "0 2 0/2 0", ""},
		{"a single one", "s2", ExtentUnknown, "0 1 0/1 0", "the one usual host is silent, too little"},
		{"a single one that answers", "a2", ExtentAll, "1 0 0/1 0", ""},
		{"a refusal is an answer", "r0 r1", ExtentAll, "2 0 0/2 0", ""},
		{"a failure is one", "f0 f1", ExtentAll, "2 0 0/2 0", ""},
		{"half is decided", "a0 a1 m2 m3", ExtentAll, "2 0 2/4 0", ""},
		{"less than half", "a0 m1 m2", ExtentUnknown, "1 0 2/3 0", "only 1 of 3 usual hosts have answered or missed enough probes"},
		{"not yet silent", "m0 m1 m2", ExtentUnknown, "0 0 3/3 0", "none of 3 usual hosts has answered or missed enough probes yet"},
		{"who never answered is no witness", "a0 a1 n2 n3 n3 n3", ExtentAll, "2 0 0/2 4", ""},
		{"nobody ever answered", "n0 n1 n2", ExtentUnknown, "0 0 0/0 3", "3 hosts are no witness"},
		{"who is elsewhere is none", "s0 s1 o2 o3", ExtentNone, "0 2 0/2 2", ""},
		{"who answers rarely is none, either way", "s0 s1 w2 W3", ExtentNone, "0 2 0/2 2", ""},
		{"no hosts", "", ExtentUnknown, "0 0 0/0 0", "there is no host to probe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := roundOf(tt.hosts)
			f := probed(Country("KP"), &r, nil, noon, 0)
			count := fmt.Sprintf("%d %d %d/%d %d", f.Answering, f.Silent, f.Unsure, f.Usable, f.Excluded)
			if f.extent != tt.want || count != tt.count || f.World {
				t.Errorf("%v, %s, of the world %t; want %v, %s", f.extent, count, f.World, tt.want, tt.count)
			}
			if !strings.Contains(f.Why, tt.why) || (f.Why == "") != (tt.why == "") {
				t.Errorf("why: %q, want %q", f.Why, tt.why)
			}
		})
	}
}

// What an answer proves decides the shares: a ping less than a connection.
func TestProbingWeighs(t *testing.T) {
	r := roundOf("a0 s0 s1 s2 s3")
	for _, i := range []int{1, 2, 3, 4} {
		r.Hosts[i].Method, r.Hosts[i].Newest.Method = MethodICMP, MethodICMP
	}
	// 28 of 38 tenths are silent: 74 %, where by heads it were 80 %.
	if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentPart {
		t.Errorf("%v, want part", f.extent)
	}
	weights := map[string]int{"tcp": 10, "tls": 10, "http": 10, "dns": 8, "icmp": 7, "none": 7}
	for m := MethodNone; m <= MethodDNS; m++ {
		if got := proof(&Host{Method: m}); got != weights[m.String()] {
			t.Errorf("%v weighs %d, want %d", m, got, weights[m.String()])
		}
	}
	if got := proof(&Host{Method: MethodICMP, Newest: Answer{Method: MethodTCP, Outcome: Refused}}); got != 9 {
		t.Errorf("a refusal weighs %d, want 9", got)
	}
}

// Nothing counts without a test of our own network that holds, nor when it is old.
func TestProbingVoid(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Reach)
		why    string
	}{
		{"our own network fails", func(r *Reach) { r.Guard.Void = "our own network: 5 of 8 control targets do not answer" }, "our own network: 5 of 8"},
		{"it was not tested", func(r *Reach) { r.Guard = Guard{} }, "our own network was not tested"},
		{"it could not be tested", func(r *Reach) { r.Guard = Guard{Void: "our own network: fewer than 6 controls"} }, "our own network: fewer than 6"},
		{"the test could not run", func(r *Reach) { r.Guard = Guard{Void: "no control answers"} }, "our own network is not known to work: no control answers"},
		{"the test is old", func(r *Reach) { r.Guard.At = ago(11 * time.Minute) }, "our own network was last tested at 11:49:00"},
		{"the round is old", func(r *Reach) { r.At = ago(11 * time.Minute) }, "the newest probes are of 11:49:00 UTC on 22 December 2014"},
		{"the round is of the future", func(r *Reach) { r.At = noon.Add(time.Hour) }, "the newest probes are of"},
	}
	for _, tt := range tests {
		for _, hosts := range []string{"s0 s1 s2", "a0 a1 a2"} {
			r := roundOf(hosts)
			tt.change(&r)
			for _, asn := range []ASN{64496, 64497, 64498, 64499} {
				r.Votes = append(r.Votes, Vote{Operator: "O", ASN: asn, Continent: "EU", At: ago(time.Minute)})
			}
			f := probed(Country("KP"), &r, nil, noon, 0)
			if f.extent != ExtentUnknown || f.World || !strings.HasPrefix(f.Why, tt.why) {
				t.Errorf("%s, %s: %v, of the world %t, %q; want unknown, %q", tt.name, hosts, f.extent, f.World, f.Why, tt.why)
			}
		}
	}
	if f := probed(Country("KP"), &Reach{}, nil, noon, 0); f.extent != ExtentUnknown || f.Why != "" {
		t.Errorf("not probed: %v, %q", f.extent, f.Why)
	}
	r := roundOf("a0 a1")
	r.At, r.Hosts[0].Newest.At, r.Hosts[1].Newest.At = ago(40*time.Minute), ago(40*time.Minute), ago(40*time.Minute)
	if f := probed(Country("KP"), &r, nil, noon, time.Hour); f.extent != ExtentAll {
		t.Errorf("an older round where the rules allow it: %v, want all", f.extent)
	}
}

// What a host said long ago is not what it says now, though the round is new.
func TestProbingOldAnswers(t *testing.T) {
	r := roundOf("a0 a1 s2 s3")
	for i := range r.Hosts {
		r.Hosts[i].Newest.At, r.Hosts[i].Silence.Last, r.Hosts[i].Heard = ago(20*time.Minute), ago(20*time.Minute), ago(20*time.Minute)
	}
	if f := probed(Country("KP"), &r, nil, noon, 0); f.Unsure != 4 {
		t.Errorf("%d unsure, want 4", f.Unsure)
	}
	r = roundOf("a0 a1")
	for i := range r.Hosts { // not asked in this round, for want of room
		r.Hosts[i].Newest.Outcome, r.Hosts[i].Heard = Unmeasured, ago(4*time.Minute)
	}
	if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentAll {
		t.Errorf("answered a round ago: %v, want all", f.extent)
	}
}

// What its fields say of a host is taken together: heard after what it missed, it is not
// silent; not asked in this round, but with a probe missed before, it does not answer.
func TestProbingDoubts(t *testing.T) {
	r := roundOf("s0 s1 a2 a3")
	r.Hosts[0].Heard, r.Hosts[1].Heard = ago(7*time.Minute), ago(7*time.Minute)
	for _, i := range []int{2, 3} {
		r.Hosts[i].Newest.Outcome, r.Hosts[i].Heard, r.Hosts[i].Missing = Unmeasured, ago(4*time.Minute), ago(2*time.Minute)
	}
	if f := probed(Country("KP"), &r, nil, noon, 0); f.Unsure != 4 {
		t.Errorf("%d silent, %d answering, %d unsure; want all unsure", f.Silent, f.Answering, f.Unsure)
	}
	r = roundOf("a0 a0 s0 s0 s0 s0") // in IPv6 a place is a /48
	for i, a := range []string{"2001:db8:1::1", "2001:db8:2::1", "2001:db8:3:1::1", "2001:db8:3:2::1", "2001:db8:3:3::1", "2001:db8:3:4::1"} {
		r.Hosts[i].Addr = netip.MustParseAddr(a)
	}
	if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentUnknown || f.BlocksUp+f.BlocksDown+f.BlocksUnsure != 0 {
		t.Errorf("%v with %d blocks down, want unknown and no block", f.extent, f.BlocksDown)
	}
}

// One host is asked in several ways and at several addresses: any answer makes it answer,
// and it is silent when all of them are.
func TestProbingOneHost(t *testing.T) {
	tests := []struct {
		ways string
		want Extent
	}{
		{"a0 s1", ExtentAll},
		{"s0 a1", ExtentAll},
		{"n0 a1", ExtentAll},
		{"m0 a1", ExtentAll},
		{"W0", ExtentAll},
		{"s0 s1", ExtentNone},
		{"s0 n1", ExtentNone},
		{"n0 s1", ExtentNone},
		{"s0 m1", ExtentUnknown},
		{"m0 s1", ExtentUnknown},
		{"n0 n1", ExtentUnknown},
		{"w0", ExtentUnknown},
	}
	for _, target := range []string{"example.org", "https://example.org", "192.0.2.1"} {
		for _, tt := range tests {
			r := roundOf(tt.ways)
			for i := range r.Hosts {
				r.Hosts[i].Name, r.Hosts[i].Role, r.Hosts[i].Home = target, RoleAsked, false
				r.Hosts[i].Method = MethodHTTP
			}
			f := probed(parse(t, target), &r, nil, noon, 0)
			if f.extent != tt.want || f.Usable+f.Excluded != 1 {
				t.Errorf("%s by %s: %v of %d hosts, want %v of one", target, tt.ways, f.extent, f.Usable+f.Excluded, tt.want)
			}
		}
	}
	r := roundOf("a0 s1 s2 s3")
	r.Hosts[1].Name = r.Hosts[0].Name // of a country
	if f := probed(Country("KP"), &r, nil, noon, 0); f.Answering != 1 || f.Silent != 2 {
		t.Errorf("%d answer and %d are silent, want 1 and 2", f.Answering, f.Silent)
	}
}

func parse(t *testing.T, s string) Target {
	t.Helper()
	target, err := ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestProbingProperties(t *testing.T) {
	hosts := rapid.SliceOfN(rapid.StringMatching("[arfsmnowW][0-5]"), 1, 12)
	t.Run("a host that answers is never silent", rapid.MakeCheck(func(t *rapid.T) {
		list := hosts.Draw(t, "hosts")
		r := roundOf(strings.Join(list, " "))
		for i := range r.Hosts {
			r.Hosts[i].Newest.Outcome, r.Hosts[i].Newest.At = Answered, ago(time.Second)
		}
		if f := probed(Country("KP"), &r, nil, noon, 0); f.Silent != 0 || f.extent == ExtentNone || f.extent == ExtentPart {
			t.Fatalf("%d silent, %v", f.Silent, f.extent)
		}
	}))
	t.Run("one more silent host never makes more of it answer", rapid.MakeCheck(func(t *rapid.T) {
		list := hosts.Draw(t, "hosts")
		r := roundOf(strings.Join(list, " "))
		before := probed(Country("KP"), &r, nil, noon, 0)
		r = roundOf(strings.Join(append(list, "s"+rapid.StringMatching("[0-5]").Draw(t, "where")), " "))
		after := probed(Country("KP"), &r, nil, noon, 0)
		if before.extent != ExtentUnknown && after.extent > before.extent || after.BlocksUp > before.BlocksUp {
			t.Fatalf("%v with %d blocks up, then %v with %d", before.extent, before.BlocksUp, after.extent, after.BlocksUp)
		}
	}))
	t.Run("the order of hosts does not matter", rapid.MakeCheck(func(t *rapid.T) {
		r := roundOf(strings.Join(hosts.Draw(t, "hosts"), " "))
		first := probed(Country("KP"), &r, nil, noon, 0)
		r.Hosts = rapid.Permutation(r.Hosts).Draw(t, "order")
		second := probed(Country("KP"), &r, nil, noon, 0)
		first.Hosts, second.Hosts = nil, nil
		if a, b := fmt.Sprintf("%+v", first), fmt.Sprintf("%+v", second); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	}))
	t.Run("a void round tells nothing", rapid.MakeCheck(func(t *rapid.T) {
		r := roundOf(strings.Join(hosts.Draw(t, "hosts"), " "))
		r.Guard.Void = "our own network"
		if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentUnknown || f.Why == "" {
			t.Fatalf("%v", f.extent)
		}
	}))
}
