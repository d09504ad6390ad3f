package bot

import (
	"errors"
	"time"

	"isitdown/checks"
)

// A channel may subscribe to the world: to each country and each network of some size,
// without naming any. Nobody assesses all of those one by one: the table of the whole
// world shows what is down or degraded, and from then on the bot follows it like any other
// target, until it is well and stays so. Its incidents are those of any other target too.

// maxSurveyed bounds the targets that are followed because the world shows them. Those
// that lost most come first.
const maxSurveyed = 2000

// survey is what the last Step saw of the world. It is guarded by Bot.stepping.
type survey struct {
	at    time.Time
	world checks.World
	// known: something can be said of the present.
	known bool
	// found is what is down or degraded.
	found map[checks.Target]sight
	// adopted are targets to follow although the world does not show them: channels wait
	// for the end of what was told of them.
	adopted  []checks.Target
	revision int // of what is known of the world itself
	left     int // targets that were too many to be followed
}

// sight is what makes a verdict worth another look.
type sight struct {
	state      checks.State
	announced  checks.Extent
	ipv4, ipv6 checks.Counts
}

func sightOf(v *checks.Verdict) sight {
	return sight{v.State, v.Announced, v.IPv4, v.IPv6}
}

// why says why nothing is known.
func (s *survey) why() string {
	if s.world.Missing != "" {
		return s.world.Missing
	}
	return "the table of the whole world is being brought to the present: " + s.world.Starting
}

// watchable reports whether a target is of the kinds that the world is made of.
func watchable(t checks.Target) bool {
	return t.Kind() == checks.KindCountry || t.Kind() == checks.KindASN
}

// look takes in the world as it is now.
func (s *survey) look(w checks.World, now time.Time) {
	known := w.Missing == "" && w.Starting == "" // what is read at a start is of the past
	if known != s.known {
		s.revision++
	}
	s.at, s.world, s.known, s.left = now, w, known, 0
	s.found = make(map[checks.Target]sight, len(w.Outages))
	if !known {
		return
	}
	for i := range w.Outages {
		if v := &w.Outages[i]; watchable(v.Target) && v.State > checks.Up {
			s.found[v.Target] = sightOf(v)
		}
	}
}

// surveyWorld looks at the world, if anybody is subscribed to it, follows what it shows
// and ends what is well again. It gives what channels may not have been told of yet,
// because the world did not show it before.
func (b *Bot) surveyWorld(now time.Time) (fresh []checks.Target, err error) {
	subs := b.c.Store.Subscribers(checks.Worldwide())
	if len(subs) == 0 {
		return nil, b.endSurvey()
	}
	s := &b.survey
	known := s.known && now.Sub(s.at) <= longPause
	before, left := s.found, s.left
	if b.c.World != nil {
		s.look(b.c.World(now), now)
	} else {
		s.look(checks.World{Missing: b.noWorld()}, now)
	}
	level := checks.Down
	for _, sub := range subs {
		level = min(level, least(sub.Level))
	}
	for _, t := range s.adopted {
		err = errors.Join(err, b.followShown(t, now, false))
	}
	s.adopted = nil
	for i := range s.world.Outages {
		v := &s.world.Outages[i]
		if _, ok := s.found[v.Target]; !ok || v.State < level || b.followed[v.Target] != nil {
			continue
		}
		if b.surveyed >= maxSurveyed {
			s.left++
			continue
		}
		_, was := before[v.Target]
		err = errors.Join(err, b.followShown(v.Target, now, known && !was))
	}
	if s.left > 0 && left == 0 {
		b.c.Logger.Warn("more is down in the world than is followed one by one", "followed", b.surveyed, "left", s.left)
	}
	err = errors.Join(err, b.endWell(now))
	return b.show(), err
}

// followShown begins to follow a target that the world shows. Well: it was not among what
// was down or degraded when the world was last looked at.
func (b *Bot) followShown(t checks.Target, now time.Time, well bool) error {
	if b.followed[t] != nil {
		return nil
	}
	f, err := b.beginWith(t, b.shownSource(t), now)
	if err != nil {
		return err
	}
	if f.shown = true; well && f.life.State == checks.Unknown {
		f.life.Target, f.life.State = t, checks.Up // so that its loss counts as one
	}
	b.followed[t] = f
	b.surveyed++
	return nil
}

