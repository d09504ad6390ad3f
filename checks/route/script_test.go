package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// began is when every script begins.
var began = time.Date(2014, 12, 22, 0, 0, 0, 0, time.UTC)

// home is the AS that originates what scripts watch, unless they say otherwise.
const home checks.ASN = 131279

// desk is a RIB with one watch, fed by a script. A line of a script is
//
//	TIME VERB PEERS [PREFIX...] [via ASN... | path ASN... | fill N | id N]
//
// TIME counts from the beginning ("0s", "1h30m"). PEERS are AS numbers, "1-40" or
// "3,7b"; AS n is a peer of collector c1, c2 or c3 in turn, and a letter behind it
// is another session, at the next collector. PREFIX is k1 to k4 (the four /24s of
// 175.45.176.0/22), k (the /22), n1 to n40 (/24s of 198.18.0.0/15), s1 to s20
// (/48s of 2001:db8::/32), or as it is written. The path is the peer, what via
// says, and home; path says all behind the peer ("path -": nothing at all).
//
// The verbs are announce, withdraw, up, down, eor, eor4, eor6, hole (the feed of
// the peers' collectors has one), dump (a table with the prefixes and filler, by
// default 100 prefixes of each family named, which makes a full feed), resend (the
// same as updates) and beat (a sign of life that changes nothing). A lookup is size (each
// session's whole table has fill routes of each family), table (who holds the prefixes)
// and refreshed; lost is a hole that only a lookup heals, and alive says that the
// peers' collectors have nothing to say.
type desk struct {
	t     testing.TB
	rib   *RIB
	watch *Watch
	rules checks.Rules
	dumps int
	now   time.Time
}

// watching makes a desk for the country whose space scripts use.
func watching(t testing.TB, change ...func(*Rules)) *desk {
	rules := DefaultRules()
	for _, f := range change {
		f(&rules)
	}
	d := &desk{t: t, rib: NewRIB(rules), rules: checks.DefaultRules()}
	d.watch = d.rib.Watch(country())
	return d
}

func country() checks.Footprint {
	return checks.Footprint{
		Target: checks.Country("KP"), Name: "North Korea", Country: "KP",
		Prefixes: []netip.Prefix{
			netip.MustParsePrefix("175.45.176.0/22"),
			netip.MustParsePrefix("198.18.0.0/15"),
			netip.MustParsePrefix("2001:db8::/32"),
		},
		Origins: []checks.ASN{home}, Home: []checks.ASN{home},
	}
}

func (d *desk) play(script string) *desk {
	d.t.Helper()
	for _, u := range d.updates(script) {
		d.apply(u)
	}
	return d
}

func (d *desk) apply(u *Update) {
	d.rib.Apply(u)
	d.now = u.At
}

// at gives the verdict of a time.
func (d *desk) at(offset string) checks.Verdict {
	d.t.Helper()
	now := began.Add(duration(d.t, offset))
	base, vantage, list := d.watch.Observe(now)
	return checks.Assess(checks.Case{
		Footprint: d.watch.Target(), Baseline: base, Vantage: vantage, Observations: list, Now: now, Rules: d.rules,
	})
}

// prefix gives one observation of a time.
func (d *desk) prefix(offset, name string) checks.Observation {
	d.t.Helper()
	_, _, list := d.watch.Observe(began.Add(duration(d.t, offset)))
	p := named(d.t, name)
	i := slices.IndexFunc(list, func(o checks.Observation) bool { return o.Prefix == p })
	if i < 0 {
		d.t.Fatalf("at %s nothing is observed of %s", offset, p)
	}
	return list[i]
}

// updates reads a script.
func (d *desk) updates(script string) (list []*Update) {
	d.t.Helper()
	for line := range strings.Lines(script) {
		if fields := strings.Fields(line); len(fields) > 0 {
			list = append(list, d.line(fields)...)
		}
	}
	return list
}

// order is one line of a script.
type order struct {
	at       time.Time
	peers    []Peer
	prefixes []netip.Prefix
	path     checks.Path // behind the peer
	empty    bool
	fill     int
	id       uint32
}

