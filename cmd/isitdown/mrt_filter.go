package main

import (
	"net/netip"
	"strings"

	"isitdown/checks"
	"isitdown/checks/route/dump"
)

// filter reads what is wanted of the files.
func (c *mrtCommand) filter() (f dump.Filter, err error) {
	for _, text := range c.Prefix {
		p, err := netip.ParsePrefix(text)
		if a, err2 := netip.ParseAddr(text); err2 == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			return f, fail(exitUsage, "--prefix: %q is no prefix: write it as in 175.45.176.0/22", text)
		case p != p.Masked():
			return f, fail(exitUsage, "--prefix: %s has bits set behind its length: do you mean %s?", text, p.Masked())
		}
		f.Prefixes = append(f.Prefixes, p)
	}
	for _, text := range c.Peer {
		if a, err := netip.ParseAddr(text); err == nil {
			f.PeerAddrs = append(f.PeerAddrs, a)
			continue
		}
		asn, err := checks.ParseASN(text)
		if err != nil {
			return f, fail(exitUsage, "--peer: %q is no address, and %w", text, err)
		}
		f.Peers = append(f.Peers, asn)
	}
	for _, text := range c.Origin {
		asn, err := checks.ParseASN(text)
		if err != nil {
			return f, fail(exitUsage, "--origin: %w", err)
		}
		f.Origins = append(f.Origins, asn)
	}
	f.Kinds = strings.ToUpper(strings.ReplaceAll(c.Kind, ",", ""))
	if strings.Trim(f.Kinds, dump.Kinds) != "" {
		return f, fail(exitUsage, "--kind: %q: give letters of A announced, W withdrawn, B held in a table and S state, as in AW", c.Kind)
	}
	return f, nil
}
