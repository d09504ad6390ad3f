package checks

import (
	"net/netip"
	"time"
)

// Method is how a probe asks.
type Method int

// The methods. The zero value is none.
const (
	MethodNone Method = iota
	MethodICMP        // echo request and reply (RFC 792, RFC 4443)
	MethodTCP         // connect
	MethodTLS         // handshake
	MethodHTTP        // GET, over TLS or not
	MethodDNS         // a question over UDP, or TCP where it was cut off
)

// String gives the word used in JSON.
func (m Method) String() string {
	return [...]string{"none", "icmp", "tcp", "tls", "http", "dns"}[m]
}

// Outcome is what came of one probe. The zero value is no measurement.
type Outcome int

// The outcomes.
const (
	// Unmeasured: nothing was sent, or our own side failed. It counts for nothing.
	Unmeasured Outcome = iota
	// Silent: nothing that could be validated came back in time.
	Silent
	// Unreachable: a router on the way said that there is no way to the host (By tells
	// which), or that the packet ran out of hops. For the sequential test it is silence.
	Unreachable
	// Refused: the host itself refused: RST, or port unreachable, or administratively
	// prohibited from its own address. The path works and the host is there.
	Refused
	// Failing: it answered that it cannot serve: HTTP 5xx, SERVFAIL. The path works, the
	// service does not.
	Failing
	// Answered: a validated answer, whatever it says: echo with our id, sequence number
	// and nonce, SYN-ACK, TLS handshake (a bad certificate too), HTTP below 500, DNS with
	// our id and question.
	Answered
	// Unresolved: the name of the host did not resolve though our resolver works. For the
	// sequential test it is silence.
	Unresolved
	// Nonexistent: the DNS says that there is no such name (NXDOMAIN), or that it has no
	// address. It says nothing of
	// a host.
	Nonexistent
)

// String gives the word used in JSON.
func (o Outcome) String() string {
	return [...]string{"unmeasured", "silent", "unreachable", "refused", "failing", "answered", "unresolved", "nonexistent"}[o]
}

// There reports whether the outcome proves that packets reach the host and come back.
func (o Outcome) There() bool { return o == Refused || o == Failing || o == Answered }

// Missed reports whether the outcome counts as an unanswered probe.
func (o Outcome) Missed() bool { return o == Silent || o == Unreachable || o == Unresolved }

// Answer is one probe and what came of it.
type Answer struct {
	// Host is what was asked, as a reader would name it: an address, a name or a URL.
	Host   string
	Addr   netip.Addr // where the packets went; invalid for a name that did not resolve
	Port   uint16     // zero for ICMP
	Method Method
	At     time.Time     // when it was sent
	Took   time.Duration // until the answer, or until it was given up
	Outcome
	// By is who said that the host cannot be reached; invalid where nobody did.
	By netip.Addr
	// Detail is a clause for a person: "HTTP 503", "connection refused", "certificate
	// expired on 2026-11-02", "administratively prohibited, says 192.0.2.1". "" for none.
	Detail string
	// Redirects are the URLs that HTTP was sent on to, in order.
	Redirects []string
	// Retried is true for the second probe of a question, whose first one, a second before,
	// was not answered.
	Retried bool
}

// Host is one host that is probed for a target, with what is known of it.
type Host struct {
	Name   string // as in Answer.Host
	Addr   netip.Addr
	Port   uint16
	Method Method // that proves most: of the newest answer, or of the newest probe where it never answered
	// Role says why it is probed.
	Role Role
	// Rate is its no-answer rate over 7 days (0 to 1), Asked how many probes that rests on.
	Rate  float64
	Asked int
	// Before is true where it answered at some time before: who never answered is no
	// witness of a silence.
	Before bool
	// Heard is when it last answered, zero for never; Missing when the first of the probes
	// since then was sent that were not answered, zero for none.
	Heard, Missing time.Time
	// Served is when its service last worked, zero for never; Faulty when the first of the
	// answers since then came that it fails, or that it refuses; zero where it works.
	Served, Faulty time.Time
	Mended         Spell   // the last time in which it answered and did not work
	Silence        Silence // the sequential test since Heard
	// WasSilent is true where rounds that counted proved it silent and it has not answered
	// since, even though Silence does not tell so now: because our own network fails, or
	// because nobody has looked for long.
	WasSilent bool
	Newest    Answer
	// Pings were sent to it in the last half hour, the second ones of a question among them,
	// of which PingsLost were not replied to. Zero for a host that has replied to none, and
	// while our own network fails.
	Pings, PingsLost int
	// Home is false for a host whose address lies outside the space of the target: that it
	// answers says nothing of the target.
	Home bool
}

