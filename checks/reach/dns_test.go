package reach

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"isitdown/checks"
	"isitdown/checks/labtest"
)

const exampleZone = `$ORIGIN example.org.
$TTL 60
@ SOA ns.example.org. root.example.org. 1 60 60 60 60
@ NS ns
@ NS ns2.example.net.
ns A 192.0.2.1
`

// What name servers say, said by NSD.
func TestDNSServer(t *testing.T) {
	nothingLeft(t)
	at := labtest.AddrPort(t)
	labtest.NSD(t, at, map[string]string{"example.org": exampleZone, "broken.example": ""}, nil)
	d := dialersFor(t)
	for _, tt := range []struct {
		name   string
		want   checks.Outcome
		detail string
	}{
		{"example.org", checks.Answered, "NOERROR, authoritative"},
		{"EXAMPLE.org.", checks.Answered, "NOERROR, authoritative"},
		{"nothing.example.org", checks.Answered, "NXDOMAIN, authoritative"},
		{"elsewhere.example", checks.Answered, "REFUSED"},
		{"", checks.Answered, "REFUSED"},
		{"broken.example", checks.Failing, "SERVFAIL"},
		{"a..b", checks.Unmeasured, "cannot be asked for"},
	} {
		p := Probe{Host: tt.name, Name: tt.name, Addr: at.Addr(), Port: at.Port()}
		check(t, inTime(t, d.DNS, p, tt.want), tt.want, tt.detail)
	}
	shut := Probe{Addr: at.Addr(), Port: labtest.Port(t, at.Addr())}
	got := inTime(t, d.DNS, shut, checks.Refused)
	check(t, got, checks.Refused, "port unreachable")
}

// udpServer answers each question with what answer makes of it, in order.
func udpServer(t *testing.T, answer func(q []byte) [][]byte) Probe {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			for _, b := range answer(slices.Clone(buf[:n])) {
				c.WriteToUDPAddrPort(b, from)
			}
		}
	})
	t.Cleanup(func() { c.Close(); wg.Wait() })
	return probeOf(c.LocalAddr())
}

// changed gives a right answer with something done to it.
func changed(change func(m *dns.Msg)) func(q []byte) [][]byte {
	return func(q []byte) [][]byte {
		m := new(dns.Msg)
		if m.Unpack(q) != nil {
			return nil
		}
		m.SetReply(m.Copy())
		change(m)
		b, err := m.Pack()
		if err != nil {
			return nil
		}
		return [][]byte{b}
	}
}

// What is no answer to the question is not taken for one, however near it comes; and it
// does not keep the right one from being heard.
func TestDNSForgeries(t *testing.T) {
	nothingLeft(t)
	right := changed(func(m *dns.Msg) { m.Authoritative = true })
	d := dialersFor(t)
	var all sync.WaitGroup // at once: most of it is waiting for a time-out
	for name, forge := range map[string]func(q []byte) [][]byte{
		"nothing":           func([]byte) [][]byte { return nil },
		"another id":        changed(func(m *dns.Msg) { m.Id++ }),
		"another name":      changed(func(m *dns.Msg) { m.Question[0].Name = "example.com." }),
		"another type":      changed(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeA }),
		"another class":     changed(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }),
		"two questions":     changed(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }),
		"no question":       changed(func(m *dns.Msg) { m.Question = nil }),
		"another opcode":    changed(func(m *dns.Msg) { m.Opcode = dns.OpcodeStatus }),
		"the question":      func(q []byte) [][]byte { return [][]byte{q} },
		"garbage":           func(q []byte) [][]byte { return [][]byte{append(q[:2:2], "garbage, and more of it"...)} },
		"short":             func(q []byte) [][]byte { return [][]byte{q[:5], {}} },
		"cut in the middle": func(q []byte) [][]byte { b := right(q)[0]; return [][]byte{b[:len(b)-3]} },
	} {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				p := udpServer(t, forge)
				p.Name = "example.org"
				check(t, inTime(t, d.DNS, p, checks.Silent), checks.Silent, "")
				p = udpServer(t, func(q []byte) [][]byte { return append(forge(q), right(q)...) })
				p.Name = "example.org"
				check(t, inTime(t, d.DNS, p, checks.Answered), checks.Answered, "NOERROR, authoritative")
			})
		})
	}
	all.Wait()
}

// A right answer from another address is none: whoever sends it was not asked.
func TestDNSFromElsewhere(t *testing.T) {
	nothingLeft(t)
	var socks [2]*net.UDPConn
	for i := range socks {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		socks[i] = c
	}
	p := probeOf(socks[0].LocalAddr())
	p.Name = "example.org"
	done := make(chan checks.Answer)
	go func() { done <- inTime(t, dialersFor(t).DNS, p, checks.Silent) }()
	buf := make([]byte, 4096)
	n, from, err := socks[0].ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range changed(func(*dns.Msg) {})(buf[:n]) {
		if _, err := socks[1].WriteToUDPAddrPort(b, from); err != nil {
			t.Fatal(err)
		}
	}
	check(t, <-done, checks.Silent, "")
}

