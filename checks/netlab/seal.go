package netlab

import (
	"fmt"
	"net"
)

// Sealed fails the test where any node has an interface that runs besides loopback and
// the ends of the sandbox's own links: then no packet can leave. It is looked at again
// when the test ends.
func (s *Sandbox) Sealed() {
	s.t.Helper()
	if err := s.sealed(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Sandbox) sealed() error {
	if err := s.self.sealed(); err != nil {
		return err
	}
	for _, n := range s.nodes {
		if err := n.sealed(); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) sealed() (err error) {
	var list []net.Interface
	n.do(func() { list, err = foreign() })
	if err != nil {
		return fmt.Errorf("node %s: %w", n.name, err)
	}
	for _, i := range list {
		if n.ifaces[i.Name] == nil {
			return fmt.Errorf("node %s has an interface %s that is none of its own", n.name, i.Name)
		}
	}
	return nil
}

// foreign lists the interfaces of the calling thread's namespace that are not loopback.
// Those that the kernel puts into every namespace (sit0, tunl0) are down and have no
// addresses, and are left out.
func foreign() (out []net.Interface, err error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("listing the addresses of %s: %w", i.Name, err)
		}
		if i.Flags&net.FlagUp != 0 || len(addrs) > 0 {
			out = append(out, i)
		}
	}
	return out, nil
}
