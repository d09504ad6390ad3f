package live

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// View is what is known of a target at one moment.
type View struct {
	Footprint    checks.Footprint
	Baseline     checks.Baseline
	Vantage      checks.Vantage
	Observations []checks.Observation
	Gaps         []checks.Gap
	// Elsewhere is what other networks' routes did since those of the target were lost, and
	// Past who carried it before, as far as it was found out so far.
	Elsewhere checks.Elsewhere
	Past      checks.Past
	// AsOf is up to when what is said here was seen; zero where nothing was.
	AsOf time.Time
	// Current is true where the sessions that vote are carried on by a stream without a
	// hole, or where none is expected and the last lookup stands. Otherwise the view is
	// that of a lookup: good for an answer "as of", and not for opening an incident.
	Current bool
	// Doubted is true where a later lookup says that routes of it are gone, and is asked
	// again before it is believed.
	Doubted bool
}

// Answer is the case for somebody who asks. Of a view of the past that is in doubt
// nothing is claimed.
func (v *View) Answer(now time.Time, rules checks.Rules) checks.Case {
	c := checks.Case{
		Footprint: v.Footprint, Baseline: v.Baseline, Vantage: v.Vantage, Observations: v.Observations,
		Elsewhere: v.Elsewhere, Past: v.Past, Gaps: v.Gaps, Now: now, Rules: rules,
	}
	if v.Doubted && !v.Current {
		c.Observations, c.Vantage.Live = nil, 0
	}
	return c
}

// Step is the case for the life of an incident: of a view that is not current nothing is
// claimed, so that it opens and resolves nothing, and the first gap is the reason.
func (v *View) Step(now time.Time, rules checks.Rules) checks.Case {
	c := v.Answer(now, rules)
	if !v.Current {
		c.Observations, c.Vantage.Live = nil, 0
	}
	return c
}

// Observe says what is known of the target at now.
func (t *Target) Observe(now time.Time) View {
	t.hub.whole.compare(t, now)
	lives := *t.hub.alive.Load() // first: what was delivered before it comes with the lock
	t.lock()
	defer t.unlock()
	t.disown(now)
	t.vouch(lives)
	v := View{Footprint: t.footprint}
	if t.rib.Sessions() > 0 { // or the baseline of nothing would serve for a while
		v.Baseline, v.Vantage, v.Observations = t.watch.Observe(now)
	}
	t.qmu.Lock()
	defer t.qmu.Unlock()
	v.Current, v.Doubted = t.current(), !t.story.gone.IsZero()
	v.AsOf = v.Vantage.NewestAt
	v.Gaps = append(t.missing(v.Current), t.story.gaps...)
	if out := t.watch.LeftOut(); !out.IsZero() && now.Sub(out) < t.hub.o.Rules.BaselineWindow {
		v.Gaps = append(v.Gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf(
			"%s is announced in more pieces than are kept, lately at %s: those that came last are not in the answer", t.name(), out.UTC().Format(clock))})
	}
	t.notice(&v, now)
	return v
}

// vouch tells the table that the collectors it follows are alive; mu is held.
func (t *Target) vouch(lives []life) {
	t.qmu.Lock()
	news := make([]life, 0, len(lives))
	for _, l := range lives {
		if l.n >= len(t.links) { // the target was closed before
			continue
		}
		if k := &t.links[l.n]; k.current && k.on && l.at.After(k.heard) {
			k.heard = l.at
			news = append(news, l)
		}
	}
	t.qmu.Unlock()
	for _, l := range news {
		t.rib.Apply(&route.Update{Kind: route.Alive, At: l.at, Peer: route.Peer{Collector: l.name}})
	}
}

// asOfFor is how long the sessions of a lookup count beside routers that are heard live,
// where no stream is to carry on from it.
const asOfFor = 15 * time.Minute

// disown tells the table that nothing is known any more of what a lookup said, once
// other collectors are heard live: their clock is not that of the lookup. mu is held.
func (t *Target) disown(now time.Time) {
	t.qmu.Lock()
	var names []link
	for i := range t.links {
		l := &t.links[i]
		if l.current || l.known.IsZero() || l.disowned || !t.followed() || !t.hub.o.Streamed && now.Sub(l.known) <= asOfFor {
			continue
		}
		l.disowned = true
		names = append(names, *l)
	}
	t.qmu.Unlock()
	for _, l := range names {
		t.lost(l.name, l.known)
	}
}

// current reports whether what the table holds may carry an incident; qmu is held.
func (t *Target) current() bool {
	if !t.hub.o.looksUp() || !t.hub.o.Streamed && t.story.looked {
		return true
	}
	return t.followed()
}

// followed reports whether any collector is followed without a hole; qmu is held.
func (t *Target) followed() bool {
	for i := range t.links {
		if t.links[i].current && t.links[i].on {
			return true
		}
	}
	return false
}

// clock is how a gap says a time.
const clock = "2 January 15:04:05 UTC"

// missing says what could be known and is not; qmu is held.
func (t *Target) missing(current bool) (gaps []checks.Gap) {
	gap := func(format string, args ...any) {
		gaps = append(gaps, checks.Gap{Check: "route", Reason: fmt.Sprintf(format, args...)})
	}
	s := &t.story
	switch {
	case !t.hub.o.looksUp():
	case s.failed && !s.looked:
		gap("the routes of %s could not be looked up; the next try is at %s", t.name(), s.retry.UTC().Format(clock))
	case !s.looked:
		gap("the routes of %s are being looked up", t.name())
	case !s.gone.IsZero():
		gap("a lookup says that routes of %s are gone at %s; this is asked again before it is believed", t.name(), s.gone.UTC().Format(clock))
	case s.failed:
		gap("the routes of %s could not be looked up again; the next try is at %s", t.name(), s.retry.UTC().Format(clock))
	}
	if s.looked && t.hub.o.Streamed {
		t.holes(current, gap)
	}
	return gaps
}

// holes says what the streams did not deliver; qmu is held.
func (t *Target) holes(current bool, gap func(string, ...any)) {
	var names []string
	var from, joined time.Time
	for i := range t.links {
		l := &t.links[i]
		if l.current || l.known.IsZero() {
			continue
		}
		names = append(names, l.name)
		if from.IsZero() || l.known.Before(from) {
			from = l.known
		}
		if l.on && l.since.After(joined) {
			joined = l.since
		}
	}
	const most = 4
	listed := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		listed += " and others"
	}
	switch {
	case len(names) == 0:
	case joined.IsZero() && !current:
		gap("no live stream carries on from %s; what happened since is not known", from.UTC().Format(clock))
	case !joined.IsZero() && joined.After(from):
		gap("the live stream of %s joined at %s; what happened between %s and then is not known until a newer lookup says it",
			listed, joined.UTC().Format(clock), from.UTC().Format(clock))
	case !joined.IsZero():
		gap("what %s hold is looked up again", listed)
	}
}

// name is what a gap calls the target.
func (t *Target) name() string {
	if t.footprint.Name != "" {
		return t.footprint.Name
	}
	return t.footprint.Target.String()
}
