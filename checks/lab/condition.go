package lab

import (
	"net/netip"
	"slices"

	"isitdown/checks"
)

// Conditions are what [Recorder.Do] waits for: each says whether a feed has told it. Those
// that hold before the fault too are of no use alone.

// vantages are the networks that collectors look on from.
func vantages() []checks.ASN { return []checks.ASN{Left, Right} }

// Gone waits until neither vantage point has a route to any of the prefixes.
func Gone(prefixes ...netip.Prefix) func(*Feed) bool {
	return each(prefixes, func(f *Feed, at checks.ASN, p netip.Prefix) bool {
		_, ok := f.Path(at, p)
		return !ok
	})
}

// Here waits until both vantage points have routes to all of the prefixes.
func Here(prefixes ...netip.Prefix) func(*Feed) bool {
	return each(prefixes, func(f *Feed, at checks.ASN, p netip.Prefix) bool {
		_, ok := f.Path(at, p)
		return ok
	})
}

func each(prefixes []netip.Prefix, ok func(*Feed, checks.ASN, netip.Prefix) bool) func(*Feed) bool {
	return func(f *Feed) bool {
		for _, at := range vantages() {
			if slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return !ok(f, at, p) }) {
				return false
			}
		}
		return true
	}
}

// PathIs waits until a vantage point has a path, as in "3356 4837 131279", for a prefix;
// until it has no route, where the path is empty.
func PathIs(at checks.ASN, prefix netip.Prefix, path string) func(*Feed) bool {
	return func(f *Feed) bool {
		got, _ := f.Path(at, prefix)
		return got == path
	}
}

// Sessions waits until so many of the two vantage points have a session.
func Sessions(n int) func(*Feed) bool {
	return func(f *Feed) bool { return f.Up() == n }
}

// All waits for several conditions.
func All(conditions ...func(*Feed) bool) func(*Feed) bool {
	return func(f *Feed) bool {
		return !slices.ContainsFunc(conditions, func(c func(*Feed) bool) bool { return !c(f) })
	}
}
