package bot

import (
	"isitdown/bot/chat"
	"isitdown/checks"
)

// unstable opens, counts and closes the unstable spell. Only a loss opens one,
// and none opens while there is an outage.
func (s *step) unstable(loss bool) {
	u := &s.Unstable
	switch {
	case !u.Live():
		if loss && !s.Outage.Live() && s.Penalty >= s.p.Enter {
			s.openUnstable()
		}
	case s.Outage.Live():
		s.giveWay(u)
	case s.unknown():
		s.tell(u, words{state: checks.Unknown, count: u.Changes}, s.UnknownSince)
	case !s.bad() && s.penaltyAt(s.At, s.p) < s.p.Leave:
		s.resolve(u)
	default:
		if loss {
			u.Changes++
		}
		if s.bad() {
			u.deepen(&s.v)
		}
		s.tell(u, words{state: checks.Degraded, count: u.Changes}, s.At)
	}
}

// openUnstable opens a spell, or the last one again if it ended of itself.
func (s *step) openUnstable() {
	u := &s.Unstable
	again := u.Stage == Resolved && u.FollowedBy == "" && s.At.Sub(u.ResolvedAt) <= s.p.Reopen
	if again {
		losses := u.Changes + s.Losses
		s.reopen(u)
		u.Changes = losses
		s.tellReopened(u, words{state: checks.Degraded, count: losses})
		return
	}
	*u = s.begin(chat.Unstable, s.FirstLoss)
	u.Changes = s.Losses
	s.tellOpened(u, words{state: checks.Degraded, count: s.Losses})
}

// giveWay closes the spell because its last loss became an outage. That loss is
// the outage's, so the spell ends with the return before it; the outage's own
// message tells the channel, this one is only edited.
func (s *step) giveWay(u *Incident) {
	u.Stage, u.End, u.ResolvedAt = Resolved, s.LastReturn, s.At
	u.FollowedBy = s.Outage.ID
	u.Changes--
	u.told.open = false
	s.tellResolved(u)
}
