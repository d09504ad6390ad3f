package registry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
)

// RefreshOptions say how lists are downloaded. The zero value asks for all
// [Sources].
type RefreshOptions struct {
	// HTTP lends its transport; nil stands for http.DefaultTransport.
	HTTP *http.Client
	// UserAgent is sent with each request.
	UserAgent string
	// Sources are the lists to keep; nil stands for [Sources].
	Sources []Source
	// Every is how old the last look at a server may be for it not to be asked
	// again. The lists change once a day. Zero is six hours.
	Every time.Duration
	// Timeout is how long a server may be silent; zero is 30 s. Attempts is how
	// often it is asked, and Backoff how long after a failure; zero is web's default.
	Timeout  time.Duration
	Attempts int
	Backoff  time.Duration
	// MaxBytes bounds each list; zero is 256 MiB.
	MaxBytes int64
	// Progress, when set, is told how much of a list has come; size is -1 where
	// it is not known. It is called by several goroutines, one a list.
	Progress func(name string, got, size int64)
	// Observe, when set, is told how each request ended; see the metrics.
	Observe func(service, result string, took time.Duration)
}

const (
	defaultEvery    = 6 * time.Hour
	defaultTimeout  = 30 * time.Second
	defaultMaxBytes = 256 << 20
)

// Outcome says what [Refresh] did about a list.
type Outcome string

// The outcomes.
const (
	NotDue    Outcome = "not due" // the server was asked a short while ago
	Unchanged Outcome = "unchanged"
	Updated   Outcome = "updated"
	Failed    Outcome = "failed" // the list that was there stays
)

// Refreshed says how it went with one list.
type Refreshed struct {
	Source  Source
	Outcome Outcome
	// Date is what the list in the folder is of, Records how many it has. Both are
	// zero where there is none.
	Date    time.Time
	Records int
	// Transferred counts the bytes that came.
	Transferred int64
	// Gap says for a person what is missing, and Err for the operator why; nil
	// where nothing is. A gap without an error is about oddities of a list that is
	// used, or about the clocks.
	Gap *checks.Gap
	Err error
}

// Report says how a refresh went, list by list in the order of the sources.
type Report struct{ Lists []Refreshed }

// Updated reports whether any list changed, so that loading them again is worth it.
func (r Report) Updated() bool {
	for _, l := range r.Lists {
		if l.Outcome == Updated {
			return true
		}
	}
	return false
}

// Refresh brings the lists in a folder up to date. A list is only replaced by one
// that is whole, by its own counts, not older and not much smaller; otherwise, and
// where it cannot be had, the one that is there stays and a gap says so. Any number
// of processes may refresh and read one folder at the same time.
//
// The error is of the folder, or the context's; what went wrong with a list is in
// the report. The folder is made where it is not there, for its owner alone.
func Refresh(ctx context.Context, dir string, o RefreshOptions) (Report, error) {
	if o.Sources == nil {
		o.Sources = Sources()
	}
	o.Every = cmp.Or(o.Every, defaultEvery)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.MaxBytes = cmp.Or(o.MaxBytes, defaultMaxBytes)
	seen := map[string]bool{}
	for _, s := range o.Sources {
		if !sourceName.MatchString(s.Name) || seen[s.Name] {
			return Report{}, fmt.Errorf("refreshing registry lists: %q cannot be the name of a list, or is there twice", s.Name)
		}
		seen[s.Name] = true
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Report{}, fmt.Errorf("making the folder for registry lists: %w", err)
	}
	report := Report{Lists: make([]Refreshed, len(o.Sources))}
	var group sync.WaitGroup
	for i, s := range o.Sources { // each on its own server
		group.Go(func() { report.Lists[i] = refresher{o, dir, s}.refresh(ctx) })
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return report, fmt.Errorf("refreshing registry lists: %w", err)
	}
	return report, nil
}

// refresher brings one list up to date.
type refresher struct {
	o   RefreshOptions
	dir string
	s   Source
}

func (r refresher) refresh(ctx context.Context) Refreshed {
	now := time.Now()
	k := readKept(r.dir, r.s.Name)
	if k != nil && (k.URL != r.s.URL || k.Names != r.s.Names) {
		k.Checked, k.ETag, k.LastModified = time.Time{}, "", "" // another server's
	}
	if k != nil && now.Sub(k.Checked).Abs() < r.o.Every {
		return r.result(NotDue, k, nil)
	}
	client := web.New(web.Options{
		Service: r.service(), HTTP: r.o.HTTP, UserAgent: r.o.UserAgent, Observe: r.o.Observe,
		Timeout: r.o.Timeout, Attempts: r.o.Attempts, Backoff: r.o.Backoff,
	})
	after, got, is, err := r.download(ctx, client, k, now)
	if err != nil {
		return r.failed(k, err, now)
	}
	outcome := Updated
	if k != nil && k.File == after.File {
		outcome = Unchanged
	}
	out := r.result(outcome, after, nil)
	out.Transferred = got.Transferred
	if is.Odd != "" {
		out.Gap = &checks.Gap{Check: "registry", Reason: fmt.Sprintf("%s is not quite as it should be: %s", r.list(), is.Odd)}
	}
	if err := client.Skewed(web.Reply{Skew: got.Skew}); err != nil {
		gap := web.Gap(err, "registry", r.service(), "")
		out.Gap = &gap
	}
	return out
}

