package world

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"isitdown/checks"
	"isitdown/checks/internal/section"
	"isitdown/checks/route"
)

// options are those of a small world with two countries.
func snapshotOptions(full bool) Options {
	rules := route.DefaultRules()
	rules.FullPaths = full
	return Options{
		Rules: rules, Assess: checks.DefaultRules(), MinAddresses: 1, MinPrefixes6: 1,
		Locate: func(p netip.Prefix) string {
			if b := p.Addr().AsSlice(); b[1]%2 == 0 {
				return "KP"
			}
			return "SY"
		},
		Network: func(a checks.ASN) (string, string) { return "NET-" + a.String(), "KP" },
		Country: func(code string) string { return "land of " + code },
	}
}

// standing is all that can be asked of a state.
func standing(s *State, now time.Time) (all []any) {
	s.Tick(now)
	all = append(all, s.World(now), s.Countries(now), contents(s))
	for _, text := range []string{"KP", "SY", "AS200", "AS201", "AS202", "20.3.0.0/16", "2001:db8::/32"} {
		t, err := checks.ParseTarget(text)
		if err != nil {
			panic(err)
		}
		v, ok := s.Verdict(t, now)
		all = append(all, v, ok)
	}
	return all
}

// facts is what of all that does not rest on the minute at which a row was last looked at for
// what is usual of it: that is not kept.
func facts(s *State, now time.Time) (all []any) {
	all = append(all, contents(s))
	s.Tick(now)
	for _, v := range append(s.Countries(now), s.World(now).Outages...) {
		all = append(all, v.Target, v.State, v.Announced, v.IPv4, v.IPv6)
	}
	return all
}

// sameStanding compares what states say.
var sameStanding = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b checks.Target) bool { return a == b }), cmpopts.EquateEmpty(), cmpopts.EquateErrors(),
}

// crowd is a chatter of twelve collectors, so that there are vantage points enough, with losses: from
// minute 70 on some prefixes are gone everywhere.
func crowd(rng *rand.Rand, zero time.Time) (said []route.Update) {
	names := []string{"rrc00", "rrc01", "rrc02", "rrc03"}
	for _, u := range chatter(rng, zero, zero.Add(2*time.Hour), names...) {
		minute := u.At.Sub(zero) / time.Minute
		if minute >= 70 && minute < 100 && len(u.Announced) == 1 && u.Announced[0].Prefix.Addr().AsSlice()[1]%3 == 0 {
			continue
		}
		said = append(said, u)
	}
	for i := range said {
		u := &said[i]
		u.Peer.AS += checks.ASN(10 * int(u.Peer.Collector[4]-'0'))
		if i%50 == 7 && len(u.Announced) == 1 { // one session in some sends several paths
			u.Announced[0].PathID = 1 + uint32(i%3)
		}
	}
	lost := zero.Add(70 * time.Minute)
	for k := range said {
		if !said[k].At.Before(lost) {
			var gone []route.Update
			for _, c := range names {
				for n := range 4 {
					p := testPeer(c, n)
					p.AS += checks.ASN(10 * int(c[4]-'0'))
					u := route.Update{Kind: route.Routes, At: lost, Peer: p}
					for _, q := range testPrefixes() {
						if q.Addr().AsSlice()[1]%3 == 0 {
							u.Withdrawn = append(u.Withdrawn, route.NLRI{Prefix: q})
						}
					}
					gone = append(gone, u)
				}
			}
			return append(said[:k:k], append(gone, said[k:]...)...)
		}
	}
	return said
}

// tell gives a state updates, and lets it tick as time passes.
func tell(s *State, said []route.Update) {
	var last time.Time
	for i := range said {
		s.Apply(&said[i])
		if said[i].At.Sub(last) > 5*time.Second {
			last = said[i].At
			s.Tick(last)
		}
	}
}

// What is loaded answers as what was saved, then and whatever comes after.
func TestSnapshot(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		said := crowd(rng, begin)
		o := snapshotOptions(seed%2 == 1)
		want := New(o)
		cut := len(said)*(40+int(seed)*10)/100 + rng.IntN(20)
		tell(want, said[:cut])
		path := filepath.Join(t.TempDir(), "world")
		saved, err := want.Save(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got, asOf, err := Load(path, o)
		if err != nil {
			t.Fatal(err)
		}
		if !asOf.Equal(said[cut-1].At) || !saved.AsOf.Equal(asOf) || saved.Bytes == 0 {
			t.Errorf("seed %d: got one of %v, saved as %+v", seed, asOf, saved)
		}
		now := said[cut-1].At.Add(time.Second)
		if diff := cmp.Diff(standing(want, now), standing(got, now), sameStanding); diff != "" {
			t.Fatalf("seed %d: saved after %d of %d updates, what is said differs (-want +got):\n%s", seed, cut, len(said), diff)
		}
		for rest := said[cut:]; len(rest) > 0; {
			next := rest[:min(len(said)/8, len(rest))]
			rest = rest[len(next):]
			tell(want, next)
			tell(got, next)
			now := next[len(next)-1].At.Add(time.Second)
			if diff := cmp.Diff(facts(want, now), facts(got, now), sameStanding); diff != "" {
				t.Fatalf("seed %d: saved after %d of %d updates, %d before the end what is said differs (-want +got):\n%s", seed, cut, len(said), len(rest), diff)
			}
		}
	}
}

