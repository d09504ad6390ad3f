package route

import (
	"time"

	"isitdown/checks"
)

// Elsewhere tells how other origins' routes fared, from shortly before the target's
// present loss until now. Where nothing is lost it is zero. It needs [Rules].FullPaths,
// and rests on the last call of [Watch.Observe].
func (w *Watch) Elsewhere(now time.Time) checks.Elsewhere {
	if !w.rib.rules.FullPaths {
		return checks.Elsewhere{Missing: noFullPaths}
	}
	return checks.Elsewhere{}
}

const (
	noFullPaths = "whole paths of other networks are not kept here, so what became of their routes is not known"
	movedOnly   = "the recording holds updates alone: of networks that did not move it shows nothing"
)
