package mrt

import (
	"encoding/binary"
	"strconv"
	"time"

	"isitdown/checks/internal/bgp"
)

// JSONWork writes all records of a reader up to its end, one JSON object a line for
// each element for which keep is true (docs/json.md); nil keeps all. Nothing in it
// needs to be escaped: it is made of numbers, addresses and fixed words.
func JSONWork(keep func(*Element) bool) Work {
	return func(r *Reader, dst []byte) []byte {
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			for e := range rec.Elements() {
				if keep == nil || keep(e) {
					dst = e.AppendJSON(dst)
				}
			}
		}
		return dst
	}
}

// AppendJSON writes the element as one line of JSON.
func (e *Element) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"kind":"`...)
	dst = append(dst, e.Kind.word()...)
	dst = append(dst, `","time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z07:00")
	dst = append(dst, `","format":"`...)
	dst = append(dst, e.Record.format()...)
	dst = append(dst, `","peer_asn":"AS`...)
	dst = bgp.AppendUint(dst, uint32(e.PeerAS))
	dst = append(dst, `","peer_address":`...)
	dst = appendTextOrNull(dst, e.PeerAddr.IsValid(), e.PeerAddr)
	if e.Kind == State {
		dst = append(dst, `,"old_state":`...)
		dst = bgp.AppendUint(dst, uint32(e.OldState))
		dst = append(dst, `,"new_state":`...)
		dst = bgp.AppendUint(dst, uint32(e.NewState))
		return append(dst, "}\n"...)
	}
	dst = append(dst, `,"prefix":"`...)
	dst = e.Prefix.AppendTo(dst)
	dst = append(dst, `","path_id":`...)
	dst = appendUintOrNull(dst, e.Record.AddPath, e.PathID)
	if e.Kind == Route {
		dst = append(dst, `,"originated_at":"`...)
		dst = e.Record.entry.OriginatedAt().AppendFormat(dst, time.RFC3339)
		dst = append(dst, '"')
	}
	if e.Kind != Withdraw {
		dst = e.appendJSONAttributes(dst)
	}
	return append(dst, "}\n"...)
}

// word is the kind's name in JSON.
func (k ElementKind) word() string {
	switch k {
	case Announce:
		return "announce"
	case Withdraw:
		return "withdraw"
	case Route:
		return "route"
	}
	return "state"
}

func (e *Element) appendJSONAttributes(dst []byte) []byte {
	a := e.Attributes
	dst = append(dst, `,"as_path":"`...)
	dst = a.Path.AppendText(dst)
	dst = append(dst, `","origin_asn":`...)
	origin, ok := a.Path.Origin()
	dst = appendASNOrNull(dst, ok, uint32(origin))
	dst = append(dst, `,"origin":"`...)
	dst = append(dst, originOf(a).String()...)
	dst = append(dst, `","next_hop":`...)
	dst = appendTextOrNull(dst, e.NextHop.IsValid(), e.NextHop)
	dst = append(dst, `,"local_pref":`...)
	dst = appendUintOrNull(dst, a.Present.Has(bgp.AttrLocalPref), a.LocalPref)
	dst = append(dst, `,"med":`...)
	dst = appendUintOrNull(dst, a.Present.Has(bgp.AttrMED), a.MED)
	dst = append(dst, `,"atomic_aggregate":`...)
	dst = strconv.AppendBool(dst, a.Present.Has(bgp.AttrAtomicAggregate))
	dst = append(dst, `,"aggregator_asn":`...)
	dst = appendASNOrNull(dst, a.AggregatorAddr.IsValid(), uint32(a.AggregatorAS))
	dst = append(dst, `,"aggregator_address":`...)
	dst = appendTextOrNull(dst, a.AggregatorAddr.IsValid(), a.AggregatorAddr)
	dst = append(dst, `,"only_to_customer":`...)
	dst = appendASNOrNull(dst, a.Present.Has(bgp.AttrOTC), uint32(a.OTC))
	return appendJSONCommunities(dst, a)
}

func appendJSONCommunities(dst []byte, a *bgp.Attributes) []byte {
	dst = append(dst, `,"communities":[`...)
	for i, c := range a.Communities.All() {
		dst = appendListStart(dst, i)
		dst = append(appendCommunity(dst, c), '"')
	}
	dst = append(dst, `],"large_communities":[`...)
	for i, c := range a.LargeCommunities.All() {
		dst = appendListStart(dst, i)
		dst = append(bgp.AppendUint(dst, c.Global), ':')
		dst = append(bgp.AppendUint(dst, c.Local1), ':')
		dst = append(bgp.AppendUint(dst, c.Local2), '"')
	}
	dst = append(dst, `],"extended_communities":[`...)
	for i := 0; i+8 <= len(a.ExtendedCommunities); i += 8 {
		dst = appendListStart(dst, i)
		const hex = "0123456789abcdef"
		for v, shift := binary.BigEndian.Uint64(a.ExtendedCommunities[i:]), 60; shift >= 0; shift -= 4 {
			dst = append(dst, hex[v>>shift&15])
		}
		dst = append(dst, '"')
	}
	return append(dst, ']')
}

// appendListStart writes what stands before text i of a list.
func appendListStart(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return append(dst, '"')
}

func appendTextOrNull(dst []byte, known bool, a interface{ AppendTo([]byte) []byte }) []byte {
	if !known {
		return append(dst, "null"...)
	}
	return append(a.AppendTo(append(dst, '"')), '"')
}

func appendUintOrNull(dst []byte, known bool, v uint32) []byte {
	if !known {
		return append(dst, "null"...)
	}
	return bgp.AppendUint(dst, v)
}

func appendASNOrNull(dst []byte, known bool, v uint32) []byte {
	if !known {
		return append(dst, "null"...)
	}
	return append(bgp.AppendUint(append(dst, `"AS`...), v), '"')
}
