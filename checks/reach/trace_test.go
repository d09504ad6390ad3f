package reach

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
	"isitdown/checks/internal/webtest"
	"isitdown/checks/netlab"
)

// routers makes this process - r1 - r2 - ... - host, and gives all nodes but this
// process's.
func routers(s *netlab.Sandbox, n int) []*netlab.Node {
	way := []*netlab.Node{s.Here()}
	for i := range n + 1 {
		name := fmt.Sprint("r", i+1)
		if i == n {
			name = "host"
		}
		next := s.Node(name)
		s.Link(next, way[i],
			netip.PrefixFrom(netip.AddrFrom4([4]byte{219, 158, byte(i), 0}), 24),
			netip.PrefixFrom(netip.MustParseAddr(fmt.Sprintf("2408:8000:%x::", i+1)), 64))
		way = append(way, next)
	}
	all4, all6 := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")
	for i := range n + 1 { // there by the default route, back by routes to the first link
		next := way[i+1]
		way[i].Route(all4, next.To(way[i], all4.Addr()))
		way[i].Route(all6, next.To(way[i], all6.Addr()))
		if i > 0 {
			next.Route(netip.MustParsePrefix("219.158.0.0/24"), way[i].To(next, all4.Addr()))
			next.Route(netip.MustParsePrefix("2408:8000:1::/64"), way[i].To(next, all6.Addr()))
		}
	}
	return way[1:]
}

// said is what matters of a way.
func said(way []checks.Router) (list []string) {
	for _, r := range way {
		s := fmt.Sprintf("%d %v", r.Number, r.Addr)
		if r.Arrived {
			s += " arrived"
		}
		list = append(list, s)
	}
	return list
}

func TestTrace(t *testing.T) {
	nothingLeft(t)
	const n = 6 // more than are asked at once
	way := routers(netlab.New(t), n)
	host := way[n]
	icmp := icmpFor(ICMPOptions{})
	icmp.hopWait = 100 * time.Millisecond
	home := func(to netip.Prefix) netip.Prefix { // where the answers go
		if to.Addr().Is4() {
			return way[0].Prefix4()
		}
		return way[0].Prefix6()
	}
	tests := []struct {
		name    string
		fault   func(to netip.Prefix) *netlab.Fault
		skipped int // the number of a hop that is silent
		last    int // the number of the last hop that answers
	}{
		{"all is well", nil, 0, 7},
		{"echoes alone are dropped", func(to netip.Prefix) *netlab.Fault { return way[3].Drop(netlab.Packets{To: to, Proto: "icmp"}) }, 0, 7},
		{"a silent router", func(to netip.Prefix) *netlab.Fault {
			return way[2].Drop(netlab.Packets{To: home(to), Proto: "icmp", Out: true})
		}, 3, 7},
		{"dropped by a router", func(to netip.Prefix) *netlab.Fault { return way[3].Drop(netlab.Packets{To: to}) }, 0, 4}, // which counts the hops before
		{"the host is silent", func(to netip.Prefix) *netlab.Fault { return host.Drop(netlab.Packets{To: to}) }, 0, 6},
		{"turned away", func(to netip.Prefix) *netlab.Fault {
			return way[4].Reject(netlab.Packets{To: to}, netlab.AdminProhibited)
		}, 0, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, to := range []netip.Addr{host.Addr4(), host.Addr6()} {
				if tt.fault != nil {
					defer tt.fault(netip.PrefixFrom(to, to.BitLen())).Heal()
				}
			}
			var both sync.WaitGroup
			for _, at := range []func(*netlab.Node) netip.Addr{(*netlab.Node).Addr4, (*netlab.Node).Addr6} {
				both.Go(func() {
					var want []string
					for i := range tt.last {
						if i+1 != tt.skipped {
							want = append(want, fmt.Sprintf("%d %v", i+1, at(way[i])))
						}
					}
					if tt.last == n+1 {
						want[len(want)-1] += " arrived"
					}
					got, err := icmp.Trace(t.Context(), at(host))
					if diff := cmp.Diff(want, said(got)); err != nil || diff != "" {
						t.Errorf("error %v (-want +got):\n%s", err, diff)
					}
					for _, r := range got {
						if r.Toward != at(host) || r.At.IsZero() {
							t.Errorf("got %+v", r)
						}
					}
				})
			}
			both.Wait()
		})
	}
}

func TestTraceErrors(t *testing.T) {
	nothingLeft(t)
	c := netlab.New(t).Chain()
	icmp := icmpFor(ICMPOptions{})
	for _, to := range []string{"10.0.0.1", "169.254.169.254"} {
		got, err := icmp.Trace(t.Context(), netip.MustParseAddr(to))
		if _, ok := errors.AsType[*RefusedError](err); !ok || got != nil {
			t.Errorf("%s: got %v, error %v, want a refusal", to, got, err)
		}
	}
	if got, err := NewICMP(ICMPOptions{}).Trace(t.Context(), c.Host.Addr4()); err == nil {
		t.Errorf("without a shield: got %v", got)
	}
	for _, host := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		route := c.Here.Prohibit(netip.PrefixFrom(host, host.BitLen()))
		if got, err := icmp.Trace(t.Context(), host); err == nil || len(got) != 0 {
			t.Errorf("%v, our route prohibits: got %v, error %v", host, got, err)
		}
		route.Heal()
	}
	fault := c.Router.Drop(netlab.Packets{})
	defer fault.Heal()
	webtest.NoLeaks(t)
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		got, err := icmp.Trace(ctx, c.Host.Addr4())
		took := time.Since(began)
		cancel()
		if len(got) != 1 || err != nil { // the router itself answers
			t.Fatalf("in 200 ms: got %v, error %v", got, err)
		}
		if took < 300*time.Millisecond {
			return
		}
	}
	t.Error("a deadline of 200 ms was passed by more than 100 ms each time")
}
