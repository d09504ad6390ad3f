package registry

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"time"

	"isitdown/checks"
)

// Source is a list that is published on the web and kept by [Refresh].
type Source struct {
	// Name is that of the registry whose delegated statistics it has ("apnic"), or
	// of a list of names: lower-case letters, digits and dashes. Files are named
	// after it.
	Name string
	URL  string
	// Names is true for a list of AS names.
	Names bool
	// Least is how many records it must have to be taken for whole: for AS names
	// names, for statistics what is allocated or assigned.
	Least int
}

// Sources gives the lists of the five registries, in the extended format, and the
// AS names that the RIPE NCC publishes for all of them. docs/registry.md lists them.
func Sources() []Source {
	return []Source{
		{Name: "afrinic", URL: "https://ftp.afrinic.net/pub/stats/afrinic/delegated-afrinic-extended-latest", Least: leastRecords},
		{Name: "apnic", URL: "https://ftp.apnic.net/stats/apnic/delegated-apnic-extended-latest", Least: leastRecords},
		{Name: "arin", URL: "https://ftp.arin.net/pub/stats/arin/delegated-arin-extended-latest", Least: leastRecords},
		{Name: "lacnic", URL: "https://ftp.lacnic.net/pub/stats/lacnic/delegated-lacnic-extended-latest", Least: leastRecords},
		{Name: "ripencc", URL: "https://ftp.ripe.net/pub/stats/ripencc/delegated-ripencc-extended-latest", Least: leastRecords},
		{Name: "asnames", URL: "https://ftp.ripe.net/ripe/asnames/asn.txt", Names: true, Least: leastNames},
	}
}

// The smallest of the five lists had some 4,000 records in 2014; the list of names
// has more than 100,000 entries.
const (
	leastRecords = 3000
	leastNames   = 50000
)

// How far a list may differ from what it should be and still be used.
const (
	// maxMissing is the share of records, in percent, by which a list may differ
	// from its own counts.
	maxMissing = 1
	// maxShrink is by how much, in percent, it may be smaller than the one before.
	maxShrink = 20
	// maxUnread is the share of lines, in percent, that may be no records.
	maxUnread = 1
	// ahead is how far in the future a list may be dated: registries live in other
	// time zones.
	ahead = 48 * time.Hour
)

// sound is what a list is, once it was found to be one.
type sound struct {
	Date    time.Time
	Records int
	// Odd says what is wrong with it and is borne: a few lines that are none; "" for
	// nothing.
	Odd string
}

// inspect reads a downloaded list and says what is wrong with it.
func (s Source) inspect(file string, now time.Time) (sound, error) {
	f, err := os.Open(file)
	if err != nil {
		return sound{}, err
	}
	defer f.Close()
	br := bufio.NewReaderSize(f, maxLine)
	plain, err := decompress(br)
	if err != nil {
		return sound{}, err
	}
	if s.Names {
		return s.inspectNames(plain)
	}
	lists, err := readLists(s.Name, plain)
	switch {
	case err != nil:
		return sound{}, err
	case len(lists) > 1:
		return sound{}, fmt.Errorf("it holds %d lists, not one", len(lists))
	}
	return s.inspectList(lists[0], now)
}

func (s Source) inspectNames(r *bufio.Reader) (sound, error) {
	names := map[checks.ASN]asName{}
	bad, err := readNamesText(r, names)
	switch {
	case err != nil:
		return sound{}, err
	case bad*100 > (bad+len(names))*maxUnread:
		return sound{}, fmt.Errorf("%d of %d lines are no AS number and a name", bad, bad+len(names))
	case len(names) < s.Least:
		return sound{}, fmt.Errorf("it has %d names, and should have at least %d", len(names), s.Least)
	}
	out := sound{Records: len(names)}
	if bad > 0 {
		out.Odd = fmt.Sprintf("%d of %d lines are no AS number and a name", bad, bad+len(names))
	}
	return out, nil
}

func (s Source) inspectList(l *list, now time.Time) (sound, error) {
	got, want := 0, 0
	for k := range kinds {
		got += l.got[k]
		want += l.want[k]
		if l.summed && apart(l.got[k], l.want[k], maxMissing) {
			return sound{}, fmt.Errorf("it has %d %v records, and its summary counts %d", l.got[k], k, l.want[k])
		}
	}
	switch {
	case l.cut != "":
		return sound{}, errors.New(l.cut)
	case l.registry != s.Name:
		return sound{}, fmt.Errorf("it is the list of %s, not of %s", quote(l.registry), s.Name)
	case l.date.IsZero():
		return sound{}, errors.New("its header has no date")
	case l.date.After(now.Add(ahead)):
		return sound{}, fmt.Errorf("it is dated %s, which is yet to come", l.date.Format(time.DateOnly))
	case !l.summed:
		return sound{}, errors.New("it has no summary to compare its records with")
	case l.counted > 0 && apart(got, l.counted, maxMissing):
		return sound{}, fmt.Errorf("it has %d records, and its header counts %d", got, l.counted)
	case l.bad*100 > (l.bad+got)*maxUnread:
		return sound{}, fmt.Errorf("%d of %d lines cannot be read, the first is %s", l.bad, l.bad+got, l.firstBad)
	case l.rows < s.Least:
		return sound{}, fmt.Errorf("%d of its records are allocated or assigned, and should be at least %d", l.rows, s.Least)
	}
	out := sound{Date: l.date, Records: l.rows}
	if odd := l.problems(); len(odd) > 0 {
		out.Odd = odd[0]
	}
	return out, nil
}

// apart reports whether got differs from want by more than so many percent.
func apart(got, want, percent int) bool {
	return max(got-want, want-got)*100 > want*percent
}

// shrunk says whether a list is too much smaller than the one before, or older.
func (n sound) shrunk(kept sound) error {
	switch {
	case n.Date.Before(kept.Date):
		return fmt.Errorf("it is of %s, older than the one that is kept", n.Date.Format(time.DateOnly))
	case n.Records*100 < kept.Records*(100-maxShrink):
		return fmt.Errorf("it has %d records where there were %d: more than %d %% are gone at once", n.Records, kept.Records, maxShrink)
	}
	return nil
}
