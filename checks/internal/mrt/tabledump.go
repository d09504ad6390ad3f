package mrt

import (
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// decodeTableDump reads a record of TABLE_DUMP (RFC 6396 section 4.2): one
// prefix of one peer.
func (rec *Record) decodeTableDump(body []byte) error {
	var ipv6 bool
	switch rec.Subtype {
	case TableDumpIPv4:
	case TableDumpIPv6:
		ipv6 = true
	default:
		return nil
	}
	width := 4
	if ipv6 {
		width = 16
	}
	// view 2, sequence 2, prefix, length 1, status 1, time 4, peer, AS 2, length of attributes 2
	fixed := 4 + width + 6 + width + 4
	if len(body) < fixed {
		return bodyError(0, "%d bytes are too few for a route, it takes %d", len(body), fixed)
	}
	i := 4
	bits := int(body[i+width])
	if bits > 8*width {
		return bodyError(i+width, "prefix length %d is out of range", bits)
	}
	prefix, err := address(body[i:], ipv6).Prefix(bits)
	if err != nil {
		return bodyError(i, "%v", err)
	}
	rec.Prefix = prefix
	i += width + 2
	e := &rec.entry
	e.PeerIndex, e.PathID = -1, 0
	e.Originated = be32(body[i:])
	i += 4
	rec.PeerAddr = address(body[i:], ipv6)
	i += width
	rec.PeerAS = checks.ASN(be16(body[i:]))
	rec.peer = Peer{AS: rec.PeerAS, Addr: rec.PeerAddr}
	e.Peer = &rec.peer
	n := be16(body[i+2:])
	i += 4
	if n > len(body)-i {
		return bodyError(i-2, "%d bytes of attributes, %d are left", n, len(body)-i)
	}
	if err := e.DecodeRIB(body[i:i+n], false); err != nil {
		return inBody(err, i)
	}
	rec.Kind = KindRIB
	return nil
}

// decodeTableDumpV2 reads a record of TABLE_DUMP_V2 (RFC 6396 section 4.3).
func (rec *Record) decodeTableDumpV2(body []byte) error {
	switch rec.Subtype {
	case PeerIndexTable:
		return rec.decodePeers(body)
	case RIBIPv4Unicast:
		return rec.decodeRIB(body, KindRIB, false, false)
	case RIBIPv6Unicast:
		return rec.decodeRIB(body, KindRIB, true, false)
	case RIBIPv4UnicastAddP:
		return rec.decodeRIB(body, KindRIB, false, true)
	case RIBIPv6UnicastAddP:
		return rec.decodeRIB(body, KindRIB, true, true)
	case RIBIPv4Multicast:
		return rec.decodeRIB(body, KindMulticastRIB, false, false)
	case RIBIPv6Multicast:
		return rec.decodeRIB(body, KindMulticastRIB, true, false)
	case RIBIPv4MulticastAddP:
		return rec.decodeRIB(body, KindMulticastRIB, false, true)
	case RIBIPv6MulticastAddP:
		return rec.decodeRIB(body, KindMulticastRIB, true, true)
	}
	return nil
}

// decodePeers reads a PEER_INDEX_TABLE. Until it is read whole there are no
// peers, so that entries are never laid at the door of an old table's peers.
func (rec *Record) decodePeers(body []byte) error {
	rec.Peers, rec.CollectorID = nil, netip.Addr{}
	if len(body) < 8 {
		return bodyError(0, "%d bytes are too few for a peer index table", len(body))
	}
	id := address(body, false)
	i := 6 + be16(body[4:]) // behind the name of the view
	if len(body)-i < 2 {
		return bodyError(4, "ends inside the name of the view")
	}
	count := be16(body[i:])
	i += 2
	if len(body)-i < 11*count { // the shortest entry takes 11 bytes
		return bodyError(i-2, "%d peers do not fit into %d bytes", count, len(body)-i)
	}
	peers := make([]Peer, 0, count)
	for range count {
		if len(body)-i < 1 {
			return bodyError(i, "ends after %d of %d peers", len(peers), count)
		}
		flags := body[i]
		width, size := 4, 2
		if flags&1 != 0 {
			width = 16
		}
		if flags&2 != 0 {
			size = 4
		}
		if len(body)-i < 5+width+size {
			return bodyError(i, "ends after %d of %d peers", len(peers), count)
		}
		p := Peer{ID: address(body[i+1:], false), Addr: address(body[i+5:], width == 16)}
		i += 5 + width
		if size == 4 {
			p.AS = checks.ASN(be32(body[i:]))
		} else {
			p.AS = checks.ASN(be16(body[i:]))
		}
		i += size
		peers = append(peers, p)
	}
	rec.Peers, rec.CollectorID = peers, id
	rec.Kind = KindPeerIndexTable
	return nil
}

// decodeRIB reads the head of a RIB record; its entries are read by Entries.
func (rec *Record) decodeRIB(body []byte, kind Kind, ipv6, addPath bool) error {
	if len(body) < 4 {
		return bodyError(0, "ends inside the sequence number")
	}
	prefix, n, reason := bgp.ParsePrefix(body[4:], ipv6)
	if reason != "" {
		return bodyError(4, "%s", reason)
	}
	i := 4 + n
	if len(body)-i < 2 {
		return bodyError(i, "ends before the count of entries")
	}
	rec.Prefix, rec.AddPath = prefix, addPath
	rec.count = be16(body[i:])
	rec.entries, rec.at = body[i+2:], i+2
	if rec.Peers == nil && rec.count > 0 {
		return bodyError(0, "routes before a whole PEER_INDEX_TABLE: whose they are is not known")
	}
	rec.Kind = kind
	return nil
}

// entryCursor goes through the entries of a TABLE_DUMP_V2 RIB record.
type entryCursor struct {
	rec  *Record
	rest []byte // not yet read
	n    int    // read so far
}

// next reads the next entry that makes sense into the record's; false at the end.
func (c *entryCursor) next() bool {
	rec := c.rec
	fixed := 8 // peer index 2, time 4, length of attributes 2
	if rec.AddPath {
		fixed = 12
	}
	for ; c.n < rec.count; c.n++ {
		b := c.rest
		at := rec.at + len(rec.entries) - len(b)
		if len(b) < fixed {
			return c.stop(bodyError(at, "ends after %d of %d entries", c.n, rec.count))
		}
		end := fixed + be16(b[fixed-2:])
		if end > len(b) {
			return c.stop(bodyError(at, "entry %d of %d is longer than what is left", c.n+1, rec.count))
		}
		c.rest = b[end:]
		if err := rec.decodeEntry(b[:end], fixed, at); err != nil {
			rec.reader.problem(rec, err)
			continue
		}
		c.n++
		return true
	}
	return false
}

// stop notes that what is left of the record makes no sense.
func (c *entryCursor) stop(err error) bool {
	c.n = c.rec.count
	c.rec.reader.problem(c.rec, err)
	return false
}

// decodeEntry reads one entry, at byte i of the body, into rec.entry. Its attributes
// begin at byte fixed of b.
func (rec *Record) decodeEntry(b []byte, fixed, i int) error {
	e := &rec.entry
	e.PeerIndex = be16(b)
	if e.PeerIndex >= len(rec.Peers) {
		rec.PeerAS, rec.PeerAddr = 0, netip.Addr{}
		return bodyError(i, "peer %d of a table of %d", e.PeerIndex, len(rec.Peers))
	}
	e.Peer = &rec.Peers[e.PeerIndex]
	e.Originated = be32(b[2:])
	e.PathID = 0
	if rec.AddPath {
		e.PathID = be32(b[6:])
	}
	if err := e.DecodeRIB(b[fixed:], true); err != nil {
		rec.PeerAS, rec.PeerAddr = e.Peer.AS, e.Peer.Addr // for whoever reports it
		return inBody(err, i+fixed)
	}
	return nil
}