func (d *desk) line(fields []string) []*Update {
	d.t.Helper()
	if len(fields) < 3 {
		d.t.Fatalf("line %q of the script: time, verb and peers are needed", strings.Join(fields, " "))
	}
	o := d.order(fields)
	kinds := map[string]Kind{"up": PeerUp, "down": PeerDown, "eor": EndOfRIB, "eor4": EndOfRIB, "eor6": EndOfRIB}
	switch verb := fields[1]; verb {
	case "dump":
		d.dumps++
		return o.dump(d.t, d.dumps)
	case "size":
		return o.each(func(u *Update) { u.Kind, u.Size, u.Dump = Size, [2]int{o.fill, o.fill}, d.dumps+1 })
	case "table":
		return o.table(d.t, d.dumps+1, o.prefixes)
	case "refreshed":
		d.dumps++
		return []*Update{{Kind: Refreshed, At: o.at, Dump: d.dumps}}
	case "lost", "alive":
		return o.each(func(u *Update) {
			u.Kind, u.Refresh = map[string]Kind{"lost": Lost, "alive": Alive}[verb], verb == "lost"
			u.Peer = Peer{Collector: u.Peer.Collector}
		})
	case "announce":
		return o.announce(d.t, o.prefixes)
	case "resend":
		return append(o.announce(d.t, o.prefixes), o.other().announce(d.t, o.filler())...)
	case "beat":
		return o.other().announce(d.t, []netip.Prefix{named(d.t, "20.0.0.0/24")})
	case "withdraw":
		return o.each(func(u *Update) { u.Kind, u.Withdrawn = Routes, o.routes(o.prefixes) })
	case "hole":
		return o.each(func(u *Update) { u.Kind, u.Peer = Lost, Peer{Collector: u.Peer.Collector} })
	case "up", "down", "eor", "eor4", "eor6":
		return o.each(func(u *Update) {
			u.Kind = kinds[verb]
			u.Family = map[string]bgp.Family{"eor4": bgp.IPv4Unicast, "eor6": bgp.IPv6Unicast}[verb]
		})
	default:
		d.t.Fatalf("the script has no verb %q", verb)
	}
	return nil
}

func (d *desk) order(fields []string) order {
	d.t.Helper()
	o := order{at: began.Add(duration(d.t, fields[0])), peers: peers(d.t, fields[2]), path: checks.MakePath(4837, home), fill: 100}
	rest := fields[3:]
	for len(rest) > 0 && !slices.Contains([]string{"via", "path", "fill", "id"}, rest[0]) {
		o.prefixes = append(o.prefixes, named(d.t, rest[0]))
		rest = rest[1:]
	}
	for len(rest) > 1 {
		n := 1
		for n < len(rest) && !slices.Contains([]string{"fill", "id"}, rest[n]) {
			n++
		}
		switch rest[0] {
		case "via":
			o.path = append(asPath(d.t, rest[1:n]), checks.Hop{home})
		case "path":
			o.empty = rest[1] == "-"
			if o.path = nil; !o.empty {
				o.path = asPath(d.t, rest[1:n])
			}
		case "fill":
			o.fill = number(d.t, rest[1])
		case "id":
			o.id = uint32(number(d.t, rest[1]))
		}
		rest = rest[n:]
	}
	return o
}

func (o *order) each(set func(*Update)) (list []*Update) {
	for _, p := range o.peers {
		u := &Update{At: o.at, Peer: p}
		set(u)
		list = append(list, u)
	}
	return list
}

func (o *order) routes(prefixes []netip.Prefix) (list []NLRI) {
	for _, p := range prefixes {
		list = append(list, NLRI{Prefix: p, PathID: o.id})
	}
	return list
}

