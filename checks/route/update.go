package route

import (
	"net/netip"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// Peer names one BGP session of a collector. One AS may have many of them; the
// vantage point, which votes, is the AS.
type Peer struct {
	Collector string // "rrc23", "route-views2", or what an operator calls his own
	Addr      netip.Addr
	AS        checks.ASN
}

// Kind says what an [Update] reports.
type Kind int

// The kinds of update.
const (
	// Routes is one BGP UPDATE: Withdrawn and Announced, the latter with Path.
	Routes Kind = iota + 1
	// PeerUp: the session was established; its table follows.
	PeerUp
	// PeerDown: the session ended. Its routes are not withdrawn, they are unknown.
	PeerDown
	// EndOfRIB: the session has sent its whole table of Family (RFC 4724).
	EndOfRIB
	// Table is one prefix of a table dump, with the routes of several sessions.
	Table
	// Lost: the feed of a collector has a hole here. What its sessions hold is
	// unknown until they have had time to say it again, or, with Refresh, until a
	// dump (Size, Table, Refreshed) says it.
	Lost
	// Size: the whole table of the session has Size routes, of which this feed
	// delivers some only; a lookup says it of each session that it asks. With Dump
	// set the session is in that dump, whether or not a Table record names it.
	Size
	// Refreshed: the dump of number Dump is whole. What a session in it held before
	// and no record of it names is gone, at some time since its feed was lost.
	Refreshed
	// Alive: the feed of a collector has delivered everything up to At, be it
	// nothing. Sessions that are up count as heard.
	Alive
)

// Update is the one value that every feed delivers. Its slices belong to the
// feed and are valid until the call that receives it returns.
type Update struct {
	Kind Kind
	At   time.Time // at the source
	Peer Peer      // for Lost and Alive only the collector is set

	Announced, Withdrawn []NLRI
	Path                 bgp.RawPath

	// Family is that of an EndOfRIB; zero, where a feed does not say, is both.
	Family bgp.Family

	// Prefix and Entries are one record of a table dump; Dump numbers the dump,
	// from 1, among all that are loaded into one RIB.
	Prefix  netip.Prefix
	Entries []Entry
	Dump    int

	// Refresh is of a Lost: a dump follows, and time alone makes nothing whole. Of a PeerUp
	// it says that time alone does not until the session has announced something: the feed
	// delivers a few routes only, and may report sessions up that never went down.
	Refresh bool
	// Size is that of a Size: routes of the whole table, IPv4 and IPv6.
	Size [2]int
	// NotInside and NotOver are of a Size: the lookup did not ask what others announce
	// inside the target's prefixes, or over them. What is heard of such routes later may
	// have been there before.
	NotInside, NotOver bool
}

// NLRI is a prefix, with the path identifier of RFC 7911 (zero without add-path).
type NLRI = bgp.NLRI

// Entry is what one session holds for the prefix of a table dump. Of a session
// that sends several paths for a prefix there are several, told apart by PathID
// (RFC 8050), which is zero for all others.
type Entry struct {
	Peer   Peer
	Path   bgp.RawPath
	PathID uint32
}
