package table

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

func TestTableSharesVectors(t *testing.T) {
	x := New()
	a := x.Add(netip.MustParsePrefix("192.0.2.0/24"))
	b := x.Add(netip.MustParsePrefix("2001:db8::/32"))
	x.Put(a, []uint32{7, 0, 9})
	x.Set(b, 2, 9)
	if before := x.Set(b, 0, 7); before != 0 {
		t.Errorf("column 0 held %d before it held anything", before)
	}
	if x.Ref(a) != x.Ref(b) {
		t.Errorf("equal vectors have references %d and %d, want one", x.Ref(a), x.Ref(b))
	}
	if before := x.Set(b, 0, 0); before != 7 {
		t.Errorf("column 0 held %d, want 7", before)
	}
	x.Set(b, 2, 0)
	if x.Len() != 1 || x.Row(netip.MustParsePrefix("2001:db8::/32")) != 0 {
		t.Errorf("a prefix without values is still there: %d prefixes", x.Len())
	}
	if got := x.At(x.Ref(a), 2); got != 9 {
		t.Errorf("the other use of the vector changed: column 2 holds %d, want 9", got)
	}
}

// The order of rows is that of their prefixes, and what was asked for in vain is found once it is there.
func TestTableOrder(t *testing.T) {
	x := New()
	var last Row
	for _, text := range []string{
		"0.0.0.0/0", "1.0.0.0/8", "1.0.0.0/24", "1.0.1.0/24", "255.255.255.255/32", "::/0", "2001:db8::/32",
		"2001:db8::/64", "2001:db8::/127", "2001:db8::2/127", "2001:db8::2/128", "2001:db8:0:1::/64",
	} {
		p := netip.MustParsePrefix(text)
		if row := x.Row(p); row != 0 {
			t.Errorf("%s has row %d before it is there", p, row)
		}
		row := x.Add(p)
		x.Pin(row)
		if got := x.Row(p); got == 0 || got != row {
			t.Errorf("%s has row %d, want %d", p, got, row)
		}
		if last != 0 && (x.Compare(last, row) >= 0 || x.Compare(row, last) <= 0) {
			t.Errorf("%s is not behind %s", p, x.Prefix(last))
		}
		last = row
	}
	gone := x.Prefix(last)
	x.Unpin(last)
	if row := x.Row(gone); row != 0 {
		t.Errorf("%s has row %d after it has gone", gone, row)
	}
}

// A quick look that the table is what plain slices are.
func TestTableAgreesWithPlainSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const prefixes, columns, values = 50, 300, 400
	x := New()
	plain := make([][]uint32, prefixes)
	named := make([]netip.Prefix, prefixes)
	for i := range plain {
		plain[i] = make([]uint32, columns)
		named[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)
	}
	for step := range 60_000 {
		p, c := rng.IntN(prefixes), rng.IntN(columns)
		value := uint32(0)
		if rng.IntN(3) > 0 {
			value = 1 + uint32(rng.IntN(1+step%values))
		}
		if before := x.Set(x.Add(named[p]), c, value); before != plain[p][c] {
			t.Fatalf("step %d: held %d, want %d", step, before, plain[p][c])
		}
		plain[p][c] = value
		if step%5000 == 0 {
			x.Clear(c, 7)
			for p := range plain {
				plain[p][c], plain[p][7] = 0, 0
			}
		}
	}
	for p := range plain {
		ref := x.Ref(x.Row(named[p]))
		held := 0
		for _, v := range plain[p] {
			if v != 0 {
				held++
			}
		}
		if n := x.Count(ref); n != held {
			t.Errorf("prefix %d: %d columns hold something, want %d", p, n, held)
		}
		got := x.Values(ref, nil)
		if got = append(got, make([]uint32, columns-len(got))...); !slices.Equal(got, plain[p]) {
			t.Errorf("prefix %d: values differ from the plain ones", p)
		}
		x.Put(x.Row(named[p]), nil)
	}
	x.finish()
	if s := x.Size(); s.Vectors != 0 || s.Prefixes != 0 || s.Rows != 0 || s.Unused > deadAlways {
		t.Errorf("left after everything is gone: %+v", s)
	}
}
