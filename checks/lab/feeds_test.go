package lab

import (
	"net/netip"
	"strings"
	"testing"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
	"isitdown/checks/route"
)

// Every feed tells a cut, and that it was healed, as the others do: of each vantage point
// four withdrawals, and then the four routes again.
func TestFeeds(t *testing.T) {
	t.Parallel()
	if !netlab.Alone(t) {
		return
	}
	i := Build(t)
	feeds := []*Feed{i.BGP(), i.RISLive(), i.MRTBIRD()}
	r := i.Record(feeds...)
	var cut *Fault
	r.Do("cut", 0, func() { cut = i.Cut(i.Access) }, Gone(HomePrefixes()...))
	r.Do("heal", 0, func() { cut.Heal() }, r.Back)

	rec := r.Recording()
	for _, f := range feeds {
		first, last, n := rec.Moments[1].Withdrawn(f.Name)
		t.Logf("%s: from the cut to the first withdrawal %v, to the last %v", f.Name, first, last)
		if n != 8 || first <= 0 || last < first {
			t.Errorf("%s: %d withdrawals from %v to %v, want 8", f.Name, n, first, last)
		}
		for _, at := range vantages() { // besides, longer paths are tried out first
			if got := told(&rec.Moments[1], f, at); got.withdrawn != 4 || got.other != "" {
				t.Errorf("%s: of the cut it told by %v %+v, want four withdrawals", f.Name, at, got)
			}
			if got := told(&rec.Moments[2], f, at); got.withdrawn != 0 || got.announced < 4 || got.other != "" {
				t.Errorf("%s: of the healing it told by %v %+v, want four routes", f.Name, at, got)
			}
		}
	}
	tables(t, rec, feeds)
	loud(t, i)
}

// loud has a collector announce a route, which the routers do not take and do notice: that
// they have heard nothing from ours ([Internet.BGP]) says something.
func loud(t *testing.T, i *Internet) {
	t.Helper()
	const number = maxCollectors
	labtest.BIRD(t, i.calls(number, "export all")+"protocol static { ipv4; route 192.0.2.0/24 unreachable; }\n")
	ours, _ := i.CollectorAddr(collectorBGP)
	other, _ := i.CollectorAddr(number)
	i.Await("Left hears of a route from a collector", func() bool {
		n, up := i.Left.heard(other)
		return up && n > 0
	})
	if n, up := i.Left.heard(ours); !up || n != 0 {
		t.Errorf("of ours it has heard %d times, session %v", n, up)
	}
	if _, ok := i.Left.Routes()[netip.MustParsePrefix("192.0.2.0/24")]; ok {
		t.Error("Left has taken the route of a collector")
	}
}

// telling is what a feed told by a vantage point: routes, and other things in words.
type telling struct {
	withdrawn, announced int
	other                string
}

// told sums up a moment. Signs of life are left out.
func told(m *Moment, f *Feed, at checks.ASN) (sum telling) {
	var other []string
	for _, h := range m.Heard[f.Name] {
		u := &h.Update
		switch {
		case u.Kind == route.Alive || u.Peer.AS != at && u.Peer.AS != 0:
		case u.Kind == route.Routes:
			sum.withdrawn += len(u.Withdrawn)
			sum.announced += len(u.Announced)
		default:
			other = append(other, word(u.Kind))
		}
	}
	sum.other = strings.Join(other, " ")
	return sum
}

