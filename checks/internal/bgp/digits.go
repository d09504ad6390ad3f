package bgp

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
	if v < 100 {
		return append(dst, pairs[2*v], pairs[2*v+1])
	}
	var b [10]byte
	i := len(b)
	for v >= 100 {
		q := v / 100
		r := v - 100*q
		i -= 2
		b[i], b[i+1] = pairs[2*r], pairs[2*r+1]
		v = q
	}
	if v >= 10 {
		i -= 2
		b[i], b[i+1] = pairs[2*v], pairs[2*v+1]
	} else {
		i--
		b[i] = '0' + byte(v)
	}
	return append(dst, b[i:]...)
}
