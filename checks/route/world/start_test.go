package world

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// shelf is an archive that publishes what collectors recorded, five minutes after a file of five minutes
// has ended.
type shelf struct {
	tables  map[string]time.Time // when each collector wrote its table
	said    []route.Update       // by all collectors, in the order of time
	missing map[string]bool      // collectors that it has nothing of
	down    int                  // questions for tables that it does not answer
	asked   []string
}

const (
	fileEvery = 5 * time.Minute
	published = 5 * time.Minute
)

func (s *shelf) Knows(collector string) bool { return strings.HasPrefix(collector, "rrc") }

func (s *shelf) PlayTable(ctx context.Context, collector string, at time.Time, dump int, emit func(*route.Update) error, heard func(string, bool, int64, int64)) (time.Time, []checks.Gap, error) {
	s.asked = append(s.asked, collector)
	taken, ok := s.tables[collector]
	if s.down--; !ok || s.down >= 0 || taken.After(at) {
		return time.Time{}, []checks.Gap{{Check: "route", Reason: "there is no table of " + collector}}, nil
	}
	heard(collector, false, 1, 2)
	routes := map[route.Peer]map[netip.Prefix]bgp.RawPath{}
	for i := range s.said {
		u := &s.said[i]
		if u.Peer.Collector != collector || u.At.After(taken) {
			continue
		}
		held := routes[u.Peer]
		if held == nil || u.Kind == route.PeerDown {
			held = map[netip.Prefix]bgp.RawPath{}
			routes[u.Peer] = held
		}
		for _, n := range u.Withdrawn {
			delete(held, n.Prefix)
		}
		for _, n := range u.Announced {
			held[n.Prefix] = u.Path
		}
	}
	for _, p := range testPrefixes() {
		u := route.Update{Kind: route.Table, At: taken, Prefix: p, Dump: dump}
		for peer, held := range routes {
			if path, ok := held[p]; ok {
				u.Entries = append(u.Entries, route.Entry{Peer: peer, Path: path})
			}
		}
		slices.SortFunc(u.Entries, func(a, b route.Entry) int { return a.Peer.Addr.Compare(b.Peer.Addr) })
		if err := emit(&u); err != nil {
			return time.Time{}, nil, err
		}
	}
	return taken, nil, ctx.Err()
}

func (s *shelf) PlayChanges(ctx context.Context, since map[string]time.Time, until time.Time, emit func(*route.Update) error, _ func(string, bool, int64, int64)) (map[string]time.Time, []checks.Gap, error) {
	known := map[string]time.Time{}
	for name, from := range since {
		known[name] = from
		if there := until.Add(-published).Truncate(fileEvery); there.After(from) && !s.missing[name] {
			known[name] = there
		}
	}
	for i := range s.said {
		u := &s.said[i]
		from, ok := since[u.Peer.Collector]
		if ok && !u.At.Before(from.Truncate(fileEvery)) && u.At.Before(known[u.Peer.Collector]) {
			if err := emit(u); err != nil {
				return nil, nil, err
			}
		}
	}
	return known, nil, ctx.Err()
}

func testPrefixes() (list []netip.Prefix) {
	for i := range 12 {
		list = append(list, netip.MustParsePrefix(fmt.Sprintf("20.%d.0.0/16", i)))
	}
	return append(list, netip.MustParsePrefix("2001:db8::/32"))
}

func testPeer(collector string, n int) route.Peer {
	return route.Peer{Collector: collector, Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), AS: checks.ASN(3000 + n)}
}

// chatter is what sessions of the collectors say from one moment to another, in the order of time: first
// all of their tables, then any routes.
func chatter(rng *rand.Rand, from, to time.Time, collectors ...string) (list []route.Update) {
	path := func(p netip.Prefix) bgp.RawPath { // a prefix has one origin
		origin := checks.ASN(200 + p.Addr().AsSlice()[1]%3)
		raw, err := bgp.MakeRawPath(checks.Path{{checks.ASN(1 + rng.IntN(9))}, {checks.ASN(100 + rng.IntN(4))}, {origin}})
		if err != nil {
			panic(err)
		}
		return raw
	}
	for _, c := range collectors {
		for n := range 4 {
			for _, p := range testPrefixes() {
				list = append(list, route.Update{
					Kind: route.Routes, At: from, Peer: testPeer(c, n), Path: path(p), Announced: []route.NLRI{{Prefix: p}},
				})
			}
		}
	}
	for at := from; at.Before(to); at = at.Add(time.Duration(1+rng.IntN(4000)) * time.Millisecond) {
		u := route.Update{Kind: route.Routes, At: at, Peer: testPeer(collectors[rng.IntN(len(collectors))], rng.IntN(4))}
		one := []route.NLRI{{Prefix: testPrefixes()[rng.IntN(len(testPrefixes()))]}}
		switch what := rng.IntN(600); {
		case what == 0:
			u.Kind = route.PeerDown
		case what == 1:
			u.Kind = route.PeerUp
		case what < 200:
			u.Withdrawn = one
		default:
			u.Announced, u.Path = one, path(one[0].Prefix)
		}
		list = append(list, u)
	}
	return list
}

