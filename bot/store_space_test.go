package bot

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// parsed gives targets as people write them.
func parsed(t interface{ Fatal(...any) }, texts ...string) (list []checks.Target) {
	for _, text := range texts {
		target, err := checks.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, target)
	}
	return list
}

// wants writes subscriptions of a channel, level down.
func wants(t *testing.T, s *Store, c chat.Channel, texts ...string) {
	t.Helper()
	update(t, s, func(tx *Tx) error {
		for _, target := range parsed(t, texts...) {
			if err := tx.PutSubscription(Subscription{Channel: c, Target: target}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestConcerned(t *testing.T) {
	s := newStore(t)
	wants(t, s, newsroom,
		"world", "KP", "AS131279", "example.org", "https://example.org",
		"0.0.0.0/0", "175.45.0.0/16", "175.45.176.0/22", "175.45.176.0/24", "175.45.177.7/32", "175.45.177.7", "175.45.179.255", "175.45.180.0/24",
		"::/0", "2001:db8::/32", "2001:db8::1", "2001:db8:1::/48")
	wants(t, s, noc, "KP", "175.45.177.7")
	for _, tt := range []struct {
		event string
		want  []string
	}{
		{"KP", []string{"world", "KP"}},
		{"AS131279", []string{"world", "AS131279"}},
		{"RU", []string{"world"}},
		{"world", []string{"world"}},
		{"example.org", []string{"example.org"}},
		{"https://example.org", []string{"https://example.org"}},
		{"175.45.176.0/24", []string{"0.0.0.0/0", "175.45.0.0/16", "175.45.176.0/22", "175.45.176.0/24"}},
		{"175.45.177.0/24", []string{"0.0.0.0/0", "175.45.0.0/16", "175.45.176.0/22", "175.45.177.7/32", "175.45.177.7"}},
		{"175.45.177.7", []string{"0.0.0.0/0", "175.45.0.0/16", "175.45.176.0/22", "175.45.177.7/32", "175.45.177.7"}},
		{"175.45.176.0/22", []string{"0.0.0.0/0", "175.45.0.0/16", "175.45.176.0/22", "175.45.176.0/24", "175.45.177.7/32", "175.45.177.7", "175.45.179.255"}},
		{"175.45.181.0/24", []string{"0.0.0.0/0", "175.45.0.0/16"}},
		{"8.8.8.8", []string{"0.0.0.0/0"}},
		{"2001:db8::/32", []string{"::/0", "2001:db8::/32", "2001:db8::1", "2001:db8:1::/48"}},
		{"2001:db8:1:2::/64", []string{"::/0", "2001:db8::/32", "2001:db8:1::/48"}},
	} {
		var got []string
		for target, list := range s.Concerned(parsed(t, tt.event)[0]) {
			got = append(got, target.String())
			if want := s.Subscribers(target); len(list) == 0 || !slices.Equal(list, want) {
				t.Errorf("%s: the subscribers of %v are %v, want %v", tt.event, target, list, want)
			}
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s concerns (-want +got):\n%s", tt.event, diff)
		}
	}
}

// The index of space finds what a walk over all targets finds, whatever comes and goes, one
// by one and many at once.
func TestSpaceModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s space
		have := make(map[checks.Target]int)
		for range rapid.IntRange(1, 6).Draw(r, "rounds") {
			lists := make(map[checks.Target][]Subscription)
			for range rapid.IntRange(0, 24).Draw(r, "changes") {
				target := drawSpace(r)
				lists[target] = make([]Subscription, rapid.IntRange(0, 2).Draw(r, "subscribers"))
			}
			s.update(lists)
			for target, list := range lists {
				have[target] = len(list)
			}
			p := drawSpace(r).Prefix()
			var got, want []checks.Target
			for _, at := range append(s.wider(nil, p), inside(s.sorted, p)...) {
				got = append(got, at.target)
				if n := len(*at.list.Load()); n != have[at.target] {
					r.Fatalf("%v has %d subscribers, want %d", at.target, n, have[at.target])
				}
			}
			for target, n := range have {
				if n > 0 && target.Prefix().Overlaps(p) {
					want = append(want, target)
				}
			}
			slices.SortFunc(want, func(a, b checks.Target) int { // what is over p first
				over := func(t checks.Target) int { return min(t.Prefix().Bits(), p.Bits()) }
				return cmp.Or(cmp.Compare(over(a), over(b)), compareSpace(a, b))
			})
			if !slices.Equal(got, want) {
				r.Fatalf("%v concerns %v, want %v", p, got, want)
			}
		}
	})
}

// drawSpace draws a prefix or an address out of little space, so that many overlap.
func drawSpace(r *rapid.T) checks.Target {
	n := byte(rapid.IntRange(0, 63).Draw(r, "address"))
	addr := netip.AddrFrom4([4]byte{10, 0, 0, n})
	if rapid.Bool().Draw(r, "six") {
		addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: n})
	}
	text := addr.String()
	if rapid.IntRange(0, 3).Draw(r, "kind") > 0 {
		bits := addr.BitLen() - rapid.SampledFrom([]int{0, 1, 2, 3, 4, 8, 32}).Draw(r, "bits")
		text = netip.PrefixFrom(addr, bits).Masked().String()
	}
	return parsed(r, text)[0]
}