// What cannot be used is refused, and whoever began with it begins cold.
func TestSnapshotRefused(t *testing.T) {
	s := New(snapshotOptions(false))
	tell(s, crowd(rand.New(rand.NewPCG(1, 1)), begin))
	path := filepath.Join(t.TempDir(), "world")
	if _, err := s.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(path, snapshotOptions(true)); !errors.Is(err, ErrSnapshot) || !errors.Is(err, route.ErrOtherPaths) {
		t.Errorf("with whole paths: got %v", err)
	}
	if _, _, err := Load(path+"-none", snapshotOptions(false)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: got %v", err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b := bytes.Clone(whole)
		if rng.IntN(2) == 0 {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		} else {
			b = b[:rng.IntN(len(b))]
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(path, snapshotOptions(false)); !errors.Is(err, ErrSnapshot) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("damaged: got %v", err)
		}
	}
}

// A start from a snapshot takes in what the archive and the stream have since, once.
func TestStartSnapshot(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			zero := time.Now()
			ends := zero.Add(2 * time.Hour)
			said := crowd(rng, zero)
			own := route.Update{Kind: route.Routes, At: zero, Peer: testPeer("edge", 9), Announced: said[0].Announced, Path: said[0].Path}
			saved := after(append([]route.Update{own}, said...), zero.Add(20*time.Minute))
			path := filepath.Join(t.TempDir(), "world")
			if _, err := saved.Save(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour + time.Duration(rng.IntN(600))*time.Second)
			o := StartOptions{Snapshot: path, Archive: &shelf{said: said}, Streaming: true, HoldDir: t.TempDir(), Collectors: []string{"rrc00"}}
			s := Begin(Options{Rules: route.DefaultRules()}, o)
			if p := s.Progress(); !p.Snapshot.Equal(p.AsOf) || p.AsOf.IsZero() || p.VantagePoints == 0 {
				t.Errorf("got %+v", p)
			}
			go stream(t.Context(), s, said)
			if err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.State().Do(func(r *route.RIB) {
				for i := range r.Sessions() {
					if at := r.Session(i); at.Peer.Collector == "edge" && at.State != route.Ended {
						t.Errorf("the session of an own router is %v, which has not come back", at.State)
					}
				}
			})
			time.Sleep(time.Until(ends.Add(time.Second)))
			synctest.Wait()
			if diff := cmp.Diff(contents(after(said, ends)), contents(s.State())); diff != "" {
				t.Errorf("seed %d: what is held differs (-want +got):\n%s", seed, diff)
			}
			time.Sleep(4 * time.Hour)
			if s := Begin(Options{Rules: route.DefaultRules()}, o); s.Progress().Phase == Live || !s.Progress().Snapshot.IsZero() {
				t.Errorf("began from a snapshot of long ago: %+v", s.Progress())
			}
		})
	}
}

// No input makes it panic, neither while it is read nor when the state is used. Checksums are made right, so
// that what is behind them is looked at.
func FuzzSnapshot(f *testing.F) {
	for _, full := range []bool{false, true} {
		s := New(snapshotOptions(full))
		tell(s, crowd(rand.New(rand.NewPCG(1, 1)), begin)[:60])
		path := filepath.Join(f.TempDir(), "world")
		if _, err := s.Save(context.Background(), path); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, full)
	}
	said := crowd(rand.New(rand.NewPCG(2, 1)), begin)
	f.Fuzz(func(t *testing.T, b []byte, full bool) {
		mend(b)
		c, err := section.Decode(bytes.NewReader(b), int64(len(b)), snapshotMagic(), snapshotVersion)
		if err != nil {
			return
		}
		s := New(snapshotOptions(full))
		if s.load(c) != nil {
			return
		}
		standing(s, begin.Add(time.Hour))
		tell(s, said[:200])
		standing(s, begin.Add(2*time.Hour))
	})
}

// mend makes the checksums of a file of sections right, where it has the form of one: see package section.
func mend(b []byte) {
	const head, entry = 32, 28
	if len(b) < head {
		return
	}
	n := int(binary.LittleEndian.Uint32(b[20:]))
	list := head + n*entry
	if n > 1000 || len(b) < list+4 {
		return
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	for k := range n {
		e := b[head+k*entry:]
		from, length := binary.LittleEndian.Uint64(e[8:]), binary.LittleEndian.Uint64(e[16:])
		if from <= uint64(len(b)) && length <= uint64(len(b))-from {
			binary.LittleEndian.PutUint32(e[24:], crc32.Checksum(b[from:from+length], table))
		}
	}
	binary.LittleEndian.PutUint32(b[list:], crc32.Checksum(b[:list], table))
}
