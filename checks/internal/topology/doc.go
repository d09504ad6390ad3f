// Package topology is a small Internet for tests: ASes with their business relationships,
// the routes that these give, and what vantage points see when something breaks. The same
// seed gives the same world, events and messages.
//
// What it models: customers, providers and peers (L. Gao, "On inferring autonomous system
// relationships in the Internet", 2001) and the rules under which their routes are stable
// (Gao and Rexford, "Stable Internet routing without global coordination", 2001): a route
// of a customer is preferred to one of a peer, that to one of a provider, then the shorter
// path wins, then the neighbour with the lower number; routes of customers go to everyone,
// all others to customers alone. A full mesh of the largest networks, transit networks of
// uneven size with regional peering, exchanges with route servers that show in paths and
// some that do not, stubs with one to three providers, prepends, prefixes that go to one
// provider alone, links without IPv6; vantage points of all sizes. Of time: withdrawals
// that take up to two minutes, other paths tried on the way, peers that keep what is gone,
// and sessions that end, with or without withdrawing everything first.
//
// What it leaves out: relationships that differ by place or prefix, siblings, communities,
// MEDs and traffic engineering beyond the above, routers (an AS is one), damping, and
// timers as such: convergence is drawn, not simulated message by message. Its shares are
// chosen to be awkward, not measured: what holds here is shown to hold for this model.
package topology
