package errqueue

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// sees lets cmp look at addresses.
var sees = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// message is a control message as the kernel writes it.
func message(level, typ int, data []byte) []byte {
	b := make([]byte, unix.CmsgSpace(len(data)))
	n := copy(b[unix.CmsgLen(0):], data) + unix.CmsgLen(0)
	if unix.SizeofCmsghdr == 16 {
		binary.NativeEndian.PutUint64(b, uint64(n))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(n))
	}
	binary.NativeEndian.PutUint32(b[unix.SizeofCmsghdr-8:], uint32(level))
	binary.NativeEndian.PutUint32(b[unix.SizeofCmsghdr-4:], uint32(typ))
	return b
}

// extended is struct sock_extended_err with the offender behind it.
func extended(errno syscall.Errno, origin, typ, code byte, offender []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(errno))
	b = append(b, origin, typ, code, 0)
	return append(append(b, make([]byte, 8)...), offender...)
}

func offender4(a string) []byte {
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
	addr := netip.MustParseAddr(a).As4()
	return append(append(append(b, 0, 0), addr[:]...), make([]byte, 8)...)
}

func offender6(a string, zone uint32) []byte {
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_INET6)
	addr := netip.MustParseAddr(a).As16()
	return binary.NativeEndian.AppendUint32(append(append(b, 0, 0, 0, 0, 0, 0), addr[:]...), zone)
}

func v4(data []byte) []byte { return message(unix.IPPROTO_IP, unix.IP_RECVERR, data) }
func v6(data []byte) []byte { return message(unix.IPPROTO_IPV6, unix.IPV6_RECVERR, data) }

func TestParse(t *testing.T) {
	prohibited := Report{Kind: Prohibited, By: netip.MustParseAddr("192.0.2.1"), Type: 3, Code: 13}
	tests := []struct {
		name    string
		control []byte
		want    Report
	}{
		{"IPv4", v4(extended(syscall.EHOSTUNREACH, 2, 3, 13, offender4("192.0.2.1"))), prohibited},
		{"behind another message", append(message(unix.IPPROTO_IP, unix.IP_TTL, []byte{64, 0, 0, 0}),
			v4(extended(syscall.EHOSTUNREACH, 2, 3, 13, offender4("192.0.2.1")))...), prohibited},
		{
			"IPv6", v6(extended(syscall.ECONNREFUSED, 3, 1, 4, offender6("2001:db8::1", 0))),
			Report{Kind: PortUnreachable, By: netip.MustParseAddr("2001:db8::1"), Type: 1, Code: 4},
		},
		{
			"a router that has no other address", v6(extended(syscall.EHOSTUNREACH, 3, 3, 0, offender6("fe80::1", 7))),
			Report{Kind: Expired, By: netip.MustParseAddr("fe80::1%7"), Type: 3},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.control)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, sees); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	good4, good6 := offender4("192.0.2.1"), offender6("2001:db8::1", 0)
	tests := []struct {
		name    string
		control []byte
		is      error // nil: any
	}{
		{"nothing", nil, errForeign},
		{"no error among it", message(unix.IPPROTO_IP, unix.IP_TTL, []byte{64, 0, 0, 0}), errForeign},
		{"our own machine's", v4(extended(syscall.EMSGSIZE, 1, 0, 0, nil)), syscall.EMSGSIZE},
		{"our own machine's, without a number", v4(extended(0, 1, 0, 0, nil)), errForeign},
		{"a timestamp", v4(extended(0, 4, 0, 0, good4)), errForeign},
		{"ICMPv6 for IPv4", v4(extended(0, 3, 1, 4, good4)), errForeign},
		{"ICMP for IPv6", v6(extended(0, 2, 3, 3, good6)), errForeign},
		{"cut in the error", v4(extended(0, 2, 3, 3, nil)[:15]), nil},
		{"without an offender", v4(extended(0, 2, 3, 3, nil)), nil},
		{"cut in the offender", v4(extended(0, 2, 3, 3, good4[:7])), nil},
		{"cut in the IPv6 offender", v6(extended(0, 3, 1, 4, good6[:27])), nil},
		{"an offender of the other family", v4(extended(0, 2, 3, 3, good6)), nil},
		{"an IPv4 offender of IPv6", v6(extended(0, 3, 1, 4, append(good4, make([]byte, 12)...))), nil},
		{"an offender that is unknown", v4(extended(0, 2, 3, 3, make([]byte, 16))), nil},
		{"a message longer than there is", v4(extended(0, 2, 3, 3, good4))[:40], nil},
		{"half a header", v4(nil)[:7], nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.control)
			if err == nil || got != (Report{}) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %+v, error %v, want none and %v", got, err, tt.is)
			}
		})
	}
}

func TestQuoted(t *testing.T) {
	payload := []byte("a number and words")
	udp := &socket{probe: Probe{To: netip.MustParseAddr("192.0.2.1"), Payload: payload}}
	echo := &socket{probe: Probe{To: netip.MustParseAddr("192.0.2.1"), Way: Echo, Port: 0x0102, Payload: payload}}
	echo.packet = echo.probe.packet()
	header := []byte{echoRequest4, 0, 0xaa, 0xbb, 0xcc, 0xdd, 1, 2} // the kernel's checksum and identifier
	tests := []struct {
		name  string
		s     *socket
		quote []byte
		want  bool
	}{
		{"all", udp, payload, true},
		{"a part", udp, payload[:5], true},
		{"the header alone", udp, nil, true},
		{"padding behind", udp, append([]byte(string(payload)), make([]byte, 100)...), true},
		{"another's", udp, []byte("b number"), false},
		{"an echo", echo, append([]byte(string(header)), payload...), true},
		{"an echo's header", echo, header, true},
		{"half an echo's header", echo, header[:6], false},
		{"another sequence number", echo, []byte{echoRequest4, 0, 0, 0, 0, 0, 1, 3}, false},
		{"of another type", echo, []byte{echoRequest6, 0, 0, 0, 0, 0, 1, 2}, false},
		{"another's payload", echo, append([]byte(string(header)), "b number"...), false},
	}
	for _, tt := range tests {
		if got := tt.s.quoted(tt.quote); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever the kernel hands over, or somebody who feeds it, the parser neither panics nor
// gives half an answer.
func FuzzParse(f *testing.F) {
	f.Add(v4(extended(syscall.EHOSTUNREACH, 2, 3, 13, offender4("192.0.2.1"))))
	f.Add(v6(extended(syscall.EHOSTUNREACH, 3, 3, 0, offender6("fe80::1", 7))))
	f.Add(v4(extended(syscall.EMSGSIZE, 1, 0, 0, nil)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, control []byte) {
		r, err := Parse(control)
		if err == nil && (r.Kind == Nothing || r.Kind == Reply || !r.By.IsValid() || r.Words() == "") {
			t.Errorf("half an answer: %+v", r)
		}
		if err != nil && r != (Report{}) {
			t.Errorf("an answer and an error: %+v, %v", r, err)
		}
	})
}
