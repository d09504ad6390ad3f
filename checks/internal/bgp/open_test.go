package bgp

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var compareAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestOpenRoundTrip(t *testing.T) {
	tests := map[string]*Open{
		"all": {
			AS: 4200000001, HoldTime: 90 * time.Second, ID: netip.MustParseAddr("192.0.2.1"),
			Families: []Family{IPv4Unicast, IPv6Unicast}, AS4: true, RouteRefresh: true, EnhancedRefresh: true, ExtendedMessage: true,
			GracefulRestart: &GracefulRestart{Restarting: true, Time: 120 * time.Second},
			AddPath:         []AddPath{{IPv4Unicast, true, false}, {IPv6Unicast, true, true}},
		},
		"little": {AS: 64500, ID: netip.MustParseAddr("10.0.0.1"), AS4: true},
	}
	for name, want := range tests {
		msg := want.Append([]byte("before"))[6:]
		if n, kind, err := ParseHeader(msg); err != nil || n != len(msg) || kind != MessageOpen {
			t.Fatalf("%s: got header %d, %d, %v", name, n, kind, err)
		}
		got, err := ParseOpen(msg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, compareAddr); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// open makes an OPEN of AS 64500, hold time 90, with what is given in hex behind it,
// the length of the optional parameters first.
func open(t *testing.T, rest string) []byte {
	t.Helper()
	b := appendHeader(nil, MessageOpen)
	tail, err := hex.DecodeString("04" + "fbf4" + "005a" + "0a000001" + strings.ReplaceAll(rest, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return finish(append(b, tail...), 0)
}

func TestParseOpen(t *testing.T) {
	tests := []struct {
		name, rest string
		families   []Family
		as4        bool
	}{
		{"no parameters", "00", nil, false},
		{"one capability a parameter", "10 0206 0104 00010001 0206 4104 0000fbf4", []Family{IPv4Unicast}, true},
		{"RFC 9072", "ff ff 0011 02 000e 0104 00010001 4104 0000fbf4 0200", []Family{IPv4Unicast}, true},
		{"RFC 9072 with a length that is not 255", "10 ff 0009 02 0006 0104 00020001", []Family{IPv6Unicast}, false},
		{"unknown capability", "0a 0208 4906 01020304 0506", nil, false},
	}
	for _, tt := range tests {
		got, err := ParseOpen(open(t, tt.rest))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.families, got.Families); diff != "" || got.AS4 != tt.as4 || got.AS != 64500 {
			t.Errorf("%s: got %+v; families (-want +got):\n%s", tt.name, got, diff)
		}
	}
}

func TestParseOpenRefuses(t *testing.T) {
	version := open(t, "00")
	version[HeaderLen] = 3
	tests := []struct {
		name    string
		msg     []byte
		code    NotificationCode
		subcode uint8
		data    string
	}{
		{"short", finish(append(appendHeader(nil, MessageOpen), 4, 0, 1), 0), HeaderError, BadMessageLength, "0016"},
		{"version 3", version, OpenError, UnsupportedVersion, "0004"},
		{"parameters beyond the message", open(t, "05 0200"), OpenError, 0, ""},
		{"bytes behind the parameters", open(t, "02 0200 00"), OpenError, 0, ""},
		{"parameter beyond the parameters", open(t, "02 0203"), OpenError, 0, ""},
		{"authentication parameter", open(t, "03 0101 00"), OpenError, UnsupportedParameter, ""},
		{"capability beyond the parameter", open(t, "04 0202 4104"), OpenError, 0, ""},
		{"AS number in 2 bytes", open(t, "06 0204 4102 0001"), OpenError, 0, ""},
		{"add-path in 3 bytes", open(t, "07 0205 4503 000101"), OpenError, 0, ""},
	}
	for _, tt := range tests {
		_, err := ParseOpen(tt.msg)
		n, ok := err.(*Notification)
		if !ok {
			t.Errorf("%s: got %v, want a notification", tt.name, err)
			continue
		}
		if n.Code != tt.code || n.Subcode != tt.subcode || hex.EncodeToString(n.Data) != tt.data || n.Reason == "" {
			t.Errorf("%s: got %+v, want code %d, subcode %d, data %q", tt.name, n, tt.code, tt.subcode, tt.data)
		}
	}
}

func TestNotification(t *testing.T) {
	tests := []struct {
		n          Notification
		name, text string
	}{
		{Notification{Code: Cease, Subcode: AdministrativeStop, Data: ShutdownData("bis später\n\x1b[31m")}, "cease (administrative shutdown)", "bis später [31m"},
		{Notification{Code: Cease, Subcode: AdministrativeStop, Data: []byte{9, 'x'}}, "cease (administrative shutdown)", ""},
		{Notification{Code: Cease, Subcode: AdministrativeReset, Data: []byte{2, 0xff, 'x'}}, "cease (administrative reset)", "\ufffdx"},
		{Notification{Code: Cease, Subcode: TooManyPrefixes, Data: []byte{1, 'x'}}, "cease (too many prefixes)", ""},
		{Notification{Code: OpenError, Subcode: 99}, "OPEN error (subcode 99)", ""},
		{Notification{Code: OpenError, Subcode: BadPeerAS}, "OPEN error (bad peer AS)", ""},
		{Notification{Code: HoldTimerExpired}, "hold timer expired", ""},
		{Notification{Code: 99, Subcode: 1}, "code 99, subcode 1", ""},
	}
	for _, tt := range tests {
		got, err := ParseNotification(tt.n.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got.Code != tt.n.Code || got.Subcode != tt.n.Subcode || !bytes.Equal(got.Data, tt.n.Data) {
			t.Errorf("got %+v, want %+v", got, tt.n)
		}
		if got.Name() != tt.name || got.Text() != tt.text {
			t.Errorf("got %q, %q, want %q, %q", got.Name(), got.Text(), tt.name, tt.text)
		}
	}
	if got := ShutdownData(strings.Repeat("ä", 200)); len(got) != 255 || got[0] != 254 {
		t.Errorf("got %d bytes, %d said, want 255 and 254: whole letters", len(got), got[0])
	}
}

func TestRefresh(t *testing.T) {
	f, step, ok := ParseRefresh(AppendRefresh(nil, IPv6Unicast, RefreshAsk))
	if f != IPv6Unicast || step != RefreshAsk || !ok {
		t.Errorf("got %v, %v, %v", f, step, ok)
	}
	if _, _, ok := ParseRefresh(AppendKeepalive(nil)); ok {
		t.Error("a message without a family was read as a refresh")
	}
}

// Add-path is negotiated for each family, and one message may hold both.
func TestAddPathOnly(t *testing.T) {
	d := Draft{
		Announce: []NLRI{{Prefix: netip.MustParsePrefix("2001:db8::/32"), PathID: 7}},
		NextHop:  netip.MustParseAddr("2001:db8::1"),
	}
	msg, err := d.Append(nil, Options{AS4: true, AddPath: true})
	if err != nil {
		t.Fatal(err)
	}
	var u Update
	if err := u.Decode(msg, Options{AS4: true, AddPath: true, AddPathOnly: IPv6Unicast}); err != nil || len(u.Announced) != 1 || u.Announced[0] != d.Announce[0] {
		t.Errorf("IPv6 alone: got %v, %v, want %v", u.Announced, err, d.Announce)
	}
	if err := u.Decode(msg, Options{AS4: true, AddPath: true, AddPathOnly: IPv4Unicast}); err == nil && len(u.Announced) == 1 && u.Announced[0] == d.Announce[0] {
		t.Error("IPv4 alone: the identifier of an IPv6 route was read as one")
	}
}

func FuzzParseOpen(f *testing.F) {
	o := Open{AS: 4200000001, HoldTime: 9 * time.Second, ID: netip.MustParseAddr("192.0.2.1"), Families: []Family{IPv4Unicast, IPv6Unicast}, GracefulRestart: &GracefulRestart{}}
	f.Add(o.Append(nil))
	f.Add(finish(append(appendHeader(nil, MessageOpen), 4, 0, 1, 0, 90, 1, 2, 3, 4, 255, 255, 0, 4, 2, 0, 1, 0), 0))
	f.Fuzz(func(t *testing.T, msg []byte) {
		o, err := ParseOpen(msg)
		if err != nil {
			if _, ok := err.(*Notification); !ok {
				t.Fatalf("got error %T, want a notification", err)
			}
			return
		}
		if len(o.appendCapabilities(nil)) > 200 {
			return // more than one parameter holds
		}
		again, err := ParseOpen(o.Append(nil))
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again.AS4 = o.AS4 // is always written
		if diff := cmp.Diff(o, again, compareAddr); diff != "" {
			t.Fatalf("read and written differ (-read +written):\n%s", diff)
		}
	})
}
