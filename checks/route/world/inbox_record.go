package world

import (
	"encoding/binary"
	"net/netip"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// A record is an update as it waits: a tenth of what it takes as a [route.Update], without
// pointers, so that the collector of garbage sees nothing. It is never seen by another
// program, nor by the next version of this one.
//
//	kind, flags                1 byte each
//	peer                       4, a number of the peerBook
//	at                         8, nanoseconds since 1970
//	path, withdrawn, announced 4 each: bytes, routes, routes
//	more                       of kinds but Routes: see appendMore
//	path; routes               see appendNLRI

// The flags of a record.
const (
	flagTimeless = 1 << iota // At is zero
	flagRefresh
	flagNotInside
	flagNotOver
	flagMore
)

const (
	recordHead = 2 + 4 + 8 + 3*4
	nlriMost   = 2 + 16 + 4
	entryHead  = 4 + 4 + 4
	moreBytes  = 3 + 4 + 2*8 + nlriMost + 4
)

// recordSize bounds the bytes of an update's record.
func recordSize(u *route.Update) int {
	n := recordHead + len(u.Path) + nlriMost*(len(u.Withdrawn)+len(u.Announced))
	if u.Kind != route.Routes {
		n += moreBytes + entryHead*len(u.Entries)
		for i := range u.Entries {
			n += len(u.Entries[i].Path)
		}
	}
	return n
}

// appendRecord writes an update.
func appendRecord(b []byte, u *route.Update, peers *peerBook) []byte {
	var flags byte
	var at int64
	if u.At.IsZero() {
		flags = flagTimeless
	} else {
		at = u.At.UnixNano()
	}
	flags |= set(u.Refresh, flagRefresh) | set(u.NotInside, flagNotInside) | set(u.NotOver, flagNotOver) | set(u.Kind != route.Routes, flagMore)
	b = append(b, byte(u.Kind), flags)
	b = binary.LittleEndian.AppendUint32(b, peers.number(&u.Peer))
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(u.Path)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(u.Withdrawn)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(u.Announced)))
	if u.Kind != route.Routes {
		b = appendMore(b, u, peers)
	}
	b = append(b, u.Path...)
	for i := range u.Withdrawn {
		b = appendNLRI(b, &u.Withdrawn[i])
	}
	for i := range u.Announced {
		b = appendNLRI(b, &u.Announced[i])
	}
	return b
}

func set(is bool, flag byte) byte {
	if is {
		return flag
	}
	return 0
}

// appendMore writes what updates have that are not of one BGP message.
func appendMore(b []byte, u *route.Update, peers *peerBook) []byte {
	b = binary.LittleEndian.AppendUint16(b, u.Family.AFI)
	b = append(b, u.Family.SAFI)
	b = binary.LittleEndian.AppendUint32(b, uint32(u.Dump))
	b = binary.LittleEndian.AppendUint64(b, uint64(u.Size[0]))
	b = binary.LittleEndian.AppendUint64(b, uint64(u.Size[1]))
	b = appendNLRI(b, &route.NLRI{Prefix: u.Prefix})
	b = binary.LittleEndian.AppendUint32(b, uint32(len(u.Entries)))
	for i := range u.Entries {
		e := &u.Entries[i]
		b = binary.LittleEndian.AppendUint32(b, peers.number(&e.Peer))
		b = binary.LittleEndian.AppendUint32(b, e.PathID)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(e.Path)))
		b = append(b, e.Path...)
	}
	return b
}

// The forms of a prefix; hasPathID comes on top.
const (
	noPrefix = iota
	prefix4
	prefix6
	hasPathID = 4
)

// appendNLRI writes a form, a length in bits, as many bytes of the address as hold it, and
// a path identifier where there is one.
func appendNLRI(b []byte, n *route.NLRI) []byte {
	form, addr := byte(noPrefix), n.Prefix.Addr()
	if n.PathID != 0 {
		form = hasPathID
	}
	bits := n.Prefix.Bits()
	switch {
	case bits < 0:
		b = append(b, form, 0)
	case addr.Is4():
		a := addr.As4()
		b = append(append(b, form|prefix4, byte(bits)), a[:(bits+7)/8]...)
	default:
		a := addr.As16()
		b = append(append(b, form|prefix6, byte(bits)), a[:(bits+7)/8]...)
	}
	if n.PathID != 0 {
		b = binary.LittleEndian.AppendUint32(b, n.PathID)
	}
	return b
}

