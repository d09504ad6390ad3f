package reach

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"isitdown/checks"
)

// Target refuses a target of which it is plain before anything is looked up that it
// may not be probed. What a country or a network consists of, and where a name leads, is
// for [Shield.Addr] to say.
func (s *Shield) Target(t checks.Target) error {
	if s == nil || !s.made {
		return &RefusedError{t.String(), "there is no list of what may be probed"}
	}
	switch t.Kind() {
	case checks.KindCountry, checks.KindASN:
		return nil
	case checks.KindAddress:
		return s.Addr(t.Prefix().Addr())
	case checks.KindPrefix:
		return s.prefix(t.Prefix())
	case checks.KindHost:
		return s.Name(t.Text())
	case checks.KindURL:
		u, err := url.Parse(t.Text())
		if err != nil {
			return &RefusedError{t.Text(), "it is not a URL"}
		}
		return s.URL(u)
	}
	return &RefusedError{"nothing", "no target was given"}
}

// prefix refuses a prefix of which no address may be probed.
func (s *Shield) prefix(p netip.Prefix) error {
	switch special, is := checks.SpecialPurpose(p.Addr()); {
	case s.options.OptOut.hasPrefix(p):
		return &RefusedError{p.String(), optedOut}
	case is && !overlap(s.options.Allow, p):
		if other, is := checks.SpecialPurpose(last(p)); is && other == special {
			return &RefusedError{p.String(), "each address in it is " + special + advice}
		}
	}
	return nil
}

// Name refuses the name of a host that the public DNS does not know, or that asked not
// to be probed; of an address in its place, what Addr refuses.
func (s *Shield) Name(host string) error {
	switch a, err := netip.ParseAddr(strings.Trim(host, "[]")); {
	case s == nil || !s.made:
		return &RefusedError{host, "there is no list of what may be probed"}
	case err == nil:
		return s.Addr(a)
	case s.options.OptOut.hasName(host):
		return &RefusedError{host, optedOut}
	case len(s.options.Allow) == 0 && checks.LocalName(host):
		return &RefusedError{host, "its name is not one of the public DNS" + advice}
	}
	return nil
}

// URL refuses a URL, one that a server redirects to among them: its scheme, host and port
// are read as [checks.ParseTarget] reads those that people type.
func (s *Shield) URL(u *url.URL) error {
	if s == nil || !s.made {
		return &RefusedError{"the URL", "there is no list of what may be probed"}
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, User: u.User}
	t, err := checks.ParseTarget(bare.String())
	if err != nil || t.Kind() != checks.KindURL {
		return &RefusedError{"the URL", "it is not one that can be checked: only http and https with a public host name or address, and without a user name, can be"}
	}
	normal, err := url.Parse(t.Text())
	if err != nil {
		return &RefusedError{"the URL", "it is not a URL"}
	}
	if err := s.Name(normal.Hostname()); err != nil {
		return err
	}
	return s.Port(urlPort(normal))
}

// urlPort gives the port of a URL in its normal form; zero where it has none.
func urlPort(u *url.URL) uint16 {
	text := u.Port()
	if text == "" {
		return map[string]uint16{"http": 80, "https": 443}[u.Scheme]
	}
	ap, err := netip.ParseAddrPort("0.0.0.0:" + text)
	if err != nil {
		return 0
	}
	return ap.Port()
}

func overlap(list []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(list, p.Overlaps)
}

// last gives the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
