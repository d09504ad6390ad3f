package bot

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// storedBaseline holds each path and each set of vantage points once: a
// country's thousands of prefixes share a few hundred of them.
type storedBaseline struct {
	Kept      time.Time      `json:"kept"`
	AsOf      time.Time      `json:"as_of,omitzero"`
	Window    time.Duration  `json:"window_ns,omitempty"`
	Frozen    bool           `json:"frozen,omitempty"`
	Since     time.Time      `json:"since,omitzero"`
	MovedOnly bool           `json:"moved_only,omitempty"`
	Paths     []string       `json:"paths,omitempty"` // as [checks.Path.String] writes them
	Peers     [][]checks.ASN `json:"peers,omitempty"`
	Prefixes  []storedPrefix `json:"prefixes,omitempty"`
}

// storedPrefix is one prefix. Via are pairs: a number in Paths and one in
// Peers.
type storedPrefix struct {
	Prefix  netip.Prefix `json:"p"`
	Origins []checks.ASN `json:"o,omitempty"`
	Via     [][2]int     `json:"v,omitempty"`
}

// PutBaseline writes what "before" means for a target.
func (tx *Tx) PutBaseline(t checks.Target, b checks.Baseline) error {
	if t == (checks.Target{}) {
		return errors.New("writing a baseline: it has no target")
	}
	return tx.put(bucketBaselines, key(t.String()), storeBaseline(b))
}

// Baseline gives what was written; ok is false where that is nothing.
func (tx *Tx) Baseline(t checks.Target) (b checks.Baseline, ok bool, err error) {
	r, ok, err := get[storedBaseline](tx, bucketBaselines, key(t.String()))
	if !ok {
		return checks.Baseline{}, false, err
	}
	if b, err = r.baseline(); err != nil {
		return checks.Baseline{}, false, fmt.Errorf("reading the baseline of %v: %w", t, err)
	}
	return b, true, nil
}

func storeBaseline(b checks.Baseline) storedBaseline {
	r := storedBaseline{Kept: time.Now().UTC(), AsOf: utc(b.AsOf), Window: b.Window, Since: utc(b.Since), Frozen: b.Frozen, MovedOnly: b.MovedOnly}
	paths, peers := make(map[string]int), make(map[string]int)
	for _, p := range b.Prefixes {
		one := storedPrefix{Prefix: p.Prefix, Origins: p.Origins}
		for _, s := range p.Paths {
			path := s.Path.String()
			i, ok := paths[path]
			if !ok {
				i = len(r.Paths)
				paths[path], r.Paths = i, append(r.Paths, path)
			}
			set := fmt.Sprint(s.Peers)
			j, ok := peers[set]
			if !ok {
				j = len(r.Peers)
				peers[set], r.Peers = j, append(r.Peers, s.Peers)
			}
			one.Via = append(one.Via, [2]int{i, j})
		}
		r.Prefixes = append(r.Prefixes, one)
	}
	return r
}

func (r storedBaseline) baseline() (checks.Baseline, error) {
	b := checks.Baseline{AsOf: r.AsOf, Window: r.Window, Since: r.Since, Frozen: r.Frozen, MovedOnly: r.MovedOnly}
	paths := make([]checks.Path, len(r.Paths))
	for i, text := range r.Paths {
		var err error
		if paths[i], err = parsePath(text); err != nil {
			return b, err
		}
	}
	for _, one := range r.Prefixes {
		p := checks.BaselinePrefix{Prefix: one.Prefix, Origins: one.Origins}
		for _, via := range one.Via {
			if via[0] < 0 || via[0] >= len(paths) || via[1] < 0 || via[1] >= len(r.Peers) {
				return b, fmt.Errorf("%v names path %d and peers %d, which are not there", one.Prefix, via[0], via[1])
			}
			// Copies: who gets a baseline may change one prefix of it.
			p.Paths = append(p.Paths, checks.PathSeen{Path: slices.Clone(paths[via[0]]), Peers: slices.Clone(r.Peers[via[1]])})
		}
		b.Prefixes = append(b.Prefixes, p)
	}
	return b, nil
}

// parsePath reads what [checks.Path.String] writes.
func parsePath(text string) (checks.Path, error) {
	var path checks.Path
	for hop := range strings.FieldsSeq(text) {
		set, isSet := strings.CutPrefix(hop, "{")
		set = strings.TrimSuffix(set, "}")
		var h checks.Hop
		for number := range strings.SplitSeq(set, ",") {
			if isSet && number == "" {
				continue // an empty set
			}
			n, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("reading path %q: %w", text, err)
			}
			h = append(h, checks.ASN(n))
		}
		path = append(path, h)
	}
	return path, nil
}

// Answers is how often a host was probed on a day, and how often it answered.
type Answers struct {
	Day      time.Time // midnight, UTC
	Asked    int
	Answered int
}

// AnswerDays is for how many days the answers of a host are kept, today's among
// them.
const AnswerDays = 7

type storedAnswers struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
}

// AddAnswers adds probes of a host of a target to their day, and forgets the
// days of that host that are too old.
func (tx *Tx) AddAnswers(t checks.Target, host string, at time.Time, asked, answered int) error {
	if t == (checks.Target{}) || host == "" || !plain(host) {
		return fmt.Errorf("writing the answers of %q for %v: give a target and a host", host, t)
	}
	today := at.UTC().Format(time.DateOnly)
	k := key(t.String(), host, today)
	r, _, err := get[storedAnswers](tx, bucketAnswers, k)
	if err != nil {
		return err
	}
	r.Asked, r.Answered = r.Asked+asked, r.Answered+answered
	if err := tx.put(bucketAnswers, k, r); err != nil {
		return err
	}
	prefix, oldest := under(t.String(), host), firstAnswerDay(at)
	var old [][]byte
	for e := range tx.scan(bucketAnswers, prefix) {
		if string(e.key[len(prefix):]) >= oldest {
			break
		}
		old = append(old, slices.Clone(e.key))
	}
	for _, k := range old {
		if err := tx.drop(bucketAnswers, k); err != nil {
			return err
		}
	}
	return nil
}

// firstAnswerDay is the first day whose answers count at a moment.
func firstAnswerDay(at time.Time) string {
	return at.UTC().AddDate(0, 0, 1-AnswerDays).Format(time.DateOnly)
}

// Answers gives the answers of the hosts of a target, day by day, oldest first.
func (tx *Tx) Answers(t checks.Target) (map[string][]Answers, error) {
	prefix := under(t.String())
	hosts := make(map[string][]Answers)
	for e := range tx.scan(bucketAnswers, prefix) {
		r, err := read[storedAnswers](bucketAnswers, e)
		if err != nil {
			return nil, err
		}
		host, date, _ := strings.Cut(string(e.key[len(prefix):]), "\x00")
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil, fmt.Errorf("reading %s %q: %w", bucketAnswers, e.key, err)
		}
		hosts[host] = append(hosts[host], Answers{day, r.Asked, r.Answered})
	}
	return hosts, nil
}
