package main

import (
	"context"
	"slices"
	"time"

	"isitdown/checks"
)

// probed is what was found when hosts of a target were asked, and what is missing of it.
type probed struct {
	reach checks.Reach
	gaps  []checks.Gap
}

// with gives it with where we are, and the votes of other vantage points.
func (p probed) with(votes []checks.Vote, c *probeConfig) checks.Reach {
	r := p.reach
	r.ASN, r.Continent = c.ASN.ASN, c.Continent
	r.Votes = slices.Concat(r.Votes, votes)
	return r
}

// Why nothing was probed yet, or nothing at all.
const (
	probesNotYet = "the first ones are on their way; ask again in a moment"
	probesOfWhat = "what belongs to the target is not known, so nothing of it could be asked"
)

// attend has a target probed for as long as it is followed, once it is known what belongs
// to it. w.mu is held; nothing is sent before it is released.
func (w *watchroom) attend(e *watched) {
	if w.live == nil || w.live.probing.monitor == nil || e.probes != nil || e.pins == 0 || e.watch == nil {
		return
	}
	e.probes = w.live.probing.monitor.Follow(e.footprint)
}

// leave ends that; w.mu is held.
func (e *watched) leave() {
	if e.probes != nil {
		e.probes.Close()
		e.probes = nil
	}
}

// returns notes how much is announced. Where more is than before, hosts that were silent
// are asked at once: until then they would be told as announced and not answering. w.mu is held.
func (e *watched) returns(announced checks.Extent) {
	if announced == checks.ExtentUnknown {
		return
	}
	if was := e.announced; was != checks.ExtentUnknown && announced > was && e.probes != nil {
		e.probes.Again()
	}
	e.announced = announced
}

// probe asks hosts of a target for a person's question, once it is known what belongs to it.
// The watchroom is not locked while it waits.
func (w *watchroom) probe(ctx context.Context, e *watched) {
	if w.live.probing.monitor == nil {
		return
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		return
	}
	w.mu.Lock()
	f, known := e.footprint, e.watch != nil
	if known && e.live != nil {
		w.live.probing.spaces.note(&f, e.live.Observe(time.Now()).Baseline)
	}
	w.mu.Unlock()
	if !known {
		return
	}
	found := w.live.probing.once(ctx, f)
	w.mu.Lock()
	defer w.mu.Unlock()
	e.found = found
}

// once asks hosts of a target at once.
func (p *probing) once(ctx context.Context, f checks.Footprint) probed {
	switch {
	case p.why != "":
		return probed{gaps: unprobed(p.why)}
	case ctx.Err() != nil:
		return probed{gaps: unprobed(probesUntimely)}
	}
	var found probed
	found.reach, found.gaps = p.monitor.Once(ctx, f)
	return found
}

// probed gives the newest that is known of the hosts of a target of live sources; w.mu is held.
func (w *watchroom) probed(e *watched, now time.Time) probed {
	switch {
	case w.live.probing.monitor == nil:
		return probed{gaps: unprobed(w.live.probing.why)}
	case e.watch == nil:
		return probed{gaps: unprobed(probesOfWhat)}
	}
	newest := e.found
	if e.probes != nil {
		if r := e.probes.Reach(now); !r.At.Before(newest.reach.At) {
			newest = probed{r, e.probes.Gaps()}
		}
	}
	if newest.reach.At.IsZero() && len(newest.gaps) == 0 {
		newest.gaps = unprobed(probesNotYet)
	}
	return newest
}

// sharedFor is for how long what was found for one person is told to others.
const sharedFor = time.Minute

// may reports why somebody may not ask about a target now: probes are sent for it, and
// one person may not have everything probed. What is known anyway costs nothing.
func (w *watchroom) may(who string, t checks.Target) error {
	if w.live == nil || w.live.probing.asked == nil {
		return nil
	}
	now := time.Now()
	w.mu.Lock()
	e := w.targets[t]
	known := e != nil && (e.pins > 0 || now.Sub(e.found.reach.At) < sharedFor)
	w.mu.Unlock()
	if known {
		return nil
	}
	return w.live.probing.asked(who, t, now)
}
