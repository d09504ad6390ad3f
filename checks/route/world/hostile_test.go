package world

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"isitdown/checks/route"
)

// Files whose checksums are right and whose contents are not are refused.
func TestRestoreRefusesNonsense(t *testing.T) {
	row := func(p string, body ...byte) []byte {
		b, _ := netip.MustParsePrefix(p).MarshalBinary()
		return append(append([]byte{byte(len(b))}, b...), body...)
	}
	times := []byte{0, 0, 0, 0, 0, 0} // and not revived
	twice := append(row("30.0.0.0/24", append(times, 0)...), row("30.0.0.0/24", append(times, 0)...)...)
	unmasked := append(row("30.0.0.0/24", append(times, 0)...), row("30.0.0.9/24", append(times, 0)...)...)
	tests := map[string][]byte{
		"nothing":                         {},
		"another version":                 {99, 0, 0, 0},
		"cut off":                         {keptVersion, 0, 0},
		"a row twice":                     append([]byte{keptVersion, 0, 0}, append(twice, 0)...),
		"a row twice, host bits":          append([]byte{keptVersion, 0, 0}, append(unmasked, 0)...),
		"a session that is not":           append([]byte{keptVersion, 0, 0}, append(row("30.0.0.0/24", append(times, binary.AppendUvarint(nil, 60000)...)...), 1, 0, 0)...),
		"a value that stands for nothing": append([]byte{keptVersion, 0, 0}, append(row("30.0.0.0/24", append(times, 1, 99, 0)...), 0)...),
	}
	for name, kept := range tests {
		t.Run(name, func(t *testing.T) {
			w := newSmall(t, 3)
			s := New(w.state.opts)
			s.Do(func(r *route.RIB) {
				r.Apply(&route.Update{
					Kind: route.Routes, At: noon, Peer: w.peers[0], Path: path(w.peers[0], 900, 30),
					Announced: []route.NLRI{{Prefix: netip.MustParsePrefix("30.0.0.0/24")}},
				})
			})
			if err := s.Restore(kept); !errors.Is(err, errKept) {
				t.Errorf("got %v, want that the record is damaged", err)
			}
		})
	}
}
