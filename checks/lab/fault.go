package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"isitdown/checks/netlab"
)

// What goes wrong inside a network while all routes stay is a fault of its node, which no
// router hears of: i.Carrier.Node.Drop(netlab.Packets{To: HomeBlock()}) loses all that is on
// its way to Home, Share: 40 two of five packets. Probes must meet it.

// HomeBlock is the space of Home, of which it announces the four quarters, [HomePrefixes].
func HomeBlock() netip.Prefix { return netip.MustParsePrefix("175.45.176.0/22") }

// Fault is some links that are broken until they are healed or the test ends.
type Fault struct {
	i     *Internet
	links map[*netlab.Link]*netlab.Fault
}

// Cut takes links down: both ends hear of it at once. It waits until there is no session
// over them any more. Of the link of a collector the router's end goes down, and the
// collector hears nothing.
func (i *Internet) Cut(links ...*netlab.Link) *Fault {
	i.t.Helper()
	f := i.fault(links, func(l *netlab.Link) *netlab.Fault { return l.Down(l.First()) })
	i.AwaitLost(links...)
	return f
}

// Silence has links lose all packets while their ends stay up. It does not wait: sessions
// over them fall when their hold time has passed, see [Internet.AwaitLost]; where links are
// healed before, sessions may last, or fall a little later.
func (i *Internet) Silence(links ...*netlab.Link) *Fault {
	i.t.Helper()
	return i.fault(links, (*netlab.Link).Silence)
}

func (i *Internet) fault(links []*netlab.Link, begin func(*netlab.Link) *netlab.Fault) *Fault {
	i.t.Helper()
	f := &Fault{i: i, links: map[*netlab.Link]*netlab.Fault{}}
	for _, l := range links {
		if i.broken[l] {
			i.t.Fatal("a link is broken that is so already")
		}
		i.broken[l] = true
		f.links[l] = begin(l)
	}
	return f
}

// Heal ends the fault, as [Internet.Heal] does.
func (f *Fault) Heal() {
	f.i.t.Helper()
	f.i.Heal(f)
}

// Heal ends some faults at once, and waits until the sessions over their links are back;
// those of collectors come when they call again. Where nothing else is broken it waits
// until all is as it was built.
func (i *Internet) Heal(faults ...*Fault) {
	i.t.Helper()
	var links []*netlab.Link
	for _, f := range faults {
		for l, of := range f.links {
			of.Heal()
			delete(i.broken, l)
			links = append(links, l)
		}
		f.links = nil
	}
	for _, l := range links {
		ends, ok := i.ends[l]
		if !ok || i.broken[ends[0]] || i.broken[ends[1]] {
			continue
		}
		i.Await(fmt.Sprintf("%v and %v have their session again", ends[0].AS, ends[1].AS), func() bool {
			return ends[0].Up(ends[1]) && ends[1].Up(ends[0])
		})
	}
	i.mended()
}

// mark notes whether something is not as it was built.
func (i *Internet) mark(what any, broken bool) {
	if broken {
		i.broken[what] = true
	} else {
		delete(i.broken, what)
	}
}

// mended waits until all is as it was built, where nothing is broken any more.
func (i *Internet) mended() {
	i.t.Helper()
	if len(i.broken) == 0 {
		i.Converged()
	}
}

// AwaitLost waits until no session goes over some links any more.
func (i *Internet) AwaitLost(links ...*netlab.Link) {
	i.t.Helper()
	for _, l := range links {
		switch ends, ok := i.ends[l]; {
		case ok:
			i.Await(fmt.Sprintf("%v and %v have no session", ends[0].AS, ends[1].AS), func() bool {
				return !ends[0].Up(ends[1]) && !ends[1].Up(ends[0])
			})
		case l == i.CollectLeft:
			i.Await("Left has no collector", func() bool { return i.Left.Collected() == 0 })
		case l == i.CollectRight:
			i.Await("Right has no collector", func() bool { return i.Right.Collected() == 0 })
		}
	}
}

// Collected counts the sessions with collectors.
func (r *Router) Collected() (n int) {
	if !r.Daemon.Running() {
		return 0
	}
	for line := range strings.Lines(r.ask("show", "protocols")) {
		if words := strings.Fields(line); len(words) > 5 && strings.HasPrefix(words[0], "collector") && words[5] == "Established" {
			n++
		}
	}
	return n
}

// AwaitLost waits until no other network has a session with the router.
func (r *Router) AwaitLost() {
	r.i.t.Helper()
	r.i.Await(fmt.Sprintf("no network has a session with %v", r.AS), func() bool {
		return !slices.ContainsFunc(r.neighbors, func(n neighbor) bool { return n.to.Up(r) })
	})
}

// Kill ends the router's daemon as a crash would, and waits until no other network has a
// session with it: their kernels hear of it at once. Its own kernel forwards as before.
func (r *Router) Kill() {
	r.i.t.Helper()
	r.i.broken[r] = true
	r.Daemon.Kill()
	r.AwaitLost()
}

// Start starts it again, and waits until its sessions are back; so does what is healed.
func (r *Router) Start() {
	r.i.t.Helper()
	r.Daemon.Start()
	r.back()
}

// Freeze stops the router's daemon where it stands: it says nothing any more. It does not
// wait: sessions fall when their hold time has passed, see [Router.AwaitLost], and may do so
// after [Router.Thaw] too where that comes sooner. Its kernel forwards as before.
func (r *Router) Freeze() {
	r.i.t.Helper()
	r.i.broken[r] = true
	r.Daemon.Freeze()
}

// Thaw has it go on, and waits as Start does.
func (r *Router) Thaw() {
	r.i.t.Helper()
	r.Daemon.Thaw()
	r.back()
}

// back waits until the router has a session over each of its links that is not broken.
func (r *Router) back() {
	r.i.t.Helper()
	delete(r.i.broken, r)
	r.i.Await(fmt.Sprintf("%v has its sessions again", r.AS), func() bool {
		for l, ends := range r.i.ends {
			if (ends[0] == r || ends[1] == r) && !r.i.broken[l] && !r.i.broken[ends[0]] && !r.i.broken[ends[1]] && !(ends[0].Up(ends[1]) && ends[1].Up(ends[0])) {
				return false
			}
		}
		return true
	})
	r.i.mended()
}
