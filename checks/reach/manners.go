package reach

import (
	"net/netip"
	"sync"
	"time"
)

// MannersOptions are the limits of what is sent, to whomever and for whomever. Zero means
// the default.
type MannersOptions struct {
	// Block is how many probes go to one /24 (of IPv6 one /48) within Window: 15 in 10
	// minutes, as many as Trinocular sends (Quan, Heidemann, Pradkin, SIGCOMM 2013).
	Block  int
	Window time.Duration
	// Gap is the least time between two probes to a host: 1 s.
	Gap time.Duration
	// Ports is how many ports of a host are tried in an hour: 4. More would look like a
	// sweep to whoever watches over the host.
	Ports int
	// Rate is how many probes start in a second, of all together: 200, evenly spaced.
	Rate int
	// Controls are the hosts of the own-network guard. In their blocks one probe within Window
	// is for everybody and the others are the guard's: nobody takes its sight by asking for
	// hosts that everybody knows.
	Controls []netip.Addr
	// Remembered is how many blocks, and how many hosts, are kept in mind: 100,000 (some
	// 40 MB). While there is no room for another, it is not probed.
	Remembered int
}

// portsWindow is how long a port that was tried counts.
const portsWindow = time.Hour

// Manners are the one place where it is decided whether a probe may be sent now. It reads
// no clock, and forgets all when the program ends. It may be used by many goroutines. A nil Manners, and the zero one, let
// nothing through.
type Manners struct {
	o MannersOptions

	mu     sync.Mutex
	base   time.Time     // times are kept as what passed since then
	now    time.Duration // the latest that was given
	next   time.Duration // when the next probe may start
	swept  time.Duration // when what is over was last forgotten
	blocks map[share][]time.Duration
	hosts  map[netip.Addr]visits
	kept   map[netip.Prefix]bool // the blocks of controls
}

// share is a block, or the part of it that is kept for the guard.
type share struct {
	block netip.Prefix
	guard bool
}

// visits are the probes to one host that still count.
type visits struct {
	last  time.Duration
	ports []visit
}

type visit struct {
	port uint16
	last time.Duration
}

// NewManners gives Manners that have seen nothing.
func NewManners(o MannersOptions) *Manners {
	o.Block = either(o.Block, 15)
	o.Window = either(o.Window, 10*time.Minute)
	o.Gap = either(o.Gap, time.Second)
	o.Ports = either(o.Ports, 4)
	o.Rate = either(o.Rate, defaultRate)
	o.Remembered = either(o.Remembered, 100_000)
	m := &Manners{o: o, blocks: make(map[share][]time.Duration), hosts: make(map[netip.Addr]visits), kept: make(map[netip.Prefix]bool)}
	for _, a := range o.Controls {
		m.kept[blockOf(a.Unmap().WithZone(""))] = true
	}
	return m
}

func either[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Take asks whether a probe may be sent now to a port of an address, 0 for ICMP. If ok, it
// is counted as sent. If not, nothing is counted, and wait is the least time after which
// asking again makes sense. A time before one that was given already counts as that one:
// no clock that is set back lets more through.
func (m *Manners) Take(to netip.Addr, port uint16, now time.Time) (wait time.Duration, ok bool) {
	return m.take(to, port, now, false)
}

// TakeControl is Take for the own-network guard, which has most of the share of its controls.
func (m *Manners) TakeControl(to netip.Addr, port uint16, now time.Time) (wait time.Duration, ok bool) {
	return m.take(to, port, now, true)
}

func (m *Manners) take(to netip.Addr, port uint16, now time.Time, guard bool) (wait time.Duration, ok bool) {
	if m == nil || m.blocks == nil || !to.IsValid() {
		return time.Hour, false
	}
	to = to.Unmap().WithZone("")
	block, most := share{block: blockOf(to)}, m.o.Block
	if m.kept[block.block] {
		block.guard, most = guard, 1
		if guard {
			most = max(m.o.Block-1, 1)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.base.IsZero() {
		m.base = now
	}
	m.now = max(m.now, now.Sub(m.base))
	m.forget(m.o.Window)
	sent, known := m.blocks[block]
	host, seen := m.hosts[to]
	if wait := max(m.blockWait(sent, most), m.hostWait(host, seen, port), m.next-m.now); wait > 0 {
		return wait, false
	}
	if !m.room(known, seen) {
		m.forget(time.Second)
		if !m.room(known, seen) {
			return time.Second, false
		}
	}
	m.blocks[block] = append(m.after(sent), m.now)
	m.hosts[to] = m.visited(host, port)
	m.next = m.now + time.Second/time.Duration(m.o.Rate)
	return 0, true
}

// room reports whether one more probe can be kept in mind, to a block and a host that
// are there already or not.
func (m *Manners) room(block, host bool) bool {
	return (block || len(m.blocks) < m.o.Remembered) && (host || len(m.hosts) < m.o.Remembered)
}

// blockWait gives the time until one more probe may go to a block that gets so many.
func (m *Manners) blockWait(sent []time.Duration, most int) time.Duration {
	sent = m.after(sent)
	if len(sent) < most {
		return 0
	}
	return sent[len(sent)-most] + m.o.Window - m.now
}

// after gives the times of a block that are within its window.
func (m *Manners) after(sent []time.Duration) []time.Duration {
	for len(sent) > 0 && sent[0] <= m.now-m.o.Window {
		sent = sent[1:]
	}
	return sent
}

// hostWait gives the time until one more probe may go to a port of a host.
func (m *Manners) hostWait(h visits, seen bool, port uint16) time.Duration {
	if !seen {
		return 0
	}
	wait := h.last + m.o.Gap - m.now
	if port == 0 {
		return wait
	}
	others, oldest := 0, m.now
	for _, v := range h.ports {
		if v.port == port {
			return wait
		}
		if v.last > m.now-portsWindow {
			others, oldest = others+1, min(oldest, v.last)
		}
	}
	if others >= m.o.Ports {
		wait = max(wait, oldest+portsWindow-m.now)
	}
	return wait
}

// visited adds a probe that is sent now to those of a host.
func (m *Manners) visited(h visits, port uint16) visits {
	var ports []visit
	for _, v := range h.ports {
		if v.port != port && v.last > m.now-portsWindow {
			ports = append(ports, v)
		}
	}
	if port != 0 {
		ports = append(ports, visit{port, m.now})
	}
	return visits{last: m.now, ports: ports}
}

// forget drops what no limit counts any more, unless that was done within the time given.
func (m *Manners) forget(within time.Duration) {
	if m.now-m.swept < within {
		return
	}
	m.swept = m.now
	for block, sent := range m.blocks {
		if len(m.after(sent)) == 0 {
			delete(m.blocks, block)
		}
	}
	for host, h := range m.hosts {
		if h.last <= m.now-max(m.o.Gap, portsWindow) || len(h.ports) == 0 && h.last <= m.now-m.o.Gap {
			delete(m.hosts, host)
		}
	}
}

// blockOf gives the /24 or /48 of an address.
func blockOf(a netip.Addr) netip.Prefix {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // cannot fail: there is no zone, and either is short enough
	return p
}
