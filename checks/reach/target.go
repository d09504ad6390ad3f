package reach

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// maxHistory is how many hosts of a target have a history.
const maxHistory = 500

// longHeld is how old answers are when it is said that manners keep us from newer ones.
const (
	longHeld    = 4 * time.Minute
	seldomAsked = "%s was last asked %d min ago: its /24 (IPv6: /48) is sent no more than 15 probes in 10 minutes, by all who ask"
)

// target is one target with its hosts. It is guarded by the monitor's lock.
type target struct {
	f       checks.Footprint
	uses    int       // how many follow it
	linger  time.Time // until then it is asked though nobody follows it
	hosts   []*host
	leaving []*host        // shown until those that took their place have been asked
	history map[key]*rates // nil until it was loaded
	gaps    []checks.Gap   // from choosing the hosts

	at       time.Time // when the newest round ended
	revision int
	ready    chan struct{}
	opened   bool // ready is closed
	last     checks.Router
	traced   bool // in this silence

	due      time.Time // before then there is nothing to do; zero: look
	choose   time.Time // when the hosts are chosen anew
	choosing bool
	under    int  // questions under way
	some     bool // one of them was sent
}

func newTarget(f checks.Footprint) *target { return &target{f: f, ready: make(chan struct{})} }

// remember takes over the history of the hosts.
func (t *target) remember(list []HostRate) {
	t.history = map[key]*rates{}
	for _, h := range list {
		k, ok := parseKey(h.Host)
		if !ok || len(t.history) >= maxHistory && t.history[k] == nil {
			continue
		}
		t.rates(k).load(h)
	}
}

func (t *target) rates(k key) *rates {
	r := t.history[k]
	if r == nil {
		r = &rates{}
		t.history[k] = r
	}
	return r
}

// known gives the hosts that answered in the last days.
func (t *target) known(now time.Time) []key {
	var out []key
	for k, r := range t.history {
		if _, _, before := r.at(now); before {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b key) int { return cmp.Compare(a.String(), b.String()) })
	return out
}

// adopt takes over which hosts are asked from now on. Those that were asked before keep
// what is known of them.
func (t *target) adopt(list []choice, gaps []checks.Gap, now time.Time) {
	var hosts []*host
	for _, c := range list {
		if left := t.nameless(c); len(left) > 0 {
			hosts = append(hosts, left...)
			continue
		}
		h := t.host(c, now)
		if !c.found.At.IsZero() {
			h.newest, h.asleep = c.found, true
		}
		hosts = append(hosts, h)
	}
	if !slices.Equal(hosts, t.hosts) || !slices.Equal(gaps, t.gaps) {
		t.revision++
	}
	t.leaving = nil
	for _, h := range t.hosts { // the addresses of a name may be others at each look
		if !slices.Contains(hosts, h) && h.newest.There() && slices.ContainsFunc(hosts, func(n *host) bool { return n.probe.Host == h.probe.Host }) {
			t.leaving = append(t.leaving, h)
		}
	}
	t.hosts, t.gaps, t.due = hosts, gaps, time.Time{}
	if slices.ContainsFunc(list, func(c choice) bool { return c.found.Outcome != checks.Unmeasured }) {
		t.at = now // the DNS has answered for the host
	}
	t.tidy(now)
	t.settleReady()
}

// host gives the host of a choice: the one there was, or a new one.
func (t *target) host(c choice, now time.Time) *host {
	k := keyOf(c.probe)
	for _, h := range t.hosts {
		if keyOf(h.probe) == k {
			h.probe, h.role, h.home, h.asleep = c.probe, c.role, c.home, c.asleep
			return h
		}
	}
	return &host{probe: c.probe, role: c.role, home: c.home, asleep: c.asleep, rates: t.rates(k), next: now}
}

