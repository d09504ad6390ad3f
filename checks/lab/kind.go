package lab

import "isitdown/checks/labtest"

// Kind is a way in which routes come in, and what it takes.
type Kind struct {
	Name   string // of its feed
	Attach func(*Internet) *Feed
	// Tier is 1 of the feeds that want BIRD alone, which a lab is made of, and 2 of those
	// that want a daemon more.
	Tier int

	pkg      string // the Debian package of that daemon
	programs []string
}

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		{Name: "bgp", Attach: (*Internet).BGP, Tier: 1},
		{Name: "ris-live", Attach: (*Internet).RISLive, Tier: 1},
		{Name: "mrt-bird", Attach: (*Internet).MRTBIRD, Tier: 1},
		{Name: "mrt-openbgpd", Attach: (*Internet).MRTOpenBGPD, Tier: 2, pkg: "openbgpd", programs: []string{"/usr/sbin/bgpd", "bgpctl"}},
		{Name: "bmp-gobgp", Attach: (*Internet).BMPGoBGP, Tier: 2, pkg: "gobgpd", programs: []string{"gobgpd", "gobgp"}},
		{Name: "bmp-frr", Attach: (*Internet).BMPFRR, Tier: 2, pkg: "frr", programs: []string{"/usr/lib/frr/bgpd", "vtysh"}},
	}
}

// Missing says what to install where the feed cannot be attached, in a sentence that is
// one for [labtest.Missing]; it is empty where it can be.
func (k Kind) Missing() string { return labtest.Lacks(k.pkg, k.programs...) }
