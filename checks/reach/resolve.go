package reach

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// ResolverOptions say whom a [Resolver] asks. The zero value asks the servers of the
// system.
type ResolverOptions struct {
	// Servers are asked in this order, at most MaxServers of them. Where there are none,
	// those of the file Conf are, by default /etc/resolv.conf; it is read again when it is
	// older than half a minute in memory.
	Servers []netip.AddrPort
	Conf    string
	// Timeout is how long one server has to answer one question: 1 s. All of them are
	// asked a second time before a name is given up.
	Timeout time.Duration
	// Dial reaches a server, over "udp" or "tcp"; by default a plain net.Dialer does. It
	// goes through no [Shield]: name servers of one's own have private addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	// MaxAddrs is how many addresses of a family a [Resolution] holds.
	MaxAddrs = 8
	// MaxServers is how many servers a [Resolver] asks, as many as other resolvers do.
	MaxServers = 3

	maxAliases   = 8                      // CNAMEs in a row
	maxLookups   = 50                     // at the same time
	familyGrace  = 500 * time.Millisecond // for the addresses of one family, once those of the other are there
	worksReserve = time.Second            // at most, of the time of a look-up, to find out whether servers answer at all
)

// Resolver looks up the addresses of names, and keeps the codes that tell what is wrong
// where there are none. Names are taken as complete: search domains are never tried. It
// may be used by many goroutines.
type Resolver struct {
	o     ResolverOptions
	conf  confFile
	cache nameCache
	slots chan struct{}
}

// NewResolver gives a Resolver that has asked nobody yet.
func NewResolver(o ResolverOptions) *Resolver {
	o.Timeout = either(o.Timeout, time.Second)
	if o.Conf == "" {
		o.Conf = "/etc/resolv.conf"
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return &Resolver{o: o, conf: confFile{name: o.Conf}, slots: make(chan struct{}, maxLookups)}
}

// Resolution is what the DNS says of the name of a host.
type Resolution struct {
	Name string // as it was asked, in lower case, without the last dot
	// Addrs are its addresses, IPv4 before IPv6, each ascending, at most MaxAddrs of either.
	Addrs []netip.Addr
	// Canonical is the name that the addresses belong to, at the end of the aliases
	// (CNAME); it equals Name where there are none. It is foreign text.
	Canonical string
	Rcode     int            // RFC 6895; zero is NOERROR
	Server    netip.AddrPort // that said so; invalid for an address, of which nobody is asked
	At        time.Time      // when it said so
	TTL       time.Duration  // for which it holds, as the DNS says
}

// ResolveError is a name that gave no address. Its text is one sentence for a person.
type ResolveError struct {
	Name string
	// Rcode is what the servers answered (RFC 6895); NOERROR where the name exists and
	// has no address, and where nobody answered.
	Rcode  int
	Server netip.AddrPort // that answered; invalid where nobody did
	Why    string         // a clause: "the name does not exist"
	// Kind is Nonexistent, or Unresolved where it is the name that fails while servers
	// answer, or Unmeasured where the trouble is our own.
	Kind checks.Outcome
	err  error
}

func (e *ResolveError) Error() string {
	name := cmp.Or(checks.OneLine(e.Name, 80), "a host without a name")
	if e.Kind == checks.Unmeasured {
		return fmt.Sprintf("%s was not looked up: %s", name, e.Why)
	}
	return name + " has no address to probe: " + e.Clause()
}

// Clause is Error without the name, for where that stands already: "the name does not
// exist (NXDOMAIN, says 192.0.2.53)".
func (e *ResolveError) Clause() string {
	if e.Kind == checks.Unmeasured || !e.Server.IsValid() {
		return e.Why
	}
	return fmt.Sprintf("%s (%s, says %s)", e.Why, rcodeName(e.Rcode), e.Server.Addr())
}

// Unwrap gives the end of the context, where that was the reason.
func (e *ResolveError) Unwrap() error { return e.err }

// rcodeName gives the name of a code, as in "SERVFAIL".
func rcodeName(code int) string {
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return fmt.Sprintf("code %d", code)
}

// Lookup gives the addresses of a host, both families asked for at the same time. An
// address in place of a name is given back as it is. Answers are kept for as long as the
// DNS says, at least 5 s and at most 60 s. The error is a [*ResolveError].
func (r *Resolver) Lookup(ctx context.Context, host string) (Resolution, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return Resolution{Name: a.String(), Canonical: a.String(), Addrs: []netip.Addr{a}, At: time.Now()}, nil
	}
	name, why := hostName(host)
	if why != "" {
		return Resolution{}, &ResolveError{Name: host, Why: why, Kind: checks.Nonexistent}
	}
	if got, ok := r.cache.find(name, time.Now()); ok {
		return got.resolution()
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Resolution{}, &ResolveError{Name: name, Why: "too many names are being looked up at the same time", Kind: checks.Unmeasured, err: ctx.Err()}
	}
	got := r.lookup(ctx, name)
	r.cache.keep(name, got, time.Now())
	return got.resolution()
}

