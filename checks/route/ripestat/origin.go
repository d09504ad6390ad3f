package ripestat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"isitdown/checks"
)

// networkData is the answer of network-info.
type networkData struct {
	ASNs   *[]json.RawMessage `json:"asns"`
	Prefix *string            `json:"prefix"` // "" where nobody announces the address
}

// origin gives the route that the answer has for an address: the zero Prefix where there
// is none, and the zero ASN where it is not one network's.
func (d *networkData) origin(addr netip.Addr) (prefix netip.Prefix, origin checks.ASN, err error) {
	if d.ASNs == nil {
		return netip.Prefix{}, 0, errors.New("asns is missing")
	}
	if d.Prefix == nil || *d.Prefix == "" {
		return netip.Prefix{}, 0, nil
	}
	if prefix, err = readPrefix(*d.Prefix); err != nil {
		return netip.Prefix{}, 0, err
	}
	if !prefix.Contains(addr) {
		return netip.Prefix{}, 0, fmt.Errorf("the answer is about %s", prefix)
	}
	if prefix.Bits() < checks.MinCoverBits { // a default route says nothing
		return netip.Prefix{}, 0, nil
	}
	var one asn
	if len(*d.ASNs) == 1 && json.Unmarshal((*d.ASNs)[0], &one) == nil && !checks.ASN(one).Private() {
		origin = checks.ASN(one)
	}
	return prefix, origin, nil
}

// Origin gives the longest prefix that is announced over an address, and the network that
// announces it, by RIS's table dumps of up to eight hours ago: who it belongs to, not
// whether it is announced at this moment. An address that is not public is not asked about.
// The prefix is the zero one where there is none; the network is zero where there is none,
// or where several announce the same prefix.
// https://stat.ripe.net/docs/data-api/api-endpoints/network-info/
func (c *Client) Origin(ctx context.Context, addr netip.Addr) (prefix netip.Prefix, origin checks.ASN, err error) {
	addr = addr.Unmap()
	if _, special := checks.SpecialPurpose(addr); special {
		return netip.Prefix{}, 0, nil
	}
	q := call{name: "network-info", query: url.Values{"resource": {addr.String()}}, ttl: ttlList}
	_, _, err = ask(c.budgeted(ctx), c, q, func(d *networkData) (err error) {
		prefix, origin, err = d.origin(addr)
		return err
	})
	if err != nil {
		return netip.Prefix{}, 0, fmt.Errorf("asking who announces %s: %w", addr, err)
	}
	return prefix, origin, nil
}
