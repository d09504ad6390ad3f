package dump

import (
	"net/netip"
	"slices"
	"strings"

	"isitdown/checks"
	"isitdown/checks/internal/mrt"
)

// Filter says which elements are wanted. What is empty wants all; of what is not, one
// entry of each list has to fit.
type Filter struct {
	// Prefixes want routes to a prefix inside one of them, the same, or over it.
	Prefixes []netip.Prefix
	// Peers and PeerAddrs want what one of these networks, or of these addresses,
	// told the collector.
	Peers     []checks.ASN
	PeerAddrs []netip.Addr
	// Origins want routes that one of these networks originates. A withdrawal does
	// not say whose route it was, and is not among them.
	Origins []checks.ASN
	// Kinds are the letters of the kinds that are wanted: A announced, W withdrawn,
	// B held in a table, S changes of a session's state.
	Kinds string
}

// Kinds are all letters that [Filter.Kinds] may hold.
const Kinds = "AWBS"

// empty reports whether all elements are wanted.
func (f *Filter) empty() bool {
	return len(f.Prefixes) == 0 && !f.wantsPeer() && len(f.Origins) == 0 && f.Kinds == ""
}

func (f *Filter) wantsPeer() bool { return len(f.Peers) > 0 || len(f.PeerAddrs) > 0 }

// keep reports whether an element is wanted.
func (f *Filter) keep(e *mrt.Element) bool {
	if f.Kinds != "" && strings.IndexByte(f.Kinds, byte(e.Kind)) < 0 {
		return false
	}
	if f.wantsPeer() && !slices.Contains(f.Peers, e.PeerAS) && !slices.Contains(f.PeerAddrs, e.PeerAddr) {
		return false
	}
	if len(f.Prefixes) > 0 && (e.Kind == mrt.State || !slices.ContainsFunc(f.Prefixes, e.Prefix.Overlaps)) {
		return false
	}
	if len(f.Origins) == 0 {
		return true
	}
	if e.Attributes == nil || e.Kind == mrt.Withdraw || e.Kind == mrt.State {
		return false
	}
	origin, ok := e.Attributes.Path.Origin()
	return ok && slices.Contains(f.Origins, origin)
}
