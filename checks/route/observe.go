package route

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// Observe says what is seen of the target at now: what is normal for it, who
// was asked, and one observation for each prefix of the baseline.
func (w *Watch) Observe(now time.Time) (checks.Baseline, checks.Vantage, []checks.Observation) {
	at := stampOf(now)
	w.rib.advance(at)
	base := w.baseline(at)
	voters := [2]electorate{w.rib.electorate(0, base.MovedOnly, at), w.rib.electorate(1, base.MovedOnly, at)}
	list := make([]checks.Observation, 0, len(base.Prefixes))
	losing := map[string]bool{}
	w.lostNow = w.lostNow[:0]
	others := w.bystanders(&base, voters, at)
	for i := range base.Prefixes {
		bp := &base.Prefixes[i]
		v := w.view(bp, &voters[familyOf(bp.Prefix)], at)
		o := v.observation(w.rib.Newest())
		o.Foreign = others.foreign(v)
		list = append(list, o)
		if v.seen*2 < v.asked {
			v.losing(losing)
		}
		if v.asked > 0 && v.seen*2 <= v.asked {
			w.lostNow = append(w.lostNow, bp.Prefix)
		}
	}
	if len(list) > 0 {
		list[0].Foreign = checks.MergeForeign(append(list[0].Foreign, others.midPath()...))
	}
	vantage := w.rib.vantage(voters, w.kept.MovedOnly, &w.usual, at)
	vantage.LosingCollectors = len(losing)
	if lost := newestLoss(list); lost != 0 {
		if len(w.waves) == 0 {
			w.notice(lost, at) // one that came too slowly to be noticed
		}
		vantage.Resets = w.rib.resets(voters, list)
	}
	return base, vantage, list
}

// vantage counts who was asked; usual are the peaks of that.
func (r *RIB) vantage(voters [2]electorate, tableless bool, usual *[2]dayPeak, now stamp) checks.Vantage {
	live, settled, partial := map[checks.ASN]bool{}, map[checks.ASN]bool{}, map[checks.ASN]bool{}
	names, voting := map[string]bool{}, map[string]bool{}
	sessions := 0
	for i := range r.sessions {
		s := &r.sessions[i]
		as := s.peer.AS
		if s.live() {
			live[as] = true
			sessions++
			names[s.peer.Collector] = true
			if !voters[0].full[as] && !voters[1].full[as] && !tableless {
				partial[as] = true
			}
		}
		if s.state == Established {
			settled[as] = true
		}
	}
	for f := range voters {
		for _, list := range voters[f].sessions {
			for _, i := range list {
				voting[r.sessions[i].peer.Collector] = true
			}
		}
	}
	v := checks.Vantage{
		Source: joinNames(names), Live: len(live), Syncing: len(live) - len(settled), Partial: len(partial),
		FullFeed: len(voters[0].full), Voting: len(voters[0].sessions),
		FullFeed6: len(voters[1].full), Voting6: len(voters[1].sessions),
		Sessions: sessions, FullFeedSessions: max(voters[0].fullSessions, voters[1].fullSessions),
		Collectors: len(voting), Declared: len(r.rules.Declared)+len(r.rules.DeclaredAt) > 0, NewestAt: r.Newest(),
	}
	v.Usual = usual[0].note(now, max(v.Voting, voters[0].usual))
	v.Usual6 = usual[1].note(now, max(v.Voting6, voters[1].usual))
	return v
}

// newestLoss gives when the prefix that went last was lost, of those that at least half
// of the vantage points are without; zero where there is none.
func newestLoss(list []checks.Observation) (at stamp) {
	for i := range list {
		if o := &list[i]; o.Asked > 0 && o.Seen*2 <= o.Asked {
			at = max(at, stampOf(o.Lost.First))
		}
	}
	return at
}

// joinNames names what the data is of. Where the collectors are many, those of a
// public project go by its name, which says more than some of them and "others".
func joinNames(set map[string]bool) string {
	names := slices.Sorted(maps.Keys(set))
	const most = 4
	if len(names) > most {
		for i, n := range names {
			names[i] = project(n)
		}
		slices.Sort(names)
		names = slices.Compact(names)
	}
	text := ""
	for i, n := range names {
		if i == most {
			return text + " and others"
		}
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

// project gives the project that runs a collector of that name, else the name: RIPE
// RIS calls its collectors rrc00, rrc01 and so on, RouteViews route-views2 and the like.
func project(collector string) string {
	number, ok := strings.CutPrefix(collector, "rrc")
	if _, err := strconv.ParseUint(number, 10, 8); ok && err == nil && len(number) == 2 {
		return "RIPE RIS"
	}
	if strings.HasPrefix(collector, "route-views") {
		return "RouteViews"
	}
	return collector
}
