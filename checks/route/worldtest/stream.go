package worldtest

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/netip"
	"time"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

// rate is how many messages a second the stream of a session has, in real data.
const rate = 2

// Stream gives updates without end, as they would come after the table: of each session
// two a second, 1.8 prefixes in each. Most say again what is known already or come
// another way to the same end; four in five concern one prefix in fifty. Each update is
// valid until the next.
func (w *World) Stream(seed uint64) iter.Seq[*route.Update] {
	return func(yield func(*route.Update) bool) {
		rng := rand.New(rand.NewPCG(w.seed, seed))
		step := time.Second / time.Duration(rate*len(w.Peers))
		u := route.Update{Kind: route.Routes}
		var nlri []route.NLRI
		for at := Began; ; at = at.Add(step) {
			u.At = at
			prefix, peer := w.moving(rng)
			u.Peer = w.Peers[peer]
			nlri = append(nlri[:0], route.NLRI{Prefix: w.prefixes[prefix]})
			for k := prefix + 1; rng.IntN(9) < 4 && k < len(w.prefixes) && w.policy[k] == w.policy[prefix]; k++ {
				nlri = append(nlri, route.NLRI{Prefix: w.prefixes[k]})
			}
			if rng.IntN(20) == 0 {
				u.Withdrawn, u.Announced, u.Path = nlri, nil, nil
			} else {
				way := 0
				if rng.IntN(3) == 0 {
					way = rng.IntN(8)
				}
				u.Path = w.AppendPath(u.Path[:0], prefix, peer, way)
				u.Withdrawn, u.Announced = nil, nlri
			}
			if !yield(&u) {
				return
			}
		}
	}
}

// moving draws a prefix that moves, and a session that has it.
func (w *World) moving(rng *rand.Rand) (prefix, peer int) {
	for {
		prefix = rng.IntN(len(w.prefixes))
		if rng.IntN(5) > 0 {
			prefix -= prefix % 50
		}
		if peer = rng.IntN(len(w.Peers)); w.Holds(prefix, peer) {
			return prefix, peer
		}
	}
}

// message makes the BGP message of an update of kind Routes.
func message(dst []byte, u *route.Update) ([]byte, error) {
	d := bgp.Draft{Announce: u.Announced, Withdraw: u.Withdrawn, NextHop: u.Peer.Addr}
	if len(u.Announced) > 0 {
		d.Path = u.Path.Path()
	}
	msg, err := d.Append(dst, bgp.Options{AS4: true})
	if err != nil {
		return nil, fmt.Errorf("making the message of %s: %w", u.Peer.Addr, err)
	}
	return msg, nil
}

// Frames gives the first n updates of a stream as RIS Live would send them.
func (w *World) Frames(n int, seed uint64) ([][]byte, error) {
	frames := make([][]byte, 0, n)
	var msg []byte
	for u := range w.Stream(seed) {
		if len(frames) == n {
			break
		}
		var err error
		if msg, err = message(msg[:0], u); err != nil {
			return nil, err
		}
		f := rislivetest.Form{Collector: u.Peer.Collector}
		frame, ok := f.Update(u.At, u.Peer.Addr, u.Peer.AS, len(frames), msg)
		if !ok {
			return nil, fmt.Errorf("a message of %s cannot be converted", u.Peer.Addr)
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

// local is the collector's end of every session.
func local(peer mrt.Peer) mrt.Peer {
	return mrt.Peer{Addr: netip.AddrFrom4([4]byte{198, 18, 255, 254}), AS: 12654, ID: peer.ID}
}

// WriteUpdates writes those of the first n updates of a stream that are of a collector as
// an MRT file.
func (w *World) WriteUpdates(to io.Writer, collector string, n int, seed uint64) error {
	out := mrt.NewWriter(to)
	out.Microseconds = true
	var msg []byte
	for u := range w.Stream(seed) {
		if n--; n < 0 {
			break
		}
		if u.Peer.Collector != collector {
			continue
		}
		var err error
		if msg, err = message(msg[:0], u); err != nil {
			return err
		}
		peer := mrt.Peer{Addr: u.Peer.Addr, AS: u.Peer.AS}
		if err := out.Message(u.At, peer, local(peer), msg); err != nil {
			return fmt.Errorf("writing updates of %s: %w", collector, err)
		}
	}
	return nil
}

// WriteTable writes the table of a collector as an MRT file.
func (w *World) WriteTable(to io.Writer, collector string) error {
	from, end := -1, 0
	var peers []mrt.Peer
	for i, p := range w.Peers {
		if p.Collector != collector {
			continue
		}
		if from < 0 {
			from = i
		}
		end = i + 1
		peers = append(peers, mrt.Peer{Addr: p.Addr, AS: p.AS})
	}
	out := mrt.NewWriter(to)
	if err := out.PeerIndexTable(Began, netip.AddrFrom4([4]byte{198, 18, 255, 254}), collector, peers); err != nil {
		return fmt.Errorf("writing the table of %s: %w", collector, err)
	}
	sequence := uint32(0)
	for i := range w.prefixes {
		entries := w.entries(i, from, end)
		if len(entries) == 0 {
			continue
		}
		if err := out.RIB(Began, sequence, w.prefixes[i], false, entries); err != nil {
			return fmt.Errorf("writing the table of %s: %w", collector, err)
		}
		sequence++
	}
	return nil
}

// entries makes the entries of a prefix at the sessions of one collector.
func (w *World) entries(prefix, from, end int) (list []mrt.RIBEntry) {
	var path bgp.RawPath
	for peer := from; peer < end; peer++ {
		if !w.Holds(prefix, peer) {
			continue
		}
		path = w.AppendPath(path[:0], prefix, peer, 0)
		list = append(list, mrt.RIBEntry{
			Peer: peer - from, OriginatedAt: Began,
			Draft: bgp.Draft{Path: path.Path(), NextHop: w.Peers[peer].Addr},
		})
	}
	return list
}
