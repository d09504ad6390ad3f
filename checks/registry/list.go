package registry

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits of what one list may hold; the combined list of all registries has a
// tenth of either.
const (
	maxRows  = 8 << 20
	maxLine  = 64 << 10 // bytes
	maxBad   = 1 << 20  // lines that cannot be read
	maxLists = 1000     // in one file
)

// list is one file of delegated statistics as it was read.
type list struct {
	file     string
	registry string // of the header; "" when there is none
	date     time.Time
	parts    map[string]*part // by registry; more than one in the list of the NRO

	want, got [kinds]int // records according to the summary lines, and found
	summed    bool       // there were summary lines
	counted   int        // records according to the header; zero where it says none
	rows      int        // delegated
	bad       int
	firstBad  string
	cut       string // why reading stopped before the end
}

// part is what a list says about one registry's resources.
type part struct {
	list     *list
	registry string
	asn      []span[uint32]
	ipv4     []span[uint32]
	ipv6     []span[uint64]
}

// readLists reads delegated statistics, one list or several in a row, each
// beginning with its header. Lines that cannot be read are counted and left out.
// A failing r ends the last list where it stands.
func readLists(file string, r *bufio.Reader) ([]*list, error) {
	l := newList(file)
	lists := []*list{l}
	var f [8][]byte
	for n := 1; ; n++ {
		line, err := readLine(r)
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			k := fields(f[:], line)
			if k >= 7 && isHeader(f[0], f[1]) {
				if l.registry != "" || l.rows > 0 || l.bad > 0 {
					l = newList(file)
					lists = append(lists, l)
				}
				l.header(f[:k])
			} else if bad := l.record(f[:min(k, 7)]); bad != nil {
				l.skip(n, bad)
			}
		}
		switch {
		case err == nil && l.rows < maxRows && l.bad < maxBad && len(lists) <= maxLists:
			continue
		case err == nil && l.rows < maxRows:
			l.cut = fmt.Sprintf("reading stopped at line %d: no file has more than %d lists or %d lines that cannot be read", n, maxLists, maxBad)
		case err == nil:
			l.cut = fmt.Sprintf("reading stopped at line %d: no list has more than %d records", n, maxRows)
		case errors.Is(err, errLongLine) && l.bad < maxBad:
			l.skip(n, err)
			continue
		case !errors.Is(err, io.EOF):
			l.cut = fmt.Sprintf("the file breaks off after line %d (%v)", n, err)
		}
		return lists, l.check(lists)
	}
}

func newList(file string) *list { return &list{file: file, parts: map[string]*part{}} }

var errLongLine = errors.New("the line is too long")

// readLine gives the next line, which stays valid until the next call. A line
// longer than the buffer is skipped as a whole.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err != nil {
		return nil, err
	}
	return nil, errLongLine
}

// isHeader tells a header by its first two fields: the version of the format (1,
// 2, 2.3) and the registry, or "nro" for the list that combines all of them.
func isHeader(version, registry []byte) bool {
	if registryName(registry) == "" && string(registry) != nro {
		return false
	}
	_, ok := parseUint(bytes.ReplaceAll(version, []byte{'.'}, nil), 1<<16)
	return ok
}

const nro = "nro"

// header reads version|registry|serial|records|startdate|enddate|UTCoffset. The
// serial is the day that the list is of; where it is none, the end date, the
// latest day of a record, has to do.
func (l *list) header(f [][]byte) {
	l.registry = string(f[1])
	if l.date = parseDate(f[2]); l.date.IsZero() {
		l.date = parseDate(f[5])
	}
	if n, ok := parseUint(f[3], 1<<32); ok {
		l.counted = int(n)
	}
}

// record takes in one summary line or one row.
func (l *list) record(f [][]byte) error {
	if len(f) == 6 && string(f[5]) == "summary" {
		k, ok := parseKind(f[2])
		n, okCount := parseUint(f[4], 1<<32)
		if !ok || !okCount {
			return errors.New("the summary line cannot be read")
		}
		l.want[k] += int(n)
		l.summed = true
		return nil
	}
	r, err := parseRow(f)
	if err == nil || errors.Is(err, errNotDelegated) {
		l.got[r.kind]++
	}
	if err != nil {
		if errors.Is(err, errNotDelegated) {
			return nil
		}
		return err
	}
	l.rows++
	p := l.parts[r.registry]
	if p == nil {
		p = &part{list: l, registry: r.registry}
		l.parts[r.registry] = p
	}
	switch r.kind {
	case kindASN:
		p.asn = append(p.asn, span[uint32]{run: run[uint32]{uint32(r.first), uint32(r.last)}, cc: r.cc})
	case kindIPv4:
		p.ipv4 = append(p.ipv4, span[uint32]{run: run[uint32]{uint32(r.first), uint32(r.last)}, cc: r.cc})
	case kindIPv6:
		p.ipv6 = append(p.ipv6, span[uint64]{run: run[uint64]{r.first, r.last}, cc: r.cc})
	}
	return nil
}

func (l *list) skip(line int, why error) {
	if l.bad++; l.bad == 1 {
		l.firstBad = fmt.Sprintf("line %d: %v", line, why)
	}
}

// check refuses a file out of which nothing came.
func (l *list) check(lists []*list) error {
	for _, l := range lists {
		if l.rows > 0 || l.registry != "" && l.bad == 0 && l.cut == "" {
			return nil
		}
	}
	first := lists[0].firstBad
	if first == "" {
		first = l.cut
	}
	if first == "" {
		first = "it is empty"
	}
	return fmt.Errorf("no record of delegated statistics in it (%s)", first)
}

// problems says, in sentences, what a reader of the list must know.
func (l *list) problems() []string {
	var out []string
	if l.cut != "" {
		out = append(out, fmt.Sprintf("%s: %s; what stands before it is used", l, l.cut))
	}
	if l.bad > 0 {
		out = append(out, fmt.Sprintf("%s: %d %s could not be read and %s left out, the first is %s",
			l, l.bad, plural(l.bad, "line", "lines"), plural(l.bad, "is", "are"), l.firstBad))
	}
	if l.date.IsZero() {
		out = append(out, fmt.Sprintf("%s: no header with a date, so its age is not known", l))
	}
	for k := range kinds {
		switch {
		case !l.summed || l.want[k] == l.got[k]:
		case l.got[k] < l.want[k]:
			out = append(out, fmt.Sprintf("%s: %d of the %d %v records that its summary counts are there: the list is not whole", l, l.got[k], l.want[k], k))
		default:
			out = append(out, fmt.Sprintf("%s: %d %v records, but its summary counts %d: the list is damaged", l, l.got[k], k, l.want[k]))
		}
	}
	return out
}

// String names the list as a person would: by file and date.
func (l *list) String() string {
	if l.date.IsZero() {
		return l.file
	}
	return l.file + " of " + l.date.Format(time.DateOnly)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
