package world

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"isitdown/checks"
	"isitdown/checks/route"
)

// hold keeps what a stream brings in a temporary file, in the order in which it came, until
// what was before it is there. A quarter of an hour of all the world's updates is some 500 MB:
// too much for memory, little for a disk.
type hold struct {
	mu     sync.Mutex
	dir    string
	most   int64
	file   *os.File
	failed error  // of the disk
	buf    []byte // behind what is in the file
	peers  peerBook
	begun  time.Time                // at the source, of the first update
	firsts map[route.Peer]time.Time // of the first update of each session
	feeds  map[string]*heldFeed     // by collector

	written, read int64 // bytes of the file
	block         []byte
	waiting, size atomic.Int64 // updates, and their bytes: read without mu, by whoever has locked other things
}

// heldFeed is what the stream brought of one collector.
type heldFeed struct {
	name        string
	first, last time.Time
	left        int       // updates left out
	from        time.Time // of the first of them
}

// heldBlock is how much is written to the file at once.
const heldBlock = 256 << 10

func newHold(dir string, most int64) *hold {
	return &hold{dir: dir, most: most, firsts: map[route.Peer]time.Time{}, feeds: map[string]*heldFeed{}}
}

// put keeps a copy of an update; mu is held.
func (h *hold) put(u *route.Update) {
	if !h.peers.room(u) {
		return // the table refuses sessions long before, and says so
	}
	u = byTime(u)
	f := h.feeds[u.Peer.Collector]
	if f == nil {
		f = &heldFeed{name: u.Peer.Collector, first: u.At}
		h.feeds[u.Peer.Collector] = f
	}
	f.last = u.At
	if h.begun.IsZero() {
		h.begun = u.At
	}
	if _, known := h.firsts[u.Peer]; !known && u.Peer.Addr.IsValid() {
		h.firsts[u.Peer] = u.At
	}
	switch {
	case f.left == 0 && h.fits(recordSize(u)):
		h.add(u)
		return
	case f.left == 0:
		f.from = u.At
		h.add(lostAt(f.name, u.At))
	}
	f.left++
	if u.Kind == route.PeerDown || u.Kind == route.Lost {
		h.add(u) // few and short, and what they say is not to be made up for
	}
}

// fits reports whether there is room, and makes some where the buffer is full.
func (h *hold) fits(size int) bool {
	if len(h.buf)+size > heldBlock && len(h.buf) > 0 && h.failed == nil && h.bytes() <= h.most {
		h.failed = h.flush()
	}
	return h.failed == nil && h.bytes()+int64(size) <= h.most
}

func (h *hold) add(u *route.Update) {
	h.buf = appendRecord(h.buf, u, &h.peers)
	h.waiting.Add(1)
	h.size.Store(h.bytes())
}

// bytes counts what is kept and not taken yet.
func (h *hold) bytes() int64 { return h.written - h.read + int64(len(h.buf)) }

// flush writes the buffer behind what is in the file, with its length in front.
func (h *hold) flush() error {
	if h.file == nil {
		f, err := os.CreateTemp(h.dir, "isitdown-stream-*")
		if err != nil {
			return fmt.Errorf("keeping the stream: %w", err)
		}
		h.file = f
		_ = os.Remove(f.Name()) // so that nothing stays where the program is killed; what cannot do that has it removed by close
	}
	var head [4]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(h.buf)))
	for _, b := range [][]byte{head[:], h.buf} {
		n, err := h.file.WriteAt(b, h.written)
		if err != nil {
			return fmt.Errorf("keeping the stream: %w", err)
		}
		h.written += int64(n)
	}
	h.buf = h.buf[:0]
	return nil
}

// take gives the oldest updates to each in batches, those of one block. What is in memory alone is
// given while mu is held, and last is called before it is let go: nothing can come in between.
func (h *hold) take(each func([]route.Update), last func()) (done bool, err error) {
	h.mu.Lock()
	if h.read == h.written {
		defer h.mu.Unlock()
		for _, f := range h.feeds {
			if f.left > 0 { // sessions may have come and gone since
				h.add(lostAt(f.name, f.last))
			}
		}
		give(h.buf, h.peers.list, each)
		h.buf = nil
		h.waiting.Store(0)
		h.size.Store(0)
		last()
		return true, nil
	}
	at, peers := h.read, h.peers.list
	h.mu.Unlock()
	block, err := h.readBlock(at)
	if err != nil {
		return false, fmt.Errorf("reading the stream that was kept: %w", err)
	}
	n := give(block, peers, each)
	h.mu.Lock()
	h.read += int64(len(block)) + 4
	h.waiting.Add(-n)
	h.size.Store(h.bytes())
	h.mu.Unlock()
	return false, nil
}

// readBlock reads what flush wrote. Only whoever takes calls it.
func (h *hold) readBlock(at int64) ([]byte, error) {
	var head [4]byte
	if _, err := h.file.ReadAt(head[:], at); err != nil {
		return nil, err
	}
	h.block = slices.Grow(h.block[:0], int(binary.LittleEndian.Uint32(head[:])))[:binary.LittleEndian.Uint32(head[:])]
	_, err := h.file.ReadAt(h.block, at+4)
	return h.block, err
}

// give reads records and passes them on.
func give(b []byte, peers []route.Peer, each func([]route.Update)) (n int64) {
	r := records{b: b, peers: peers}
	for list := r.next(); len(list) > 0; list = r.next() {
		each(list)
		n += int64(len(list))
	}
	return n
}

// gaps says what was left out.
func (h *hold) gaps() (list []checks.Gap) {
	why := "more came than is kept"
	if h.failed != nil {
		why = "the disk failed"
	}
	for _, name := range slices.Sorted(maps.Keys(h.feeds)) {
		if f := h.feeds[name]; f.left > 0 {
			list = append(list, checks.Gap{Check: "route", Reason: fmt.Sprintf("while the start was waiting for the archives, %s of %s from %s to %s were left out because %s: what its sessions hold is not known until they have had time to say it again",
				count(f.left, "update"), name, f.from.UTC().Format(clockForm), f.last.UTC().Format(clockForm), why)})
		}
	}
	return list
}

// ignoreGone is for a file that somebody removed first.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// close removes the file.
func (h *hold) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	f := h.file
	h.file = nil
	return errors.Join(f.Close(), ignoreGone(os.Remove(f.Name())))
}
