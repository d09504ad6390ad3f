package route

import (
	"time"

	"isitdown/checks"
)

// elsewhereAge is how long what was told of others' routes serves whoever looks again and
// again, while nothing of the target has changed.
const elsewhereAge = time.Minute

// told is an answer of [Watch.Elsewhere] and what it was given for.
type told struct {
	elsewhere      checks.Elsewhere
	at             stamp
	revision, lost int
	wave           *wave
}

// ElsewhereLately is [Watch.Elsewhere] for whoever asks every few seconds: while nothing
// of the target has changed, what was told within the last minute serves. Its To says of
// what moment it is. The lists in it are shared: they are not to be changed.
func (w *Watch) ElsewhereLately(now time.Time) checks.Elsewhere {
	at := stampOf(now)
	key := told{at: at, revision: w.revision, lost: len(w.lostNow)}
	if n := len(w.waves); n > 0 && w.due == nil {
		key.wave = w.waves[n-1]
	}
	last := &w.told
	if key.wave != nil && key.wave == last.wave && key.revision == last.revision && key.lost == last.lost &&
		at >= last.at && at.since(last.at) < elsewhereAge {
		return last.elsewhere
	}
	key.elsewhere = w.Elsewhere(now)
	w.told = key
	return key.elsewhere
}
