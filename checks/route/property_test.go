package route

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// seeds are how many of some random courses a property is held against: a few in a short
// run, which looks for races, where these have one goroutine each.
func seeds(all uint64) uint64 {
	if testing.Short() {
		return (all + 4) / 5
	}
	return all
}

// storm makes a script of random events at random peers: sessions that come and
// go, reported or not, withdrawals, other paths, other origins, covers.
func storm(rng *rand.Rand, events int) string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	var script strings.Builder
	script.WriteString("0s dump 1-15,1b,2b,3b k1 k2 k3 k4 s1 s2\n0s dump 16-17 k1 s1 fill 20\n")
	at := 2 * time.Minute
	for range events {
		at += time.Duration(rng.IntN(40)) * time.Second
		who := fmt.Sprint(1 + rng.IntN(18))
		if rng.IntN(4) == 0 {
			who = pick("1b", "2b", "3b", "1-8", "5-15", "1-18,1b,2b")
		}
		what := pick("k1", "k2", "k1 k2 k3 k4", "k", "s1", "s1 s2", "175.45.176.0/25 175.45.176.128/25", "20.0.0.0/24")
		verb := pick("withdraw", "withdraw", "announce", "announce", "resend", "down", "up", "eor", "eor4", "beat", "hole", "dump")
		script.WriteString(fmt.Sprintf("%s %s %s %s %s\n", at, verb, who, what,
			pick("", "", "via 20485", "via 1299 4837", "path 64500", "path -", "via {7,8} 9", "path 3356 {131279,7}", "id 1", "via 5 id 2")))
	}
	return script.String()
}

// Whatever happens, in whatever order, the counts of a session are those of its
// table, nobody is counted twice, and no verdict contradicts itself.
func TestStorms(t *testing.T) {
	for seed := range seeds(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		d := watching(t, func(r *Rules) { r.Declared, r.FullPaths = []checks.ASN{18}, seed%2 == 1 })
		updates := d.updates(storm(rng, 120))
		for i, u := range updates {
			d.apply(u)
			if i%37 != 0 && i != len(updates)-1 {
				continue
			}
			d.checkTable()
			d.checkVerdict(u.At.Add(time.Duration(rng.IntN(90)) * time.Second))
			switch rng.IntN(20) {
			case 0:
				d.watch.Freeze(u.At)
			case 1:
				d.watch.Thaw(u.At)
			}
			if t.Failed() {
				t.Fatalf("seed %d, update %d of %d: %+v", seed, i, len(updates), u)
			}
		}
	}
}

// checkTable counts the routes of every session again.
func (d *desk) checkTable() {
	d.t.Helper()
	r := d.rib
	count := make([][2]int, len(r.sessions))
	for r.table.Clearing() {
		r.table.Work(clearedAtOnce)
	}
	for prefix, row := range r.table.All() {
		ref := r.table.Ref(row)
		if ref == 0 {
			d.t.Errorf("%s is in the table though nobody has it", prefix)
		}
		for i := range r.sessions {
			if r.table.At(ref, i) != 0 {
				count[i][familyOf(prefix)]++
			}
		}
	}
	for i, s := range r.sessions {
		if s.routes != count[i] {
			d.t.Errorf("AS%d has %v routes in the table, and counts %v", s.peer.AS, count[i], s.routes)
		}
		if !s.live() && s.state != Stale && s.routes != [2]int{} {
			d.t.Errorf("AS%d is %v and has routes", s.peer.AS, s.state)
		}
	}
	for prefix, p := range d.watch.prefixes {
		ref := r.refOf(prefix)
		for i := range r.sessions {
			if held := p.holds.look(i).path != 0; held != (r.table.At(ref, i) != 0) {
				d.t.Errorf("%s at AS%d: the watch says %v, the table does not", prefix, r.sessions[i].peer.AS, held)
			}
		}
	}
}