// tables holds the tables of each moment against what the feed had told by then, and
// that there are none of other feeds.
func tables(t *testing.T, rec *Recording, feeds []*Feed) {
	t.Helper()
	for _, f := range feeds {
		told := &Feed{Name: f.Name}
		for n := range rec.Moments {
			m := &rec.Moments[n]
			if f.recorded == nil {
				if m.Tables[f.Name] != nil {
					t.Errorf("%s: there is a table", f.Name)
				}
				continue
			}
			for k := range m.Heard[f.Name] {
				told.follow(&m.Heard[f.Name][k].Update)
			}
			archived := &Feed{Name: f.Name}
			for _, u := range m.Tables[f.Name] {
				if u.Kind != route.Table || u.Dump != 1 || len(u.Entries) == 0 || len(u.Entries) > 2 {
					t.Errorf("%s: the archive has %+v", f.Name, u)
				}
				for _, e := range u.Entries {
					archived.follow(&route.Update{Kind: route.Routes, Peer: e.Peer, Path: e.Path, Announced: []route.NLRI{{Prefix: u.Prefix}}})
				}
			}
			if told.Table() != archived.Table() {
				t.Errorf("%s, %s: the archive has\n%s\nand it told\n%s", f.Name, m.Name, archived.Table(), told.Table())
			}
		}
	}
}

// all is how many routes a vantage point has.
func all() int { return len(table(Left)) }

// Sessions that are reset, and receivers that are started again, are told as what they
// are. No route is withdrawn, nothing comes of it at the other feeds, and all is back; so
// it is where a collector loses its links.
func TestFeedsAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("sessions take a second each to come back")
	}
	t.Parallel()
	if !netlab.Alone(t) {
		return
	}
	i := Build(t)
	feeds := []*Feed{i.BGP(), i.RISLive(), i.MRTBIRD()}
	up := strings.Join([]string{word(route.PeerUp), word(route.EndOfRIB), word(route.EndOfRIB)}, " ")
	session := telling{announced: all(), other: word(route.PeerDown) + " " + up}
	cases := map[string]struct{ reset, restart telling }{
		"bgp":      {session, session},
		"ris-live": {session, telling{other: word(route.Lost)}},
		"mrt-bird": {session, telling{announced: all(), other: word(route.Lost) + " " + up}},
	}
	r := i.Record(feeds...)
	for _, f := range feeds {
		r.Do("reset", 0, f.Reset, r.Back)
		r.Do("restart", 0, f.Restart, r.Back)
		list := r.Recording().Moments
		reset, restart := &list[len(list)-2], &list[len(list)-1]
		for _, other := range feeds {
			want := cases[f.Name]
			if other != f {
				want.reset, want.restart = telling{}, telling{}
			}
			for _, at := range vantages() {
				if got := told(reset, other, at); got != want.reset {
					t.Errorf("%s reset: %s told by %v %+v, want %+v", f.Name, other.Name, at, got, want.reset)
				}
				if got := told(restart, other, at); got != want.restart {
					t.Errorf("%s started again: %s told by %v %+v, want %+v", f.Name, other.Name, at, got, want.restart)
				}
			}
		}
	}
	cutOff(t, i, r, feeds, up)
}

// cutOff has the links of the collectors fall silent. A collector then loses its sessions,
// and hears of no withdrawal.
func cutOff(t *testing.T, i *Internet, r *Recorder, feeds []*Feed, up string) {
	var left, right *Fault
	r.Do("cut off", 0, func() { left, right = i.Silence(i.CollectLeft), i.Silence(i.CollectRight) }, Sessions(0))
	r.Do("back", 0, func() { left.Heal(); right.Heal() }, r.Back)
	list := r.Recording().Moments
	gone, back := &list[len(list)-2], &list[len(list)-1]
	if table := gone.Tables["ris-live"]; table == nil || len(table) > 0 {
		t.Errorf("the archive of a collector without sessions has %+v, want an empty table", table)
	}
	for _, f := range feeds {
		for _, at := range vantages() {
			if got := told(gone, f, at); got != (telling{other: word(route.PeerDown)}) {
				t.Errorf("%s told by %v %+v, want the end of the session alone", f.Name, at, got)
			}
			if got := told(back, f, at); got != (telling{announced: all(), other: up}) {
				t.Errorf("%s told by %v %+v, want its beginning and the table", f.Name, at, got)
			}
		}
	}
}
