package reach

import (
	"fmt"
	"net/netip"
	"syscall"

	"isitdown/checks/internal/errqueue"
)

// ear listens for ICMP errors about the packets of one socket (IP_RECVERR, ip(7)); no
// privileges are needed. net.Dialer closes its socket before it returns an error, and
// the kernel's queue of errors goes with it; so the ear holds a second descriptor of it.
// The zero value hears nothing.
type ear struct {
	fd            int
	level, option int
	open          bool
}

// attach begins to listen on a socket that is about to connect.
func (e *ear) attach(c syscall.RawConn, ipv6 bool) error {
	e.close()
	var fault error
	err := c.Control(func(fd uintptr) {
		e.level, e.option = syscall.SOL_IP, syscall.IP_RECVERR
		if ipv6 {
			e.level, e.option = syscall.SOL_IPV6, syscall.IPV6_RECVERR
		}
		if fault = syscall.SetsockoptInt(int(fd), e.level, e.option, 1); fault != nil {
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

// close ends listening, for a connection that lives on too: while somebody listens, an
// error on the way breaks it at once (tcp(7)), and else TCP would try again.
func (e *ear) close() {
	if e.open {
		syscall.SetsockoptInt(e.fd, e.level, e.option, 0)
		syscall.Close(e.fd)
		e.open = false
	}
}

// heard gives the first ICMP error that is waiting.
func (e *ear) heard() (errqueue.Report, bool) {
	if !e.open {
		return errqueue.Report{}, false
	}
	var control [512]byte
	for range 8 { // a queue that is longer holds the same again
		_, n, _, _, err := syscall.Recvmsg(e.fd, nil, control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if err != nil {
			return errqueue.Report{}, false
		}
		if r, err := errqueue.Parse(control[:n]); err == nil {
			r.Own = r.By.WithZone("") == e.local()
			return r, true
		}
	}
	return errqueue.Report{}, false
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