// checkVerdict looks at the verdict of a time from all sides.
func (d *desk) checkVerdict(now time.Time) {
	d.t.Helper()
	base, vantage, list := d.watch.Observe(now)
	c := checks.Case{Footprint: d.watch.Target(), Baseline: base, Vantage: vantage, Observations: list, Now: now, Rules: d.rules}
	v := checks.Assess(c)
	if again := checks.Assess(c); !reflect.DeepEqual(v, again) {
		d.t.Errorf("the same case gave two verdicts:\n%+v\n%+v", v, again)
	}
	for _, o := range list {
		voting := vantage.Voting
		if o.Prefix.Addr().Is6() {
			voting = vantage.Voting6
		}
		if o.Seen > o.Asked || o.Asked > voting || o.Stuck > o.Seen || o.Sighted > vantage.Live {
			d.t.Errorf("%s: seen %d, asked %d of %d, stuck %d, sighted %d of %d", o.Prefix, o.Seen, o.Asked, voting, o.Stuck, o.Sighted, vantage.Live)
		}
		if len(o.Missing) != o.Asked-o.Seen || !slices.IsSorted(o.Missing) || len(slices.Compact(slices.Clone(o.Missing))) != len(o.Missing) {
			d.t.Errorf("%s: %d of %d see it, and these miss it: %v", o.Prefix, o.Seen, o.Asked, o.Missing)
		}
		for _, x := range []checks.Crossing{o.Lost, o.Back} {
			times := slices.DeleteFunc([]time.Time{x.First, x.Half, x.Ninety}, time.Time.IsZero)
			if !slices.IsSortedFunc(times, time.Time.Compare) {
				d.t.Errorf("%s: crossings %s out of order", o.Prefix, crossed(x))
			}
		}
		if o.Seen*2 < o.Asked && o.Back != (checks.Crossing{}) {
			d.t.Errorf("%s: %s see it and it came back at %s", o.Prefix, ratio(o), crossed(o.Back))
		}
		covered := 0
		for _, x := range o.Covers {
			covered += x.Peers
		}
		if covered > o.Asked {
			d.t.Errorf("%s: %d of %d see it through a cover", o.Prefix, covered, o.Asked)
		}
	}
	if vantage.Voting > vantage.FullFeed && !base.MovedOnly || vantage.FullFeed > vantage.Live || vantage.LosingCollectors > vantage.Collectors {
		d.t.Errorf("the vantage points do not add up: %+v", vantage)
	}
	for _, n := range []checks.Count{v.IPv4.Prefixes, v.IPv4.Addresses, v.IPv4.Slash24s, v.IPv6.Prefixes} {
		if n.Seen > n.Of {
			d.t.Errorf("%d of %d", n.Seen, n.Of)
		}
	}
	if (v.State == checks.Down || v.State == checks.Degraded) && max(vantage.Voting, vantage.Voting6) < d.rules.MinVoting {
		d.t.Errorf("%v with %d and %d voting", v.State, vantage.Voting, vantage.Voting6)
	}
	if v.State == checks.Down && v.IPv4.Prefixes.Seen+v.IPv6.Prefixes.Seen > 0 {
		d.t.Errorf("down with %d and %d prefixes seen", v.IPv4.Prefixes.Seen, v.IPv6.Prefixes.Seen)
	}
	if v.State == checks.Unknown && v.Evidence > checks.EvidenceWeak {
		d.t.Errorf("unknown with %v evidence: %q", v.Evidence, v.Reasons)
	}
}

// Resets of sessions, in any number and manner, make no loss: not when all have
// the routes, and not when a quarter lost one.
func TestResetsAreNoLoss(t *testing.T) {
	for seed := range seeds(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		d := watching(t)
		lost := int(seed % 11) // of 40
		d.play(steady)
		if lost > 0 {
			d.play(fmt.Sprintf("2h withdraw 1-%d k1\n", lost))
		}
		updates := d.updates(resets(rng, lost))
		slices.SortStableFunc(updates, func(a, b *Update) int { return a.At.Compare(b.At) })
		for i, u := range updates {
			d.apply(u)
			if i%5 != 0 {
				continue
			}
			at := u.At.Sub(began) + time.Duration(rng.IntN(60))*time.Second
			if i+1 < len(updates) {
				at = min(at, updates[i+1].At.Sub(began))
			}
			if v := d.at(at.String()); v.State > checks.Up {
				t.Fatalf("seed %d: %v at %s, k1 %s, reasons %q", seed, v.State, at, ratio(d.prefix(at.String(), "k1")), v.Reasons)
			}
		}
		d.play("4h beat 1-40")
		d.expect(want{at: "4h1m", state: checks.Up, voting: 40, k1: fmt.Sprintf("%d/40", 40-lost)})
	}
}