// nameless gives the hosts of a name that resolved before and does not now. Where the DNS
// fails each has missed a question, for nobody who goes by the name finds it; where it
// is our resolver that fails they are asked as before.
func (t *target) nameless(c choice) []*host {
	if c.found.At.IsZero() || c.found.Outcome == checks.Nonexistent {
		return nil
	}
	var left []*host
	for _, h := range t.hosts {
		if h.probe.Host != c.probe.Host || !h.probe.Addr.IsValid() {
			continue
		}
		left = append(left, h)
		h.asleep = c.found.Outcome == checks.Unresolved
		if !h.asleep {
			continue
		}
		a := c.found
		a.Addr, a.Port, a.Method = h.probe.Addr, h.probe.Port, h.probe.Method
		if h.take(a) {
			t.revision++
		}
	}
	return left
}

// tidy forgets the history of hosts that are not asked and have not answered for long.
func (t *target) tidy(now time.Time) {
	used := map[*rates]bool{}
	for _, h := range t.hosts {
		used[h.rates] = true
	}
	for k, r := range t.history {
		_, _, before := r.at(now)
		// A name may lead elsewhere at each look: no more is kept than a restart would find.
		if (!before || len(t.history) > maxHistory) && !used[r] && len(r.unsaved) == 0 {
			delete(t.history, k)
		}
	}
}

// settleReady opens ready once each host has been asked.
func (t *target) settleReady() {
	if t.opened {
		return
	}
	if !slices.ContainsFunc(t.hosts, (*host).unasked) {
		t.opened = true
		t.revision++
		close(t.ready)
	}
}

// start gives the hosts that are to be asked at now, marks them, and plans when to look
// again.
func (t *target) start(now time.Time) []*host {
	var out []*host
	t.due = t.choose
	if t.uses == 0 && t.linger.Before(t.due) {
		t.due = t.linger
	}
	for _, h := range t.hosts {
		switch {
		case h.asleep || h.busy:
		case !now.Before(h.next):
			h.busy = true
			t.under++
			out = append(out, h)
		case h.next.Before(t.due):
			t.due = h.next
		}
	}
	return out
}

// hurry has the hosts that miss answers asked as soon as another question to them counts.
func (t *target) hurry(now time.Time) {
	for _, h := range t.hosts {
		soon := h.newest.At.Add(followUp)
		if soon.Before(now) {
			soon = now
		}
		if !h.missing.IsZero() && soon.Before(h.next) {
			h.next, t.due = soon, time.Time{}
		}
	}
}

// answer takes what came of a question to h, and plans the next one.
func (t *target) answer(h *host, a checks.Answer, now, round time.Time, every time.Duration, void bool) {
	h.busy, t.due = false, time.Time{}
	t.under--
	t.some = t.some || a.Outcome != checks.Unmeasured
	if h.take(a) {
		t.revision++
	}
	h.schedule(a, now, round, every, !void)
	t.others(h, a, now, every)
	if t.some && (t.under == 0 || now.Sub(t.at) > every) {
		t.at, t.some = now, false
	}
	t.settleReady()
	if t.traced && !slices.ContainsFunc(t.hosts, func(h *host) bool { return h.silence.Proven() }) {
		t.traced, t.last = false, checks.Router{}
		t.revision++
	}
}

// alone reports whether the host has answered no other method: then a lost probe is sent
// again, otherwise the other method is asked.
func (t *target) alone(h *host) bool {
	return !slices.ContainsFunc(t.hosts, func(o *host) bool { return o.same(h) && !o.heard.IsZero() })
}

// others lets the lesser methods of a host rest while it answers, and asks them at once
// when it misses a question.
func (t *target) others(h *host, a checks.Answer, now time.Time, every time.Duration) {
	for _, o := range t.hosts {
		switch {
		case !o.same(h) || o.busy || o.newest.At.IsZero():
		case a.There() && o.weight() < h.weight():
			o.next = o.newest.At.Add(seldom * every)
		case a.Missed() && h.follows == 1 && now.Sub(o.newest.At) > followUp:
			o.next = now
		case strings.HasPrefix(a.Detail, HeldBack) && now.Sub(o.newest.At) >= every:
			o.next = now // of a control the guard knows the other one
		}
	}
}

