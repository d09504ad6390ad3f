package reach

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"
)

// ear listens for ICMP errors about the packets of one socket (IP_RECVERR, ip(7)); no
// privileges are needed. net.Dialer closes its socket before it returns an error, and
// the kernel's queue of errors goes with it; so the ear holds a second descriptor of it.
// The zero value hears nothing.
type ear struct {
	fd   int
	open bool
}

// attach begins to listen on a socket that is about to connect.
func (e *ear) attach(c syscall.RawConn, ipv6 bool) error {
	e.close()
	var fault error
	err := c.Control(func(fd uintptr) {
		level, option := syscall.SOL_IP, syscall.IP_RECVERR
		if ipv6 {
			level, option = syscall.SOL_IPV6, syscall.IPV6_RECVERR
		}
		if fault = syscall.SetsockoptInt(int(fd), level, option, 1); fault != nil {
			return
		}
		second, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
		if errno != 0 {
			fault = errno
			return
		}
		e.fd, e.open = int(second), true
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return fmt.Errorf("listening for ICMP errors: %w", err)
	}
	return nil
}

func (e *ear) close() {
	if e.open {
		syscall.Close(e.fd)
		e.open = false
	}
}

// heard gives the first ICMP error that is waiting.
func (e *ear) heard() (said, bool) {
	if !e.open {
		return said{}, false
	}
	var control [512]byte
	for range 8 { // a queue that is longer holds the same again
		_, n, _, _, err := syscall.Recvmsg(e.fd, nil, control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if err != nil {
			return said{}, false
		}
		if s, ok := readSaid(control[:n]); ok {
			s.self = s.by == e.local()
			return s, true
		}
	}
	return said{}, false
}

// local is the address that the socket sends from.
func (e *ear) local() netip.Addr {
	sa, err := syscall.Getsockname(e.fd)
	if err != nil {
		return netip.Addr{}
	}
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *syscall.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr).Unmap()
	}
	return netip.Addr{}
}

// Origins of an extended error (linux/errqueue.h).
const (
	originICMP  = 2
	originICMP6 = 3
)

// readSaid reads struct sock_extended_err and the address behind it, which the kernel
// gives as a control message.
func readSaid(control []byte) (said, bool) {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return said{}, false
	}
	for _, m := range messages {
		isError := m.Header.Level == syscall.SOL_IP && m.Header.Type == syscall.IP_RECVERR ||
			m.Header.Level == syscall.SOL_IPV6 && m.Header.Type == syscall.IPV6_RECVERR
		const fixed = 16 // of sock_extended_err; a sockaddr follows
		if !isError || len(m.Data) < fixed+8 {
			continue
		}
		origin, kind, code, offender := m.Data[4], m.Data[5], m.Data[6], m.Data[fixed:]
		family := binary.NativeEndian.Uint16(offender)
		switch {
		case origin == originICMP && family == syscall.AF_INET:
			return said{by: netip.AddrFrom4([4]byte(offender[4:8])), kind: icmp4(kind, code)}, true
		case origin == originICMP6 && family == syscall.AF_INET6 && len(offender) >= 24:
			return said{by: netip.AddrFrom16([16]byte(offender[8:24])).Unmap(), kind: icmp6(kind, code)}, true
		}
	}
	return said{}, false
}

// icmp4 reads type and code of ICMP (RFC 792, RFC 1812 section 5.2.7.1).
func icmp4(kind, code byte) icmpKind {
	switch {
	case kind == 11:
		return icmpHops
	case kind == 3 && (code == 9 || code == 10 || code == 13):
		return icmpProhibited
	case kind == 3 && (code == 2 || code == 3):
		return icmpPort
	}
	return icmpUnreachable
}

// icmp6 reads type and code of ICMPv6 (RFC 4443, section 3).
func icmp6(kind, code byte) icmpKind {
	switch {
	case kind == 3:
		return icmpHops
	case kind == 1 && (code == 1 || code == 5 || code == 6):
		return icmpProhibited
	case kind == 1 && code == 4:
		return icmpPort
	}
	return icmpUnreachable
}