// download asks for the list, and gives what the folder has of it after that.
func (r refresher) download(ctx context.Context, client *web.Client, k *kept, now time.Time) (after *kept, got web.Downloaded, is sound, err error) {
	d := web.Download{URL: r.s.URL, Path: filepath.Join(r.dir, r.s.Name+".download"), MaxBytes: r.o.MaxBytes}
	if k != nil {
		d.ETag, d.LastModified = k.ETag, k.LastModified
	}
	if r.o.Progress != nil {
		d.Progress = func(got, size int64) { r.o.Progress(r.s.Name, got, size) }
	}
	d.Commit = func(part string, got web.Downloaded) (err error) {
		if is, err = r.s.inspect(part, now); err != nil {
			return &refused{err}
		}
		// Another process may have been here meanwhile.
		after, err = r.commit(part, got, is, readKept(r.dir, r.s.Name), now)
		return err
	}
	got, err = client.Download(ctx, d)
	switch {
	case err == nil && got.NotModified && k != nil:
		after = k
		after.Checked = now
		err = after.write(r.dir)
	case err == nil && after == nil:
		err = fmt.Errorf("a file %s is in the way: remove it", d.Path)
	}
	return after, got, is, err
}

// service names who is asked, for a person.
func (r refresher) service() string {
	if r.s.Names {
		return "the server of the list of AS names"
	}
	return "the server of the registry " + r.s.Name
}

// list names what is missing, for a person.
func (r refresher) list() string {
	if r.s.Names {
		return "the list of AS names"
	}
	return "the registry list of " + r.s.Name
}

// commit looks whether a list can take the place of the one before, and gives it
// its place.
func (r refresher) commit(part string, got web.Downloaded, is sound, before *kept, now time.Time) (*kept, error) {
	if before != nil {
		if err := is.shrunk(sound{Date: before.Date, Records: before.Records}); err != nil {
			return nil, &refused{err}
		}
	}
	sum, err := digest(part)
	if err != nil {
		return nil, err
	}
	k := &kept{
		Version: keptVersion, Name: r.s.Name, Names: r.s.Names, URL: r.s.URL, File: r.s.Name + "-" + sum + ".txt", Bytes: got.Bytes,
		Date: is.Date, Records: is.Records, ETag: got.ETag, LastModified: got.LastModified, Fetched: now, Checked: now,
	}
	if before != nil && before.File == k.File {
		k.Fetched = before.Fetched
	}
	if err := os.Rename(part, filepath.Join(r.dir, k.File)); err != nil {
		return nil, err
	}
	if err := k.write(r.dir); err != nil {
		return nil, err
	}
	k.sweep(r.dir, now)
	return k, nil
}

// digest names the content of a file.
func digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}

// refused is a list that came and cannot be used.
type refused struct{ why error }

func (e *refused) Error() string { return "what came is not used: " + e.why.Error() }

func (e *refused) Unwrap() error { return e.why }

func (r refresher) result(o Outcome, k *kept, err error) Refreshed {
	out := Refreshed{Source: r.s, Outcome: o, Err: err}
	if k != nil {
		out.Date, out.Records = k.date(), k.Records
	}
	return out
}

// failed says why a list could not be brought up to date, and what is used instead.
func (r refresher) failed(k *kept, err error, now time.Time) Refreshed {
	missing := "there is no earlier one, so what stands in it is not known"
	if k != nil {
		missing = fmt.Sprintf("the one of %s, %s old, is used instead", k.date().Format("2 January 2006"), age(now.Sub(k.date())))
	}
	why := r.service() + " could not be used"
	if e, ok := errors.AsType[*web.Error](err); ok {
		why = e.Sentence()
	} else if e, ok := errors.AsType[*refused](err); ok {
		why = e.Error()
	}
	out := r.result(Failed, k, fmt.Errorf("refreshing %s: %w", r.list(), err))
	out.Gap = &checks.Gap{Check: "registry", Reason: fmt.Sprintf("%s could not be refreshed (%s): %s", r.list(), why, missing)}
	return out
}

// age writes how old a list is.
func age(d time.Duration) string {
	switch days := int(d / (24 * time.Hour)); {
	case days < 1:
		return "less than a day"
	case days == 1:
		return "one day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}