// settle lets the guard's last two looks decide on the missed probes.
func (t *target) settle(before, now look) {
	t.due = time.Time{}
	for _, h := range t.hosts {
		p := h.probe
		if h.settle(now.began, before.of(p).Holds() && now.of(p).Holds()) {
			t.revision++
		}
	}
	for _, six := range []bool{false, true} {
		was, is := before.four, now.four
		if six {
			was, is = before.six, now.six
		}
		if was.Holds() != is.Holds() {
			t.revision++
			return
		}
	}
}

// silent gives a host that is silent, to be traced.
func (t *target) silent() (h *host, ok bool) {
	i := slices.IndexFunc(t.hosts, func(h *host) bool { return h.silence.Proven() && h.probe.Addr.IsValid() })
	if i < 0 {
		return nil, false
	}
	return t.hosts[i], true
}

// reach gives what is known of the target at now.
func (t *target) reach(now time.Time, c look) checks.Reach {
	out := checks.Reach{At: t.at, Last: t.last, Guard: t.guard(c)}
	for _, h := range t.hosts {
		out.Hosts = append(out.Hosts, h.show(now, c.of(h.probe)))
	}
	if slices.ContainsFunc(t.hosts, (*host).unasked) {
		for _, h := range t.leaving {
			out.Hosts = append(out.Hosts, h.show(now, c.of(h.probe)))
		}
	}
	return out
}

// guard gives that of the address families that the target is in: one that holds, where
// one does, for what lies in the other one does not count then.
func (t *target) guard(c look) checks.Guard {
	four, six := false, false
	for _, h := range t.hosts {
		four = four || h.probe.Addr.Is4()
		six = six || h.probe.Addr.Is6()
	}
	switch {
	case six && (!four || !c.four.Holds() && c.six.Holds()):
		return c.six
	case !four && !six && c.six.Holds():
		return c.six
	}
	return c.four
}

// missing says what is missing from what is known of the target.
func (t *target) missing(c look) []checks.Gap {
	out := slices.Clone(t.gaps)
	if g := t.guard(c); g.At.IsZero() && g.Void != "" && slices.ContainsFunc(t.hosts, func(h *host) bool { return h.newest.Missed() }) {
		out = append(out, checks.Gap{Check: "reach", Reason: "silence cannot be told from trouble of our own: " + g.Void})
	}
	if age := t.heldBack(time.Now()); age > 0 {
		out = append(out, checks.Gap{Check: "reach", Reason: fmt.Sprintf(seldomAsked, t.f.Target, age.Round(time.Minute)/time.Minute)})
	}
	why, asked := "", 0
	for _, h := range t.hosts {
		switch {
		case h.asleep && h.newest.At.IsZero():
		case h.newest.Outcome != checks.Unmeasured:
			return out
		default:
			asked++
			if why == "" || strings.HasPrefix(why, HeldBack) { // what else keeps us says more
				why = cmp.Or(h.newest.Detail, why)
			}
		}
	}
	if asked > 0 && why != "" {
		out = append(out, checks.Gap{Check: "reach", Reason: fmt.Sprintf("%s was not probed: %s", t.f.Target, checks.OneLine(why, 200))})
	}
	return out
}

// heldBack gives how old the newest answers are where no host could be asked again, because
// the networks that they are in were asked often enough; zero where one is young.
func (t *target) heldBack(now time.Time) time.Duration {
	age, held := time.Duration(math.MaxInt64), false
	for _, h := range t.hosts {
		if measured(h.newest) {
			age, held = min(age, now.Sub(h.newest.At)), held || h.held
		}
	}
	if !held || age < longHeld {
		return 0
	}
	return age
}

// offset spreads the rounds of targets over the time between two.
func (t *target) offset(every time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(t.f.Target.String()))
	return time.Duration(h.Sum64() % uint64(every))
}
