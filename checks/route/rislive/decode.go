package rislive

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// frameKind is what a frame says.
type frameKind int

const (
	frameOther     frameKind = iota + 1 // of a type that is not known
	frameNothing                        // a message of a session that changes nothing
	frameKeepalive                      // the session lives
	frameUpdate                         // decoder.update says what
	framePong
	frameError      // decoder.text says what
	frameAccepted   // decoder.accepted says what
	frameCollectors // decoder.collectors says which
)

// decoder turns frames into updates. Everything in it is good until the next frame.
type decoder struct {
	update     route.Update // of frameUpdate; of all messages the time and the peer
	text       string
	accepted   []request
	collectors []string
	slow       int // messages that the scanner left to encoding/json, since it was reset

	parts    parts
	bgp      bgp.Update
	msg, key []byte
	peers    map[string]*peer
	ann, wdn []route.NLRI
	path     bgp.RawPath
	noScan   bool // everything goes to encoding/json, for comparison
}

// peer is one session, and how its messages are written.
type peer struct {
	route.Peer
	twoOctet bool // its AS paths have 2-byte numbers (RFC 6793)
}

// maxPeers bounds the sessions that are remembered; RIS has about 1,500.
const maxPeers = 1 << 14

func newDecoder() *decoder {
	return &decoder{peers: map[string]*peer{}}
}

// decode reads one frame. After an error nothing in d may be used, except for the
// time and the peer where the frame names them.
func (d *decoder) decode(frame []byte) (frameKind, error) {
	d.update = route.Update{}
	if !d.noScan && scan(frame, &d.parts) {
		return d.message()
	}
	e, err := read(frame)
	if err != nil {
		return 0, err
	}
	if e.kind != "ris_message" {
		return d.control(e)
	}
	d.slow++
	if err := readMessage(e.data, &d.parts); err != nil {
		return 0, err
	}
	return d.message()
}

// message makes an update of the parts.
func (d *decoder) message() (frameKind, error) {
	p, u := &d.parts, &d.update
	from, err := d.peer(p)
	if err != nil {
		return 0, err
	}
	if u.At, err = parseTime(p.timestamp); err != nil {
		return 0, err
	}
	u.Peer = from.Peer
	switch string(p.kind) {
	case "UPDATE":
		if p.raw != nil {
			return d.raw(from)
		}
		return d.routes()
	case "STATE", "RIS_PEER_STATE": // the manual says the second, the server the first
		return d.state()
	case "KEEPALIVE":
		return frameKeepalive, nil
	case "OPEN", "NOTIFICATION":
		return frameNothing, nil
	case "":
		return 0, errors.New("the message has no type")
	}
	return frameOther, nil
}

// state is a change of a session's state. "connected" is said when the session comes
// up, before its OPEN; some versions say "up" once it is established.
func (d *decoder) state() (frameKind, error) {
	switch string(d.parts.state) {
	case "connected", "up":
		d.update.Kind = route.PeerUp
	case "down":
		d.update.Kind = route.PeerDown
	default:
		return 0, fmt.Errorf("the session's state is %s", excerpt(d.parts.state))
	}
	return frameUpdate, nil
}

// raw decodes the BGP message itself. RIS Live does not say whether the session has
// 4-byte AS numbers. A path of one kind makes no sense as the other, so it is tried
// as the session's last one was, and then the other way.
func (d *decoder) raw(from *peer) (frameKind, error) {
	var err error
	if d.msg, err = appendHex(d.msg[:0], d.parts.raw); err != nil {
		return 0, err
	}
	opt := bgp.Options{AS4: !from.twoOctet, GuessAddPath: true}
	if err = d.bgp.Decode(d.msg, opt); err != nil {
		opt.AS4 = !opt.AS4
		if d.bgp.Decode(d.msg, opt) != nil {
			return 0, &messageError{fmt.Errorf("of %s %s: %w", from.AS, from.Addr, err)}
		}
		from.twoOctet = !opt.AS4
	}
	u, b := &d.update, &d.bgp
	switch {
	case b.EndOfRIB && (b.EndOfRIBFamily == bgp.IPv4Unicast || b.EndOfRIBFamily == bgp.IPv6Unicast):
		u.Kind, u.Family = route.EndOfRIB, b.EndOfRIBFamily
	case len(b.Announced) > 0 || len(b.Withdrawn) > 0:
		u.Kind = route.Routes
		u.Announced, u.Withdrawn, u.Path = b.Announced, b.Withdrawn, b.Path
	default:
		return frameNothing, nil
	}
	return frameUpdate, nil
}

