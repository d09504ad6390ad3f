package archive

import (
	"errors"
	"fmt"
	"io"

	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

// Follow emits what a collector writes while it writes it: plain MRT data of its messages
// and changes of state, from a reader that waits where nothing is there yet. A keepalive
// of a session is a sign of life of the collector. It returns nil where the data ends
// behind a whole record, and emits nothing of a record that is not whole; such an end, or
// data that is no MRT, is the error. The update is valid until emit returns.
func Follow(r io.Reader, collector string, emit func(*route.Update)) error {
	reader := mrt.NewReader(r)
	var t teller
	dumps := 0
	for {
		record, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, mrt.ErrEmpty):
			return nil
		case err != nil:
			return fmt.Errorf("following what %s writes: %w", collector, err)
		case record.Kind == mrt.KindPeerIndexTable:
			dumps++
		case record.Kind == mrt.KindMessage && record.MessageType == bgp.MessageKeepalive:
			t.spoke(record, collector)
			emit(&route.Update{Kind: route.Alive, At: record.Time, Peer: route.Peer{Collector: collector}})
		default:
			_ = t.tell(record, collector, dumps, func(u *route.Update) error { // which gives emit's error alone
				emit(u)
				return nil
			})
		}
	}
}
