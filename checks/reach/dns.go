package reach

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"isitdown/checks"
)

// maxUDP is more than a name server sends in one datagram to who asks without EDNS, and
// as much as we read of one that does not care.
const maxUDP = 4096

// DNS asks a name server for the SOA of Probe.Name, or of the root where there is none,
// over UDP, and again over TCP where the answer was cut off. Any answer with our id and
// our question counts, NXDOMAIN and REFUSED among them: a server that refuses is alive.
// SERVFAIL is a service that fails.
func (d *Dialers) DNS(ctx context.Context, p Probe) checks.Answer {
	return d.run(ctx, p, checks.MethodDNS, 1, func(ctx context.Context) finding {
		q := question(p.Name, dns.TypeSOA)
		m, f := d.askServer(ctx, p, q)
		if m == nil {
			return f
		}
		return readRcode(m)
	})
}

// question asks for a type of records of a name. Recursion is wanted: a server of a zone
// does not mind, and a resolver would not look far without.
func question(name string, kind uint16) *dns.Msg {
	return new(dns.Msg).SetQuestion(dns.CanonicalName(strings.TrimSuffix(name, ".")), kind)
}

// askServer sends a question and gives the answer, or says why there is none. What the
// answer says is not looked at.
func (d *Dialers) askServer(ctx context.Context, p Probe, q *dns.Msg) (*dns.Msg, finding) {
	packed, err := q.Pack()
	if err != nil {
		return nil, unmeasured("nothing was sent: the name cannot be asked for")
	}
	var e ear
	defer e.close()
	conn, f := d.dialHearing(ctx, "udp", p.addrPort(), &e)
	if conn == nil {
		return nil, f
	}
	defer conn.Close()
	stop := expire(ctx, conn)
	defer stop()
	if _, err := conn.Write(packed); err != nil {
		return nil, e.explain(ctx, err, p.addrPort())
	}
	buf := make([]byte, maxUDP)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, e.explain(ctx, err, p.addrPort())
		}
		m, ok := readAnswer(q, buf[:n])
		switch {
		case !ok: // not for us: somebody guesses, or it is late
		case m.Truncated:
			return d.askAgain(ctx, p, q, m), finding{}
		default:
			return m, finding{}
		}
	}
}

// askAgain asks over TCP, where what came over UDP was cut off. Without an answer there,
// what was cut off is the answer: it was ours.
func (d *Dialers) askAgain(ctx context.Context, p Probe, q, short *dns.Msg) *dns.Msg {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, f := d.dial(ctx, p.addrPort())
		if conn == nil {
			return nil, errors.New(f.detail)
		}
		return conn, nil
	}
	if whole, err := exchange(ctx, dial, "tcp", p.addrPort(), q); err == nil {
		return whole
	}
	return short
}

// expire ends what waits for a connection when the context ends, until stop is called.
func expire(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

// readAnswer reads what came for a question. It has to be an answer, with its id and its
// question; of servers that could not read the question, or would not, the question may
// be missing (RFC 1035, section 4.1.1; many leave it out with FORMERR).
func readAnswer(q *dns.Msg, b []byte) (*dns.Msg, bool) {
	m := new(dns.Msg)
	if len(b) < 12 || binary.BigEndian.Uint16(b) != q.Id {
		return nil, false
	}
	if err := m.Unpack(b); err != nil && !(m.Truncated && len(m.Question) == 1) {
		return nil, false
	}
	if !m.Response || m.Opcode != q.Opcode {
		return nil, false
	}
	if len(m.Question) == 0 {
		return m, m.Rcode == dns.RcodeFormatError || m.Rcode == dns.RcodeNotImplemented || m.Rcode == dns.RcodeServerFailure || m.Rcode == dns.RcodeRefused
	}
	asked, got := q.Question[0], m.Question[0]
	return m, len(m.Question) == 1 && strings.EqualFold(asked.Name, got.Name) && asked.Qtype == got.Qtype && asked.Qclass == got.Qclass
}

// readRcode tells what an answer says of the server.
func readRcode(m *dns.Msg) finding {
	f := finding{Outcome: checks.Answered, detail: rcodeName(m.Rcode)}
	switch {
	case m.Rcode == dns.RcodeServerFailure:
		f.Outcome = checks.Failing
	case m.Authoritative:
		f.detail += ", authoritative"
	}
	if m.Truncated {
		f.detail += ", cut off over UDP and not to be had over TCP"
	}
	return f
}
