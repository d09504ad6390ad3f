package reach

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// Of the questions that a host is asked.
const (
	followUp    = 20 * time.Second // between two that count
	followSlack = 100 * time.Millisecond
	maxFollows  = 14 // in a row, then the rounds go on
	// A host that never answered is asked in the first rounds, and then now and then.
	tries      = 3
	seldom     = 15 // rounds
	maxPending = 8
	// heldFor is how long a host rests that could not be asked for manners' sake.
	heldFor = time.Minute
	// staleAfter is how long what was found of a host says something of now.
	staleAfter = 10 * time.Minute
)

// host is one host of a target. It is guarded by the monitor's lock.
type host struct {
	probe Probe
	role  checks.Role
	home  bool
	// asleep is true for a host that is shown but not asked: it lies elsewhere.
	asleep bool
	rates  *rates

	pings          pings
	heard, missing time.Time
	served, faulty time.Time
	mended         checks.Spell
	silence        checks.Silence
	newest         checks.Answer
	held           bool // the newest question was not asked, for manners' sake
	// pending are missed probes that wait for the guard's next look: whether they count
	// depends on what it finds.
	pending []checks.Answer

	next    time.Time // when it is asked again
	busy    bool
	follows int // questions beyond the rounds since it last answered
	asked   int // questions, while it has never answered
}

// take adds an answer, and reports whether it may change a verdict.
func (h *host) take(a checks.Answer) bool {
	h.held = a.Outcome == checks.Unmeasured && strings.HasPrefix(a.Detail, HeldBack)
	if a.Outcome == checks.Unmeasured && measured(h.newest) && a.At.Sub(h.newest.At) < staleAfter {
		return false // nothing was sent; what was found before is still young
	}
	if a.Missed() && a.Outcome == h.newest.Outcome && a.At.Equal(h.newest.At) {
		return false // it is known already: a control is asked by the guard alone
	}
	changed := a.Outcome != h.newest.Outcome || a.Detail != h.newest.Detail
	before := h.newest
	h.newest = a
	if a.There() && h.silence.Proven() {
		h.pings = nil // which were part of an outage
	}
	h.pings = h.pings.add(a)
	switch {
	case a.There():
		changed = changed || !h.missing.IsZero()
		if h.silence.Proven() {
			h.pending = nil // part of an outage
		}
		h.rates.hear(a.At, h.silence.Proven())
		h.silence = h.silence.Add(a, h.rates.careful(a.At))
		h.heard, h.missing, h.follows, h.asked = a.At, time.Time{}, 0, 0
		h.serve(a, before)
	case a.Missed() && h.before(a.At) && len(h.pending) < maxPending:
		h.pending = append(h.pending, a)
	}
	return changed
}

// serve notes whether the service of a host that answers works; before is its answer
// before this one.
func (h *host) serve(a, before checks.Answer) {
	switch {
	case a.Outcome != checks.Answered:
		h.faulty = cmp.Or(h.faulty, a.At)
	case !h.faulty.IsZero():
		h.mended = checks.Spell{First: h.faulty, Last: before.At, Back: a.At}
		fallthrough
	default:
		h.served, h.faulty = a.At, time.Time{}
	}
}

// unasked reports whether the host is yet to be asked for the first time.
func (h *host) unasked() bool { return !h.asleep && h.newest.At.IsZero() }

// measured reports whether a probe was sent and something can be said of it.
func measured(a checks.Answer) bool { return !a.At.IsZero() && a.Outcome != checks.Unmeasured }

// before reports whether the host has answered, so that its silence means something.
func (h *host) before(now time.Time) bool {
	_, _, before := h.rates.at(now)
	return before
}