// messageError is that of a BGP message in a frame that makes sense. It is a session's
// and not the server's: anybody in the world can give a route of his an attribute that
// routers pass on unread.
type messageError struct{ error }

func (e *messageError) Unwrap() error { return e.error }

// peer gives the session that a message is of.
func (d *decoder) peer(p *parts) (*peer, error) {
	key := append(d.key[:0], p.host...)
	key = append(append(key, ' '), p.asn...)
	d.key = append(append(key, ' '), p.peer...)
	if known, ok := d.peers[string(d.key)]; ok {
		return known, nil
	}
	collector, err := parseHost(string(p.host))
	if err != nil {
		return nil, err
	}
	addr, err := netip.ParseAddr(string(p.peer))
	if err != nil || addr.Zone() != "" {
		return nil, fmt.Errorf("the address of the peer is %s", excerpt(p.peer))
	}
	as, err := strconv.ParseUint(string(p.asn), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the AS number of the peer is %s", excerpt(p.asn))
	}
	if len(d.peers) >= maxPeers {
		clear(d.peers)
	}
	found := &peer{Peer: route.Peer{Collector: collector, Addr: addr.Unmap(), AS: checks.ASN(as)}}
	d.peers[string(d.key)] = found
	return found, nil
}

// parseHost gives the name of a collector as the archive has it: "rrc00" for
// "rrc00.ripe.net". Any other might be what an operator calls a router of his own, in
// whose name the stream is not to speak.
func parseHost(host string) (string, error) {
	name := strings.TrimSuffix(host, ".ripe.net")
	number, ok := strings.CutPrefix(name, "rrc")
	if !ok || len(number) < 2 || len(number) > 3 || strings.Trim(number, "0123456789") != "" {
		return "", fmt.Errorf("the collector is %s", excerpt([]byte(host)))
	}
	return strings.Clone(name), nil
}

// maxSeconds bounds what is believed to be a time: the year 2262, where
// nanoseconds since 1970 end.
const maxSeconds = 9_000_000_000

// parseTime reads seconds since 1970 with a fraction, without the detour over a
// binary fraction, which would be off by some of the last digits.
func parseTime(text []byte) (time.Time, error) {
	var seconds, fraction int64
	i, unit := 0, int64(time.Second)
	for ; i < len(text) && text[i]-'0' <= 9; i++ {
		if seconds = seconds*10 + int64(text[i]-'0'); seconds > maxSeconds {
			break
		}
	}
	good := i > 0
	if good && i < len(text) && text[i] == '.' {
		from := i + 1
		for i++; i < len(text) && text[i]-'0' <= 9; i++ {
			unit /= 10
			fraction += int64(text[i]-'0') * unit
		}
		good = i > from
	}
	if !good || i != len(text) {
		return time.Time{}, fmt.Errorf("the time is %s, which is not a number of seconds since 1970", excerpt(text))
	}
	return time.Unix(seconds, fraction).UTC(), nil
}

// hexDigit gives the value of a digit, and 0xff for anything else.
var hexDigit = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
		if c >= 'a' {
			t[c-'a'+'A'] = byte(i)
		}
	}
	return t
}()

// appendHex decodes hexadecimal digits of either case.
func appendHex(dst, text []byte) ([]byte, error) {
	if len(text)%2 != 0 {
		return dst, fmt.Errorf("the BGP message has %d hexadecimal digits, which is odd", len(text))
	}
	n := len(dst)
	dst = slices.Grow(dst, len(text)/2)[:n+len(text)/2]
	for i := range dst[n:] {
		pair := text[2*i : 2*i+2]
		high, low := hexDigit[pair[0]], hexDigit[pair[1]]
		if high|low > 15 {
			return dst, fmt.Errorf("the BGP message is not hexadecimal at digit %d: %s", 2*i, excerpt(text[2*i:]))
		}
		dst[n+i] = high<<4 | low
	}
	return dst, nil
}

// maxExcerpt bounds how much foreign text gets into a sentence.
const maxExcerpt = 60

// excerpt quotes the beginning of what came from outside.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return "missing"
	}
	if len(b) > maxExcerpt {
		return strconv.QuoteToASCII(string(b[:maxExcerpt])) + "..."
	}
	return strconv.QuoteToASCII(string(b))
}
