package mrt

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corners says of every odd file at hand what comes out of it: elements by
// kind, the record types that are passed over, the first problem and how many,
// and the damage that ends it.
var corners = map[string]struct {
	elements string
	skipped  string
	problems int
	problem  string
	damage   string
}{
	// One prefix whose attributes were recorded whole, with the thousands of
	// prefixes of the messages that it came in: the record's prefix counts.
	"bview.64k_stream_overflow.gz": {elements: "B:23"},
	// RFC 8050 RIBs. Two of the IPv4 routes are the collector's own, of peer
	// 0.0.0.0 and AS 0, without any attribute.
	"bview.ipv4_unicast_add_path.gz": {elements: "B:62"},
	"bview.ipv6_unicast_add_path.gz": {elements: "B:62"},
	// Type 5 records of a collector of 2000. The fifth lost the last two bytes
	// of its length, so that its length is the next record's time.
	"rrc00.updates.20000325.0345.gz": {
		skipped: "[{5 1 3 0} {5 7 1 36}]",
		damage:  "MRT data stops at byte 188: a record of type 5 claims to be 14556 bytes long, at most 4160 are possible",
	},
	// A collector of 2000 again: state changes of 8 bytes that do not say whose
	// they are, and OPEN messages without addresses.
	"rrc01.updates.20001104.0124.gz": {elements: "A:378 S:364 W:141"},
	// Sessions with path identifiers that the records do not declare: 816
	// elements when taken at their word (TestUndeclaredAddPath).
	"sample.mrt": {elements: "A:680 W:64"},
	// Sessions of 2-byte and of 4-byte AS numbers, AS4_PATH, IPv6.
	"updates.20100722.2015.gz": {elements: "A:5067 S:40 W:547"},
	// One message of 36,869 bytes (RFC 8654).
	"updates.long_withdrawal.gz": {elements: "W:4096"},
	// An 11-bit prefix is begun in the message's last byte and is not there.
	"updates.nlri_mask_trailing_bits.gz": {
		problems: 1,
		problem:  "record at byte 0 (type 16, subtype 1): BGP message, byte 75: ends inside a prefix",
	},
}

func TestCorners(t *testing.T) {
	met := map[string]bool{}
	for _, path := range realFiles(t, "corner") {
		name := filepath.Base(path)
		met[name] = true
		t.Run(name, func(t *testing.T) {
			want, ok := corners[name]
			if !ok {
				t.Fatal("the result for this file is not written down")
			}
			f, err := openFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			damage := ""
			kinds := map[ElementKind]int{}
			for e, err := range f.Elements() {
				if err != nil {
					damage = err.Error()
					if _, ok := errors.AsType[*DamageError](err); !ok {
						t.Errorf("%v is not a DamageError", err)
					}
					break
				}
				kinds[e.Kind]++
			}
			if damage != want.damage {
				t.Errorf("damage %q, want %q", damage, want.damage)
			}
			if got := countText(kinds); got != want.elements {
				t.Errorf("elements %s, want %s", got, want.elements)
			}
			if got := fmt.Sprint(f.Skipped()); got != want.skipped && got+want.skipped != "[]" {
				t.Errorf("skipped %s, want %s", got, want.skipped)
			}
			n, first := f.Problems()
			if n != want.problems || n > 0 && first.Error() != want.problem {
				t.Errorf("%d problems, the first %v; want %d, %s", n, first, want.problems, want.problem)
			}
		})
	}
	for name := range corners {
		if !met[name] {
			t.Errorf("%s is not in the folder", name)
		}
	}
}

func countText(kinds map[ElementKind]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%c:%d", k, kinds[k]))
	}
	return strings.Join(parts, " ")
}

// TestCutTables: RIBs that are cut off in the middle of compressed data give
// every whole record and say where it ends.
func TestCutTables(t *testing.T) {
	want := map[string]string{
		"rib.20140523.0600_firstMB.bz2":  "270005 routes, MRT data stops at byte 15273283: the compressed file is cut off, 15274550 bytes could be decompressed",
		"rib6.20151101.0600_firstMB.bz2": "149578 routes, MRT data stops at byte 12131168: the compressed file is cut off, 12132997 bytes could be decompressed",
	}
	for _, path := range realFiles(t, ".") {
		text, ok := want[filepath.Base(path)]
		if !ok {
			continue
		}
		f, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n, damage := 0, error(nil)
		for _, err := range f.Elements() {
			if err != nil {
				damage = err
				break
			}
			n++
		}
		if got := fmt.Sprintf("%d routes, %v", n, damage); got != text {
			t.Errorf("%s: got %s, want %s", filepath.Base(path), got, text)
		}
		f.Close()
	}
}

// TestUndeclaredAddPath: the peer AS57695 of sample.mrt has path identifiers in
// its IPv4 routes, in records of a subtype that has none. Taken at their word
// they announce the default route 51 times and 72 prefixes in all that are not there.
func TestUndeclaredAddPath(t *testing.T) {
	for _, path := range realFiles(t, "corner") {
		if filepath.Base(path) != "sample.mrt" {
			continue
		}
		for _, literal := range []bool{true, false} {
			f, err := openFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f.Literal = literal
			short, guessed, peers := 0, 0, map[string]bool{}
			for e, err := range f.Elements() {
				if err != nil {
					t.Fatal(err)
				}
				if e.Kind != State && e.Prefix.Bits() < 8 {
					short++
				}
				if e.Record.AddPath {
					guessed++
					peers[e.PeerAddr.String()] = true
				}
			}
			f.Close()
			got := fmt.Sprintf("%d shorter than /8, %d with identifiers from %v", short, guessed, slices.Sorted(maps.Keys(peers)))
			want := "0 shorter than /8, 24 with identifiers from [206.126.236.214]"
			if literal {
				want = "72 shorter than /8, 0 with identifiers from []"
			}
			if got != want {
				t.Errorf("literal %v: got %s, want %s", literal, got, want)
			}
		}
	}
}
