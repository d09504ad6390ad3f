package mrt

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// octets holds the digits of each byte with a point behind them, the first digit in
// the lowest byte, and in the highest bits of a byte of its own how many that are.
var octets, octetLens = makeOctets()

func makeOctets() (text [256]uint32, lens [256]uint8) {
	for i := range text {
		var b [8]byte
		lens[i] = uint8(copy(b[:], strconv.Itoa(i)+"."))
		text[i] = binary.LittleEndian.Uint32(b[:])
	}
	return text, lens
}

// appendAddr writes an address as RFC 5952 wants it; nothing for none.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		return appendIPv4(dst, a.As4())
	}
	if !a.IsValid() {
		return dst
	}
	return a.AppendTo(dst)
}

func appendIPv4(dst []byte, a [4]byte) []byte {
	n := len(dst)
	dst = append(dst, "000.000.000.000."...) // room, written over
	for _, o := range a {
		binary.LittleEndian.PutUint32(dst[n:], octets[o])
		n += int(octetLens[o])
	}
	return dst[:n-1]
}