// Works asks the servers for what each of them knows, the servers of the root. It gives
// nil when one answers, whatever it says.
func (r *Resolver) Works(ctx context.Context) error {
	servers, why := r.servers()
	if why != "" {
		return &ResolveError{Name: "the root of the DNS", Why: why, Kind: checks.Unmeasured}
	}
	for _, s := range servers {
		if _, err := r.once(ctx, s, ".", dns.TypeNS); err == nil {
			return nil
		}
	}
	return nobody(ctx, "the root of the DNS")
}

// lookup asks for both families, and has some time left at the end to tell servers that
// do not answer from a name that makes them silent.
func (r *Resolver) lookup(ctx context.Context, name string) lookedUp {
	servers, why := r.servers()
	if why != "" {
		return failed(&ResolveError{Name: name, Why: why, Kind: checks.Unmeasured})
	}
	asking, cancel := ctx, context.CancelFunc(func() {})
	if end, ok := ctx.Deadline(); ok {
		asking, cancel = context.WithDeadline(ctx, end.Add(-min(time.Until(end)/4, worksReserve)))
	}
	defer cancel()
	v4, v6 := r.both(asking, servers, name)
	got := join(name, v4, v6)
	if e := got.err; e != nil && e.Kind == checks.Unmeasured && !e.Server.IsValid() {
		if ctx.Err() == nil && r.Works(ctx) == nil {
			e.Kind, e.Why, e.err = checks.Unresolved, "our resolver answers, but got no answer about this name in time", nil
		} else {
			e.err = ended(ctx)
		}
	}
	return got
}

// ended is why a context is over, nil where it is not. The deadline of a socket may be
// noticed a moment before the context's.
func ended(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// both asks for IPv4 and IPv6 addresses at the same time. Once one family is there, the
// other has little time left: some servers never answer questions about IPv6.
func (r *Resolver) both(ctx context.Context, servers []netip.AddrPort, name string) (v4, v6 found) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var grace *time.Timer
	var once sync.Once
	var wg sync.WaitGroup
	for into, qtype := range map[*found]uint16{&v4: dns.TypeA, &v6: dns.TypeAAAA} {
		wg.Go(func() {
			*into = r.family(ctx, servers, name, qtype)
			if len(into.addrs) > 0 {
				once.Do(func() { grace = time.AfterFunc(familyGrace, cancel) })
			}
		})
	}
	wg.Wait()
	if grace != nil {
		grace.Stop()
	}
	return v4, v6
}

// join makes one result of those of the two families.
func join(name string, v4, v6 found) lookedUp {
	for _, f := range []found{v4, v6} {
		if len(f.addrs) == 0 {
			continue
		}
		res := Resolution{Name: name, Canonical: f.end, Server: f.server, At: time.Now(), TTL: f.ttl}
		if len(v4.addrs) > 0 && len(v6.addrs) > 0 {
			res.TTL = min(v4.ttl, v6.ttl)
		}
		for _, addrs := range [][]netip.Addr{v4.addrs, v6.addrs} {
			res.Addrs = append(res.Addrs, addrs[:min(len(addrs), MaxAddrs)]...)
		}
		slices.SortFunc(res.Addrs, netip.Addr.Compare) // what was IPv4-mapped is IPv4
		res.Addrs = slices.Compact(res.Addrs)
		return lookedUp{res: res, ttl: res.TTL}
	}
	// That there is no such name is said of both families. Else what one of them hides
	// may be an address: it weighs more than that the other has none.
	for _, kind := range []func(found) bool{
		func(f found) bool { return f.err == nil && f.rcode == dns.RcodeNameError },
		func(f found) bool { return f.err != nil && f.err.Kind == checks.Unresolved },
		func(f found) bool { return f.err != nil },
		func(found) bool { return true },
	} {
		for _, f := range []found{v4, v6} {
			if kind(f) {
				return f.nothing(name)
			}
		}
	}
	return lookedUp{}
}

// nothing says why a family has no address.
func (f found) nothing(name string) lookedUp {
	if f.err != nil {
		return failed(f.err)
	}
	if f.ttl == forever { // there was nothing that says how long (RFC 2308, section 5)
		f.ttl = 0
	}
	e := &ResolveError{Name: name, Rcode: f.rcode, Server: f.server, Kind: checks.Nonexistent, Why: "the name has none"}
	if f.rcode == dns.RcodeNameError {
		e.Why = "the name does not exist"
		if f.end != name {
			e.Why = "it is an alias of a name that does not exist"
		}
	}
	return lookedUp{err: e, ttl: f.ttl}
}

func failed(e *ResolveError) lookedUp { return lookedUp{err: e} }

// nobody is the error of a question that no server answered.
func nobody(ctx context.Context, name string) *ResolveError {
	const why = "no DNS server of ours answers: check the network, or set others with probe.resolver"
	return &ResolveError{Name: name, Why: why, Kind: checks.Unmeasured, err: ctx.Err()}
}
