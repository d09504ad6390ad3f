package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
	"isitdown/checks/route/rislive"
	"isitdown/checks/route/rislivetest"
	"isitdown/checks/route/world"
)

// burstWorld is a world of a few vantage points at one collector, a stream into it that is
// worked off slowly, and the service behind that.
type burstWorld struct {
	state  *world.State
	inbox  *world.Inbox
	client *rislive.Client
	server *rislivetest.Server
	stop   func()
}

const burstPeers = 15

func burstPeer(i int) route.Peer {
	return route.Peer{Collector: "rrc00", AS: checks.ASN(64600 + i), Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})}
}

func burstPrefix(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 0}), 24)
}

// newBurstWorld is to be called in a bubble. each is what an update costs the table.
func newBurstWorld(t *testing.T, each time.Duration) *burstWorld {
	t.Helper()
	w := &burstWorld{
		inbox:  world.NewInbox(world.InboxOptions{Most: 1 << 19}),
		server: &rislivetest.Server{Collectors: []string{"rrc00.ripe.net"}},
	}
	w.state = world.New(world.Options{Rules: route.DefaultRules(), Assess: checks.DefaultRules(), Doubt: w.inbox.Doubt})
	for i := range 40 {
		u := route.Update{Kind: route.Table, At: time.Now().UTC(), Prefix: burstPrefix(i), Dump: 1}
		for k := range burstPeers {
			p := burstPeer(k)
			path := []byte{2, 3}
			for _, as := range []uint32{uint32(p.AS), 64700, 64500} {
				path = binary.BigEndian.AppendUint32(path, as)
			}
			u.Entries = append(u.Entries, route.Entry{Peer: p, Path: path})
		}
		w.state.Apply(&u)
	}
	if err := w.state.Restore(nil); err != nil {
		t.Fatal(err)
	}
	web, stopServer := w.server.Pipe()
	w.client = rislive.New(rislive.Options{URL: "ws://ris-live.test/v1/ws/", HTTP: web, Whole: true})
	ctx, cancel := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() {
		w.inbox.Run(ctx, func(list []route.Update) {
			time.Sleep(time.Duration(len(list)) * each)
			w.state.ApplyAll(list)
		})
	})
	parts.Go(func() {
		if err := w.client.Run(ctx, w.inbox.Put); err != nil {
			t.Error(err)
		}
	})
	w.stop = func() {
		cancel()
		parts.Wait()
		stopServer()
	}
	w.pass(10 * time.Second)
	return w
}

// pass lets time pass, in which the sessions send keepalives.
func (w *burstWorld) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := range burstPeers {
			p := burstPeer(i)
			w.server.Deliver(rislivetest.Keepalive(p.Collector, p.Addr, uint32(p.AS), time.Now().Unix()))
		}
		time.Sleep(min(20*time.Second, time.Until(end)))
		synctest.Wait()
		w.state.Tick(time.Now())
	}
}

// says sees the state of a prefix, and the gaps of its verdict.
func (w *burstWorld) says(t *testing.T, when string, want checks.State) string {
	t.Helper()
	target, err := checks.ParseTarget(burstPrefix(3).String())
	if err != nil {
		t.Fatal(err)
	}
	v, ok := w.state.Verdict(target, time.Now())
	if !ok || v.State != want {
		t.Errorf("%s: got %v (%v), want %v; %v", when, v.State, ok, want, v.Reasons)
	}
	var gaps []string
	for _, g := range v.Gaps {
		gaps = append(gaps, g.Reason)
	}
	return strings.Join(gaps, "\n")
}

// burst sends so many messages of one session at once.
func (w *burstWorld) burst(n int) {
	p := burstPeer(0)
	for i := range n {
		w.server.Deliver(rislivetest.Message{Type: "UPDATE", Frame: fmt.Appendf(nil,
			`{"type":"ris_message","data":{"timestamp":%d.%06d,"peer":"%s","peer_asn":"%d","host":"rrc00.ripe.net","type":"UPDATE","path":[%d,64700,64501],"announcements":[{"next_hop":"%s","prefixes":["%s"]}]}}`,
			time.Now().Unix(), i, p.Addr, p.AS, p.AS, p.Addr, burstPrefix(1000+i%1000))})
	}
}

