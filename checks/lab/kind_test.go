package lab

import (
	"strings"
	"testing"
	"time"

	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
	"isitdown/checks/route"
)

// Every feed of the second tier tells a cut as it is, and takes a reset of its sessions and
// a restart of its receiver for what they are; afterwards all is as before.
func TestSecondTier(t *testing.T) {
	if testing.Short() {
		t.Skip("three daemons more, and GoBGP takes its time after a reset")
	}
	t.Parallel()
	if !netlab.Alone(t) {
		return
	}
	i := Build(t)
	var feeds []*Feed
	for _, k := range Kinds() {
		if k.Tier == 1 {
			continue
		}
		if why := k.Missing(); why != "" {
			labtest.Missing(t, why)
		}
		began := time.Now()
		f := k.Attach(i)
		if f.Name != k.Name {
			t.Errorf("the feed of kind %s is called %s", k.Name, f.Name)
		}
		t.Logf("%s is up after %v", f.Name, time.Since(began).Round(time.Millisecond))
		feeds = append(feeds, f)
	}
	r := i.Record(feeds...)
	each := func(do func(*Feed)) func() {
		return func() {
			for _, f := range feeds {
				do(f)
			}
		}
	}
	var cut *Fault
	r.Do("cut", time.Hour, func() { cut = i.Cut(i.Access) }, Gone(HomePrefixes()...))
	r.Do("healed", time.Hour, func() { cut.Heal() }, r.Back)
	r.Do("reset", time.Hour, each(func(f *Feed) { f.Reset() }), r.Back)
	r.Do("restarted", time.Hour, each(func(f *Feed) { f.Restart() }), r.Back)
	r.Do("cut again", time.Hour, func() { cut = i.Cut(i.Access) }, Gone(HomePrefixes()...))
	for _, m := range r.Recording().Moments[1:] {
		for _, f := range feeds {
			judge(t, &m, f.Name)
		}
	}
}

// judge holds what a feed said in a moment against what happened.
func judge(t *testing.T, m *Moment, feed string) {
	t.Helper()
	kinds := map[route.Kind]int{}
	for _, h := range m.Heard[feed] {
		kinds[h.Update.Kind]++
		if at := h.Update.At; at.After(h.Arrived) || h.Update.Kind != route.Alive && at.Before(m.Began.Add(-resolution(feed))) {
			t.Errorf("%s: %s: what arrived at %v is of %v, and the moment began at %v", m.Name, feed, h.Arrived, at, m.Began)
		}
	}
	first, last, withdrawn := m.Withdrawn(feed)
	downs, ups, holes := kinds[route.PeerDown], kinds[route.PeerUp], kinds[route.Lost]
	ok := false
	switch m.Name {
	case "cut", "cut again":
		t.Logf("%s: %s: first withdrawal after %v, last after %v", m.Name, feed, first.Round(time.Millisecond), last.Round(time.Millisecond))
		ok = withdrawn == 2*len(HomePrefixes()) && downs+ups+holes == 0
	case "healed":
		ok = withdrawn == 0 && downs+ups+holes == 0
	case "reset":
		ok = downs == 2 && ups == 2 && holes == 0
	case "restarted":
		ok = withdrawn == 0 && ups == 2 && holes == 1
	}
	if !ok {
		t.Errorf("%s: %s told %d withdrawals, %d ends and %d beginnings of sessions, %d holes", m.Name, feed, withdrawn, downs, ups, holes)
	}
}

// resolution is that of a feed's times, which are cut off, never rounded up.
func resolution(feed string) time.Duration {
	if strings.HasPrefix(feed, "bmp-") {
		return time.Second // of GoBGP's; and FRR's clock is that of its start, in whole seconds
	}
	return time.Microsecond
}

// A daemon that is not there is said to be missing before anything is started.
func TestMissing(t *testing.T) {
	k := Kind{Name: "bmp-none", pkg: "nobgpd", programs: []string{"nobgpd"}}
	if why := k.Missing(); !strings.Contains(why, "install nobgpd (Debian package nobgpd)") {
		t.Errorf("got %q", why)
	}
	names := map[string]bool{}
	for _, k := range Kinds() {
		if names[k.Name] || k.Attach == nil || k.Tier == 1 && k.Missing() != "" {
			t.Errorf("%s: is there twice, or cannot be attached: %s", k.Name, k.Missing())
		}
		names[k.Name] = true
	}
}
