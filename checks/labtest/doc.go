// Package labtest starts daemons that we did not write, on loopback, for one test:
// the routing daemons BIRD, FRR's bgpd, GoBGP, OpenBGPD and ExaBGP, and the servers nginx
// and NSD, each with a configuration that the test writes and an address of 127.0.0.0/8 of its own.
//
// It promises that a daemon is gone when its test is, however it ends; that no
// daemon touches the routes of the machine; that what a daemon logged and how it
// sees its sessions is shown where a test fails; and that a test which cannot have
// its daemon says so: it is skipped with a sentence, or fails where LAB_REQUIRED=1
// is set. Daemons run as whoever runs the test; a plain user will do.
//
// Routers doubt a next hop that is a loopback address: FRR wants "bgp
// allow-martian-nexthop", GoBGP a next hop of another kind, which the sender sets.
//
// No program has this package in it. It leaves out networks of several hosts, links
// that are cut and packets that are lost, which are netlab's: BIRD and servers can be started
// in a node of it; everything else here shares one loopback. docs/lab.md says what to install.
package labtest
