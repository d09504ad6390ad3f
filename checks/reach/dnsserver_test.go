package reach

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// dnsServer is a server of names inside a test, over UDP and TCP on loopback.
type dnsServer struct {
	addr netip.AddrPort

	mu    sync.Mutex
	asked []string // "example.org. A", in order
}

// serveDNS starts a server that answers with handle, until the test ends.
func serveDNS(t testing.TB, handle dns.HandlerFunc) *dnsServer {
	t.Helper()
	var ln net.Listener
	var pc net.PacketConn
	for try := 0; ln == nil; try++ { // until a port is free for both
		var err error
		if pc, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if ln, err = net.Listen("tcp4", pc.LocalAddr().String()); err != nil {
			pc.Close()
			if try > 20 {
				t.Fatal(err)
			}
		}
	}
	s := &dnsServer{addr: pc.LocalAddr().(*net.UDPAddr).AddrPort()}
	counted := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		s.mu.Lock()
		s.asked = append(s.asked, q.Question[0].Name+" "+dns.TypeToString[q.Question[0].Qtype])
		s.mu.Unlock()
		handle(w, q)
	})
	var wg sync.WaitGroup
	for _, server := range []*dns.Server{{PacketConn: pc, Handler: counted}, {Listener: ln, Handler: counted}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		wg.Go(func() { server.ActivateAndServe() })
		<-started
		t.Cleanup(func() { server.Shutdown() })
	}
	t.Cleanup(func() { pc.Close(); ln.Close(); wg.Wait() })
	return s
}

// questions gives how often a server was asked for names that hold part.
func (s *dnsServer) questions(part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.asked {
		if strings.Contains(q, part) {
			n++
		}
	}
	return n
}

// records are the names of a test and what they have: "A 192.0.2.1", "CNAME b.example.org."
type records map[string][]string

// answer makes the answer to a question. Aliases are followed as resolvers do, in so far
// as the records have them. What is not there does not exist; a name that only has other
// records has nothing of this type.
func (r records) answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	name := strings.ToLower(q.Question[0].Name)
	for range 20 {
		list, ok := r[strings.TrimSuffix(name, ".")]
		if !ok {
			m.Rcode = dns.RcodeNameError
			break
		}
		next := ""
		for _, text := range list {
			rr, err := dns.NewRR(name + " 30 IN " + text)
			if err != nil {
				panic(err)
			}
			if c, ok := rr.(*dns.CNAME); ok {
				m.Answer, next = append(m.Answer, rr), c.Target
			} else if rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		if name = strings.ToLower(next); next == "" {
			break
		}
	}
	return m
}

func (r records) handle(w dns.ResponseWriter, q *dns.Msg) { w.WriteMsg(r.answer(q)) }

// rcode answers everything with a code.
func rcode(code int) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) { w.WriteMsg(new(dns.Msg).SetRcode(q, code)) }
}

// silent never answers.
func silent(dns.ResponseWriter, *dns.Msg) {}

// asking gives a Resolver that asks servers of a test.
func asking(o ResolverOptions, servers ...*dnsServer) *Resolver {
	for _, s := range servers {
		o.Servers = append(o.Servers, s.addr)
	}
	return NewResolver(o)
}
