package world

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/route"
)

// told is a state that has something to keep: a loss, something new, something otherwise.
func told(t testing.TB) *small {
	w := newSmall(t, 12)
	w.dump(rooted(four()))
	w.pass(2 * time.Hour)
	w.lose(w.peers...)
	w.announce("30.9.0.0/24", 900, 30, w.peers...)
	w.announce("30.0.2.0/24", 901, 33, w.peers[:3]...)
	w.pass(2 * time.Minute)
	return w
}

// again gives a new state the table of another, and what that kept.
func again(w *small) (*State, error) {
	s := New(w.state.opts)
	var kept []byte
	w.state.Do(func(r *route.RIB) { s.rib, kept = r, w.state.AppendTo(nil) })
	s.rib.Observe(observer{s})
	return s, s.Restore(kept)
}

func TestRestoredStateSaysTheSame(t *testing.T) {
	w := told(t)
	s, err := again(w)
	if err != nil {
		t.Fatal(err)
	}
	s.Tick(w.now)
	for _, target := range []checks.Target{net30, checks.Network(33), land, checks.Country("BB")} {
		want := w.verdict(target)
		got, _ := s.Verdict(target, w.now)
		if diff := cmp.Diff(gistOf(want), gistOf(got)); diff != "" {
			t.Errorf("%s (-before +restored):\n%s", target, diff)
		}
	}
	if got, _ := s.Verdict(net30, w.now); got.State != checks.Down {
		t.Errorf("AS30 is %v, want down", got.State)
	}
}

// FuzzRestore: whatever stands in the file, nothing panics.
func FuzzRestore(f *testing.F) {
	w := told(f)
	w.state.Do(func(*route.RIB) { f.Add(w.state.AppendTo(nil)) })
	f.Add([]byte{keptVersion, 0, 0, 0})
	f.Fuzz(func(t *testing.T, kept []byte) {
		w := newSmall(t, 3)
		w.dump(four())
		s := New(w.state.opts)
		s.Do(func(r *route.RIB) {
			for p := range four() {
				u := route.Update{Kind: route.Routes, At: noon, Peer: w.peers[0], Path: path(w.peers[0], 900, 30)}
				u.Announced = []route.NLRI{{Prefix: netip.MustParsePrefix(p)}}
				r.Apply(&u)
			}
		})
		if kept == nil {
			kept = []byte{}
		}
		if s.Restore(kept) == nil {
			s.Tick(noon.Add(time.Minute))
			s.World(noon.Add(time.Minute))
		}
	})
}
