// Package netlab gives tests a network of their own: hosts and routers in network
// namespaces, with links that are cut, packets that are lost and routers that say so,
// without root and without touching the network of the machine. Linux only; elsewhere,
// and where ip, nft or user namespaces are missing, tests that ask for it are skipped
// with a sentence, or fail where LAB_REQUIRED=1 is set.
//
// A package that uses it hands its tests over to [Main], which runs the whole test
// binary again in new user, mount, network and process namespaces. Nothing else of a
// test changes: flags, output, coverage and the race detector are as ever, and tests
// that need no network do not notice. Where there are no namespaces the binary runs as
// it is.
//
//	func TestMain(m *testing.M) { netlab.Main(m) }
//
//	func TestDropped(t *testing.T) {
//		c := netlab.New(t).Chain() // this process - router - host
//		ln := c.Host.Listen(netip.AddrPortFrom(c.Host.Addr4(), 80))
//		... connect to ln.Addr() as if it were far away ...
//		c.Router.Drop(netlab.Packets{To: c.Host.Prefix4()})
//		... now it is silent ...
//	}
//
// Faults, links and nodes fail the test that [New] was given; where that has subtests
// with faults of their own, each calls [Fault.Heal], or New.
//
// The test process itself is a node of the network ([Sandbox.Here]), so that the code
// under test needs no change: what it dials goes through the lab. Sockets in other nodes
// are made by [Node.Listen], [Node.ListenPacket], [Node.Start] for programs, and
// [Node.Do].
//
// It promises that a fault which was never met fails the test, that nothing is left
// behind (the kernel takes all of it away when the process ends, kill -9 included), and
// that no packet can leave: there is no interface in the sandbox but loopback and its own
// links. So real public addresses may be used in it.
//
// It leaves out latency and jitter. A reply that takes no time has one consequence: an
// ICMP error for a SYN comes back while connect(2) still holds the socket, and is put
// aside; TCP hears of it when it sends the SYN again, a second later. The kernel sends at most 1,000 ICMP errors a second
// for all nodes together, which no setting inside a namespace changes. A program has not
// got this package in it. docs/lab.md says what can be wrong where there is no sandbox.
package netlab
