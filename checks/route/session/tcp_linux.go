package session

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Socket options of Linux that package syscall has no names for: linux/tcp.h,
// linux/in6.h, asm-generic/socket.h.
const (
	tcpMD5SigExt    = 32
	md5FlagPrefix   = 1
	soDomain        = 39
	ipv6MinHopCount = 73
	longestTTL      = 255
)

// supported reports which settings this system has not got: none.
func supported([]Neighbor) error { return nil }

// protect sets what must be there before a socket calls or listens: the password of
// each neighbour (RFC 2385), and the TTL with which packets of ours can prove that
// they come from near (RFC 5082).
func protect(c syscall.RawConn, neighbors []*Neighbor) error {
	return control(c, func(fd int) error {
		domain, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, soDomain)
		if err != nil {
			return fmt.Errorf("asking for the socket's family: %w", err)
		}
		for _, n := range neighbors {
			if domain != syscall.AF_INET6 && n.Address.Addr().Is6() {
				continue // it cannot come here
			}
			if n.Password != "" {
				if err := setMD5(fd, domain, n); err != nil {
					return fmt.Errorf("setting the TCP MD5 password of %s: %w", n.Name, err)
				}
			}
			if n.TTLSecurity > 0 {
				if err := setTTL(fd, domain); err != nil {
					return fmt.Errorf("setting the TTL for %s: %w", n.Name, err)
				}
				if !n.Address.IsSingleIP() || len(neighbors) > 1 {
					continue // others may be further away; guard looks at each connection
				}
				if err := setLeastTTL(fd, domain, n.TTLSecurity); err != nil {
					return fmt.Errorf("setting the least TTL of %s: %w", n.Name, err)
				}
			}
		}
		return nil
	})
}

// guard checks the TTL of what comes over a connection that was accepted.
func guard(conn net.Conn, n *Neighbor) error {
	s, ok := conn.(syscall.Conn)
	if n.TTLSecurity == 0 || !ok {
		return nil
	}
	c, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return control(c, func(fd int) error {
		domain, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, soDomain)
		if err != nil {
			return err
		}
		if err := setTTL(fd, domain); err != nil {
			return err
		}
		return setLeastTTL(fd, domain, n.TTLSecurity)
	})
}

func control(c syscall.RawConn, do func(fd int) error) error {
	var err error
	if outer := c.Control(func(fd uintptr) { err = do(int(fd)) }); outer != nil {
		return outer
	}
	return err
}

// setMD5 gives the kernel a struct tcp_md5sig (linux/tcp.h). An IPv4 neighbour of an
// IPv6 socket is written as a mapped address, with the length of its IPv4 prefix.
func setMD5(fd, domain int, n *Neighbor) error {
	const addr, flags, bits, size, key = 0, 128, 129, 130, 136
	b := make([]byte, key+longestSecret)
	native := binary.NativeEndian
	native.PutUint16(b[addr:], uint16(domain))
	if domain == syscall.AF_INET6 {
		a := n.Address.Addr().As16()
		copy(b[addr+8:], a[:])
	} else {
		a := n.Address.Addr().As4()
		copy(b[addr+4:], a[:])
	}
	b[flags], b[bits] = md5FlagPrefix, byte(n.Address.Bits())
	native.PutUint16(b[size:], uint16(len(n.Password)))
	copy(b[key:], n.Password)
	return os.NewSyscallError("setsockopt", syscall.SetsockoptString(fd, syscall.IPPROTO_TCP, tcpMD5SigExt, string(b)))
}

// setTTL is for both families on an IPv6 socket, which may carry IPv4.
func setTTL(fd, domain int) error {
	if domain == syscall.AF_INET6 {
		if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, longestTTL); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, syscall.IP_TTL, longestTTL))
}

func setLeastTTL(fd, domain, hops int) error {
	least := longestTTL + 1 - hops
	if domain == syscall.AF_INET6 {
		if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, ipv6MinHopCount, least); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, syscall.IP_MINTTL, least))
}
