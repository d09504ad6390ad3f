package bot

import (
	"fmt"
	"time"
)

// homeless is about what is queued for platforms that are not set up. It waits, as the
// platform may be set up again tomorrow; what has waited for too long is parked, so
// that nobody is told the news of last year.
type homeless struct {
	platforms map[string]*forsaken
	at        time.Time // when the next delivery has waited for too long; zero for none
}

// forsaken is a platform that is not set up.
type forsaken struct {
	said   time.Time // when the log was told last
	parked int       // deliveries, since then
}

// noPlatform is the problem of what was parked for a platform that is not set up.
const noPlatform = "no such platform is set up"

// homelessBatch bounds how many deliveries one transaction parks.
const homelessBatch = 1000

// add takes note of a delivery; true for the first of its platform.
func (h *homeless) add(r route, giveUp time.Duration) bool {
	h.at = sooner(h.at, r.queued.Add(giveUp))
	if h.platforms[r.channel.Platform] != nil {
		return false
	}
	h.platforms[r.channel.Platform] = new(forsaken)
	return true
}

// forsaken gives what has waited for a platform for longer than GiveUp, at most as
// many as one transaction parks.
func (o *Outbox) forsaken(now time.Time) map[*lane][]route {
	if o.homeless.at.IsZero() || now.Before(o.homeless.at) {
		return nil
	}
	o.homeless.at = time.Time{}
	list, n := make(map[*lane][]route), 0
	for c, l := range o.lanes {
		if o.send[c.Platform] != nil {
			continue
		}
		for _, r := range l.waiting {
			at := r.queued.Add(o.set.GiveUp)
			if at.After(now) || n == homelessBatch {
				o.homeless.at = sooner(o.homeless.at, at)
				continue
			}
			list[l] = append(list[l], r)
			n++
		}
	}
	return list
}

// parkHomeless parks deliveries of platforms that are not set up. No other channel is
// told: those of the platform have no home either.
func (o *Outbox) parkHomeless(tx *Tx, now time.Time, lanes map[*lane][]route) ([]ending, error) {
	var ends []ending
	for l, list := range lanes {
		e := ending{lane: l, homeless: true}
		for _, r := range list {
			d, ok, err := tx.delivery(r.seq)
			if damaged(err) {
				if err = e.setAside(tx, r, err); err == nil {
					continue
				}
			}
			if err != nil {
				return nil, fmt.Errorf("parking a delivery to %s: %w", l.channel, err)
			}
			if !ok {
				e.gone = append(e.gone, r.seq)
				if err := tx.drop(bucketQueue, seqKey(nil, r.seq)); err != nil {
					return nil, err
				}
				continue
			}
			d.State, d.SentAt, d.Problem = Parked, now, noPlatform
			if err := tx.finish(d); err != nil {
				return nil, err
			}
			e.over = append(e.over, d)
		}
		ends = append(ends, e)
	}
	return ends, nil
}

// reportHomeless tells the operator of a platform what was parked for it: at once, and
// then no more often than every GiveUp, however many channels it has.
func (o *Outbox) reportHomeless(now time.Time, ends []ending) {
	for _, e := range ends {
		if e.homeless {
			o.homeless.platforms[e.lane.channel.Platform].parked += len(e.over)
		}
	}
	for name, p := range o.homeless.platforms {
		if p.parked == 0 || !p.said.IsZero() && now.Sub(p.said) < o.set.GiveUp {
			continue
		}
		o.log.Error("deliveries are parked: "+noPlatform+"; set it up again, or remove its subscriptions",
			"platform", name, "deliveries", p.parked)
		p.said, p.parked = now, 0
	}
}