// contents gives what a state holds, one line a session and prefix.
func contents(s *State) (lines []string) {
	s.Do(func(r *route.RIB) {
		everything := checks.Footprint{Prefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
		r.Extract(&everything, 1, func(u *route.Update) {
			switch u.Kind {
			case route.Table:
				for _, e := range u.Entries {
					lines = append(lines, fmt.Sprint(e.Peer, u.Prefix, e.Path))
				}
			case route.Routes:
				for _, n := range u.Announced {
					lines = append(lines, fmt.Sprint(u.Peer, n.Prefix, u.Path))
				}
			}
		})
	})
	slices.Sort(lines)
	return lines
}

// after gives a state that was told everything up to a moment.
func after(said []route.Update, until time.Time) *State {
	s := New(Options{Rules: route.DefaultRules()})
	for i := range said {
		if !said[i].At.After(until) {
			s.Apply(&said[i])
		}
	}
	return s
}

// stream tells a start what was said from now on, a little late.
func stream(ctx context.Context, s *Start, said []route.Update) {
	began := time.Now()
	for i := range said {
		if said[i].At.Before(began) {
			continue
		}
		if sleep(ctx, time.Until(said[i].At.Add(200*time.Millisecond))) != nil {
			return
		}
		s.Put(&said[i])
	}
}

// However the archive and the stream lie to each other: in the end all is there that was
// said, once, and in its order.
func TestStartCold(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 8))
			zero := time.Now()
			ends := zero.Add(2 * time.Hour)
			said := chatter(rng, zero, ends, "rrc00", "rrc01", "rrc02")
			time.Sleep(time.Hour + time.Duration(rng.IntN(600))*time.Second)
			a := &shelf{said: said, tables: map[string]time.Time{"rrc00": zero.Add(20 * time.Minute), "rrc01": zero.Add(25 * time.Minute), "rrc02": zero}}
			s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{
				Archive: a, Collectors: []string{"rrc00", "rrc01", "rrc02"}, Streaming: true, HoldDir: t.TempDir(),
			})
			done := make(chan error)
			go func() { done <- s.Run(t.Context()) }()
			if now := s.Now(time.Now()); now.After(time.Now()) {
				t.Errorf("answers for %v", now)
			}
			go stream(t.Context(), s, said)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if p := s.Progress(); p.Phase != Live || p.Read != 3 || len(p.Gaps) > 0 || p.Sentence() != "" || p.Held != 0 {
				t.Errorf("got %+v", p)
			}
			if d := time.Since(zero.Add(time.Hour)); d > 30*time.Minute {
				t.Errorf("it took until %v", d)
			}
			time.Sleep(time.Until(ends.Add(time.Second)))
			synctest.Wait()
			if diff := cmp.Diff(contents(after(said, ends)), contents(s.State())); diff != "" {
				t.Errorf("seed %d: what is held differs (-want +got):\n%s", seed, diff)
			}
			if files, _ := filepath.Glob(filepath.Join(s.o.HoldDir, "*")); len(files) > 0 {
				t.Errorf("left behind: %q", files)
			}
		})
	}
}

