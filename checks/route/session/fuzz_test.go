package session

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"isitdown/checks/internal/bgp"
)

// Whatever comes over a connection, the reader gives whole messages of possible
// lengths, or says why not, and does not grow.
func FuzzReader(f *testing.F) {
	f.Add(bgp.AppendKeepalive(bgp.AppendEndOfRIB(nil, bgp.IPv6Unicast)), true)
	f.Add(bgp.AppendRefresh(nil, bgp.IPv4Unicast, bgp.RefreshEnd), false)
	f.Add((&bgp.Notification{Code: bgp.Cease, Data: bgp.ShutdownData("x")}).Append(nil), false)
	f.Add((&bgp.Open{AS: 4200000001, ID: theirID}).Append(nil), false)
	f.Fuzz(func(t *testing.T, b []byte, extended bool) {
		r := newReader(bytes.NewReader(b))
		r.extended = extended
		read := 0
		for {
			msg, kind, err := r.next()
			if err != nil {
				n, ok := errors.AsType[*bgp.Notification](err)
				if !ok && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("got error %v", err)
				}
				if ok && (n.Code != bgp.HeaderError || n.Reason == "") {
					t.Fatalf("got %+v, want a header error with a reason", n)
				}
				break
			}
			if !bytes.Equal(msg, b[read:read+len(msg)]) {
				t.Fatalf("message at byte %d is not what was sent", read)
			}
			read += len(msg)
			least, most := limits(kind, extended)
			if len(msg) < least || len(msg) > most {
				t.Fatalf("got %d bytes of type %d, want %d to %d", len(msg), kind, least, most)
			}
			if kind == bgp.MessageUpdate {
				framed(msg, bgp.Options{})
				framed(msg, bgp.Options{AddPath: true})
			}
		}
		if len(r.buf) > 1<<16 {
			t.Fatalf("the buffer has grown to %d bytes", len(r.buf))
		}
	})
}
