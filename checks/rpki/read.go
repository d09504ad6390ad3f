package rpki

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"isitdown/checks"
)

// Bounds on a file. In 2026 there are some 600,000 VRPs, 50 MB as rpki-client writes
// them, and several times that in the long form of routinator (jsonext).
const (
	maxVRPs  = 5_000_000
	maxBytes = 2 << 30 // unpacked
	maxValue = 1 << 20 // of one value in it, such as a VRP
	maxDepth = 1000    // of values in values; the reader keeps a word for each
)

// Open reads a file of VRPs. An error is one sentence; it is fs.ErrNotExist where there
// is no file.
func Open(file string) (*Set, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &missingFile{file}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the VRP file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("reading VRP file %s: it is a directory, name the file in it", file)
	}
	s, failed := Load(f, file[strings.LastIndexAny(file, `/\`)+1:])
	if failed != nil {
		return nil, failed
	}
	if err == nil && s.Undated {
		s.AsOf = info.ModTime().UTC()
	}
	return s, nil
}

// missingFile is the error of a file that is not there; it is fs.ErrNotExist.
type missingFile struct{ name string }

func (m *missingFile) Error() string {
	return "there is no file " + m.name + ": give the path of VRPs in the JSON of rpki-client or routinator"
}

func (m *missingFile) Is(target error) bool { return target == fs.ErrNotExist }

// Load reads VRPs as JSON, plain or compressed with gzip, told by content. The name
// stands in the answers and in errors, which are one sentence with the place in the
// (unpacked) file. A file that breaks off, that holds something that is no VRP, or that
// holds none, is an error.
func Load(r io.Reader, name string) (*Set, error) {
	s := &Set{Name: checks.OneLine(name, maxQuoted)}
	if err := s.load(r); err != nil {
		return nil, fmt.Errorf("reading VRP file %s: %w", s.Name, err)
	}
	return s, nil
}

func (s *Set) load(r io.Reader) error {
	plain, err := unpack(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return err
	}
	l := &leash{r: plain, total: maxBytes}
	f := file{json: json.NewDecoder(l), leash: l}
	if err := f.read(); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it breaks off")
		}
		return fmt.Errorf("at byte %d: %w", f.json.InputOffset(), err)
	}
	if len(f.ipv4)+len(f.ipv6) == 0 {
		return errors.New(`it holds no VRPs: they stand in its list "roas"`)
	}
	s.ipv4, s.ipv6 = arrange(f.ipv4), arrange(f.ipv6)
	s.AsOf, s.Undated = f.made, f.made.IsZero()
	return nil
}

// unpack looks at the first bytes, and passes over a byte order mark.
func unpack(r *bufio.Reader) (io.Reader, error) {
	switch magic, err := r.Peek(3); {
	case len(magic) == 0 && errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty")
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("it begins as gzip, but: %w", err)
		}
		return z, nil
	case string(magic) == "\xef\xbb\xbf":
		r.Discard(3)
	}
	return r, nil
}

// leash bounds what is read, all together and since the last call of next: whoever
// reads JSON keeps a value whole until it ends.
type leash struct {
	r           io.Reader
	total, left int64
}

func (l *leash) next() { l.left = maxValue }

func (l *leash) Read(b []byte) (int, error) {
	switch {
	case l.total <= 0:
		return 0, fmt.Errorf("it is larger than %d MiB", maxBytes>>20)
	case l.left <= 0:
		return 0, fmt.Errorf("one value in it is larger than %d KiB", maxValue>>10)
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.total, l.left)])
	l.total -= int64(n)
	l.left -= int64(n)
	return n, err
}

// file is a file while it is read.
type file struct {
	json       *json.Decoder
	leash      *leash
	ipv4, ipv6 []vrp
	made       time.Time
}

// read goes through the members of the one object that a file is. Those that are not
// needed (router keys, ASPAs) are passed over without keeping them.
func (f *file) read() error {
	if err := f.expect('{'); err != nil {
		return fmt.Errorf("it is no JSON object, as rpki-client and routinator write one: %w", err)
	}
	for f.json.More() {
		key, err := f.token()
		if err != nil {
			return err
		}
		switch key {
		case "metadata":
			err = f.metadata()
		case "roas":
			err = f.roas()
		default:
			err = f.skip()
		}
		if err != nil {
			return err
		}
	}
	if err := f.expect('}'); err != nil {
		return err
	}
	if _, err := f.token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

func (f *file) token() (json.Token, error) {
	f.leash.next()
	return f.json.Token()
}

func (f *file) expect(want json.Delim) error {
	t, err := f.token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("there is no %v where one belongs", want)
	}
	return nil
}

// skip passes over a value, however large.
func (f *file) skip() error {
	for depth := 0; ; {
		t, err := f.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		switch {
		case depth == 0:
			return nil
		case depth > maxDepth:
			return fmt.Errorf("it nests deeper than %d", maxDepth)
		}
	}
}

// metadata takes the time at which the file was made: rpki-client writes buildtime,
// routinator generated (seconds since 1970) and generatedTime.
func (f *file) metadata() error {
	var m struct {
		BuildTime     any `json:"buildtime"`
		Generated     any `json:"generated"`
		GeneratedTime any `json:"generatedTime"`
	}
	f.leash.next()
	if err := f.json.Decode(&m); err != nil {
		return plain(err)
	}
	for _, v := range []any{m.BuildTime, m.GeneratedTime, m.Generated} {
		switch v := v.(type) {
		case string:
			if t, err := time.Parse(time.RFC3339, v); err == nil && f.made.IsZero() {
				f.made = t.UTC()
			}
		case float64: // seconds, of a year with four digits
			if v > 0 && v < 253402300800 && f.made.IsZero() {
				f.made = time.Unix(int64(v), 0).UTC()
			}
		}
	}
	return nil
}

func (f *file) roas() error {
	if err := f.expect('['); err != nil {
		return fmt.Errorf(`"roas" is no list: %w`, err)
	}
	for f.json.More() {
		f.leash.next()
		e := entry{MaxLength: -1}
		if err := f.json.Decode(&e); err != nil {
			return plain(err)
		}
		if err := f.add(&e); err != nil {
			return err
		}
	}
	return f.expect(']')
}

func (f *file) add(e *entry) error {
	v, ipv6, err := e.vrp()
	switch {
	case err != nil:
		return err
	case len(f.ipv4)+len(f.ipv6) >= maxVRPs:
		return fmt.Errorf("it holds more than %d VRPs", maxVRPs)
	case ipv6:
		f.ipv6 = append(f.ipv6, v)
	default:
		f.ipv4 = append(f.ipv4, v)
	}
	return nil
}

// plain takes the names of Go's types out of an error of the decoder.
func plain(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s cannot be a JSON %s", cmp.Or(wrong.Field, "an entry"), checks.OneLine(wrong.Value, maxQuoted))
	}
	return err
}