// records reads records that appendRecord wrote. What it gives is good until the next batch.
type records struct {
	b     []byte
	i     int
	peers []route.Peer
	list  []route.Update
	nlri  []route.NLRI
	ents  []route.Entry
}

// next gives the next updates, batchMost at most; none at the end.
func (r *records) next() []route.Update {
	r.list, r.nlri, r.ents = r.list[:0], r.nlri[:0], r.ents[:0]
	for r.i < len(r.b) && len(r.list) < batchMost {
		r.list = append(r.list, route.Update{})
		r.read(&r.list[len(r.list)-1])
	}
	return r.list
}

func (r *records) read(u *route.Update) {
	kind, flags := r.b[r.i], r.b[r.i+1]
	r.i += 2
	u.Kind = route.Kind(kind)
	u.Peer = r.peers[r.uint32()]
	if at := r.uint64(); flags&flagTimeless == 0 {
		u.At = time.Unix(0, int64(at)).UTC()
	}
	path, withdrawn, announced := int(r.uint32()), int(r.uint32()), int(r.uint32())
	if flags&flagMore != 0 {
		u.Refresh, u.NotInside, u.NotOver = flags&flagRefresh != 0, flags&flagNotInside != 0, flags&flagNotOver != 0
		r.more(u)
	}
	u.Path = r.bytes(path)
	u.Withdrawn = r.routes(withdrawn)
	u.Announced = r.routes(announced)
}

func (r *records) more(u *route.Update) {
	u.Family = bgp.Family{AFI: binary.LittleEndian.Uint16(r.b[r.i:]), SAFI: r.b[r.i+2]}
	r.i += 3
	u.Dump = int(r.uint32())
	u.Size = [2]int{int(r.uint64()), int(r.uint64())}
	var n route.NLRI
	r.route(&n)
	u.Prefix = n.Prefix
	from := len(r.ents)
	for range r.uint32() {
		e := route.Entry{Peer: r.peers[r.uint32()], PathID: r.uint32()}
		e.Path = r.bytes(int(r.uint32()))
		r.ents = append(r.ents, e)
	}
	if len(r.ents) > from {
		u.Entries = r.ents[from:len(r.ents):len(r.ents)]
	}
}

// bytes gives the next n bytes, nil for none.
func (r *records) bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	b := r.b[r.i : r.i+n : r.i+n]
	r.i += n
	return b
}

func (r *records) routes(n int) []route.NLRI {
	if n == 0 {
		return nil
	}
	from := len(r.nlri)
	for range n {
		r.nlri = append(r.nlri, route.NLRI{})
		r.route(&r.nlri[len(r.nlri)-1])
	}
	return r.nlri[from:len(r.nlri):len(r.nlri)]
}

func (r *records) route(n *route.NLRI) {
	form, bits := r.b[r.i], int(r.b[r.i+1])
	r.i += 2
	size := (bits + 7) / 8
	switch form &^ hasPathID {
	case prefix4:
		var a [4]byte
		copy(a[:], r.b[r.i:r.i+size])
		n.Prefix = netip.PrefixFrom(netip.AddrFrom4(a), bits)
	case prefix6:
		var a [16]byte
		copy(a[:], r.b[r.i:r.i+size])
		n.Prefix = netip.PrefixFrom(netip.AddrFrom16(a), bits)
	}
	r.i += size
	if form&hasPathID != 0 {
		n.PathID = r.uint32()
	}
}

func (r *records) uint32() uint32 {
	v := binary.LittleEndian.Uint32(r.b[r.i:])
	r.i += 4
	return v
}

func (r *records) uint64() uint64 {
	v := binary.LittleEndian.Uint64(r.b[r.i:])
	r.i += 8
	return v
}
