package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Download is a file to be fetched.
type Download struct {
	URL string
	// Path is where the file will be. Until it is whole it is Path with ".part" at
	// its end, which a later download of the same goes on with; processes that
	// download to the same path take turns.
	Path string
	// MaxBytes bounds the file.
	MaxBytes int64
	// ETag and LastModified are those of a copy that is there already: where the
	// file has not changed since, nothing is transferred.
	ETag, LastModified string
	// Commit, when set, looks at the whole file and gives it its place; without it,
	// or if it leaves the file where it is, the file is renamed to Path. An error
	// throws the file away.
	Commit func(part string, d Downloaded) error
	// Progress, when set, is told how much is there of how much; size is -1 where
	// that is not known.
	Progress func(got, size int64)
}

// Downloaded says how a download went.
type Downloaded struct {
	// NotModified is true where the copy with the given ETag or LastModified is
	// still what the server has; Present where Path was there already.
	NotModified, Present bool
	ETag, LastModified   string
	Bytes                int64         // of the file
	Transferred          int64         // of them in this call
	Skew                 time.Duration // as in [Reply]
	// Sized is true where the server said how long the file is.
	Sized bool
}

const (
	// lockEvery is how often a file that another process downloads is looked at.
	lockEvery = 100 * time.Millisecond
	// mostResumes is how often a download is taken up again as long as each time
	// brings leastGain bytes; without that it is as often as anything is asked.
	mostResumes = 100
	leastGain   = 64 << 10
)

// Download fetches a file, and takes it up where it broke off. An error of the
// service is an [*Error]; others are of the file system, of Commit, or of the
// context while another process downloads.
func (c *Client) Download(ctx context.Context, d Download) (Downloaded, error) {
	p, err := openPart(ctx, d)
	if err != nil {
		return Downloaded{}, fmt.Errorf("opening the file to download to: %w", err)
	}
	if p == nil {
		info, err := os.Stat(d.Path)
		if err != nil {
			return Downloaded{}, fmt.Errorf("looking at the file that was downloaded: %w", err)
		}
		return Downloaded{Present: true, Bytes: info.Size()}, nil
	}
	defer p.file.Close()
	idle := 0
	for range mostResumes {
		before := p.have
		done, err := p.more(ctx, c)
		switch {
		case err == nil && done.NotModified:
			p.discard()
			return done, nil
		case err == nil:
			return p.commit(done)
		}
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return Downloaded{}, err
		}
		if idle++; p.have-before >= leastGain {
			idle = 0
		}
		// What was not even answered was asked again by then.
		if ctx.Err() != nil || idle >= c.o.Attempts || e.Kind != Truncated && (e.Kind != Timeout || p.have == before) {
			if e.Kind == TooLarge || p.have == 0 {
				p.discard()
			}
			return Downloaded{}, e
		}
	}
	return Downloaded{}, c.fail(Truncated, Request{URL: d.URL}, errors.New("it broke off again and again"))
}

// part is a file that is not yet whole, held by this process.
type part struct {
	Download
	file *os.File
	path string
	have int64
	sent int64 // transferred in this call
	part partState
}