// settle decides on the pending probes that were sent before the guard looked at to.
// Where the guard holds they count, as silence or, of a host that has answered since, as
// loss; where it does not, they and the silence that was not
// proven yet are forgotten. It reports whether that may change a verdict.
func (h *host) settle(to time.Time, holds bool) bool {
	changed := false
	kept := h.pending[:0]
	for _, p := range h.pending {
		switch {
		case !p.At.Before(to):
			kept = append(kept, p)
		case holds && !p.At.After(h.heard):
			h.rates.add(tally{dayOf(p.At), 1, 0}) // it was loss: the host has answered since
		case holds:
			proven := h.silence.Proven()
			h.silence = h.silence.Add(p, h.rates.careful(p.At))
			h.rates.miss(p.At)
			changed = changed || h.missing.IsZero() || proven != h.silence.Proven()
			if h.missing.IsZero() {
				h.missing = p.At
			}
		}
	}
	h.pending = kept
	if !holds {
		h.pings = nil // what our own network loses is no loss of theirs
	}
	if !holds && !h.silence.Proven() && h.silence.Probes > 0 {
		h.silence, h.missing, h.rates.waiting = forgotten(h.silence), time.Time{}, nil
		changed = true
	}
	return changed
}

// forgotten is a silence without what speaks for it; what was before stays.
func forgotten(s checks.Silence) checks.Silence {
	return checks.Silence{Heard: s.Heard, Ended: s.Ended}
}

// likely reports whether the host will be proven silent if the pending probes count.
func (h *host) likely() bool {
	s := h.silence
	for _, p := range h.pending {
		s = s.Add(p, h.rates.careful(p.At))
	}
	return s.Proven()
}

// schedule sets when the host is asked again after a question that ended with a: in the
// next round, or sooner while silence may be loss. closely is false while our own network
// fails, when that finds nothing out.
func (h *host) schedule(a checks.Answer, now, round time.Time, every time.Duration, closely bool) {
	h.next = round
	again := a.At.Add(followUp + followSlack)
	if !again.After(now) {
		again = now.Add(followUp)
	}
	switch {
	case strings.HasPrefix(a.Detail, HeldBack):
		again = now.Add(heldFor)
	case !a.Missed():
		return
	case !h.before(now):
		if h.asked++; h.asked >= tries {
			h.next = round.Add((seldom - 1) * every)
		}
		return
	case !closely || h.follows >= maxFollows || h.likely():
		return
	}
	if again.Before(round) {
		h.next = again
		h.follows++
	}
}

// weight orders the methods by how much an answer proves.
func (h *host) weight() int {
	switch h.probe.Method {
	case checks.MethodTCP, checks.MethodTLS, checks.MethodHTTP:
		return 3
	case checks.MethodDNS:
		return 2
	}
	return 1
}

// same reports whether two hosts are one that is asked by two methods.
func (h *host) same(o *host) bool {
	return h != o && h.probe.Addr == o.probe.Addr && h.probe.Host == o.probe.Host
}

// show gives the host as it is told. guard is that of its address family.
func (h *host) show(now time.Time, guard checks.Guard) checks.Host {
	rate, asked, before := h.rates.at(now)
	sent, lost := h.pings.count(now)
	out := checks.Host{
		Name: h.probe.Host, Addr: h.probe.Addr, Port: h.probe.Port, Method: h.probe.Method, Role: h.role,
		Rate: rate, Asked: asked, Before: before, Heard: h.heard, Missing: h.missing,
		Served: h.served, Faulty: h.faulty, Mended: h.mended,
		Silence: h.silence, WasSilent: h.silence.Proven(), Newest: h.newest, Home: h.home,
		Pings: sent, PingsLost: lost,
	}
	out.Newest.Redirects = slices.Clone(h.newest.Redirects)
	if out.Silence.Proven() && now.Sub(out.Silence.Last) > staleAfter {
		out.Silence = forgotten(out.Silence) // nobody has looked for long
	}
	if !guard.Holds() && !h.newest.There() {
		out.Silence = forgotten(out.Silence)
		if h.newest.Missed() {
			out.Newest.Outcome = checks.Unmeasured
			out.Newest.Detail = "does not count: " + guard.Void
		}
	}
	return out
}
