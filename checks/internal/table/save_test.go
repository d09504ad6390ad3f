package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// saved gives the sections of a table.
func saved(t *Table) map[string][]byte {
	all := map[string][]byte{}
	t.Save(func(name string, parts ...[]byte) { all[name] = bytes.Join(parts, nil) })
	return all
}

func loaded(all map[string][]byte, columns int, values uint32) (*Table, error) {
	t := New()
	return t, t.Load(func(name string) ([]byte, bool) { b, ok := all[name]; return b, ok }, columns, values)
}

const (
	someColumns = 700
	someValues  = 900
)

// somePrefix gives one of a few hundred, of both families.
func somePrefix(rng *rand.Rand) netip.Prefix {
	switch n := rng.IntN(300); n % 3 {
	case 0:
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n), 0, 0}), 16+n%9).Masked()
	case 1:
		return netip.PrefixFrom(netip.AddrFrom16([16]byte{32, 1, byte(n)}), 48)
	default:
		return netip.PrefixFrom(netip.AddrFrom16([16]byte{32, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(n)}), 100).Masked()
	}
}

// stir does something to a table: it sets, puts and clears.
func stir(t *Table, rng *rand.Rand, times int) {
	for range times {
		p := somePrefix(rng)
		switch rng.IntN(30) {
		case 0:
			t.Clear(rng.IntN(someColumns), rng.IntN(4))
		case 1, 2, 3:
			values, most := make([]uint32, 1+rng.IntN(someColumns)), 1+rng.Uint32N(someValues)
			values[rng.IntN(len(values))] = most
			for i := range values {
				if rng.IntN(3) > 0 {
					values[i] = 1 + rng.Uint32N(most)
				}
			}
			t.Put(t.Add(p), values)
		default:
			if value := rng.Uint32N(5); value != 0 || t.Row(p) != 0 {
				t.Set(t.Add(p), rng.IntN(40), value)
			}
		}
	}
}

// text gives what a table holds.
func text(t *Table) []string {
	var lines []string
	var held []byte
	for p, row := range t.All() {
		held = held[:0]
		for _, value := range t.Values(t.Ref(row), nil) {
			held = binary.AppendUvarint(held, uint64(value))
		}
		lines = append(lines, fmt.Sprintf("%v %v %d %x", p, t.Prefix(row), t.Count(t.Ref(row)), held))
	}
	slices.Sort(lines)
	return lines
}

// What is loaded is what was saved, and does the same from then on.
func TestSaveLoad(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 4))
		want := New()
		stir(want, rng, int(seed)*200)
		kept := want.Add(netip.MustParsePrefix("192.0.2.0/24"))
		want.Pin(kept)
		ref := want.Make([]uint32{3, 0, 3, 5})
		want.Make([]uint32{3, 0, 3, 6}) // whose user does not come back
		got, err := loaded(saved(want), someColumns, someValues)
		if err != nil {
			t.Fatal(err)
		}
		got.Pin(kept)
		got.Retain(ref)
		got.Sweep()
		if got.Prefix(kept) != want.Prefix(kept) || !slices.Equal(got.Values(ref, nil), []uint32{3, 0, 3, 5}) || got.Len() != want.Len() {
			t.Errorf("seed %d: got %v, %v and %d prefixes", seed, got.Prefix(kept), got.Values(ref, nil), got.Len())
		}
		if a, b := got.Size().Vectors, want.Size().Vectors; a != b-1 {
			t.Errorf("seed %d: got %d vectors of %d, want all but the one that nobody keeps", seed, a, b)
		}
		got.Unpin(kept)
		want.Unpin(kept)
		for range 3 {
			if diff := cmp.Diff(text(want), text(got)); diff != "" {
				t.Fatalf("seed %d: tables differ (-want +got):\n%s", seed, diff)
			}
			next := rng.Uint64()
			stir(want, rand.New(rand.NewPCG(next, 1)), 300)
			stir(got, rand.New(rand.NewPCG(next, 1)), 300)
		}
	}
}

// What makes no sense is refused.
func TestLoadRefuses(t *testing.T) {
	full := New()
	stir(full, rand.New(rand.NewPCG(1, 1)), 300)
	set := func(section string, at int, value uint32) func(map[string][]byte) {
		return func(all map[string][]byte) { binary.LittleEndian.PutUint32(all[section][at:], value) }
	}
	rows := len(full.refs)
	tests := []struct {
		name   string
		change func(map[string][]byte)
		want   string
	}{
		{"no rows", func(all map[string][]byte) { delete(all, "rows") }, "the rows are not there"},
		{"too many rows", set("rows", 0, 1<<31), "rows do not fit"},
		{"no vector", set("rows", 4+9*rows+4*5, 1<<30), "row 5 has vector 1073741824, which is not there"},
		{"no kind", func(all map[string][]byte) { all["rows"][4+8*rows+1] = 254 }, "row 1 has no prefix of any kind"},
		{"host bits", func(all map[string][]byte) { all["rows"][4+8*1] |= 1; all["rows"][4+8*rows+1] = 24 }, "row 1 has"},
		{"two of one", func(all map[string][]byte) {
			b := all["rows"]
			four := slices.IndexFunc(full.kinds, func(kind uint8) bool { return kind <= 32 })
			other := four + 1 + slices.IndexFunc(full.kinds[four+1:], func(kind uint8) bool { return kind <= 32 })
			copy(b[4+8*other:], b[4+8*four:4+8*four+8])
			b[4+8*rows+other] = b[4+8*rows+four]
		}, "two rows have the same prefix"},
		{"no list", func(all map[string][]byte) { delete(all, "vectors") }, "the list of vectors is not there"},
		{"many vectors", set("vectors", 0, 1<<31), "do not fit"},
		{"many segments", set("vectors", 4, 1<<31), "segment 0 of 2147483648 cannot grow"},
		{"no segment", func(all map[string][]byte) { delete(all, "seg00000") }, "segment 0 of the vectors is not there"},
		{"cut off", func(all map[string][]byte) { all["seg00000"] = all["seg00000"][:len(all["seg00000"])-3] }, "it breaks off"},
		{"columns", func(all map[string][]byte) { all["seg00000"][5] = 200 }, "byte 0 of segment 0: it "},
		{"a vector twice", set("seg00000", 0, 1<<20), "is there twice, or one too many"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := saved(full)
			tt.change(all)
			if _, err := loaded(all, someColumns, someValues); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if _, err := loaded(saved(full), 3, someValues); err == nil {
		t.Error("vectors have more columns than there are")
	}
	if _, err := loaded(saved(full), someColumns, 3); err == nil {
		t.Error("vectors have values that there are not")
	}
}

// No input makes it panic, neither while it is read nor when it is used.
func FuzzLoad(f *testing.F) {
	few := New()
	stir(few, rand.New(rand.NewPCG(1, 1)), 40)
	all := saved(few)
	f.Add(all["rows"], all["vectors"], all["seg00000"], uint64(1))
	f.Add(all["rows"], all["vectors"], []byte{}, uint64(2))
	f.Fuzz(func(t *testing.T, rows, vectors, segment []byte, seed uint64) {
		got, err := loaded(maps.Clone(map[string][]byte{"rows": rows, "vectors": vectors, "seg00000": segment}), someColumns, someValues)
		if err != nil {
			return
		}
		for ref := range got.Vectors() {
			got.Each(ref, func(value uint32, _ int) {
				if value == 0 || value > someValues {
					t.Errorf("vector %d has value %d", ref, value)
				}
			})
		}
		text(got)
		got.Sweep()
		stir(got, rand.New(rand.NewPCG(seed, 1)), 50)
	})
}
