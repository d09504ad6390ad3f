package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// checkOthers counts again who holds what others announce, and what leads through the
// target.
func (d *desk) checkOthers() {
	d.t.Helper()
	r := d.rib
	for key, p := range d.watch.others.routes {
		n := 0
		ref := r.refOf(key.prefix)
		for i := range r.sessions {
			if r.originOf(r.table.At(ref, i)) == key.origin {
				n++
			}
		}
		if p.holders > n || n > 0 && p.holders == 0 || p.holders > 0 && p.came > d.rib.newest {
			d.t.Errorf("%s of %s: %d sessions hold it, and %d are counted", key.prefix, key.origin, n, p.holders)
		}
	}
	b := d.watch.between
	if b == nil || !b.looked {
		return
	}
	for key, p := range b.routes {
		n := 0
		ref := r.refOf(key.prefix)
		for i := range r.sessions {
			if b.onValue(r.tree, key.prefix, r.table.At(ref, i)) == key {
				n++
			}
		}
		if n != p.holders {
			d.t.Errorf("%s of %s through %s: %d sessions hold it, and %d are counted", key.prefix, key.origin, key.through, n, p.holders)
		}
	}
}

// In any storm the counts are those of the table.
func TestOthersInStorms(t *testing.T) {
	for seed := range seeds(30) {
		rng := rand.New(rand.NewPCG(seed, 5))
		target := []checks.Footprint{country(), networkOf(home), networkOf(64500), ofPrefix(t, "175.45.176.0/23")}[seed%4]
		d := followed(t, target, func(r *Rules) { r.FullPaths = seed%2 == 0 })
		updates := d.updates(storm(rng, 120) + "3h announce 1-9 20.0.1.0/24 path 4837 131279 64500 64501\n3h1m withdraw 3-5 20.0.1.0/24\n3h2m down 1-2\n")
		for i, u := range updates {
			d.apply(u)
			if i%41 != 0 && i != len(updates)-1 {
				continue
			}
			d.checkOthers()
			d.watch.Observe(u.At.Add(time.Duration(rng.IntN(90)) * time.Second))
			if t.Failed() {
				t.Fatalf("seed %d, update %d of %d: %+v", seed, i, len(updates), u)
			}
		}
	}
}

// meddling has others announce and withdraw things in, of and over the target's prefixes,
// as steers says. Where a route for a prefix itself replaced the target's, that returns in
// the end. It tells whether any did.
func meddling(steers []byte) (script string, replaced bool) {
	var b strings.Builder
	at := 2 * time.Hour
	for len(steers) >= 3 {
		what, where, who := steers[0], steers[1], steers[2]
		steers = steers[3:]
		at += time.Duration(what>>5) * time.Minute
		// Of these none is, or covers, one of k1 to k4 alone, but the last two.
		prefixes := []string{
			"175.45.176.0/25", "175.45.176.128/25", "175.45.177.0/26", "175.45.178.7/32", "175.45.179.128/25",
			"k", "175.45.176.0/23", "175.45.0.0/16", "175.0.0.0/8", "174.0.0.0/7", "198.51.100.0/24", "k1", "k3",
		}
		prefix := prefixes[int(where)%len(prefixes)]
		first := 1 + int(who)%40
		peers := fmt.Sprintf("%d-%d", first, min(40, first+int(who>>2)))
		path := []string{"path 3356 64500", "path 64501", "path 174 131279 64502", "path 3356 {64500,64501}", "path -"}[int(where>>4)%5]
		own := prefix[0] == 'k' && len(prefix) == 2
		switch {
		case what%4 == 0 && own:
			fmt.Fprintf(&b, "%s announce %s %s\n", at, peers, prefix)
		case what%4 == 0:
			fmt.Fprintf(&b, "%s withdraw %s %s\n", at, peers, prefix)
		default:
			replaced = replaced || own
			fmt.Fprintf(&b, "%s announce %s %s %s\n", at, peers, prefix, path)
		}
		fmt.Fprintf(&b, "%s beat 1-40\n", at)
	}
	return b.String(), replaced
}