// What cannot be had makes sessions unknown, never their routes lost, and is said.
func TestStartWithout(t *testing.T) {
	tests := []struct {
		name  string
		shelf shelf
		most  int64
		wait  time.Duration
		gaps  []string
		votes bool // rrc00's session, right after the start
	}{
		{"no files", shelf{missing: map[string]bool{"rrc00": true}}, 0, 8 * time.Minute, []string{
			"the updates of rrc00 from 00:20:00 UTC on 1 January 2000 until the stream began could not be had: what its sessions hold is not known until they have had time to say it again",
		}, false},
		{"the archive is down at first", shelf{down: 3}, 0, 0, nil, true},
		{"no room", shelf{}, 4000, 0, []string{
			"while the start was waiting for the archives, %d updates of rrc00 from",
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				zero := time.Now()
				said := chatter(rand.New(rand.NewPCG(1, 2)), zero, zero.Add(3*time.Hour), "rrc00")
				time.Sleep(time.Hour)
				a := &tt.shelf
				a.said, a.tables = said, map[string]time.Time{"rrc00": zero.Add(20 * time.Minute)}
				s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{
					Archive: a, Collectors: []string{"rrc00"}, Streaming: true, HoldDir: t.TempDir(), HoldBytes: tt.most, Wait: tt.wait,
				})
				go stream(t.Context(), s, said)
				if tt.shelf.down > 0 {
					go func() {
						time.Sleep(90 * time.Second) // in the second wait
						p := s.Progress()
						if want := "0 of 1 collector read; no table could be had, and is asked for again"; p.Sentence() != want {
							t.Errorf("got %q while tables are waited for, want %q", p.Sentence(), want)
						}
						if len(p.Gaps) != 1 || p.Gaps[0].Reason != "there is no table of rrc00" {
							t.Errorf("got gaps %q while tables are waited for", p.Gaps)
						}
					}()
				}
				if err := s.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				p := s.Progress()
				if len(p.Gaps) != len(tt.gaps) {
					t.Fatalf("got gaps %q, want %q", p.Gaps, tt.gaps)
				}
				for i, want := range tt.gaps {
					before, behind, _ := strings.Cut(want, "%d")
					if got := p.Gaps[i].Reason; !strings.HasPrefix(got, before) || !strings.Contains(got, behind) {
						t.Errorf("got gap %q, want %q", got, want)
					}
				}
				if got := p.VantagePoints > 0; got != tt.votes {
					t.Errorf("%d vantage points vote right after the start", p.VantagePoints)
				}
			})
		})
	}
}

// A start ends with its context, wherever it is, and leaves nothing behind.
func TestStartEnds(t *testing.T) {
	for _, at := range []time.Duration{0, time.Second, 90 * time.Second, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			zero := time.Now()
			said := chatter(rand.New(rand.NewPCG(1, 2)), zero, zero.Add(2*time.Hour), "rrc00")
			time.Sleep(time.Hour)
			a := &shelf{said: said, tables: map[string]time.Time{"rrc00": zero.Add(20 * time.Minute)}, missing: map[string]bool{"rrc00": true}}
			s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{Archive: a, Collectors: []string{"rrc00"}, Streaming: true, HoldDir: t.TempDir()})
			ctx, cancel := context.WithTimeout(t.Context(), at)
			defer cancel()
			go stream(ctx, s, said)
			if err := s.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: got %v", at, err)
			}
			if files, _ := os.ReadDir(s.o.HoldDir); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

// Without an archive, or without a stream, there is what there is.
func TestStartLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zero := time.Now()
		said := chatter(rand.New(rand.NewPCG(1, 2)), zero, zero.Add(time.Hour), "rrc00")
		s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{Streaming: true})
		s.Put(&said[0])
		if err := s.Run(t.Context()); err != nil || s.State().Stats().Prefixes != 1 {
			t.Errorf("got %d prefixes, %v", s.State().Stats().Prefixes, err)
		}
		time.Sleep(2 * time.Hour)
		a := &shelf{said: said, tables: map[string]time.Time{"rrc00": zero}}
		s = Begin(Options{Rules: route.DefaultRules()}, StartOptions{Archive: a, Collectors: []string{"rrc00"}})
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(contents(after(said, zero.Add(time.Hour))), contents(s.State())); diff != "" {
			t.Errorf("what is held differs (-want +got):\n%s", diff)
		}
		if p := s.Progress(); p.Phase != Live || len(p.Gaps) > 1 {
			t.Errorf("got %+v", p)
		}
	})
}

// A stream that broke off while it was waited for the archives leaves nobody out for ever: time makes
// its sessions whole, although the feed says that a dump will.
func TestStartHoleInStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zero := time.Now()
		said := chatter(rand.New(rand.NewPCG(1, 2)), zero, zero.Add(time.Hour), "rrc00")
		s := Begin(Options{Rules: route.DefaultRules()}, StartOptions{Streaming: true})
		for i := range said[:200] {
			s.Put(&said[i])
		}
		hole := said[200].At
		s.Put(&route.Update{Kind: route.Lost, At: hole, Peer: route.Peer{Collector: "rrc00"}, Refresh: true})
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		states := func() (list []route.PeerState) {
			s.State().Do(func(r *route.RIB) {
				for i := range r.Sessions() {
					list = append(list, r.Session(i).State)
				}
			})
			return list
		}
		if got := states(); !slices.Contains(got, route.Syncing) {
			t.Errorf("right after the hole the sessions are %v, want some that are not whole", got)
		}
		for i := range said[200:] {
			s.Put(&said[200+i])
		}
		s.State().Tick(zero.Add(time.Hour + 15*time.Minute)) // who came up last has had time
		if got := states(); slices.Contains(got, route.Syncing) || !slices.Contains(got, route.Established) {
			t.Errorf("in the end the sessions are %v", got)
		}
	})
}