// shownSource follows a target by the table of the whole world.
func (b *Bot) shownSource(t checks.Target) Followed {
	var last sight
	known, revision := false, 0
	return Followed{
		Assess: func(now time.Time) checks.Verdict { return b.shownVerdict(t, now) },
		Revision: func() int {
			if now := b.survey.found[t]; now != last || known != b.survey.known {
				last, known = now, b.survey.known
				revision++
			}
			return revision
		},
		Freeze: func(bool, time.Time) {}, // the table keeps what was usual while it is missing
	}
}

// shownVerdict gives the verdict on a target that the world showed. What nothing can be
// said of is unknown, and never well.
func (b *Bot) shownVerdict(t checks.Target, now time.Time) checks.Verdict {
	unknown := func(why string) checks.Verdict {
		return checks.Verdict{Target: t, At: now, Reasons: []string{why}, Gaps: []checks.Gap{{Check: "route", Reason: why}}}
	}
	if !b.survey.known {
		return unknown(b.survey.why())
	}
	v, ok := b.c.WorldVerdict(t, now)
	if !ok {
		return unknown("it is not among what is watched of the world any more")
	}
	v.At = now
	return v
}

// worldSource follows the world itself: whether anything is known of it.
func (b *Bot) worldSource() Followed {
	return Followed{
		Assess: func(now time.Time) checks.Verdict {
			v := checks.Verdict{Target: checks.Worldwide(), At: now, Vantage: b.survey.world.Vantage}
			if w := (&b.survey); w.known && w.world.Countries.Unknown+w.world.Networks.Unknown < w.world.Countries.Watched+w.world.Networks.Watched {
				v.State = checks.Up
			}
			return v
		},
		Revision: func() int { return b.survey.revision },
		Freeze:   func(bool, time.Time) {},
	}
}

// endWell stops following what the world showed and that is well for as long as it takes
// for the same incident not to open again.
func (b *Bot) endWell(now time.Time) error {
	var over []*following
	for t, f := range b.followed {
		if _, found := b.survey.found[t]; f.shown && !found && f.over(now) {
			over = append(over, f)
		}
	}
	return b.endShown(over)
}

// over reports whether there is nothing more to say of a target for the time being.
func (f *following) over(now time.Time) bool {
	l, p := f.Life(), f.Policy.orDefault()
	if len(l.Open()) > 0 || l.Target == (checks.Target{}) || f.assessed.IsZero() {
		return false
	}
	quiet := l.LastReturn
	since := quiet.By
	for _, t := range []time.Time{quiet.Half, l.UnknownSince, l.Outage.ResolvedAt, l.Unstable.ResolvedAt} {
		since = later(since, t)
	}
	return !l.bad() && now.Sub(since) > p.Reopen && l.penaltyAt(now, p) < p.Leave ||
		!l.UnknownSince.IsZero() && now.Sub(l.UnknownSince) > p.Reopen
}

// endSurvey ends all that is followed because the world shows it.
func (b *Bot) endSurvey() error {
	var all []*following
	for _, f := range b.followed {
		if f.shown {
			all = append(all, f)
		}
	}
	adopted := b.survey.adopted
	b.survey = survey{adopted: adopted}
	b.mu.Lock()
	clear(b.shown)
	b.mu.Unlock()
	return b.endShown(all)
}

// endShown ends some of them, and keeps their lives in one transaction.
func (b *Bot) endShown(list []*following) error {
	if len(list) == 0 {
		return nil
	}
	err := b.c.Store.Update(func(tx *Tx) error {
		for _, f := range list {
			if l := f.Life(); l.Target != (checks.Target{}) {
				if err := tx.PutLife(l); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err // they are followed on, and ended with the next step
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range list {
		delete(b.followed, f.target)
		b.surveyed--
		b.stand(f.target, nil)
	}
	return nil
}
