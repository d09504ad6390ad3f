package ripestat

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// Span is a time in which something was seen, in the resolution of the table dumps.
type Span struct {
	From, To time.Time
	// Peers is how many full-feed peers saw it, on average; zero where not known.
	Peers float64
}

// Announced is a prefix that a network announced.
type Announced struct {
	Prefix netip.Prefix
	Origin checks.ASN
	Spans  []Span
}

type wireSpan struct {
	From  moment  `json:"starttime"`
	To    moment  `json:"endtime"`
	Peers float64 `json:"full_peers_seeing"`
}

type wireAnnounced struct {
	Prefix    string     `json:"prefix"`
	Timelines []wireSpan `json:"timelines"`
}

func (w *wireAnnounced) read(origin checks.ASN) (a Announced, err error) {
	if a.Prefix, err = readPrefix(w.Prefix); err != nil {
		return a, err
	}
	a.Origin = origin
	for _, s := range w.Timelines {
		a.Spans = append(a.Spans, Span{s.From.Time, s.To.Time, s.Peers})
	}
	return a, nil
}

// announcedData is the answer of announced-prefixes.
type announcedData struct {
	Prefixes []wireAnnounced `json:"prefixes"`
}

func (d *announcedData) list(origin checks.ASN) (list []Announced, err error) {
	if d.Prefixes == nil {
		return nil, errors.New("prefixes is missing")
	}
	bad := 0
	for i := range d.Prefixes {
		a, err := d.Prefixes[i].read(origin)
		if err != nil {
			bad++
			continue
		}
		list = append(list, a)
	}
	return list, tooBroken(bad, len(d.Prefixes))
}

