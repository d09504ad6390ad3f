package registry

import (
	"net/netip"
	"slices"
)

// Locate gives the code of the country that all registered space inside a prefix is
// registered to: by override, else by the delegated statistics; "" where no list knows it,
// where several countries share it, and for what is no country's. It is what [Registry.Footprint]
// says of the prefix, without the rest: it asks for no memory, so that a whole table can be gone through.
func (r *Registry) Locate(p netip.Prefix) string {
	p = p.Masked()
	if !p.IsValid() {
		return ""
	}
	var removed code
	for _, o := range slices.Backward(r.overrides) {
		// The last line that is about all of p decides.
		if o.prefix.IsValid() && o.prefix.Bits() <= p.Bits() && o.prefix.Contains(p.Addr()) {
			if o.add {
				return places()[string(o.cc[:])].code
			}
			removed = o.cc
			break
		}
	}
	var cc code
	var one bool
	if p.Addr().Is4() {
		cc, one = holder(r.ipv4, run4(p))
	} else {
		first, last := networks(p)
		cc, one = holder(r.ipv6, run[uint64]{first, last})
	}
	if !one || cc == removed {
		return ""
	}
	return places()[string(cc[:])].code
}

// holder gives the one code that what is registered in r is registered to.
func holder[T number](flat []span[T], r run[T]) (cc code, one bool) {
	for i, s := range overlapping(flat, r) {
		if i > 0 && s.cc != cc {
			return cc, false
		}
		cc, one = s.cc, true
	}
	return cc, one
}
