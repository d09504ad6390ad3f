package errqueue

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Supported says whether this system has error queues.
const Supported = true

// Permitted says whether this process may send echoes without privileges: the error is
// that of the system, EACCES where net.ipv4.ping_group_range leaves its groups out. The
// setting is that of IPv6 as well.
func Permitted(v6 bool) error {
	fd, err := newSocket(v6, Echo)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// Send sends the packet and waits for the first answer to it, or for the end of the
// context: then the report says [Nothing], and there is no error. An error means that
// nothing was sent: it wraps the [syscall.Errno], such as EACCES for a route that
// prohibits.
func Send(ctx context.Context, p Probe) (Report, error) {
	p.To = p.To.Unmap()
	s, err := open(p)
	if err != nil {
		return Report{}, fmt.Errorf("asking %s: %w", p.To, err)
	}
	defer s.file.Close()
	defer s.until(ctx)()
	began := time.Now()
	if err := s.send(); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.Cause(ctx)
		}
		return Report{}, fmt.Errorf("asking %s: %w", p.To, err)
	}
	r, err := s.hear(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("asking %s: %w", p.To, err)
	}
	if r.Kind != Nothing {
		r.After = time.Since(began)
		r.Own = r.By.WithZone("") == s.local && r.By != p.To
	}
	return r, nil
}

// socket is connected to the host that is asked, and keeps its errors.
type socket struct {
	file   *os.File // in the runtime's poller
	raw    syscall.RawConn
	probe  Probe
	packet []byte
	local  netip.Addr
}

