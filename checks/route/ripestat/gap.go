package ripestat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// check is the name under which gaps about routes stand.
const check = "route"

// gapOf says of an error, as a gap, why there is no answer, and what is missing
// for it.
func gapOf(err error, missing string) checks.Gap {
	own, ok := errors.AsType[*Error](err)
	if !ok {
		return web.Gap(err, check, service, missing)
	}
	text := own.Sentence()
	if missing != "" {
		text += "; " + missing
	}
	return checks.Gap{Check: check, Reason: text}
}

// Sentence says for a person what happened and what to do, without a full stop.
func (e *Error) Sentence() string {
	switch e.Kind {
	case Maintenance:
		return fmt.Sprintf("RIPEstat's %s is under maintenance: ask again later", e.Call)
	case Failed:
		return fmt.Sprintf("RIPEstat's %s failed: ask again later", e.Call)
	case Moved:
		return fmt.Sprintf("RIPEstat's %s has no data for the time in question: %s", e.Call, e.Detail)
	case Spent:
		return "the requests to RIPEstat that one answer may make are spent: allow more, or give a table dump"
	case Daily:
		return "RIPEstat was asked as often today as it allows without registration: lookups go on tomorrow (UTC)"
	}
	return e.Detail
}

// note adds a gap.
func (l *lookup) note(format string, args ...any) {
	l.gap(checks.Gap{Check: check, Reason: fmt.Sprintf(format, args...)})
}

// gap adds a gap, once.
func (l *lookup) gap(g checks.Gap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.gaps, g) {
		return
	}
	l.gaps = append(l.gaps, g)
}

// failed makes a gap of an error that does not end the lookup, and tells the
// operator.
func (l *lookup) failed(ctx context.Context, err error, missing string) {
	l.c.o.Log.WarnContext(ctx, "a lookup is incomplete", "target", l.f.Target.String(), "error", err)
	l.gap(gapOf(err, missing))
}

// clock writes a time for a person.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