// Role is why a host is probed for a target.
type Role int

// The roles.
const (
	RoleAsked      Role = iota // it is what was asked about
	RoleListed                 // on the operator's list
	RoleNameServer             // an authoritative name server inside the space
	RoleKnown                  // it answered before
)

// String gives the words used in JSON.
func (r Role) String() string {
	return [...]string{"asked about", "operator's list", "name server", "answered before"}[r]
}

// Guard is what the own-network guard found in a round: without it silence means nothing.
type Guard struct {
	// At is when it looked; zero: it did not.
	At time.Time
	// Answered of Controls answered, which are in Networks ASes.
	Answered, Controls, Networks int
	// Void says in a clause why the round counts for nothing; "" where it counts:
	// "our own network: 5 of 8 control targets do not answer".
	Void string
}

// Holds reports whether what was probed in the round counts.
func (g Guard) Holds() bool { return !g.At.IsZero() && g.Void == "" }

// Vote is what one vantage point outside this bot found of the target: one for each
// operator and network.
type Vote struct {
	Operator  string // "Globalping"
	ASN       ASN
	Continent string // AF AN AS EU NA OC SA
	// Method is how it asked. Many hosts never answer pings: their silence to one counts
	// only where a host of the target is known to answer them.
	Method   Method
	At       time.Time
	Answered bool
}

// Router is a router on the way to a host.
type Router struct {
	Addr   netip.Addr
	Number int // 1 is the first router; 0 where that is not known
	// Origin is the AS that announces its address, zero where that is not known; Name its name.
	Origin ASN
	Name   string
	Toward netip.Addr // the host that was traced
	// Arrived is true where the host itself answered.
	Arrived bool
	At      time.Time
}

// Reach is what was probed for a target: the other half of a [Case]. The zero value is
// "not probed".
type Reach struct {
	At    time.Time // when the newest round ended
	Guard Guard     // of that round
	Hosts []Host
	Votes []Vote // of other vantage points, newest round of each
	// ASN and Continent are where this bot probes from. Where they are not known its own
	// vote counts as one of no network and no continent.
	ASN       ASN
	Continent string
	// Last is the last router that answered on the way to a silent host; the zero Router
	// where nothing was traced.
	Last Router
}

// Probing is what a verdict says of the probes: Answering in figures.
type Probing struct {
	At    time.Time // of the newest round; zero: not probed
	Guard Guard
	// Hosts that could testify (answered before, no-answer rate of at most MaxRate, inside
	// the target): Answering + Silent + Unsure = Usable. Unsure are those that missed
	// probes and are not called silent yet. Excluded never answered, or answer too rarely,
	// or lie elsewhere.
	Answering, Silent, Unsure, Usable, Excluded int
	// Blocks counts /24 blocks by Trinocular's belief: up, down, or between.
	BlocksUp, BlocksDown, BlocksUnsure int
	// Failing counts hosts whose service failed though they answered; Fault is what the
	// first of them said, as a clause: "HTTP 503". "" for none.
	Failing int
	Fault   string
	// PingsLost of Pings of the last half hour to the hosts that answer were lost: zero where
	// they are fewer than MinPings, or not many.
	Pings, PingsLost int
	// Why says in a clause why Answering is not known: "it has never answered us, so its
	// silence says nothing". "" where it is, and where nothing was probed.
	Why string
	// VotesSilent of VotesCast are for silence, our own among them where it is one. Those
	// that agree with the finding come from Networks ASes on Continents continents; World
	// is true where that is enough to speak of the world, otherwise the finding is "from
	// our vantage point".
	VotesSilent, VotesCast, Networks, Continents int
	World                                        bool
	Last                                         Router
	Hosts                                        []Host // as given, the telling ones first, at most MaxProbed
	// Onset is of the present silence, between the last answer and the first missed probe
	// of the host that made the difference; End of the last one, between the last missed
	// probe and the answer. Routing has times of its own.
	Onset, End Interval
}

// MaxProbed is how many hosts a verdict lists.
const MaxProbed = 20