// The codes, and what they mean for the server.
func TestDNSCodes(t *testing.T) {
	nothingLeft(t)
	d := dialersFor(t)
	for _, tt := range []struct {
		rcode    int
		question bool
		want     checks.Outcome
		detail   string
	}{
		{dns.RcodeSuccess, true, checks.Answered, "NOERROR"},
		{dns.RcodeNameError, true, checks.Answered, "NXDOMAIN"},
		{dns.RcodeRefused, true, checks.Answered, "REFUSED"},
		{dns.RcodeRefused, false, checks.Answered, "REFUSED"},
		{dns.RcodeFormatError, false, checks.Answered, "FORMERR"},
		{dns.RcodeNotImplemented, true, checks.Answered, "NOTIMP"},
		{dns.RcodeNotAuth, true, checks.Answered, "NOTAUTH"},
		{dns.RcodeServerFailure, true, checks.Failing, "SERVFAIL"},
		{dns.RcodeServerFailure, false, checks.Failing, "SERVFAIL"},
		{14, true, checks.Answered, "code 14"},
	} {
		p := udpServer(t, changed(func(m *dns.Msg) {
			m.Rcode = tt.rcode
			if !tt.question {
				m.Question = nil
			}
		}))
		p.Name = "example.org"
		check(t, inTime(t, d.DNS, p, tt.want), tt.want, tt.detail)
	}
}

// An answer that was cut off is asked for again over TCP, and stands where that fails.
func TestDNSTruncated(t *testing.T) {
	nothingLeft(t)
	const cut = "NOERROR, cut off over UDP and not to be had over TCP"
	whole := changed(func(m *dns.Msg) { m.Authoritative = true })
	framed := func(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }
	var all sync.WaitGroup // at once: most of it is waiting for a time-out
	for name, tt := range map[string]struct {
		tcp    func(c net.Conn, q []byte)
		detail string
	}{
		"answers":      {func(c net.Conn, q []byte) { c.Write(framed(whole(q)[0])) }, "NOERROR, authoritative"},
		"hangs up":     {func(net.Conn, []byte) {}, cut},
		"says nothing": {func(c net.Conn, _ []byte) { hold(c) }, cut},
		"says half":    {func(c net.Conn, q []byte) { c.Write(framed(whole(q)[0])[:9]); hold(c) }, cut},
		"another id":   {func(c net.Conn, q []byte) { q[0]++; c.Write(framed(whole(q)[0])) }, cut},
		"closed":       {nil, cut},
	} {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				p := udpServer(t, changed(func(m *dns.Msg) { m.Truncated = true }))
				p.Name = "example.org"
				if tt.tcp != nil {
					tcpAt(t, p, func(c net.Conn) {
						var size [2]byte
						if _, err := io.ReadFull(c, size[:]); err != nil {
							return
						}
						q := make([]byte, binary.BigEndian.Uint16(size[:]))
						if _, err := io.ReadFull(c, q); err == nil {
							tt.tcp(c, q)
						}
					})
				}
				check(t, inTime(t, dialersFor(t, p.Port).DNS, p, checks.Answered), checks.Answered, tt.detail)
			})
		})
	}
	all.Wait()
}

// FuzzReadAnswer: nothing but an answer with our id and our question passes, and what
// passes has a word.
func FuzzReadAnswer(f *testing.F) {
	q := question("example.org", dns.TypeSOA)
	q.Id = 4711
	packed, err := q.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:12])
	for _, change := range []func(*dns.Msg){
		func(*dns.Msg) {}, func(m *dns.Msg) { m.Truncated = true }, func(m *dns.Msg) { m.Rcode = 5; m.Question = nil },
		func(m *dns.Msg) {
			m.Ns = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: "org.", Rrtype: dns.TypeNS, Class: 1}, Ns: "a.example."}}
		},
	} {
		f.Add(changed(change)(packed)[0])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := readAnswer(q, b)
		if !ok {
			return
		}
		if m.Id != q.Id || !m.Response || len(m.Question) > 1 || len(m.Question) == 1 && m.Question[0].Qtype != dns.TypeSOA {
			t.Errorf("%v was taken for an answer to %v", m, q)
		}
		if got := readRcode(m); !got.There() || got.detail == "" || checks.OneLine(got.detail, 200) != got.detail {
			t.Errorf("read as %v, %q", got.Outcome, got.detail)
		}
		for name, addrs := range readReferral(m, "example.org.", "org.") {
			if _, why := hostName(name); why != "" || len(addrs) > 2*MaxAddrs {
				t.Errorf("%q with %v was taken for a name server", name, addrs)
			}
		}
	})
}
