package worldtest

import (
	"encoding/binary"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// Holds reports whether a session has a route for a prefix, in the table: a full one has
// all but one in a hundred.
func (w *World) Holds(prefix, peer int) bool {
	k := w.policy[prefix]
	if w.full[peer] {
		return mix(w.policies[k].seed+uint64(peer)*0x9e3779b97f4a7c15)%100 != 0
	}
	x := mix(uint64(w.networks[k])*0x9e3779b97f4a7c15 + uint64(peer) + w.seed)
	return float64(x>>11)/(1<<53) < w.share[peer]
}

// AppendPath appends the path of a session to a prefix. Way is 0 in the table; others
// lead there another way, of which one in four ends otherwise.
func (w *World) AppendPath(dst bgp.RawPath, prefix, peer, way int) bgp.RawPath {
	k := w.policy[prefix]
	p := &w.policies[k]
	x := mix(p.seed ^ uint64(peer)*0xd1342543de82ef95 ^ uint64(way/4)<<40)
	hops := [4]checks.ASN{w.Peers[peer].AS}
	n := 1
	if p.upstreams == 0 && mix(uint64(w.networks[k])<<20^uint64(peer))%4 != 0 { // next to each other
		if way%4 != 0 {
			hops[n], n = hops[0], n+1 // a prepend
		}
	} else {
		few := uint64(p.upstreams)
		if few == 0 {
			few = 3 // for those that it is not next to
		}
		up := min(x>>8%few, x>>24%few) // some are preferred
		first := mix(uint64(w.networks[k]) ^ up<<32)
		upstream := checks.ASN(40_000 + first%transits*(first>>32%transits)/transits)
		hops[1], hops[2], n = checks.ASN(30_000+mix(uint64(upstream)^uint64(peer)<<20^uint64(way%4))%50), upstream, 3
	}
	hops[n] = w.Origin(prefix)
	dst = append(dst, 2, byte(n+1))
	for _, a := range hops[:n+1] {
		dst = binary.BigEndian.AppendUint32(dst, uint32(a))
	}
	return dst
}

// Dump is a record of the table, for use again and again.
type Dump struct {
	Update route.Update
	paths  []byte
}

// Record makes d the table's record of a prefix at the sessions from one up to another: an
// update of kind Table. It has no entries where none of them holds a route.
func (w *World) Record(d *Dump, prefix, from, to int) *route.Update {
	u := &d.Update
	u.Kind, u.At, u.Prefix, u.Dump = route.Table, Began, w.prefixes[prefix], 1
	u.Entries, d.paths = u.Entries[:0], d.paths[:0]
	if need := (to - from) * 18; cap(d.paths) < need { // four hops are the most
		d.paths = make([]byte, 0, need)
	}
	for peer := from; peer < to; peer++ {
		if w.Holds(prefix, peer) {
			n := len(d.paths)
			d.paths = w.AppendPath(d.paths, prefix, peer, 0)
			u.Entries = append(u.Entries, route.Entry{Peer: w.Peers[peer], Path: d.paths[n:len(d.paths):len(d.paths)]})
		}
	}
	return u
}

// Load gives the whole table to apply, prefix by prefix, and counts the routes.
func (w *World) Load(apply func(*route.Update)) (routes int) {
	var d Dump
	for i := range w.prefixes {
		u := w.Record(&d, i, 0, len(w.Peers))
		routes += len(u.Entries)
		if len(u.Entries) > 0 {
			apply(u)
		}
	}
	return routes
}
