package bgp

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// FuzzUpdate decodes anything, in every mode. What is accepted must hold
// together, and must be the same when it is written and read again.
func FuzzUpdate(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for mode := range byte(8) {
		for range 8 {
			d := randomDraft(r)
			msg, err := d.Append(nil, modeOptions(mode))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(msg[HeaderLen:], mode)
		}
	}
	f.Add(AppendEndOfRIB(nil, IPv6Unicast)[HeaderLen:], byte(0))
	f.Add(message(f, "", origin+nextHop+"40020c 0102 00ae 00af 0302 5ba0 5ba0 c0110a 0202 00030001 00030002", route)[HeaderLen:], byte(0))
	f.Add(message(f, "", origin+nextHop+"400200", "000002d0 17 4011f6")[HeaderLen:], byte(4))
	f.Fuzz(func(t *testing.T, body []byte, mode byte) {
		if len(body) > maxReadLen-HeaderLen {
			return
		}
		opt := modeOptions(mode)
		msg := finish(append(appendHeader(nil, MessageUpdate), body...), 0)
		before := string(msg)
		var u Update
		err := u.Decode(msg, opt)
		if string(msg) != before {
			t.Fatal("the message was changed")
		}
		if err != nil {
			e, ok := err.(*Error)
			if !ok || e.Offset < 0 || e.Offset > len(msg) || e.Reason == "" {
				t.Fatalf("error %#v, want an *Error with a byte of the message", err)
			}
			return
		}
		checkDecoded(t, &u)
		rewrite(t, &u, opt)
	})
}

func modeOptions(mode byte) Options {
	return Options{AS4: mode&1 != 0, AddPath: mode&2 != 0, GuessAddPath: mode&4 != 0}
}

func checkDecoded(t *testing.T, u *Update) {
	t.Helper()
	for _, route := range append(slices.Clone(u.Announced), u.Withdrawn...) {
		if !route.Prefix.IsValid() || route.Prefix != route.Prefix.Masked() {
			t.Fatalf("prefix %v", route.Prefix)
		}
	}
	if normal, _, reason := checkPath(u.Path, 4); !normal || reason != "" {
		t.Fatalf("path % x is not normal: %s", []byte(u.Path), reason)
	}
	path := u.Path.Path()
	if u.Path.Len() != len(path) {
		t.Fatalf("length %d of path %v", u.Path.Len(), path)
	}
	if origin, _ := u.Path.Origin(); origin != path.Origin() {
		t.Fatalf("origin %v of path %v", origin, path)
	}
	if u.EndOfRIB && len(u.Announced)+len(u.Withdrawn) > 0 {
		t.Fatal("End-of-RIB with routes")
	}
}

// rewrite writes what u says and reads it back.
func rewrite(t *testing.T, u *Update, opt Options) {
	t.Helper()
	d := Draft{
		Withdraw: u.Withdrawn, Announce: u.Announced, Path: u.Path.Path(), Origin: u.Origin,
		Communities: values(u.Communities.All()), LargeCommunities: values(u.LargeCommunities.All()), OTC: u.OTC,
	}
	if len(u.Announced) > 0 {
		d.NextHop = u.NextHopOf(0)
	}
	for i, route := range u.Announced {
		if route.Prefix.Addr().Is4() && u.NextHopOf(i).Is4() {
			d.NextHop = u.NextHopOf(i)
		}
	}
	opt.AddPath = opt.AddPath || u.AddPathGuessed
	opt.GuessAddPath = false
	msg, err := d.Append(nil, opt)
	if err != nil {
		if s := err.Error(); strings.Contains(s, "fewer prefixes") || strings.Contains(s, "is not IPv4") {
			return
		}
		t.Fatalf("writing %+v: %v", d, err)
	}
	var again Update
	if err := again.Decode(msg, opt); err != nil {
		t.Fatalf("reading what was written: %v\n%x", err, msg)
	}
	sameRoutes(t, again.Announced, u.Announced)
	sameRoutes(t, again.Withdrawn, u.Withdrawn)
	if len(u.Announced) > 0 && !again.Path.Path().Equal(d.Path) {
		t.Fatalf("path %v, want %v", again.Path.Path(), d.Path)
	}
}

// FuzzNotification reads anything as what ends and what refreshes a session. What a
// NOTIFICATION says is written and read back as it was.
func FuzzNotification(f *testing.F) {
	f.Add((&Notification{Code: Cease, Subcode: AdministrativeStop, Data: ShutdownData("bye")}).Append(nil))
	f.Add(AppendRefresh(nil, IPv6Unicast, RefreshEnd))
	f.Fuzz(func(t *testing.T, msg []byte) {
		ParseRefresh(msg)
		n, err := ParseNotification(msg)
		if err != nil {
			return
		}
		again, err := ParseNotification(n.Append(nil))
		if err != nil || again.Code != n.Code || again.Subcode != n.Subcode || again.Error() != n.Error() {
			t.Fatalf("read %v, then %v, %v", n, again, err)
		}
	})
}
