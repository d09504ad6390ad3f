package lab

import (
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/netlab"
)

// seen is what shall be so while something is broken.
type seen struct {
	paths           map[checks.ASN]map[string]string // at routers, of prefixes
	outside, inside map[string]bool                  // hosts that answer, or do not, to who probes there
	last            string                           // the space of the last router that answers on the way from outside to kp; empty where none is looked for
}

const (
	gone = "gone" // instead of a path

	kp   = "175.45.176.15"
	dual = "198.51.100.10"
	six  = "2001:db8:64::10"
)

// everywhere is what both vantage points have for a prefix.
func everywhere(prefix, left, right string) map[checks.ASN]map[string]string {
	return map[checks.ASN]map[string]string{Left: {prefix: left}, Right: {prefix: right}}
}

// faultCase is something that is broken; without an end it stays so, and the next case
// comes on top of it.
type faultCase struct {
	name  string
	begin func(i *Internet) (heal func())
	want  seen
}

// homeFaults are those of Home and of its link.
func homeFaults() []faultCase {
	var f *Fault
	quarter := netip.MustParsePrefix("175.45.176.0/24")
	down := seen{
		paths:   everywhere("175.45.176.0/24", gone, gone),
		outside: map[string]bool{kp: false, dual: true}, inside: map[string]bool{kp: false, dual: true},
	}
	return []faultCase{
		{"Home's link cut", func(i *Internet) func() { return i.Cut(i.Access).Heal }, down},
		{"Home's link silent", func(i *Internet) func() { f = i.Silence(i.Access); return nil }, seen{
			paths:   everywhere("175.45.176.0/24", "4837 131279", "4837 131279"),
			outside: down.outside, inside: down.inside, last: "219.158.0.0/17",
		}},
		{"Home's link silent for long", func(i *Internet) func() {
			i.AwaitLost(i.Access)
			return f.Heal
		}, down},
		{"Home crashed", func(i *Internet) func() { i.Home.Kill(); return i.Home.Start }, down},
		{"Home frozen", func(i *Internet) func() { i.Home.Freeze(); return nil }, seen{
			paths:   everywhere("175.45.176.0/24", "4837 131279", "4837 131279"),
			outside: map[string]bool{kp: true}, inside: map[string]bool{kp: true},
		}},
		{"Home frozen for long", func(i *Internet) func() {
			i.Home.AwaitLost()
			return i.Home.Thaw
		}, down},
		{"Home withdraws all", func(i *Internet) func() {
			i.Home.Withdraw(HomePrefixes()...)
			return func() { i.Home.Announce(HomePrefixes()...) }
		}, down},
		{"Home withdraws one", func(i *Internet) func() {
			i.Home.Withdraw(quarter)
			return func() { i.Home.Announce(quarter) }
		}, seen{
			paths:   map[checks.ASN]map[string]string{Left: {"175.45.176.0/24": gone, "175.45.177.0/24": "4837 131279"}, Right: {"175.45.176.0/24": gone}},
			outside: map[string]bool{kp: false, "175.45.177.20": true},
		}},
	}
}

// upstreamFaults are those of the networks that carry others, and of Dual.
func upstreamFaults() []faultCase {
	var f *Fault
	quarter := netip.MustParsePrefix("175.45.176.0/24")
	return []faultCase{
		{"Carrier covers Home", func(i *Internet) func() {
			i.Carrier.Announce(HomeBlock())
			i.Home.Withdraw(HomePrefixes()...)
			return func() { i.Home.Announce(HomePrefixes()...); i.Carrier.Withdraw(HomeBlock()) }
		}, seen{
			paths:   map[checks.ASN]map[string]string{Left: {"175.45.176.0/24": gone, "175.45.176.0/22": "4837"}, Right: {"175.45.176.0/22": "4837"}},
			outside: map[string]bool{kp: false}, last: "219.158.0.0/17",
		}},
		{"Carrier without Right", func(i *Internet) func() { f = i.Cut(i.CarrierRight); return nil }, seen{
			paths:   everywhere("175.45.176.0/24", "4837 131279", "3356 4837 131279"),
			outside: map[string]bool{kp: true}, inside: map[string]bool{kp: true, dual: true},
		}},
		{"Carrier without both", func(i *Internet) func() {
			g := i.Cut(i.CarrierLeft)
			return func() { i.Heal(f, g) }
		}, seen{
			paths: map[checks.ASN]map[string]string{
				Left:  {"175.45.176.0/24": gone, "219.158.0.0/17": gone, "202.106.0.0/16": gone, "4.0.0.0/9": ""},
				Right: {"175.45.176.0/24": gone, "219.158.0.0/17": gone, "81.224.0.0/12": "3301"},
			},
			outside: map[string]bool{kp: false, dual: true, "4.2.2.1": true}, inside: map[string]bool{kp: true, dual: false, "4.2.2.1": false},
		}},
		{"Dual without Left", func(i *Internet) func() { f = i.Cut(i.DualLeft); return nil }, seen{
			paths: map[checks.ASN]map[string]string{
				Left:    {"198.51.100.0/24": "1299 64500", "2001:db8:64::/48": "1299 64500"},
				Carrier: {"198.51.100.0/24": "1299 64500"},
			},
			outside: map[string]bool{dual: true, six: true}, inside: map[string]bool{dual: true, six: true},
		}},
		{"Dual without both", func(i *Internet) func() {
			g := i.Cut(i.DualRight)
			return func() { i.Heal(f, g) }
		}, seen{
			paths:   map[checks.ASN]map[string]string{Left: {"198.51.100.0/24": gone, "2001:db8:64::/48": gone, "175.45.176.0/24": "4837 131279"}},
			outside: map[string]bool{dual: false, six: false, kp: true},
		}},
		{"Dual announces Home's", func(i *Internet) func() {
			i.Dual.Announce(quarter)
			return func() { i.Dual.Withdraw(quarter) }
		}, seen{
			paths:   everywhere("175.45.176.0/24", "64500", "64500"),
			outside: map[string]bool{kp: false, "175.45.177.20": true}, inside: map[string]bool{kp: true},
		}},
		{"lost inside Carrier", func(i *Internet) func() {
			return i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock()}).Heal
		}, seen{
			paths:   everywhere("175.45.176.0/24", "4837 131279", "4837 131279"),
			outside: map[string]bool{kp: false, dual: true}, inside: map[string]bool{kp: false, dual: true}, last: "219.158.0.0/17",
		}},
		{"two of five lost inside Carrier", func(i *Internet) func() {
			return i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock(), Share: 40}).Heal
		}, seen{
			paths:   everywhere("175.45.176.0/24", "4837 131279", "4837 131279"),
			outside: map[string]bool{kp: true, dual: true}, inside: map[string]bool{kp: true, dual: true},
		}},
	}
}
