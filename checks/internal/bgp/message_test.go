package bgp

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

// unhex gives the bytes of hex digits; spaces are for the reader.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatalf("hex of the test: %v", err)
	}
	return b
}

// message makes an UPDATE of three parts in hex.
func message(tb testing.TB, withdrawn, attributes, announced string) []byte {
	tb.Helper()
	b := appendHeader(nil, MessageUpdate)
	for _, part := range []string{withdrawn, attributes} {
		v := unhex(tb, part)
		b = append(b, byte(len(v)>>8), byte(len(v)))
		b = append(b, v...)
	}
	return finish(append(b, unhex(tb, announced)...), 0)
}

// What an announcement cannot do without, in hex. The next hop is 192.0.2.1.
const (
	origin  = "400101 00"
	nextHop = "400304 c0000201"
	route   = "18 c63364" // 198.51.100.0/24
)

func nlri(prefixes ...string) []NLRI {
	var out []NLRI
	for _, p := range prefixes {
		out = append(out, NLRI{Prefix: netip.MustParsePrefix(p)})
	}
	return out
}
