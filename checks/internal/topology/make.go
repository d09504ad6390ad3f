package topology

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"

	"isitdown/checks"
)

// Size is how large a world is.
type Size struct {
	TierOne, Transit, Regional, Stubs int
	Vantage, Collectors               int
	Regions                           int
}

// Usual is about 300 ASes with 40 vantage points at four collectors.
func Usual() Size {
	return Size{TierOne: 8, Transit: 28, Regional: 14, Stubs: 250, Vantage: 40, Collectors: 4, Regions: 5}
}

// The shares of a world, out of 100. They are chosen to be awkward.
const (
	oneProvider     = 35 // stubs with one provider
	threeProviders  = 20 // stubs with three; the others have two
	aloneRegional   = 60 // regional networks with one provider and no peer
	sameRegion      = 80 // providers and peers that are looked for nearby
	nearbyPeering   = 30 // pairs of transit networks of a region that peer
	farPeering      = 4  // and of two regions
	exchangeMembers = 50 // transit networks at the exchange of their region
	stubMembers     = 8  // stubs there
	exchangePairs   = 35 // members that take each other's routes
	withoutIPv6     = 12 // links beyond the first of an AS
	hasIPv6         = 45 // origins
	splitsPrefixes  = 15 // origins with several providers that announce some prefixes to one alone
	prepends        = 12 // origins that prepend to one of several neighbours
)

// showingServer shows in the paths across the exchange of region 0; it is that of AMS-IX,
// a real one, so that it can be told from a network by its number. The servers of the
// other exchanges do not show (RFC 7947, section 2.2.2).
const showingServer checks.ASN = 6777

// Make builds the world of a seed.
func Make(seed uint64, s Size) *World {
	m := maker{World: &World{Seed: seed}, rng: rand.New(rand.NewPCG(seed, 0x746f706f)), size: s, numbers: map[checks.ASN]bool{showingServer: true}}
	for range s.TierOne {
		m.add(TierOne)
	}
	for i := range s.TierOne {
		for j := range i {
			m.peer(j, i, 0)
		}
	}
	for range s.Transit {
		m.attach(m.add(Transit), 2+m.rng.IntN(2))
	}
	for range s.Regional {
		m.regional()
	}
	m.peering()
	for range s.Stubs {
		m.stub()
	}
	m.exchanges()
	m.originate()
	m.look()
	m.settle()
	return m.World
}

// settle computes the stable routes.
func (m *maker) settle() {
	for g := range m.Groups {
		r := m.stable(&m.Groups[g], damage{})
		used, paths := make([]bool, len(m.links)), make([][]checks.ASN, len(m.Vantage))
		for v, at := range m.Vantage {
			paths[v] = r.path(m.World, at.AS)
			r.passes(m.World, at.AS, func(l, _ int) { used[l] = true })
		}
		m.routes, m.paths, m.used = append(m.routes, r), append(m.paths, paths), append(m.used, used)
	}
}

type maker struct {
	*World
	rng     *rand.Rand
	size    Size
	numbers map[checks.ASN]bool
}

// chance is true n times out of 100.
func (m *maker) chance(n int) bool { return m.rng.IntN(100) < n }

// add makes an AS with a number that nobody has.
func (m *maker) add(tier Tier) int {
	a := checks.ASN(0)
	for a == 0 || m.numbers[a] || a.Private() {
		switch {
		case tier == TierOne:
			a = checks.ASN(100 + m.rng.IntN(7000))
		case tier == Stub && m.chance(40):
			a = checks.ASN(196_608 + m.rng.IntN(200_000)) // of four octets
		default:
			a = checks.ASN(1000 + m.rng.IntN(60_000))
		}
	}
	m.numbers[a] = true
	m.ASes = append(m.ASes, AS{ASN: a, Tier: tier, Region: m.rng.IntN(m.size.Regions)})
	return len(m.ASes) - 1
}

func (m *maker) join(l link) {
	a, b := l.provider, l.customer
	n := len(m.links)
	l.ipv4Only = l.ipv4Only || len(m.ASes[b].links) > 0 && m.chance(withoutIPv6)
	m.links = append(m.links, l)
	m.ASes[a].links = append(m.ASes[a].links, n)
	m.ASes[b].links = append(m.ASes[b].links, n)
}

func (m *maker) peer(a, b int, server checks.ASN) {
	m.join(link{provider: a, customer: b, peering: true, server: server})
}

func (m *maker) joined(a, b int) bool {
	return slices.ContainsFunc(m.ASes[a].links, func(l int) bool { n, _ := m.from(a, l); return n == b })
}

// attach gives an AS providers among those before it that carry others: the larger they
// are, the likelier, which makes sizes uneven.
func (m *maker) attach(a, providers int) {
	for tries := 0; providers > 0 && tries < 200; tries++ {
		nearby := tries < 50 && m.chance(sameRegion)
		sum := 0
		weight := func(b int) int {
			e := &m.ASes[b]
			if b >= a || e.Tier == Stub || e.Tier >= m.ASes[a].Tier && e.Tier != Transit || m.joined(a, b) || nearby && e.Region != m.ASes[a].Region {
				return 0
			}
			if m.ASes[a].Tier == Stub && e.Tier == TierOne {
				return 1
			}
			return 1 + len(e.links)
		}
		for b := range a {
			sum += weight(b)
		}
		if sum == 0 {
			continue
		}
		pick := m.rng.IntN(sum)
		for b := range a {
			if pick -= weight(b); pick < 0 {
				m.join(link{provider: b, customer: a})
				providers--
				break
			}
		}
	}
}

