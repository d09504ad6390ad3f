package bot

import (
	"cmp"
	"slices"

	"isitdown/checks"
)

// show notes what whoever subscribed to the world hears of, and gives what they did not
// hear of before.
func (b *Bot) show() (fresh []checks.Target) {
	shown := make(map[checks.Target]bool, len(b.survey.found))
	for t := range b.survey.found {
		shown[t] = true
	}
	for t, f := range b.followed {
		if f.shown {
			shown[t] = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for t := range b.shown {
		if len(b.standing[t].open()) > 0 {
			shown[t] = true
		}
	}
	for t := range shown {
		if !b.shown[t] {
			fresh = append(fresh, t)
		}
	}
	b.shown = shown
	slices.SortFunc(fresh, func(x, y checks.Target) int { return cmp.Compare(x.String(), y.String()) })
	return fresh
}

// adopt takes up a thread of an incident that a channel was told of because it subscribed
// to the world: its target is followed on, whatever the world shows by now.
func (b *Bot) adopt(tx *Tx, t *Thread, target checks.Target) error {
	subs := tx.Subscribers(target)
	if !watchable(target) || slices.ContainsFunc(subs, func(s Subscription) bool { return s.Channel == t.Channel }) {
		return nil
	}
	if t.Told > 0 && t.Within == "" {
		b.roots[t.Channel] = append(b.roots[t.Channel], t.Begun)
	}
	life, ok, err := tx.Life(target)
	if !ok || err != nil || len(life.Open()) == 0 {
		return err
	}
	b.shown[target] = true
	if len(subs) > 0 || b.standing[target] != nil {
		return nil
	}
	b.stand(target, &standing{life: life})
	b.survey.adopted = append(b.survey.adopted, target)
	return nil
}
