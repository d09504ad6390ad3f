package archive

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
)

// Stream is what one collector of a scenario recorded: plain MRT data (RFC 6396)
// that begins with the tables of its peers (TABLE_DUMP_V2) and goes on with their
// messages and changes of state (BGP4MP_ET) in the order of time.
type Stream struct {
	Collector string
	Data      []byte
}

// Streams gives the data of all collectors, in the order of the text.
func (s *Scenario) Streams() ([]Stream, error) {
	steps := s.steps()
	left := s.limits.bytes
	out := make([]Stream, len(s.collectors))
	for c, name := range s.collectors {
		var messages []message
		for i, v := range s.sessions {
			if v.collector == c {
				messages = append(messages, s.messages(i, steps[v.voter])...)
			}
		}
		slices.SortStableFunc(messages, func(a, b message) int { return cmp.Compare(a.at, b.at) })
		data := bounded{left: &left}
		data.bytes = slices.Grow(data.bytes, min(left, usualMessage*len(messages)))
		if err := s.write(&data, c, messages); err != nil {
			return nil, fmt.Errorf("making the data of collector %s of scenario %s: %w", name, s.Name, err)
		}
		out[c] = Stream{name, data.bytes}
	}
	return out, nil
}

var errScenarioSize = errors.New("the scenario makes too much data: take fewer vantage points, background networks or repetitions")

// usualMessage is about how long a record is, in bytes.
const usualMessage = 128

// bounded collects what is written, as long as there is room.
type bounded struct {
	bytes []byte
	left  *int
}

func (b *bounded) Write(p []byte) (int, error) {
	if *b.left -= len(p); *b.left < 0 {
		return 0, errScenarioSize
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// streamWriter writes the data of one collector.
type streamWriter struct {
	s     *Scenario
	w     *mrt.Writer
	local mrt.Peer
	peers []mrt.Peer // by session
	buf   []byte
	nlri  []bgp.NLRI
}

func (s *Scenario) write(to *bounded, collector int, messages []message) error {
	w := streamWriter{
		s: s, w: mrt.NewWriter(to),
		local: mrt.Peer{AS: collectorAS, Addr: collectorAddr(collector)},
		peers: make([]mrt.Peer, len(s.sessions)),
	}
	w.w.Microseconds = true
	for i, v := range s.sessions {
		w.peers[i] = mrt.Peer{AS: v.as, Addr: sessionAddr(i), ID: sessionAddr(i)}
	}
	if err := w.tables(collector); err != nil {
		return err
	}
	for i := range messages {
		if err := w.message(&messages[i]); err != nil {
			return err
		}
	}
	return nil
}

// tables writes what all sessions of a collector hold at the start.
func (w *streamWriter) tables(collector int) error {
	var sessions []int
	var peers []mrt.Peer
	for i, v := range w.s.sessions {
		if v.collector == collector {
			sessions = append(sessions, i)
			peers = append(peers, w.peers[i])
		}
	}
	if err := w.w.PeerIndexTable(w.s.Start, collectorAddr(collector), w.s.collectors[collector], peers); err != nil {
		return err
	}
	sequence := uint32(0)
	add := func(prefixes []netip.Prefix, path func(checks.ASN) []checks.ASN) error {
		entries := make([]mrt.RIBEntry, len(sessions))
		for n, i := range sessions {
			entries[n] = mrt.RIBEntry{Peer: n, OriginatedAt: w.s.Start.Add(-24 * time.Hour), Draft: w.draft(i, path(w.s.sessions[i].as))}
		}
		for _, prefix := range prefixes {
			if err := w.w.RIB(w.s.Start, sequence, prefix, false, entries); err != nil {
				return err
			}
			sequence++
		}
		return nil
	}
	for _, n := range w.s.networks {
		if err := add(n.prefixes, func(a checks.ASN) []checks.ASN { return w.s.path(a, w.s.ways[n.way]) }); err != nil {
			return err
		}
	}
	for _, o := range w.s.others {
		if err := add(o.prefixes, func(a checks.ASN) []checks.ASN { return w.s.path(a, o.way) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *streamWriter) draft(session int, path []checks.ASN) bgp.Draft {
	return bgp.Draft{Path: checks.MakePath(path...), NextHop: w.peers[session].Addr}
}

func (w *streamWriter) message(m *message) error {
	s, i := w.s, int(m.session)
	as := s.sessions[i].as
	switch m.kind {
	case sendDown:
		return w.w.StateChange(time.UnixMicro(m.at), w.peers[i], w.local, mrt.StateEstablished, mrt.StateIdle)
	case sendUp:
		return w.w.StateChange(time.UnixMicro(m.at), w.peers[i], w.local, mrt.StateOpenConfirm, mrt.StateEstablished)
	case sendEndOfRIB:
		return w.endOfRIB(m)
	case sendOther:
		o := &s.others[m.item]
		return w.routes(m, o.prefixes, s.path(as, o.way))
	case sendWithdrawal:
		return w.routes(m, s.networks[m.item].prefixes, nil)
	case sendLonger:
		return w.routes(m, s.networks[m.item].prefixes, s.longerPath(as, s.ways[m.way]))
	}
	return w.routes(m, s.networks[m.item].prefixes, s.path(as, s.ways[m.way]))
}

func (w *streamWriter) endOfRIB(m *message) error {
	err := w.raw(m, bgp.AppendEndOfRIB(w.buf[:0], bgp.IPv4Unicast))
	if err == nil && w.s.hasIPv6() {
		err = w.raw(m, bgp.AppendEndOfRIB(w.buf[:0], bgp.IPv6Unicast))
	}
	return err
}

// maxRoutes is how many prefixes go into one message; of the longest, 17 bytes
// each, they leave room for the attributes.
const maxRoutes = 150

// messages is how many messages it takes to announce or withdraw a network.
func (n *playedNetwork) messages() int {
	k := 0
	for range chunks(n.prefixes) {
		k++
	}
	return k
}

// chunks cuts a list, IPv4 before IPv6, into messages of one family each.
func chunks(prefixes []netip.Prefix) iter.Seq[[]netip.Prefix] {
	ipv6 := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() })
	if ipv6 < 0 {
		ipv6 = len(prefixes)
	}
	return func(yield func([]netip.Prefix) bool) {
		for _, family := range [...][]netip.Prefix{prefixes[:ipv6], prefixes[ipv6:]} {
			for part := range slices.Chunk(family, maxRoutes) {
				if !yield(part) {
					return
				}
			}
		}
	}
}

// routes announces prefixes with a path, or withdraws them where it is nil.
func (w *streamWriter) routes(m *message, prefixes []netip.Prefix, path []checks.ASN) error {
	for part := range chunks(prefixes) {
		w.nlri = w.nlri[:0]
		for _, p := range part {
			w.nlri = append(w.nlri, bgp.NLRI{Prefix: p})
		}
		var d bgp.Draft
		if path == nil {
			d.Withdraw = w.nlri
		} else {
			d = w.draft(int(m.session), path)
			d.Announce = w.nlri
		}
		b, err := d.Append(w.buf[:0], bgp.Options{AS4: true})
		if err != nil {
			return err
		}
		if err := w.raw(m, b); err != nil {
			return err
		}
	}
	return nil
}

func (w *streamWriter) raw(m *message, msg []byte) error {
	w.buf = msg
	return w.w.Message(time.UnixMicro(m.at), w.peers[m.session], w.local, msg)
}
