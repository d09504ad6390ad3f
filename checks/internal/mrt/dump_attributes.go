package mrt

import (
	"time"

	"isitdown/checks/internal/bgp"
)

func appendMicroseconds(dst []byte, t time.Time) []byte {
	us := t.Nanosecond() / 1000
	dst = append(dst, '.')
	for unit := 100000; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(us/unit%10))
	}
	return dst
}

// appendAttributes writes what stands behind the prefix of a route, up to the line's end.
func (d *Dump) appendAttributes(dst []byte, e *Element) []byte {
	a := e.Attributes
	dst = append(dst, '|')
	dst = a.Path.AppendText(dst)
	dst = append(dst, '|')
	dst = append(dst, originOf(a).String()...)
	dst = append(dst, '|')
	dst = d.appendAddr(dst, e.NextHop)
	dst = append(dst, '|')
	dst = bgp.AppendUint(dst, a.LocalPref)
	dst = append(dst, '|')
	dst = bgp.AppendUint(dst, a.MED)
	dst = append(dst, '|')
	for i, c := range a.Communities.All() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendCommunity(dst, c)
	}
	dst = append(dst, '|')
	dst = append(dst, pick(a.Present.Has(bgp.AttrAtomicAggregate), "AG", "NAG")...)
	dst = append(dst, '|')
	if a.AggregatorAddr.IsValid() {
		dst = bgp.AppendUint(dst, uint32(a.AggregatorAS))
		dst = append(dst, ' ')
		dst = appendAddr(dst, a.AggregatorAddr)
	}
	return append(dst, "|\n"...)
}

// originOf gives the ORIGIN, incomplete where the route has none.
func originOf(a *bgp.Attributes) bgp.Origin {
	if !a.Present.Has(bgp.AttrOrigin) {
		return bgp.OriginIncomplete
	}
	return a.Origin
}

// appendCommunity writes a community of RFC 1997 in bgpdump's words.
func appendCommunity(dst []byte, c uint32) []byte {
	switch c {
	case 0xffffff01:
		return append(dst, "no-export"...)
	case 0xffffff02:
		return append(dst, "no-advertise"...)
	case 0xffffff03:
		return append(dst, "local-AS"...)
	}
	dst = bgp.AppendUint(dst, c>>16)
	dst = append(dst, ':')
	return bgp.AppendUint(dst, c&0xffff)
}