func (m *maker) regional() {
	a := m.add(Regional)
	if m.chance(aloneRegional) {
		m.attach(a, 1)
		return
	}
	m.attach(a, 2)
}

func (m *maker) stub() {
	a := m.add(Stub)
	switch n := m.rng.IntN(100); {
	case n < oneProvider:
		m.attach(a, 1)
	case n < 100-threeProviders:
		m.attach(a, 2)
	default:
		m.attach(a, 3)
	}
}

// open reports whether a network peers at all: a regional one with one provider does not.
func (m *maker) open(a int) bool {
	return m.ASes[a].Tier == Transit || m.ASes[a].Tier == Regional && len(m.ASes[a].links) > 1
}

func (m *maker) peering() {
	for a := range m.ASes {
		for b := range a {
			share := farPeering
			if m.ASes[a].Region == m.ASes[b].Region {
				share = nearbyPeering
			}
			if m.open(a) && m.open(b) && !m.joined(a, b) && m.chance(share) {
				m.peer(b, a, 0)
			}
		}
	}
}

// exchanges joins networks of a region over a route server.
func (m *maker) exchanges() {
	for region := range m.size.Regions {
		var members []int
		for a := range m.ASes {
			e := &m.ASes[a]
			if e.Region == region && (m.open(a) && m.chance(exchangeMembers) || e.Tier == Stub && m.chance(stubMembers)) {
				members = append(members, a)
			}
		}
		server := checks.ASN(0)
		if region == 0 {
			server = showingServer
			m.RouteServers = []checks.ASN{server}
		}
		for i, a := range members {
			for _, b := range members[:i] {
				if !m.joined(a, b) && m.chance(exchangePairs) {
					m.peer(b, a, server)
				}
			}
		}
	}
}

// originate gives every AS its prefixes.
func (m *maker) originate() {
	for a := range m.ASes {
		list := make([]netip.Prefix, 1+m.rng.IntN(8)*m.rng.IntN(8)/7)
		for i := range list {
			list[i] = ipv4Prefix(a, i, 22+m.rng.IntN(3))
		}
		only := -1
		if _, up := m.neighbours(a, ofProvider); m.ASes[a].Tier == Stub && len(up) > 1 && len(list) > 1 && m.chance(splitsPrefixes) {
			only = up[m.rng.IntN(len(up))]
			n := 1 + m.rng.IntN(len(list)-1)
			m.Groups = append(m.Groups, Group{Origin: a, Prefixes: list[n:], only: only})
			list = list[:n]
		}
		g := Group{Origin: a, Prefixes: list, only: -1}
		if links := m.ASes[a].links; len(links) > 1 && m.ASes[a].Tier == Stub && m.chance(prepends) {
			g.prepend = map[int]int{links[m.rng.IntN(len(links))]: 1 + m.rng.IntN(3)}
		}
		m.Groups = append(m.Groups, g)
		if m.chance(hasIPv6) {
			six := make([]netip.Prefix, 1+m.rng.IntN(3))
			for i := range six {
				six[i] = ipv6Prefix(a, i)
			}
			m.Groups = append(m.Groups, Group{Origin: a, IPv6: true, Prefixes: six, only: -1})
		}
	}
}

// ipv4Prefix gives each origin its own /19, and each of its prefixes a /22 of that.
func ipv4Prefix(origin, i, bits int) netip.Prefix {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 23<<24|uint32(origin)<<13|uint32(i)<<10)
	return netip.PrefixFrom(netip.AddrFrom4(b), bits)
}

// ipv6Prefix gives each origin its own /32, and each of its prefixes a /48 of that.
func ipv6Prefix(origin, i int) netip.Prefix {
	b := [16]byte{0: 0x2a, 1: 0x05, 5: byte(i)}
	binary.BigEndian.PutUint16(b[2:], uint16(origin))
	return netip.PrefixFrom(netip.AddrFrom16(b), 48)
}

// look chooses the vantage points: some of the largest, transit networks, and stubs with
// several providers and with one.
func (m *maker) look() {
	order := m.rng.Perm(len(m.ASes))
	most := map[Tier]int{
		TierOne: m.size.Vantage / 8, Transit: m.size.Vantage * 3 / 8,
		Regional: m.size.Vantage / 8, Stub: m.size.Vantage,
	}
	taken := map[Tier]int{}
	slices.SortStableFunc(order, func(a, b int) int { return int(m.ASes[a].Tier) - int(m.ASes[b].Tier) })
	for _, a := range order {
		if t := m.ASes[a].Tier; taken[t] < most[t] && len(m.Vantage) < m.size.Vantage {
			taken[t]++
			m.Vantage = append(m.Vantage, Vantage{AS: a, Collector: len(m.Vantage) % m.size.Collectors})
		}
	}
}