// resets has sessions end and return: with withdrawals before, or the end not
// reported, or the return; with a marker at the end of the table, or none.
func resets(rng *rand.Rand, lost int) (script string) {
	for n := 1; n <= 40; n++ {
		if rng.IntN(3) == 0 {
			continue
		}
		table := "k1 k2 k3 k4"
		if n <= lost {
			table = "k2 k3 k4"
		}
		at := 2*time.Hour + 10*time.Minute
		if rng.IntN(2) == 0 { // else all at once
			at += time.Duration(rng.IntN(2400)) * time.Second
		}
		line := func(verb, rest string) {
			script += fmt.Sprintf("%s %s %d %s\n", at, verb, n, rest)
			at += time.Duration(1+rng.IntN(20)) * time.Second
		}
		if rng.IntN(3) == 0 {
			line("withdraw", table)
		}
		if rng.IntN(5) > 0 {
			line("down", "")
		}
		line("up", "")
		if rng.IntN(3) == 0 { // again, in the midst of its table
			line("resend", fmt.Sprintf("n1 fill %d", 1+rng.IntN(90)))
			line("down", "")
			line("up", "")
		}
		if rng.IntN(2) == 0 { // the target comes last
			line("resend", "n1 fill 100")
			line("announce", table)
		} else {
			line("resend", table)
		}
		if rng.IntN(2) == 0 {
			line("eor", "")
		}
	}
	return script
}

// The order in which different peers speak within one moment is that of the
// network's buffers and means nothing.
func TestOrderWithinAMomentMeansNothing(t *testing.T) {
	for seed := range seeds(15) {
		script := storm(rand.New(rand.NewPCG(seed, 3)), 80)
		var first []checks.Verdict
		for shuffle := range uint64(4) {
			d := watching(t)
			var got []checks.Verdict
			updates := d.updates(script)
			if shuffle > 0 {
				updates = shuffled(updates, rand.New(rand.NewPCG(seed, shuffle)))
			}
			for i, u := range updates {
				d.apply(u)
				if i == len(updates)-1 || updates[i+1].At.Sub(u.At) > 15*time.Second {
					got = append(got, d.at((u.At.Sub(began) + 10*time.Second).String()))
				}
			}
			if shuffle == 0 {
				first = got
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], first[i]) {
					t.Fatalf("seed %d, shuffle %d: verdict %d differs:\n%+v\n%+v", seed, shuffle, i, got[i], first[i])
				}
			}
		}
	}
}

// shuffled changes the order of different peers within each moment, not that of
// one peer's own words. Holes and dumps stay where they are.
func shuffled(updates []*Update, rng *rand.Rand) []*Update {
	type ranked struct {
		u     *Update
		block int // holes and dumps separate the blocks of a moment
		peer  int
	}
	list := make([]ranked, len(updates))
	order := map[Peer]int{}
	block := 0
	for i, u := range updates {
		fixed := u.Kind == Lost || u.Kind == Table
		if fixed || i > 0 && !u.At.Equal(updates[i-1].At) {
			block++
		}
		if _, ok := order[u.Peer]; !ok {
			order[u.Peer] = rng.Int()
		}
		list[i] = ranked{u, block, order[u.Peer]}
		if fixed {
			block++
			u.Entries = slices.Clone(u.Entries)
			rng.Shuffle(len(u.Entries), func(i, j int) { u.Entries[i], u.Entries[j] = u.Entries[j], u.Entries[i] })
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.peer, b.peer))
	})
	out := make([]*Update, len(list))
	for i := range list {
		out[i] = list[i].u
	}
	return out
}
