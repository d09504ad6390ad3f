package registry

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"isitdown/checks"
)

// Load reads registry files of every sort that [Loader.Add] knows, in any order.
// Without files it gives a Registry that knows nothing but says so.
func Load(files ...string) (*Registry, error) {
	var l Loader
	for _, name := range files {
		if err := l.addFile(name); err != nil {
			return nil, err
		}
	}
	return l.Registry()
}

// Loader gathers files for a [Registry]. The zero value is ready to use.
type Loader struct {
	lists     []*list
	names     map[checks.ASN]asName
	overrides []override
	problems  []string
}

// missingFile is the error of a file that is not there; it is fs.ErrNotExist.
type missingFile struct{ name string }

func (m *missingFile) Error() string {
	return "there is no file " + m.name + ": give the path of delegated statistics, AS names or overrides"
}

func (m *missingFile) Is(target error) bool { return target == fs.ErrNotExist }

func (l *Loader) addFile(name string) error {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &missingFile{name}
	case err != nil:
		return fmt.Errorf("opening registry file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("reading registry file %s: it is a directory, name the files in it", name)
	}
	return l.Add(name, f)
}

// Add reads one file: delegated statistics, AS names, or overrides, plain or
// compressed with gzip or bzip2; all of that is told from the content. The name
// stands in notes and errors. A list that breaks off is used as far as it goes,
// and the Registry says so; a file that is nothing of the sort is an error.
func (l *Loader) Add(name string, r io.Reader) error {
	if err := l.add(base(name), r); err != nil {
		return fmt.Errorf("reading registry file %s: %w", name, err)
	}
	return nil
}

func (l *Loader) add(name string, r io.Reader) error {
	br := bufio.NewReaderSize(r, maxLine)
	plain, err := decompress(br)
	if err != nil {
		return err
	}
	head, peekErr := plain.Peek(maxLine)
	switch first := firstLine(head); {
	case len(head) == 0 && errors.Is(peekErr, io.EOF):
		return errors.New("the file is empty")
	case len(head) == 0:
		return peekErr
	case first == nil:
		return errors.New("there is nothing but comments in it")
	case first[0] == '{':
		return l.addNames(name, plain, true)
	case isNameLine(first):
		return l.addNames(name, plain, false)
	case bytes.HasPrefix(first, []byte("add ")), bytes.HasPrefix(first, []byte("remove ")):
		overrides, err := readOverrides(name, plain)
		l.overrides = append(l.overrides, overrides...)
		return err
	case bytes.IndexByte(first, '|') < 0:
		return fmt.Errorf("it is neither RIR delegated statistics nor AS names nor overrides: it begins with %s", quote(string(first)))
	}
	lists, err := readLists(name, plain)
	if err == nil {
		l.lists = append(l.lists, lists...)
	}
	return err
}

func (l *Loader) addNames(name string, r *bufio.Reader, inJSON bool) error {
	if l.names == nil {
		l.names = map[checks.ASN]asName{}
	}
	read := readNamesText
	if inJSON {
		read = func(r *bufio.Reader, names map[checks.ASN]asName) (int, error) { return readNamesJSON(r, names) }
	}
	bad, err := read(r, l.names)
	if bad > 0 {
		l.problems = append(l.problems, fmt.Sprintf("%s: %d %s no AS number and a name, left out", name, bad, plural(bad, "entry is", "entries are")))
	}
	return err
}

// decompress looks at the first bytes: registries publish gzip and bzip2.
func decompress(br *bufio.Reader) (*bufio.Reader, error) {
	magic, _ := br.Peek(3)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("it begins as gzip, but: %w", err)
		}
		return bufio.NewReaderSize(z, maxLine), nil
	case string(magic) == "BZh":
		return bufio.NewReaderSize(bzip2.NewReader(br), maxLine), nil
	case bytes.HasPrefix(magic, []byte("\xef\xbb\xbf")):
		br.Discard(3)
	}
	return br, nil
}

// firstLine gives the first line that says something, nil if there is none.
func firstLine(head []byte) []byte {
	for line := range bytes.Lines(head) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return line
		}
	}
	return nil
}

// isNameLine tells "1 LVLT-1, US": a number, a space, a name.
func isNameLine(line []byte) bool {
	number, _, found := bytes.Cut(line, []byte{' '})
	_, ok := parseUint(number, 1<<32-1)
	return found && ok && !bytes.ContainsRune(line, '|')
}

// base gives the last part of a path.
func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// Registry puts together what was added. Of each registry only the newest list
// counts, because older ones hold what has been handed back or moved since; the
// others are left out and named in [Registry.Problems]. The overrides that come
// with the program stand before those that were added.
func (l *Loader) Registry() (*Registry, error) {
	own, err := readOverrides("overrides.txt", strings.NewReader(ownOverrides))
	if err != nil {
		return nil, fmt.Errorf("reading the overrides of the program: %w", err)
	}
	r := &Registry{
		names:     l.names,
		overrides: append(own, l.overrides...),
		problems:  slices.Clone(l.problems),
	}
	for _, li := range l.lists {
		r.problems = append(r.problems, li.problems()...)
	}
	r.choose(l.lists)
	r.build()
	return r, nil
}

// choose keeps the newest part of each registry, and of two of one day the one
// that the registry itself published.
func (r *Registry) choose(lists []*list) {
	best := map[string]*part{}
	for _, li := range lists {
		for _, name := range slices.Sorted(maps.Keys(li.parts)) {
			p, q := li.parts[name], best[name]
			if q != nil && !newer(p, q) {
				p, q = q, p
			}
			best[name] = p
			if q != nil {
				r.choices = append(r.choices, fmt.Sprintf("%s is left out for %s: %s takes its place", q.list, name, p.list))
			}
		}
	}
	r.parts = slices.SortedFunc(maps.Values(best), func(a, b *part) int {
		return cmp.Or(a.list.date.Compare(b.list.date), strings.Compare(a.registry, b.registry))
	})
}

// newer reports whether p takes the place of q.
func newer(p, q *part) bool {
	if c := p.list.date.Compare(q.list.date); c != 0 {
		return c > 0
	}
	return p.list.registry == p.registry && q.list.registry != q.registry
}

// build makes the tables that look-ups go through.
func (r *Registry) build() {
	var asn, ipv4 []span[uint32]
	var ipv6 []span[uint64]
	for i, p := range r.parts {
		asn = appendSpans(asn, p.asn, i)
		ipv4 = appendSpans(ipv4, p.ipv4, i)
		ipv6 = appendSpans(ipv6, p.ipv6, i)
	}
	var n [kinds]int
	r.asn, n[kindASN] = disjoint(asn)
	r.ipv4, n[kindIPv4] = disjoint(ipv4)
	r.ipv6, n[kindIPv6] = disjoint(ipv6)
	for k, conflicts := range n {
		if conflicts > 0 {
			r.choices = append(r.choices, fmt.Sprintf("%d %s of %s %s registered to two countries: the newer list counts, and within a list the smaller range",
				conflicts, plural(conflicts, "range", "ranges"), [...]string{"AS numbers", "IPv4 addresses", "IPv6 addresses"}[k], plural(conflicts, "is", "are")))
		}
	}
}

func appendSpans[T number](all, spans []span[T], part int) []span[T] {
	for _, s := range spans {
		s.part = uint8(part)
		all = append(all, s)
	}
	return all
}
