package route

import (
	"math/bits"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// witnesses are others' routes as they were shortly before a loss.
type witnesses struct {
	routes   []witness
	passages map[checks.Element][]uint32 // places in routes, ascending
	networks []sibling
	behind   []behind
}

// witness is a route of another origin that passed something which the target's routes
// passed too.
type witness struct {
	origin  checks.ASN
	value   uint32 // of its path then; it stands for that path as long as the witness is kept
	session int
	prefix  netip.Prefix
}

// sibling is another origin, with the lowest of its prefixes.
type sibling struct {
	origin   checks.ASN
	prefixes []netHeld
	lost     bool // once the wave is settled
}

// netHeld says at which vantage points a prefix of a network had a route.
type netHeld struct {
	prefix netip.Prefix
	had    points
	via    points // and through which of the upstreams, a set after the other
}

// behind are the networks reached through an AS.
type behind struct {
	upstream checks.ASN
	networks []int
}

// The bounds of what is kept of one loss.
const (
	maxElements = 1024
	// maxOrigins is of how many other origins an element keeps routes, maxPairs how many
	// pairs of a session and an origin; leastOrigins are kept all the same.
	maxOrigins, leastOrigins = 200, 10
	maxPairs                 = 8192
	// maxBehind is for how many ASes the networks behind them are looked at, maxNetworks how
	// many networks each, maxNetPrefixes how many prefixes of one.
	maxBehind      = 8
	maxNetworks    = 500
	maxNetPrefixes = 16
)

// points is a set of vantage points by their number.
type points []uint64

func (b points) set(i int) { b[i/64] |= 1 << (i % 64) }

// both adds the members that two other sets have both.
func (b points) both(x, y points) {
	for i := range min(len(x), len(y)) {
		b[i] |= x[i] & y[i]
	}
}

// or adds the members of another set.
func (b points) or(o points) {
	for i := range o {
		b[i] |= o[i]
	}
}

// count counts them.
func (b points) count() (n int) {
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// common counts those that both sets have.
func (b points) common(o points) (n int) {
	for i := range min(len(b), len(o)) {
		n += bits.OnesCount64(b[i] & o[i])
	}
	return n
}

// newPoints makes an empty set of n vantage points.
func newPoints(n int) points { return make(points, (n+63)/64) }

// sample keeps the origins with the lowest hashes of all that it is offered: who they are
// does not depend on the order, and samples of what overlaps overlap. The hashes are other
// ones in every loss: whoever announced made-up networks could choose their numbers so that
// a sample known beforehand held no others.
type sample struct {
	most   int
	key    uint32
	hashes []uint32 // ascending
}

// sampleKey gives the key of the samples of a loss: by when it began, to the last digit of
// the feed's clock, which nobody knows beforehand and which every run of a recording repeats.
func sampleKey(first stamp) uint32 { return mix(checks.ASN(first), mix(checks.ASN(first>>32), 0)) }

// mix gives every number another one, by the key (the finalizer of MurmurHash3).
func mix(a checks.ASN, key uint32) uint32 {
	h := uint32(a) ^ key
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func (s *sample) offer(a checks.ASN) {
	h := mix(a, s.key)
	if len(s.hashes) >= s.most && h >= s.hashes[len(s.hashes)-1] {
		return
	}
	at, found := slices.BinarySearch(s.hashes, h)
	if found {
		return
	}
	if len(s.hashes) >= s.most {
		s.hashes = s.hashes[:len(s.hashes)-1]
	}
	s.hashes = slices.Insert(s.hashes, at, h)
}

// kept reports whether an origin that was offered is in the sample.
func (s *sample) kept(a checks.ASN) bool { return mix(a, s.key) <= s.hashes[len(s.hashes)-1] }

// witnessing tells of every session, by family, whether what it held at a time is known
// to be all that its peer had: it votes, its table was whole by then, and its feed
// has had no hole since from.
func (r *RIB) witnessing(voters [2]electorate, from, at stamp) (ok [2][]bool) {
	for f := range voters {
		ok[f] = make([]bool, len(r.sessions))
		for _, list := range voters[f].sessions {
			for _, i := range list {
				s := &r.sessions[i]
				ok[f][i] = s.wholeSince() <= at && s.hole <= from
			}
		}
	}
	return ok
}

// wholeSince is since when the table of a session is known.
func (s *session) wholeSince() stamp { return max(s.since, s.filled) }

// tableAt is the table of a moment.
type tableAt struct {
	r    *RIB
	then map[netip.Prefix][]heldThen // where it differs from the present one
	held []uint32                    // scratch
}

// tableThen gives the table as it was at a time, or is now where the time is the present.
func (r *RIB) tableThen(at stamp) *tableAt {
	t := &tableAt{r: r}
	if at < r.newest {
		t.then = r.journal.rewind(at)
	}
	return t
}

// values gives what the sessions held for a prefix, one a session up to the last that
// held something; valid until the next call.
func (t *tableAt) values(prefix netip.Prefix) []uint32 {
	held := t.r.held(prefix)
	then := t.then[prefix]
	if len(then) == 0 {
		return held
	}
	t.held = append(t.held[:0], held...)
	for _, h := range then {
		if n := h.session + 1 - len(t.held); n > 0 {
			t.held = append(t.held, make([]uint32, n)...)
		}
		t.held[h.session] = h.value
	}
	return t.held
}
