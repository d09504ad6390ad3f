package ripestat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"isitdown/checks"
)

const (
	// pastWindow is how far back it is asked who stood next to a network.
	pastWindow = 30 * 24 * time.Hour
	// mostOrigins is of how many networks it is asked.
	mostOrigins = 5
	// mostNeighbours is how many neighbours of one network are taken in; RIPEstat gives
	// 1800 where it is not told otherwise, those of very large networks would be more.
	mostNeighbours = 1800
)

// neighboursHistoryData is the answer of asn-neighbours-history.
type neighboursHistoryData struct {
	From       moment `json:"query_starttime"`
	Neighbours []struct {
		ASN       asn        `json:"neighbour"`
		Timelines []wireSpan `json:"timelines"`
	} `json:"neighbours"`
}

// Standing is when a network stood next to another one, in the resolution of the table
// dumps (8 hours).
type Standing struct {
	ASN   checks.ASN
	Spans []Span // Peers is not known
}

func (d *neighboursHistoryData) standings() ([]Standing, error) {
	if d.Neighbours == nil || d.From.IsZero() {
		return nil, errors.New("neighbours or query_starttime is missing")
	}
	list, bad, of := make([]Standing, 0, len(d.Neighbours)), 0, 0
	for i := range d.Neighbours {
		n := &d.Neighbours[i]
		s := Standing{ASN: checks.ASN(n.ASN)}
		for _, span := range n.Timelines {
			of++
			if span.From.IsZero() || span.To.Before(span.From.Time) {
				bad++
				continue
			}
			s.Spans = append(s.Spans, Span{From: span.From.Time, To: span.To.Time})
		}
		if s.ASN != 0 && len(s.Spans) > 0 {
			list = append(list, s)
		}
	}
	return list, tooBroken(bad, of)
}

// NeighboursHistory gives which networks stood next to one in AS paths between two
// times, on either side, and since when its answer speaks.
// https://stat.ripe.net/docs/02.data-api/asn-neighbours-history.html
func (c *Client) NeighboursHistory(ctx context.Context, network checks.ASN, from, to time.Time) (list []Standing, since time.Time, err error) {
	q := call{name: "asn-neighbours-history", ttl: ttlList, query: url.Values{
		"resource": {network.String()}, "starttime": {stamp(from.Truncate(dumpEvery))}, "endtime": {stamp(to.Truncate(dumpEvery))},
		"max_rows": {fmt.Sprint(mostNeighbours)},
	}}
	data, _, err := ask(ctx, c, q, func(d *neighboursHistoryData) (err error) {
		list, err = d.standings()
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("asking who stood next to %s: %w", network, err)
	}
	return list, data.From.Time, nil
}

// Past gives who carried the routes of some origins in the 30 days before until, by
// RIPEstat's history of neighbours; of the first five origins where there are more. A
// neighbour that is known to have stood on the far side of the origin alone, as its own
// customers do, is left out; of others the history does not say on which side they were,
// so that it names rather too many. It is made from table dumps, one every 8 hours: who
// was seen in one of them counts for 8 hours.
//
// Where one of them could not be had nothing is given, for that it had no other carrier
// would be read from it: the error says so, and a gap.
func (c *Client) Past(ctx context.Context, origins []checks.ASN, until time.Time) (checks.Past, []checks.Gap, error) {
	ctx = c.budgeted(ctx)
	asked := origins[:min(len(origins), mostOrigins)]
	pasts, errs := make([]checks.Past, len(asked)), make([]error, len(asked))
	var wg sync.WaitGroup
	for i, a := range asked {
		wg.Go(func() { pasts[i], errs[i] = c.pastOf(ctx, a, until) })
	}
	wg.Wait()
	p := checks.Past{Source: service, Origins: asked}
	carriers := map[checks.ASN]*checks.PastCarrier{}
	for i := range pasts {
		if errs[i] != nil {
			continue
		}
		p.Since = laterOf(p.Since, pasts[i].Since)
		for _, one := range pasts[i].Carriers {
			if carriers[one.ASN] == nil {
				carriers[one.ASN] = &checks.PastCarrier{ASN: one.ASN}
			}
			sum := carriers[one.ASN]
			sum.Held, sum.Last = max(sum.Held, one.Held), laterOf(sum.Last, one.Last)
		}
	}
	for _, one := range carriers {
		if !slices.Contains(origins, one.ASN) {
			p.Carriers = append(p.Carriers, *one)
		}
	}
	slices.SortFunc(p.Carriers, func(a, b checks.PastCarrier) int {
		return cmp.Or(cmp.Compare(b.Held, a.Held), cmp.Compare(a.ASN, b.ASN))
	})
	gaps, err := pastGaps(asked, len(origins), errs)
	if err != nil || len(asked) == 0 {
		return checks.Past{}, gaps, err
	}
	return p, gaps, nil
}

// pastGaps says what is missing; the error is that of what was asked in vain.
func pastGaps(asked []checks.ASN, of int, errs []error) (gaps []checks.Gap, err error) {
	var names []string
	for i, e := range errs {
		if e != nil {
			names = append(names, asked[i].String())
		}
	}
	if len(names) > 0 {
		err = errors.Join(errs...)
		gaps = append(gaps, gapOf(err, "who carried the routes of "+strings.Join(names, ", ")+" in the last 30 days is not known"))
	}
	if of > len(asked) {
		gaps = append(gaps, checks.Gap{Check: check, Reason: fmt.Sprintf("who carried the routes in the last 30 days was looked up for %d of %d networks", len(asked), of)})
	}
	return gaps, err
}

// pastOf gives who stood before one network.
func (c *Client) pastOf(ctx context.Context, a checks.ASN, until time.Time) (checks.Past, error) {
	list, since, err := c.NeighboursHistory(ctx, a, until.Add(-pastWindow), until)
	if err != nil {
		return checks.Past{}, err
	}
	behind := c.behind(ctx, a)
	p := checks.Past{Since: since}
	for _, s := range list {
		if s.ASN == a || behind[s.ASN] {
			continue
		}
		one := checks.PastCarrier{ASN: s.ASN}
		for _, span := range s.Spans {
			one.Held += max(span.To.Sub(span.From), dumpEvery)
			one.Last = laterOf(one.Last, span.To)
		}
		p.Carriers = append(p.Carriers, one)
	}
	return p, nil
}

// behind gives the networks that stand on the far side of one and never before it, by the
// latest list; none where that cannot be had.
func (c *Client) behind(ctx context.Context, a checks.ASN) map[checks.ASN]bool {
	list, _, err := c.Neighbours(ctx, a, time.Time{})
	if err != nil {
		c.o.Log.InfoContext(ctx, "the sides of a network's neighbours are not known", "network", a.String(), "error", err)
		return nil
	}
	return onlyRight(list)
}

// onlyRight gives the neighbours that stand nearer to the origin, and nowhere else.
func onlyRight(list []Neighbour) map[checks.ASN]bool {
	right := map[checks.ASN]bool{}
	for _, n := range list {
		if n.Side == "right" {
			right[n.ASN] = true
		}
	}
	for _, n := range list {
		if n.Side != "right" {
			delete(right, n.ASN)
		}
	}
	return right
}
