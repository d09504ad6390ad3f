package errqueue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Where an entry of the error queue comes from (linux/errqueue.h).
const (
	originLocal = 1
	originICMP  = 2
	originICMP6 = 3
)

// The lengths of struct sock_extended_err, which begins a control message, and of the
// address of the offender, which follows it.
const (
	extendedSize = 16
	sockaddrV4   = 8 // family, port, address; padding follows
	sockaddrV6   = 28
)

// errForeign is an entry of the queue that tells nothing of our packet: a timestamp, say.
var errForeign = errors.New("an entry of the error queue that is no error")

// Parse reads the control messages of one entry of a socket's error queue, as recvmsg
// gives them with MSG_ERRQUEUE: for who has a socket of their own. It gives what an ICMP
// error says, but for Own and After, or an error: [os.SyscallError] where this machine
// itself refused, any other where there is nothing of use.
func Parse(control []byte) (Report, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return Report{}, fmt.Errorf("reading control messages: %w", err)
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR:
			return parseExtended(m.Data, false)
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR:
			return parseExtended(m.Data, true)
		}
	}
	return Report{}, errForeign
}

func parseExtended(b []byte, v6 bool) (Report, error) {
	if len(b) < extendedSize {
		return Report{}, fmt.Errorf("an error of %d bytes, want at least %d", len(b), extendedSize)
	}
	errno, origin, typ, code := binary.NativeEndian.Uint32(b), b[4], b[5], b[6]
	switch {
	case origin == originLocal && errno != 0:
		return Report{}, os.NewSyscallError("send", syscall.Errno(errno))
	case origin == originICMP && !v6, origin == originICMP6 && v6:
	default:
		return Report{}, errForeign
	}
	by, err := parseOffender(b[extendedSize:], v6)
	if err != nil {
		return Report{}, err
	}
	return Report{Kind: means(v6, typ, code).kind, By: by, Type: typ, Code: code}, nil
}

// parseOffender reads the address of who sent an ICMP error.
func parseOffender(b []byte, v6 bool) (netip.Addr, error) {
	family, size := uint16(unix.AF_INET), sockaddrV4
	if v6 {
		family, size = unix.AF_INET6, sockaddrV6
	}
	if len(b) < size {
		return netip.Addr{}, fmt.Errorf("an offender of %d bytes, want %d", len(b), size)
	}
	if got := binary.NativeEndian.Uint16(b); got != family {
		return netip.Addr{}, fmt.Errorf("an offender of address family %d, want %d", got, family)
	}
	if !v6 {
		return netip.AddrFrom4([4]byte(b[4:8])), nil
	}
	a := netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	if zone := binary.NativeEndian.Uint32(b[24:]); zone != 0 && a.IsLinkLocalUnicast() {
		a = a.WithZone(strconv.FormatUint(uint64(zone), 10))
	}
	return a, nil
}
