package bot

import (
	"slices"
	"time"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// outage moves the outage incident through its stages.
func (s *step) outage(loss bool) {
	o := &s.Outage
	switch {
	case !o.Live():
		s.openOutage()
	case s.unknown():
		s.tell(o, words{state: checks.Unknown}, s.UnknownSince)
	case s.bad():
		if loss {
			o.Changes++
		}
		o.Stage, o.End = Open, checks.Interval{}
		o.deepen(&s.v)
		if chat.Point(o.Onset).Equal(chat.Point(s.LastLoss)) {
			o.Onset = s.LastLoss
		}
		s.tell(o, s.badWords(o), s.At)
	case s.held() >= s.p.Recover+s.p.Resolve:
		s.resolve(o)
	case s.held() >= s.p.Recover:
		o.Stage, o.End, o.After = Recovering, s.LastReturn, s.present()
		s.tell(o, words{state: checks.Up}, s.Since)
	default:
		// Back for a moment: nothing to say yet, but what there was to say has
		// not held.
		o.told.note(words{state: checks.Up}, s.Since, s.At)
	}
}

// openOutage opens an outage, or the last one again, if the loss has held long
// enough and enough collectors saw it.
func (s *step) openOutage() {
	if s.unknown() || !s.bad() || s.held() < s.p.Open || !s.corroborated() {
		return
	}
	o := &s.Outage
	if o.Stage == Resolved && s.Since.Sub(o.ResolvedAt) <= s.p.Reopen {
		s.reopen(o)
		s.tellReopened(o, s.badWords(o))
	} else {
		*o = s.begin(chat.Outage, s.LastLoss)
		o.Changes = 1
		s.tellOpened(o, s.badWords(o))
	}
	// Its losses are its own from now on; they make nothing unstable.
	s.Penalty, s.Losses = 0, 0
}

// corroborated reports whether enough collectors saw the loss. A verdict that
// does not count them is taken at its word, and collectors have no say in a loss of
// answers: probes have rounds and votes of their own.
func (s *step) corroborated() bool {
	w := s.v.Vantage
	if !losesRoutes(&s.v) && chat.AnswersOf(&s.v).Amiss() {
		return true
	}
	return w.LosingCollectors == 0 || w.LosingCollectors >= min(w.Collectors, s.p.MinCollectors)
}

// begin makes a new incident.
func (s *step) begin(kind chat.IncidentKind, onset checks.Interval) Incident {
	i := Incident{
		ID:     s.number(chat.Point(onset)),
		Target: s.Target,
		Kind:   kind,
		Stage:  Open,
		Onset:  onset,
		Worst:  s.v.State,
		IPv4:   s.v.IPv4,
		IPv6:   s.v.IPv6,
		Before: s.former(),
	}
	i.deepen(&s.v)
	return i
}

// losesRoutes reports whether a verdict speaks of routes that are gone or taken over.
func losesRoutes(v *checks.Verdict) bool {
	return v.Announced == checks.ExtentNone || v.Announced == checks.ExtentPart
}

// reopen takes an incident up again.
func (s *step) reopen(i *Incident) {
	i.Stage, i.End, i.ResolvedAt, i.After = Open, checks.Interval{}, time.Time{}, nil
	i.Reopened++
	i.Changes++
	i.deepen(&s.v)
}

// resolve closes an incident for good, or until it reopens.
func (s *step) resolve(i *Incident) {
	i.Stage, i.End, i.ResolvedAt, i.After = Resolved, s.LastReturn, s.At, s.present()
	s.tellResolved(i)
	if len(i.After) > 0 {
		s.Upstreams = i.After // told by the closing notice
	}
}

// deepen keeps the worst that was seen, each family for itself.
func (i *Incident) deepen(v *checks.Verdict) {
	i.Worst = max(i.Worst, v.State)
	i.Routes = i.Routes || losesRoutes(v)
	if a := chat.AnswersOf(v); a.Amiss() && a.Worse(i.Answers) {
		i.Answers = a
	}
	for _, f := range []struct {
		worst *checks.Counts
		now   checks.Counts
	}{{&i.IPv4, v.IPv4}, {&i.IPv6, v.IPv6}} {
		if f.now.Prefixes.Seen < f.worst.Prefixes.Seen ||
			f.now.Prefixes.Seen == f.worst.Prefixes.Seen && f.now.Addresses.Seen < f.worst.Addresses.Seen {
			*f.worst = f.now
		}
	}
}

// present gives who carries the target now, the largest share first.
func (s *step) present() []checks.Upstream {
	return pick(s.v.Upstreams(), s.p.UpstreamEnter, func(u checks.Upstream) float64 { return u.Share })
}

// former gives who carried it in the baseline.
func (s *step) former() []checks.Upstream {
	return pick(s.v.Upstreams(), s.p.UpstreamEnter, func(u checks.Upstream) float64 { return u.ShareBefore })
}

// pick gives the upstreams with a share of at least least, the largest first,
// without those behind them.
func pick(all []checks.Upstream, least float64, share func(checks.Upstream) float64) []checks.Upstream {
	var us []checks.Upstream
	for _, u := range all {
		if share(u) >= least {
			u.Behind = nil
			us = append(us, u)
		}
	}
	slices.SortStableFunc(us, func(a, b checks.Upstream) int {
		switch {
		case share(a) > share(b):
			return -1
		case share(a) < share(b):
			return 1
		}
		return int(int64(a.ASN) - int64(b.ASN))
	})
	return us
}
