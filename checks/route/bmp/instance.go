package bmp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ParseInstance reads a route distinguisher as routers print it (RFC 4364 section
// 4.2): "65000:100" with an AS number of 2 or 4 bytes, "192.0.2.1:100" with an
// address. A lone number is taken as it is: that of an instance which has no route
// distinguisher. The empty string is the global instance.
func ParseInstance(s string) (uint64, error) {
	if s == "" {
		return 0, nil
	}
	admin, assigned, ok := strings.Cut(s, ":")
	if !ok {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, badInstance(s)
		}
		return n, nil
	}
	if a, err := netip.ParseAddr(admin); err == nil && a.Is4() {
		n, err := strconv.ParseUint(assigned, 10, 16)
		if err != nil {
			return 0, badInstance(s)
		}
		b := a.As4()
		return 1<<48 | uint64(b[0])<<40 | uint64(b[1])<<32 | uint64(b[2])<<24 | uint64(b[3])<<16 | n, nil
	}
	as, err := strconv.ParseUint(admin, 10, 32)
	if err != nil {
		return 0, badInstance(s)
	}
	bits := 32
	if as > 0xffff {
		bits = 16
	}
	n, err := strconv.ParseUint(assigned, 10, bits)
	if err != nil {
		return 0, badInstance(s)
	}
	if as > 0xffff {
		return 2<<48 | as<<16 | n, nil
	}
	return as<<32 | n, nil
}

func badInstance(s string) error {
	return fmt.Errorf("instance %q is no route distinguisher: write it as in 65000:100 or 192.0.2.1:100", s)
}

// formatInstance is the inverse of ParseInstance.
func formatInstance(d uint64) string {
	switch d >> 48 {
	case 0:
		if as := d >> 32; as != 0 {
			return fmt.Sprintf("%d:%d", as, uint32(d))
		}
	case 1:
		return fmt.Sprintf("%v:%d", netip.AddrFrom4([4]byte{byte(d >> 40), byte(d >> 32), byte(d >> 24), byte(d >> 16)}), uint16(d))
	case 2:
		return fmt.Sprintf("%d:%d", uint32(d>>16), uint16(d))
	}
	return strconv.FormatUint(d, 10)
}