// Announced gives the prefixes that a network announced between two times, as ten
// full-feed peers or more saw them in the table dumps (00:00, 08:00 and 16:00 UTC):
// what was announced for less than that is not in it, and the newest dump may be
// 16 hours old. https://stat.ripe.net/docs/02.data-api/announced-prefixes.html
func (c *Client) Announced(ctx context.Context, network checks.ASN, from, to time.Time) (list []Announced, err error) {
	q := call{name: "announced-prefixes", ttl: ttlList, query: url.Values{
		"resource": {network.String()}, "starttime": {stamp(from.Truncate(dumpEvery))}, "endtime": {stamp(to.Truncate(dumpEvery))},
	}}
	_, _, err = ask(ctx, c, q, func(d *announcedData) (err error) {
		list, err = d.list(network)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking what %s announces: %w", network, err)
	}
	return list, nil
}

// historyData is the answer of routing-history.
type historyData struct {
	ByOrigin []struct {
		Origin   asn             `json:"origin"`
		Prefixes []wireAnnounced `json:"prefixes"`
	} `json:"by_origin"`
}

func (d *historyData) list() (list []Announced, err error) {
	if d.ByOrigin == nil {
		return nil, errors.New("by_origin is missing")
	}
	bad, of := 0, 0
	for i := range d.ByOrigin {
		o := &d.ByOrigin[i]
		of += len(o.Prefixes)
		for j := range o.Prefixes {
			a, err := o.Prefixes[j].read(checks.ASN(o.Origin))
			if err != nil {
				bad++
				continue
			}
			list = append(list, a)
		}
	}
	return list, tooBroken(bad, of)
}

// RoutingHistory gives who announced what of a prefix or a network ("AS3333",
// "193.0.0.0/21"), since 2000. Times are those of table dumps, and of long ones
// only every twelfth day. https://stat.ripe.net/docs/02.data-api/routing-history.html
func (c *Client) RoutingHistory(ctx context.Context, resource string) (list []Announced, err error) {
	q := call{name: "routing-history", query: url.Values{"resource": {resource}}, ttl: ttlList, bytes: c.o.maxBody}
	_, _, err = ask(ctx, c, q, func(d *historyData) (err error) {
		list, err = d.list()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the routing history of %s: %w", clip(resource), err)
	}
	return list, nil
}

// Neighbour is a network next to another in AS paths.
type Neighbour struct {
	ASN checks.ASN
	// Side is "left" where it stands nearer to the vantage points, as an upstream
	// does, "right" where nearer to the origin, and "uncertain".
	Side string
	// Power counts the paths it is seen in; Peers4 and Peers6 the peers.
	Power, Peers4, Peers6 int
}

// neighboursData is the answer of asn-neighbours.
type neighboursData struct {
	To         moment `json:"query_endtime"`
	Neighbours []struct {
		ASN   asn    `json:"asn"`
		Type  string `json:"type"`
		Power int    `json:"power"`
		IPv4  int    `json:"v4_peers"`
		IPv6  int    `json:"v6_peers"`
	} `json:"neighbours"`
}

// Neighbours gives the networks next to one at a time, or lately where at is
// zero; asOf is the time of the dump that they were seen in.
// https://stat.ripe.net/docs/02.data-api/asn-neighbours.html
func (c *Client) Neighbours(ctx context.Context, network checks.ASN, at time.Time) (list []Neighbour, asOf time.Time, err error) {
	return c.neighbours(ctx, network, at, 24*time.Hour)
}

// neighbours takes an answer of a time that is as far as within from the one asked for.
func (c *Client) neighbours(ctx context.Context, network checks.ASN, at time.Time, within time.Duration) (list []Neighbour, asOf time.Time, err error) {
	q := call{name: "asn-neighbours", query: url.Values{"resource": {network.String()}}, ttl: ttlList}
	if !at.IsZero() {
		q.query.Set("query_time", stamp(at))
	}
	data, _, err := ask(ctx, c, q, func(d *neighboursData) error {
		if d.Neighbours == nil || d.To.IsZero() {
			return errors.New("neighbours or query_endtime is missing")
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("asking for the neighbours of %s: %w", network, err)
	}
	if asOf = data.To.Time; !at.IsZero() && at.Sub(asOf).Abs() > within {
		return nil, time.Time{}, moved(q.name, at, asOf)
	}
	for _, n := range data.Neighbours {
		list = append(list, Neighbour{checks.ASN(n.ASN), clip(n.Type), n.Power, n.IPv4, n.IPv6})
	}
	return list, asOf, nil
}

// overviewData is the answer of as-overview.
type overviewData struct {
	Resource asn     `json:"resource"`
	Holder   *string `json:"holder"`
}

// ASName gives the name of a network as its registry has it, "RIPE-NCC-AS - Reseaux
// IP Europeens ..."; empty where there is none.
// https://stat.ripe.net/docs/02.data-api/as-overview.html
func (c *Client) ASName(ctx context.Context, network checks.ASN) (string, error) {
	q := call{name: "as-overview", query: url.Values{"resource": {network.String()}}, ttl: ttlList}
	data, _, err := ask(ctx, c, q, func(d *overviewData) error {
		if checks.ASN(d.Resource) != network {
			return fmt.Errorf("the answer is about AS%d", d.Resource)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("asking for the name of %s: %w", network, err)
	}
	if data.Holder == nil {
		return "", nil
	}
	return clip(*data.Holder), nil
}

// Validity is what origin validation (RFC 6811) says of a route.
type Validity struct {
	// State is "valid", "invalid", or "unknown" where no authorisation covers it.
	State string
	// Reason tells an invalid one by "invalid_asn" or "invalid_length"; else it is State.
	Reason string
	ROAs   []ROA
}

// ROA is a route origin authorisation (RFC 9582) that covers the route.
type ROA struct {
	Origin    checks.ASN
	Prefix    netip.Prefix
	MaxLength int
	Validity  string
}

// rpkiData is the answer of rpki-validation.
type rpkiData struct {
	Status string `json:"status"`
	ROAs   []struct {
		Origin    asn    `json:"origin"`
		Prefix    string `json:"prefix"`
		MaxLength int    `json:"max_length"`
		Validity  string `json:"validity"`
	} `json:"validating_roas"`
}

func (d *rpkiData) validity() (v Validity, err error) {
	v.Reason = d.Status
	v.State, _, _ = strings.Cut(d.Status, "_")
	if !slices.Contains([]string{"valid", "invalid", "unknown"}, v.State) {
		return Validity{}, fmt.Errorf("%q is no state of a route", clip(d.Status))
	}
	for _, r := range d.ROAs {
		p, err := readPrefix(r.Prefix)
		if err != nil {
			return Validity{}, err
		}
		v.ROAs = append(v.ROAs, ROA{checks.ASN(r.Origin), p, r.MaxLength, clip(r.Validity)})
	}
	return v, nil
}

// RPKI says whether a network may originate a prefix, now.
// https://stat.ripe.net/docs/02.data-api/rpki-validation.html
func (c *Client) RPKI(ctx context.Context, prefix netip.Prefix, origin checks.ASN) (v Validity, err error) {
	q := call{name: "rpki-validation", ttl: ttlLatest, query: url.Values{
		"resource": {strconv.FormatUint(uint64(origin), 10)}, "prefix": {prefix.String()},
	}}
	_, _, err = ask(ctx, c, q, func(d *rpkiData) (err error) {
		v, err = d.validity()
		return err
	})
	if err != nil {
		return Validity{}, fmt.Errorf("asking whether %s may originate %s: %w", origin, prefix, err)
	}
	return v, nil
}