func newSocket(v6 bool, w Way) (int, error) {
	family, proto := unix.AF_INET, 0
	if v6 {
		family = unix.AF_INET6
	}
	switch {
	case w == Echo && v6:
		proto = unix.IPPROTO_ICMPV6
	case w == Echo:
		proto = unix.IPPROTO_ICMP
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	return fd, os.NewSyscallError("socket", err)
}

func open(p Probe) (*socket, error) {
	if p.Hops < 0 || p.Hops > 255 {
		return nil, fmt.Errorf("%d hops: want 0 to 255", p.Hops)
	}
	to, err := sockaddr(p)
	if err != nil {
		return nil, err
	}
	fd, err := newSocket(p.To.Is6(), p.Way)
	if err != nil {
		return nil, err
	}
	if err := prepare(fd, p, to); err != nil {
		unix.Close(fd)
		return nil, err
	}
	s := &socket{file: os.NewFile(uintptr(fd), "probe"), probe: p, packet: p.packet()}
	s.local = localAddr(fd)
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// prepare sets the socket up. Connecting sends nothing: it asks the routing table, which
// says at once where a route prohibits or leads nowhere.
func prepare(fd int, p Probe, to unix.Sockaddr) error {
	level, keep, hops := unix.IPPROTO_IP, unix.IP_RECVERR, unix.IP_TTL
	if p.To.Is6() {
		level, keep, hops = unix.IPPROTO_IPV6, unix.IPV6_RECVERR, unix.IPV6_UNICAST_HOPS
	}
	if err := unix.SetsockoptInt(fd, level, keep, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if p.Hops > 0 {
		if err := unix.SetsockoptInt(fd, level, hops, p.Hops); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return os.NewSyscallError("connect", unix.Connect(fd, to))
}

func sockaddr(p Probe) (unix.Sockaddr, error) {
	port := int(p.Port)
	if p.Way == Echo {
		port = 0
	}
	if p.To.Is4() {
		return &unix.SockaddrInet4{Port: port, Addr: p.To.As4()}, nil
	}
	if !p.To.IsValid() {
		return nil, errors.New("it is no address")
	}
	a := &unix.SockaddrInet6{Port: port, Addr: p.To.As16()}
	if zone := p.To.Zone(); zone != "" {
		id, err := strconv.ParseUint(zone, 10, 32)
		if err != nil {
			link, err := net.InterfaceByName(zone)
			if err != nil {
				return nil, err
			}
			id = uint64(link.Index)
		}
		a.ZoneId = uint32(id)
	}
	return a, nil
}

// localAddr is the address that the socket sends from.
func localAddr(fd int) netip.Addr {
	switch a, _ := unix.Getsockname(fd); a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(a.Addr)
	}
	return netip.Addr{}
}

// headerSize is that of an echo: type, code, checksum, identifier, sequence number. The
// kernel fills in the checksum and the identifier.
const headerSize = 8

func (p Probe) packet() []byte {
	if p.Way == UDP {
		return p.Payload
	}
	b := make([]byte, headerSize, headerSize+len(p.Payload))
	b[0] = echoRequest4
	if p.To.Is6() {
		b[0] = echoRequest6
	}
	binary.BigEndian.PutUint16(b[6:], p.Port)
	return append(b, p.Payload...)
}

// until makes the end of the context end what waits for the socket. The func that it
// gives takes that back, and waits for what it started.
func (s *socket) until(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	end := context.AfterFunc(ctx, func() {
		defer close(done)
		s.file.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !end() {
			<-done
		}
	}
}

func (s *socket) send() error {
	var fault error
	err := s.raw.Write(func(fd uintptr) bool {
		for {
			if _, fault = unix.Write(int(fd), s.packet); fault != unix.EINTR {
				return fault != unix.EAGAIN
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("send", fault)
}

// hear waits for an answer, and gives none where the context ends first.
func (s *socket) hear(ctx context.Context) (r Report, fault error) {
	err := s.raw.Read(func(fd uintptr) bool {
		for ctx.Err() == nil {
			var more bool
			if r, more, fault = s.next(int(fd)); fault != nil || r.Kind != Nothing {
				return true
			}
			if !more {
				return false
			}
		}
		return true
	})
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return Report{}, err
	}
	return r, fault
}

// next takes one thing that came in: an error, or else data. It says whether there may
// be more at once.
func (s *socket) next(fd int) (r Report, more bool, err error) {
	var data [1024]byte
	var control [512]byte
	n, oobn, flags, _, err := unix.Recvmsg(fd, data[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	switch {
	case err == unix.EAGAIN:
		return s.datum(fd, data[:])
	case err == unix.EINTR:
		return Report{}, true, nil
	case err != nil:
		return Report{}, false, os.NewSyscallError("recvmsg", err)
	case flags&unix.MSG_CTRUNC != 0:
		return Report{}, true, nil
	}
	r, err = Parse(control[:oobn])
	if own, ok := errors.AsType[*os.SyscallError](err); ok {
		return Report{}, false, own
	}
	if err != nil || !s.quoted(data[:n]) {
		return Report{}, true, nil // not ours: a better one may follow
	}
	return r, true, nil
}

// datum reads what the host itself sent. An error that is pending at the socket is in its
// queue as well, so it is taken from there.
func (s *socket) datum(fd int, b []byte) (r Report, more bool, err error) {
	n, err := unix.Read(fd, b)
	switch {
	case err == unix.EAGAIN:
		return Report{}, false, nil
	case err != nil:
		return Report{}, true, nil
	case s.probe.Way == UDP:
		return Report{Kind: Reply, By: s.probe.To}, true, nil
	case n != len(s.packet) || !bytes.Equal(b[6:n], s.packet[6:]):
		return Report{}, true, nil
	case b[0] == echoReply4 && s.probe.To.Is4(), b[0] == echoReply6 && s.probe.To.Is6():
		return Report{Kind: Reply, By: s.probe.To, Type: b[0]}, true, nil
	}
	return Report{}, true, nil
}

// quoted reports whether an ICMP error quotes our packet. Of the payload it may quote
// nothing (RFC 792 asks for eight bytes beyond the IP header), and after it there may be
// padding and extensions (RFC 4884).
func (s *socket) quoted(b []byte) bool {
	if s.probe.Way == Echo { // whose header is quoted too, with our identifier in it
		if len(b) < headerSize {
			return len(b) == 0
		}
		if b[0] != s.packet[0] || !bytes.Equal(b[6:8], s.packet[6:8]) {
			return false
		}
		b = b[headerSize:]
	}
	n := min(len(b), len(s.probe.Payload))
	return bytes.Equal(b[:n], s.probe.Payload[:n])
}
