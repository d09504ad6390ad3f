package registry

import (
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
)

// StaleAfter is the age from which on a list is called old: the registries
// publish daily, and what was registered since is missing.
const StaleAfter = 7 * 24 * time.Hour

// Stale says which of the lists in use are older than [StaleAfter] at a moment, by
// their own date; one gap names them all. A list without a date is not among them:
// [Registry.Problems] has it.
func (r *Registry) Stale(now time.Time) []checks.Gap {
	var old strings.Builder
	var oldest time.Time
	count := 0
	for _, p := range r.parts { // the oldest first
		d := p.list.date
		if d.IsZero() || now.Sub(d) <= StaleAfter {
			continue
		}
		if count == 0 {
			oldest = d
		}
		if count++; count > 1 {
			old.WriteString(", ")
		}
		old.WriteString(p.cite())
	}
	if count == 0 {
		return nil
	}
	return []checks.Gap{{Check: "registry", Reason: fmt.Sprintf("%s of the registries %s old, the oldest by %s (%s): what was registered since is not known; refresh them",
		plural(count, "a list", "lists"), plural(count, "is", "are"), age(now.Sub(oldest)), old.String())}}
}

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