// Whatever others announce, a target whose routes nobody withdrew is not down, and what
// is said of it is no withdrawal. Where its own routes all stand it is up, and nothing
// disappeared.
func FuzzForeignRoutes(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 30 {
		steers := make([]byte, 3*(1+rng.IntN(30)))
		for i := range steers {
			steers[i] = byte(rng.Uint32())
		}
		f.Add(steers, rng.IntN(2) == 0)
	}
	f.Fuzz(func(t *testing.T, steers []byte, network bool) {
		if len(steers) > 120 {
			return
		}
		target := country()
		if network {
			target = networkOf(home)
		}
		d := followed(t, target, wholePaths).play(steady)
		script, replaced := meddling(steers)
		updates := d.updates(script)
		for i, u := range updates {
			d.apply(u)
			if i+1 < len(updates) && updates[i+1].At.Equal(u.At) {
				continue
			}
			v := d.at((u.At.Sub(began) + 40*time.Second).String())
			if v.State == checks.Down || v.State == checks.Unknown || !replaced && (v.State != checks.Up || len(v.Disappeared) > 0) {
				t.Fatalf("%s: %s, %+v, %q\n%s", u.At, v.State, v.Disappeared, v.Reasons, script)
			}
			if strings.Contains(strings.Join(v.Reasons, " "), "withdr") || len(v.Foreign) > checks.MaxForeign {
				t.Fatalf("%s: %q, %d foreign routes\n%s", u.At, v.Reasons, len(v.Foreign), script)
			}
			for _, x := range v.Foreign {
				if x.Origin == home || x.Peers > x.Of || x.Peers < 1 {
					t.Fatalf("%s: foreign is %+v\n%s", u.At, x, script)
				}
			}
		}
	})
}

// flood makes a desk at which a network has announced very many more-specifics, and
// another one.
func flood(tb testing.TB, peers, specifics int) *desk {
	d := followed(tb, networkOf(64501)).play(fmt.Sprintf(`
		0s dump 1-%[1]d 11.0.0.0/8 path 3356 64501
		119m beat 1-%[1]d
		2h announce 1-%[1]d 11.255.0.0/24 path 174 64503`, peers))
	o := d.order(strings.Fields(fmt.Sprintf("2h1m announce 1-%d path 3356 64502", peers)))
	for n := range specifics {
		o.prefixes = append(o.prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(n >> 8), byte(n), 0}), 24))
	}
	for _, u := range o.announce(tb, o.prefixes) {
		d.apply(u)
	}
	return d
}

// Very many more-specifics hide nobody else's, and are not all listed.
func TestFlood(t *testing.T) {
	specifics := 60_000
	if testing.Short() {
		specifics = 10_000
	}
	d := flood(t, 12, specifics)
	v := d.at("2h2m")
	if v.State != checks.Up || len(v.Foreign) != checks.MaxForeign {
		t.Errorf("%s, with %d foreign routes, want up, with %d", v.State, len(v.Foreign), checks.MaxForeign)
	}
	for _, a := range []checks.ASN{64502, 64503} {
		if !slices.ContainsFunc(v.Foreign, func(f checks.Foreign) bool { return f.Origin == a && f.Peers == 12 && !f.Since.IsZero() }) {
			t.Errorf("of %s nothing is told: %v", a, foreignText(v.Foreign))
		}
	}
	if n := len(d.watch.others.routes); n < specifics || n > maxOthers {
		t.Errorf("%d routes are kept", n)
	}
}

func BenchmarkObserveFlood(b *testing.B) {
	d := flood(b, 40, 60_000)
	for b.Loop() {
		d.watch.revision++
		d.watch.Observe(began.Add(2*time.Hour + 2*time.Minute))
	}
}
