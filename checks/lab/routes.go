package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"isitdown/checks"
)

// Routes is what a router has: the path of the best route to each prefix, as text. That of
// a prefix which begins there is empty.
type Routes map[netip.Prefix]string

// String is one route a line.
func (r Routes) String() string {
	var b strings.Builder
	for _, p := range slices.SortedFunc(maps.Keys(r), netip.Prefix.Compare) {
		fmt.Fprintf(&b, "%v: %s\n", p, r[p])
	}
	return b.String()
}

// diff tells what is missing and what is too much; empty for nothing.
func (r Routes) diff(want Routes) string {
	var b strings.Builder
	for p, path := range want {
		if got, ok := r[p]; !ok {
			fmt.Fprintf(&b, "%v is missing; ", p)
		} else if got != path {
			fmt.Fprintf(&b, "%v has path %q, not %q; ", p, got, path)
		}
	}
	for p, path := range r {
		if _, ok := want[p]; !ok {
			fmt.Fprintf(&b, "%v is too much, by %q; ", p, path)
		}
	}
	return b.String()
}

// Routes asks the router for its best routes. One that does not run, or is frozen, has
// none.
func (r *Router) Routes() Routes {
	if !r.Daemon.Running() {
		return nil
	}
	return parseRoutes(r.ask("show", "route", "primary", "all"))
}

// parseRoutes reads BIRD's answer: a line that begins with a prefix begins its route, a
// line of the path comes after it.
func parseRoutes(text string) Routes {
	out := Routes{}
	var last netip.Prefix
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if p, err := netip.ParsePrefix(words[0]); err == nil {
			last = p
			out[p] = ""
		} else if words[0] == "BGP.as_path:" && last.IsValid() {
			out[last] = strings.Join(words[1:], " ")
		}
	}
	return out
}

// from is where a path begins, which is at itself where it is empty.
func from(path string, self checks.ASN) checks.ASN {
	words := strings.Fields(path)
	if len(words) == 0 {
		return self
	}
	n, err := strconv.ParseUint(words[len(words)-1], 10, 32)
	if err != nil {
		return 0
	}
	return checks.ASN(n)
}

// Up reports whether the router sees its session with a neighbour as established. One
// that does not run, or is frozen, has no session.
func (r *Router) Up(neighbor *Router) bool {
	if !r.Daemon.Running() {
		return false
	}
	for line := range strings.Lines(r.ask("show", "protocols", strconv.Quote(neighbor.Node.Name()))) {
		if words := strings.Fields(line); len(words) > 5 && words[0] == neighbor.Node.Name() {
			return words[5] == "Established"
		}
	}
	return false
}