func (o *order) raw(t testing.TB, p Peer) bgp.RawPath {
	t.Helper()
	path := slices.Concat(checks.MakePath(p.AS), o.path)
	if o.empty {
		path = nil
	}
	raw, err := bgp.MakeRawPath(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// other is the same order for prefixes that are not the script's concern.
func (o *order) other() *order {
	return &order{at: o.at, peers: o.peers, path: checks.MakePath(64496), id: o.id}
}

func (o *order) announce(t testing.TB, prefixes []netip.Prefix) []*Update {
	t.Helper()
	return o.each(func(u *Update) {
		u.Kind, u.Announced, u.Path = Routes, o.routes(prefixes), o.raw(t, u.Peer)
	})
}

// filler gives the prefixes that make a table of some size, of the families named.
func (o *order) filler() (list []netip.Prefix) {
	var four, six bool
	for _, p := range o.prefixes {
		four, six = four || p.Addr().Is4(), six || p.Addr().Is6()
	}
	for i := range o.fill {
		if four {
			list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 0}), 24))
		}
		if six {
			list = append(list, netip.PrefixFrom(netip.AddrFrom16([16]byte{0x24, 0, byte(i >> 8), byte(i)}), 32))
		}
	}
	return list
}

func (o *order) dump(t testing.TB, number int) (list []*Update) {
	t.Helper()
	return append(o.table(t, number, o.prefixes), o.other().table(t, number, o.filler())...)
}

func (o *order) table(t testing.TB, number int, prefixes []netip.Prefix) (list []*Update) {
	t.Helper()
	for _, p := range prefixes {
		u := &Update{Kind: Table, At: o.at, Prefix: p, Dump: number}
		for _, peer := range o.peers {
			u.Entries = append(u.Entries, Entry{Peer: peer, Path: o.raw(t, peer), PathID: o.id})
		}
		list = append(list, u)
	}
	return list
}

func duration(t testing.TB, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("a time of the script: %v", err)
	}
	return d
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("a number of the script: %v", err)
	}
	return n
}

func asPath(t testing.TB, words []string) (path checks.Path) {
	t.Helper()
	for _, w := range words {
		hop := checks.Hop{}
		for m := range strings.SplitSeq(strings.Trim(w, "{}"), ",") {
			hop = append(hop, checks.ASN(number(t, m)))
		}
		path = append(path, hop)
	}
	return path
}

// peers reads "1-40", "3,7b".
func peers(t testing.TB, text string) (list []Peer) {
	t.Helper()
	for part := range strings.SplitSeq(text, ",") {
		session := 0
		if last := part[len(part)-1]; last >= 'a' {
			session, part = int(last-'a'), part[:len(part)-1]
		}
		first, last, found := strings.Cut(part, "-")
		if !found {
			last = first
		}
		for n := number(t, first); n <= number(t, last); n++ {
			list = append(list, Peer{
				Collector: fmt.Sprintf("c%d", (n-1+session)%3+1),
				Addr:      netip.AddrFrom4([4]byte{192, 0, byte(session), byte(n)}),
				AS:        checks.ASN(n),
			})
		}
	}
	return list
}

func named(t testing.TB, name string) netip.Prefix {
	t.Helper()
	if name == "k" {
		return netip.MustParsePrefix("175.45.176.0/22")
	}
	if strings.Contains(name, "/") {
		return netip.MustParsePrefix(name)
	}
	n := number(t, name[1:])
	switch name[0] {
	case 'k':
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{175, 45, byte(175 + n), 0}), 24)
	case 'n':
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(n), 0}), 24)
	}
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, byte(n)}), 48)
}

// names gives "n1 n2 ... " for the names of a row of prefixes.
func names(letter string, from, to int) string {
	var list []string
	for n := from; n <= to; n++ {
		list = append(list, letter+strconv.Itoa(n))
	}
	return strings.Join(list, " ")
}

// clock writes a time as what a script would say, "" for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Sub(began).String()
}

func crossed(c checks.Crossing) string {
	return clock(c.First) + " " + clock(c.Half) + " " + clock(c.Ninety)
}

// k4 is the table of the four networks at 40 full feeds, steady the same two
// hours later.
const (
	k4     = "0s dump 1-40 k1 k2 k3 k4\n"
	steady = k4 + "119m beat 1-40\n"
)
