package reach

import (
	"bufio"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

// How long an answer is kept whatever the DNS says: long enough that a round does not ask
// twice, short enough that a change is seen in the next.
const (
	minKept   = 5 * time.Second
	maxKept   = time.Minute
	maxCached = 10_000
)

// lookedUp is what a look-up gave: a Resolution or an error, for so long.
type lookedUp struct {
	res   Resolution
	err   *ResolveError
	ttl   time.Duration
	until time.Time
}

func (l lookedUp) resolution() (Resolution, error) {
	if l.err != nil {
		return Resolution{}, l.err
	}
	res := l.res
	res.Addrs = append([]netip.Addr(nil), res.Addrs...) // the caller may change them
	return res, nil
}

// nameCache keeps what was looked up. Its zero value is empty.
type nameCache struct {
	mu    sync.Mutex
	names map[string]lookedUp
}

func (c *nameCache) find(name string, now time.Time) (lookedUp, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.names[name]
	return l, ok && now.Before(l.until)
}

// keep remembers what was looked up; trouble of our own it does not.
func (c *nameCache) keep(name string, l lookedUp, now time.Time) {
	if l.err != nil && l.err.Kind == checks.Unmeasured {
		return
	}
	l.until = now.Add(min(max(l.ttl, minKept), maxKept))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		c.names = make(map[string]lookedUp)
	}
	if len(c.names) >= maxCached {
		for n, old := range c.names {
			if !now.Before(old.until) {
				delete(c.names, n)
			}
		}
	}
	for n := range c.names { // all of them are in use: any has to go
		if len(c.names) < maxCached {
			break
		}
		delete(c.names, n)
	}
	c.names[name] = l
}

// confFile is a file that names the servers of the system (resolv.conf(5)).
type confFile struct {
	name string

	mu      sync.Mutex
	servers []netip.AddrPort
	read    time.Time
}

// confAge is how long such a file counts as read: networks change under a laptop.
const confAge = 30 * time.Second

// servers gives whom to ask, or a clause that says why that is not known.
func (r *Resolver) servers() (list []netip.AddrPort, why string) {
	if list = r.o.Servers; len(list) == 0 {
		list = r.conf.list(time.Now())
	}
	if len(list) == 0 {
		return nil, "no DNS server is known, as " + checks.OneLine(r.conf.name, 80) + " names none: set one with probe.resolver"
	}
	return list[:min(len(list), MaxServers)], ""
}

func (c *confFile) list(now time.Time) []netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read.IsZero() || now.Sub(c.read) >= confAge {
		c.read = now
		f, err := os.Open(c.name)
		if err != nil {
			return c.servers // as they were, if ever
		}
		defer f.Close()
		if list := readConf(f); len(list) > 0 {
			c.servers = list
		}
	}
	return c.servers
}

// readConf reads the servers of a resolv.conf. Whatever else stands there is left alone,
// search domains above all.
func readConf(r io.Reader) (list []netip.AddrPort) {
	const most = 1 << 20 // bytes
	for lines := bufio.NewScanner(io.LimitReader(r, most)); lines.Scan() && len(list) < MaxServers; {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			list = append(list, netip.AddrPortFrom(a.Unmap(), dnsPort))
		}
	}
	return list
}