// partState says what a part is a part of. It stands beside it.
type partState struct {
	URL          string `json:"url"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// openPart opens and locks the part. It is nil where the whole file turned up
// instead.
func openPart(ctx context.Context, d Download) (*part, error) {
	p := &part{Download: d, path: d.Path + ".part"}
	for {
		if _, err := os.Stat(d.Path); err == nil {
			return nil, nil
		}
		f, err := os.OpenFile(p.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if tryLock(f) && p.is(f) {
			// Between looking and locking another may have finished.
			if _, err := os.Stat(d.Path); err != nil {
				p.file = f
				return p, p.resume()
			}
			os.Remove(p.path)
		}
		f.Close()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}

// is reports whether the part's path still leads to f: another process may have
// renamed or removed it meanwhile.
func (p *part) is(f *os.File) bool {
	there, err := os.Stat(p.path)
	if err != nil {
		return false
	}
	here, err := f.Stat()
	return err == nil && os.SameFile(there, here)
}

// resume finds out how much of the file is there and can be gone on with.
func (p *part) resume() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	p.have = info.Size()
	data, err := os.ReadFile(p.path + ".json")
	if err != nil || json.Unmarshal(data, &p.part) != nil || p.part.URL != p.URL || p.part.validator() == "" || p.have > p.MaxBytes {
		return p.restart()
	}
	return nil
}

// validator is what a server is told so that it sends the rest of the same file
// only (RFC 9110, section 13.1.5): a strong ETag, else the date.
func (s partState) validator() string {
	if s.ETag != "" && !strings.HasPrefix(s.ETag, "W/") {
		return s.ETag
	}
	return s.LastModified
}

func (p *part) restart() error {
	p.have, p.part = 0, partState{}
	return p.file.Truncate(0)
}

// discard throws the part away, unless Commit has moved it: by then another
// process may have begun a part of its own.
func (p *part) discard() {
	if p.is(p.file) {
		os.Remove(p.path + ".json")
		os.Remove(p.path)
	}
}

// more asks for what is missing and writes what comes.
func (p *part) more(ctx context.Context, c *Client) (Downloaded, error) {
	s, err := c.Stream(ctx, p.request())
	if err != nil {
		return Downloaded{}, err
	}
	defer s.Close()
	d := Downloaded{ETag: s.Header.Get("ETag"), LastModified: s.Header.Get("Last-Modified"), Skew: s.Skew}
	size := int64(-1)
	switch s.Status {
	case http.StatusNotModified:
		d.NotModified, d.ETag, d.LastModified = true, p.ETag, p.LastModified
		return d, nil
	case http.StatusRequestedRangeNotSatisfiable:
		if _, _, total, ok := contentRange(s.Header); ok && total == p.have && p.have > 0 {
			d.ETag, d.LastModified, d.Sized = p.part.ETag, p.part.LastModified, true
			return d, nil // all of it was there already
		}
		if err := p.restart(); err != nil {
			return Downloaded{}, err
		}
		return Downloaded{}, c.fail(Truncated, Request{URL: p.URL}, errors.New("what was there did not fit the file, which is fetched anew"))
	case http.StatusPartialContent:
		first, _, total, ok := contentRange(s.Header)
		if !ok || first != p.have {
			if err := p.restart(); err != nil {
				return Downloaded{}, err
			}
			return Downloaded{}, c.fail(Truncated, Request{URL: p.URL}, errors.New("another part came than was asked for"))
		}
		size = total
	default:
		if err := p.begin(d); err != nil {
			return Downloaded{}, err
		}
		if length, err := strconv.ParseInt(s.Header.Get("Content-Length"), 10, 64); err == nil {
			size = length
		}
	}
	if size > p.MaxBytes {
		return Downloaded{}, p.tooLarge(c)
	}
	d.Sized = size >= 0
	return d, p.copy(c, s, size)
}

// begin starts the file from its first byte.
func (p *part) begin(d Downloaded) error {
	if err := p.restart(); err != nil {
		return err
	}
	p.part = partState{URL: p.URL, ETag: d.ETag, LastModified: d.LastModified}
	data, err := json.Marshal(p.part)
	if err != nil {
		return err
	}
	return os.WriteFile(p.path+".json", data, 0o600)
}

func (p *part) request() Request {
	h := http.Header{"Accept-Encoding": {"identity"}}
	if p.have > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", p.have))
		h.Set("If-Range", p.part.validator())
	} else {
		if p.ETag != "" {
			h.Set("If-None-Match", p.ETag)
		}
		if p.LastModified != "" {
			h.Set("If-Modified-Since", p.LastModified)
		}
	}
	return Request{
		URL: p.URL, Header: h, MaxBody: p.MaxBytes,
		Also: []int{http.StatusNotModified, http.StatusRequestedRangeNotSatisfiable},
	}
}

// contentRange reads "bytes 5-9/100" and "bytes */100"; total is -1 for "*".
func contentRange(h http.Header) (first, last, total int64, ok bool) {
	text, ok := strings.CutPrefix(h.Get("Content-Range"), "bytes ")
	span, size, ok2 := strings.Cut(text, "/")
	if !ok || !ok2 {
		return 0, 0, 0, false
	}
	total = -1
	if size != "*" {
		n, err := strconv.ParseUint(size, 10, 63)
		if err != nil {
			return 0, 0, 0, false
		}
		total = int64(n)
	}
	if span == "*" {
		return 0, 0, total, total >= 0
	}
	from, to, found := strings.Cut(span, "-")
	a, err1 := strconv.ParseUint(from, 10, 62)
	b, err2 := strconv.ParseUint(to, 10, 62)
	if !found || err1 != nil || err2 != nil || b < a || total >= 0 && int64(b) >= total {
		return 0, 0, 0, false
	}
	return int64(a), int64(b), total, true
}

// copy writes the answer behind what is there, to the size that is announced.
func (p *part) copy(c *Client, s *Stream, size int64) error {
	if _, err := p.file.Seek(p.have, io.SeekStart); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		if p.have+int64(n) > p.MaxBytes {
			return p.tooLarge(c)
		}
		if _, err := p.file.Write(buf[:n]); err != nil {
			return fmt.Errorf("writing the download: %w", err)
		}
		p.have += int64(n)
		p.sent += int64(n)
		if p.Progress != nil && n > 0 {
			p.Progress(p.have, size)
		}
		switch {
		case err == io.EOF && size >= 0 && p.have != size:
			return c.fail(Truncated, Request{URL: p.URL}, fmt.Errorf("%d of %d bytes came", p.have, size))
		case err == io.EOF && p.have == 0:
			return c.fail(Empty, Request{URL: p.URL}, nil)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func (p *part) tooLarge(c *Client) *Error {
	e := c.fail(TooLarge, Request{URL: p.URL}, nil)
	e.Bytes = p.MaxBytes
	return e
}

// commit gives the whole file its place.
func (p *part) commit(d Downloaded) (Downloaded, error) {
	d.Bytes, d.Transferred = p.have, p.sent
	if err := p.file.Sync(); err != nil {
		return d, fmt.Errorf("writing the download: %w", err)
	}
	os.Remove(p.path + ".json") // while the part is ours
	if p.Commit != nil {
		if err := p.Commit(p.path, d); err != nil {
			p.discard()
			return d, err
		}
	}
	if p.is(p.file) {
		if err := os.Rename(p.path, p.Path); err != nil {
			return d, fmt.Errorf("giving the download its name: %w", err)
		}
	}
	syncDir(filepath.Dir(p.Path))
	return d, nil
}

// syncDir makes a rename last, where folders can be synced.
func syncDir(dir string) {
	f, err := os.Open(cmp.Or(dir, "."))
	if err != nil {
		return
	}
	defer f.Close()
	f.Sync()
}
