package registry

import (
	"fmt"
	"time"

	"isitdown/checks"
)

// StaleAfter is the age from which on a list is called old: the registries
// publish daily, and what was registered since is missing.
const StaleAfter = 7 * 24 * time.Hour

// StaleFootprint says that the lists a footprint came from were older than
// [StaleAfter] at the moment that it is used for. ok is false where they were not,
// or where their age is not known.
func StaleFootprint(fp *checks.Footprint, now time.Time) (gap checks.Gap, ok bool) {
	if fp.AsOf.IsZero() || now.Sub(fp.AsOf) <= StaleAfter {
		return checks.Gap{}, false
	}
	return checks.Gap{Check: "registry", Reason: fmt.Sprintf("what is registered to %v is as of %s, %s before: what was registered since is not known",
		fp.Target, fp.AsOf.Format("2 January 2006"), age(now.Sub(fp.AsOf)))}, true
}
