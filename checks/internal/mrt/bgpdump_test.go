package mrt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"isitdown/checks/internal/bgp"
)

// The differences from bgpdump 1.6.2 that are known, and who is right.
const (
	// bgpdump writes one zero group of an IPv6 address as "::". RFC 5952
	// section 4.2.2: "::" MUST NOT be used to shorten just one 16-bit 0 field.
	// The addresses are the same.
	diffOneZeroGroup = "one zero group as ::"
	// bgpdump writes 255.255.255.255 where a route has no NEXT_HOP and no
	// MP_REACH_NLRI. No next hop is not a next hop.
	diffNoNextHop = "no next hop"
	// bgpdump writes 0.0.0.0 for the peer of the 8-byte state changes of old
	// Zebras, which do not say whose they are.
	diffNoPeer = "no peer"
	// bgpdump 1.6.2 prints the bits behind a prefix's length. RFC 4271 section
	// 4.3: "the value of trailing bits is irrelevant". (They are set in
	// sample.mrt, where path identifiers stand undeclared; TestUndeclaredAddPath.)
	diffTrailingBits = "trailing bits"
)

// differing says how many lines differ in each file, and how. Lines of all other files
// are the same to the byte. docs/mrt.md has the table.
var differing = map[string]map[string]int{
	"bview.ipv4_unicast_add_path.gz": {diffNoNextHop: 2},
	"bview.ipv6_unicast_add_path.gz": {diffNoNextHop: 62},
	"rrc01.updates.20001104.0124.gz": {diffNoPeer: 42},
	"sample.mrt":                     {diffOneZeroGroup: 182, diffTrailingBits: 24},
	"updates.20100722.2015.gz":       {diffOneZeroGroup: 42},
	"rib6.20151101.0600_firstMB.bz2": {diffOneZeroGroup: 6048},
	"updates.20190101.0000.gz":       {diffOneZeroGroup: 2},
}

// dropped are the files that hold elements which bgpdump gives and we do not.
var dropped = map[string]struct {
	lines int
	why   string
}{
	"rrc00.updates.20000325.0345.gz": {2046, "Type 5 records, given up before RFC 6396, are not read; that is four " +
		"real prefixes. Behind byte 188, where a record is missing its last two length bytes, bgpdump reads " +
		"noise as records: withdrawals of 0.5.0.3/117 from 0.5.0.3."},
	"updates.nlri_mask_trailing_bits.gz": {1, "The last byte of the message starts a prefix that is not there. " +
		"RFC 4271 section 6.3 (Invalid Network Field) and RFC 7606 section 5.3 let nothing of such a list be believed. " +
		"bgpdump gives what comes before, without clearing the trailing bits."},
}

// TestBgpdump holds our elements against bgpdump's, line by line, over all real
// files. Any difference that is not one of those above fails.
func TestBgpdump(t *testing.T) {
	if testing.Short() {
		t.Skip("all recordings, line by line")
	}
	files := realFiles(t, ".")
	if _, err := exec.LookPath("bgpdump"); err != nil {
		t.Skip("install bgpdump (apt-get install bgpdump) to run this test")
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) { compareWithBgpdump(t, path) })
	}
}

func compareWithBgpdump(t *testing.T, path string) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, plainBytes(t, path), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bgpdump", "-m", plain)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs := bufio.NewScanner(out)
	theirs.Buffer(nil, 1<<20)

	ours, sum := parallelDump(t, path)
	known := map[string]int{}
	n, failed := 0, 0
	for line := range bytes.Lines(ours) {
		n++
		line = bytes.TrimSuffix(line, []byte("\n"))
		if !theirs.Scan() {
			t.Errorf("element %d is not in bgpdump's output: %s", n, line)
			break
		}
		if bytes.Equal(line, theirs.Bytes()) {
			continue
		}
		diff := explain(string(line), theirs.Text())
		if diff == "" {
			t.Errorf("element %d:\n got %s\nwant %s", n, line, theirs.Text())
			if failed++; failed == 5 {
				break
			}
		}
		known[diff]++
	}
	more := 0
	for theirs.Scan() {
		more++
	}
	if err := cmd.Wait(); err != nil && failed == 0 {
		t.Errorf("bgpdump: %v", err)
	}
	if want := dropped[filepath.Base(path)]; more != want.lines {
		t.Errorf("bgpdump gives %d more elements, want %d (%s)", more, want.lines, want.why)
	}
	if sum.Problems != 0 && dropped[filepath.Base(path)].lines == 0 {
		t.Errorf("%d problems, the first: %v", sum.Problems, sum.First)
	}
	if want := differing[filepath.Base(path)]; !maps.Equal(known, want) && failed == 0 {
		t.Errorf("known differences %v, want %v", known, want)
	}
	t.Logf("%d elements, known differences %v", n, known)
}