// all has every session withdraw a prefix, or announce it again.
func (w *burstWorld) all(prefix netip.Prefix, announced bool) {
	for i := range burstPeers {
		p := burstPeer(i)
		what := fmt.Sprintf(`"withdrawals":["%s"]`, prefix)
		if announced {
			what = fmt.Sprintf(`"path":[%d,64700,64500],"announcements":[{"next_hop":"%s","prefixes":["%s"]}]`, p.AS, p.Addr, prefix)
		}
		w.server.Deliver(rislivetest.Message{Type: "UPDATE", Frame: fmt.Appendf(nil,
			`{"type":"ris_message","data":{"timestamp":%d.5,"peer":"%s","peer_asn":"%d","host":"rrc00.ripe.net","type":"UPDATE",%s}}`,
			time.Now().Unix(), p.Addr, p.AS, what)})
	}
}

// A burst that has room is worked off, and nothing is unknown for it.
func TestWorldBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newBurstWorld(t, 200*time.Microsecond)
		defer w.stop()
		w.says(t, "before a burst", checks.Up)
		w.burst(3000)
		w.pass(30 * time.Second)
		if gaps := w.says(t, "after a burst that had room", checks.Up); gaps != "" {
			t.Errorf("got gaps %q of a burst that had room", gaps)
		}
		if st := w.inbox.Stats(); st.LeftOut > 0 || w.client.Status().Updates != 3000 {
			t.Errorf("got %+v after %d updates", st, w.client.Status().Updates)
		}
		w.all(burstPrefix(3), false)
		w.pass(time.Minute)
		w.says(t, "after a loss behind a burst that had room", checks.Down)
	})
}

// Of a burst that has no room a part is left out: what its collector's sessions withdraw is no
// loss and the answer says why, until they have had time to say it again. The connection stands
// all along.
func TestWorldBurstTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newBurstWorld(t, 200*time.Microsecond)
		defer w.stop()
		w.burst(40_000)
		w.pass(30 * time.Second)
		w.all(burstPrefix(3), false)
		w.pass(time.Minute)
		gaps := w.says(t, "after a burst that had no room", checks.Unknown)
		left := w.inbox.Stats().LeftOut
		if left == 0 || !strings.Contains(gaps, "messages of rrc00 were left out; what its sessions hold is not known until they have said it again") {
			t.Errorf("%d messages were left out, and the gaps are %q", left, gaps)
		}
		if st := w.client.Status(); st.Holes > 0 || len(w.server.Sessions()) != 1 || st.Updates != 40_000+burstPeers {
			t.Errorf("the stream has %d holes and %d connections, %d updates came", st.Holes, len(w.server.Sessions()), st.Updates)
		}
		w.pass(7 * time.Minute)
		w.says(t, "before the sessions had time", checks.Unknown)
		w.all(burstPrefix(3), true)
		w.pass(3 * time.Minute)
		if gaps := w.says(t, "after the sessions had time", checks.Up); gaps != "" {
			t.Errorf("got gaps %q when all is known again", gaps)
		}
	})
}

// A stream that falls silent is said, and nothing is said of the present.
func TestWorldBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newBurstWorld(t, 0)
		defer w.stop()
		w.pass(30 * time.Second)
		w.says(t, "while keepalives come", checks.Up)
		time.Sleep(2 * time.Minute)
		w.says(t, "after two silent minutes", checks.Unknown)
		if got := w.state.World(time.Now()).Missing; !strings.Contains(got, "the newest message of the stream is 2 min old") {
			t.Errorf("got %q of a world whose stream is silent", got)
		}
	})
}
