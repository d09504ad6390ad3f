package netlab

import (
	"errors"
	"fmt"
)

// Silence has the link lose all packets both ways while both of its ends stay up: no
// kernel hears of it. Who is at the other end stays known on the link, as with
// [Node.Drop].
func (l *Link) Silence() *Fault {
	l.s.t.Helper()
	var sides [2]*Fault
	for i, e := range l.ends {
		sides[i] = e.node.hook(fmt.Sprintf("iifname %q ", e.iface), "drop", "prerouting")
	}
	f := &Fault{s: l.s, text: fmt.Sprintf("link between %s and %s silent", l.ends[0].node.name, l.ends[1].node.name)}
	f.hits = func() (int, error) {
		a, err := sides[0].hits()
		if err != nil {
			return 0, err
		}
		b, err := sides[1].hits()
		return a + b, err
	}
	f.heal = func() error { return errors.Join(sides[0].heal(), sides[1].heal()) }
	return f.begin()
}