// parallelDump gives the text of a whole file as several workers make it, up to
// where the file is damaged.
func parallelDump(t *testing.T, path string) ([]byte, Summary) {
	f, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := Parallel{Workers: 3, Literal: true, Work: func() Work { return new(Dump).Work(nil) }}
	var text bytes.Buffer
	sum, err := p.Run(t.Context(), f.Stream, &text)
	if _, damaged := errors.AsType[*DamageError](err); err != nil && !damaged {
		t.Fatal(err)
	}
	return text.Bytes(), sum
}

// TestBgpdumpOfSample holds what we write, and what real files are short of,
// against bgpdump.
func TestBgpdumpOfSample(t *testing.T) {
	if _, err := exec.LookPath("bgpdump"); err != nil {
		t.Skip("install bgpdump (apt-get install bgpdump) to run this test")
	}
	data := slices.Concat(
		sample(t),
		record(t, 16, 0, session+"0006 0001"),
		record(t, 16, 6, session+marker+"001b 02 0004 18c63364 0000"), // sent by the collector
		record(t, 17, 7, "0001e240 00000d1c 0000316e 0000 0001 c0000201 c00002fe"+marker+"001b 02 0004 18c63364 0000"),
		record(t, 16, 8, session+marker+"001f 02 0008 00000007 18c63364 0000"),
		record(t, 12, 1, "0000 0000 c6336400 18 01 00000000 c0000201 0d1c 0014 400101 00 400206 0202 0d1c 316e 400304 c0000201"),
		record(t, 12, 2, "0000 0000 20010db8000000000000000000000000 20 01 00000000 20010db8000000000000000000000002 0d1c 0021"+
			"400101 00 400206 0202 0d1c 316e 800e 11 10 20010db8000000000000000000000002"),
	)
	for _, attributes := range []string{
		"40020a 0204 00ae 5ba0 1a0b 5ba0 c0110e 0203 0003000a 00001a0b 0003000b", // AS4_PATH merged
		"400206 0202 5ba0 5ba0 c0110a 0202 00030001 00030002",                    // replaces the path
		"400204 0201 5ba0 c0110a 0202 00030001 00030002",                         // longer than the path
		"40020c 0202 00ae 5ba0 0102 5ba0 0d1c c01110 0201 00030001 0102 00030002 00000d1c",
		"400214 0302 fde9 fdea 0402 fdeb fdec 0201 0d1c 0101 0001", // confederations, set of one
		"40020e 0201 0001 0201 0002 0102 0003 0004",                // two sequences, a set
		"400200 800404 ffffffff 400504 fffffffe 400600 c00706 0d1c c0000203 c00804 ffffff03",
		"400204 0201 0d1c c00706 5ba0 c0000203 c01208 00030002 c0000204", // AS4_AGGREGATOR merged
		"400206 0202 00ae 5ba0 c00706 00ae c0000202 c01208 00030002 c0000202 c01106 0201 00030002",
	} {
		attributes := "400101 02 400304 c0000201" + attributes
		n := len(strings.ReplaceAll(attributes, " ", "")) / 2
		head := fmt.Sprintf("%s%s %04x 02 0000 %04x", session, marker, bgp.HeaderLen+4+n+4, n)
		data = append(data, record(t, 16, 1, head+attributes+"18 c63364")...)
	}
	path := filepath.Join(t.TempDir(), "sample")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	compareWithBgpdump(t, path)
}

// explain gives the known difference between two lines of a dump, or "".
func explain(ours, theirs string) string {
	a, b := strings.Split(ours, "|"), strings.Split(theirs, "|")
	if len(a) != len(b) {
		return ""
	}
	why := ""
	for i := range a {
		switch {
		case a[i] == b[i]:
		case i == 3 && a[2] == "STATE" && a[i] == "" && b[i] == "0.0.0.0":
			why = diffNoPeer
		case i >= 8 && a[i] == "" && b[i] == "255.255.255.255":
			why = diffNoNextHop
		case i == 5 && samePrefix(a[i], b[i]):
			why = diffTrailingBits
		case sameAddress(a[i], b[i]):
			why = diffOneZeroGroup
		default:
			return ""
		}
	}
	return why
}

// sameAddress reports whether two texts are one address or prefix, and ours is
// in the form that RFC 5952 demands.
func sameAddress(ours, theirs string) bool {
	if p, err := netip.ParsePrefix(ours); err == nil {
		q, err := netip.ParsePrefix(theirs)
		return err == nil && p == q && p.String() == ours
	}
	p, err := netip.ParseAddr(ours)
	if err != nil {
		return false
	}
	q, err := netip.ParseAddr(theirs)
	return err == nil && p == q && p.String() == ours
}

// samePrefix reports whether theirs is ours but for the bits behind its length.
func samePrefix(ours, theirs string) bool {
	p, err := netip.ParsePrefix(theirs)
	return err == nil && p.Masked() != p && p.Masked().String() == ours
}
