package bgp

import "slices"

// pairs are the numbers from 00 to 99.
const pairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// AppendUint is strconv.AppendUint in base 10, for numbers that are mostly short.
func AppendUint(dst []byte, v uint32) []byte {
	if v < 10 {
		return append(dst, '0'+byte(v))
	}
	n := len(dst)
	if cap(dst)-n < maxDigits {
		dst = slices.Grow(dst, maxDigits)
	}
	i := n + digits(v)
	dst = dst[:i]
	for v >= 100 {
		q := v / 100
		r := v - 100*q
		i -= 2
		dst[i+1], dst[i] = pairs[2*r+1], pairs[2*r]
		v = q
	}
	if v >= 10 {
		dst[i-1], dst[i-2] = pairs[2*v+1], pairs[2*v]
	} else {
		dst[i-1] = '0' + byte(v)
	}
	return dst
}

const maxDigits = 10

// digits says how many digits v has.
func digits(v uint32) int {
	switch {
	case v < 1e2:
		return 2 - int(isBelow(v, 10))
	case v < 1e4:
		return 4 - int(isBelow(v, 1e3))
	case v < 1e6:
		return 6 - int(isBelow(v, 1e5))
	case v < 1e8:
		return 8 - int(isBelow(v, 1e7))
	}
	return 10 - int(isBelow(v, 1e9))
}

// isBelow is 1 where v is below limit, else 0, without a branch.
func isBelow(v, limit uint32) uint64 { return (uint64(v) - uint64(limit)) >> 63 }
