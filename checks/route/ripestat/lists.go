package ripestat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
	"isitdown/checks/route"
)

// dumpEvery is how often RIS writes its tables, at 00:00, 08:00 and 16:00 UTC:
// what is made from them, as ris-peers, is known of those times alone.
const dumpEvery = 8 * time.Hour

// session is one BGP session of RIPE RIS.
type session struct {
	Peer route.Peer
	Size [2]int // routes of its whole table, IPv4 and IPv6
}

// peersData is the answer of ris-peers.
type peersData struct {
	Peers map[string][]struct {
		AS   asn    `json:"asn"`
		Addr string `json:"ip"`
		IPv4 int    `json:"v4_prefix_count"`
		IPv6 int    `json:"v6_prefix_count"`
	} `json:"peers"`
	Time       moment `json:"query_time"` // of older versions
	Parameters struct {
		Time moment `json:"query_time"`
	} `json:"parameters"`
}

func (d *peersData) at() time.Time {
	if d.Parameters.Time.IsZero() {
		return d.Time.Time
	}
	return d.Parameters.Time.Time
}

// sessions gives the sessions in the order of collector, AS and address.
func (d *peersData) sessions() ([]session, error) {
	if len(d.Peers) == 0 || d.at().IsZero() {
		return nil, errors.New("peers or their time are missing")
	}
	var list []session
	bad, of := 0, 0
	for key, peers := range d.Peers {
		of += len(peers)
		name, err := collector(key)
		if err != nil {
			bad += len(peers)
			continue
		}
		for _, p := range peers {
			addr, err := netip.ParseAddr(p.Addr)
			if err != nil || addr.Zone() != "" || p.AS == 0 || p.IPv4 < 0 || p.IPv6 < 0 {
				bad++
				continue
			}
			list = append(list, session{route.Peer{Collector: name, Addr: addr.Unmap(), AS: checks.ASN(p.AS)}, [2]int{p.IPv4, p.IPv6}})
		}
	}
	slices.SortFunc(list, func(a, b session) int {
		return cmp.Or(cmp.Compare(a.Peer.Collector, b.Peer.Collector), cmp.Compare(a.Peer.AS, b.Peer.AS), a.Peer.Addr.Compare(b.Peer.Addr))
	})
	return slices.CompactFunc(list, func(a, b session) bool { return a.Peer == b.Peer }), tooBroken(bad, of)
}

// sessions gives the sessions of all collectors at the last table dump (00:00, 08:00 or
// 16:00 UTC) before at, or the latest where at is zero, the time of that dump, and how
// the answer came. https://stat.ripe.net/docs/02.data-api/ris-peers.html
func (c *Client) sessions(ctx context.Context, at time.Time) (list []session, asOf time.Time, reply web.Reply, err error) {
	q := call{name: "ris-peers", query: url.Values{}, ttl: ttlOf(at)}
	if !at.IsZero() {
		at = at.UTC().Truncate(dumpEvery)
		q.query.Set("query_time", stamp(at))
	}
	data, reply, err := ask(ctx, c, q, func(d *peersData) (err error) {
		list, err = d.sessions()
		return err
	})
	if err != nil {
		return nil, time.Time{}, reply, fmt.Errorf("asking for the sessions of RIS: %w", err)
	}
	// Sessions come and go; those of another day are not those that were asked.
	if asOf = data.at(); !at.IsZero() && at.Sub(asOf).Abs() > 24*time.Hour {
		return nil, time.Time{}, reply, moved(q.name, at, asOf)
	}
	return list, asOf, reply, nil
}

// moved is the error of an answer for another time than the one that was asked.
func moved(call string, asked, answered time.Time) error {
	return &Error{Call: call, Kind: Moved, Detail: fmt.Sprintf("asked for %s UTC, it answered for %s UTC",
		asked.UTC().Format("2006-01-02 15:04:05"), answered.UTC().Format("2006-01-02 15:04:05"))}
}

// resourcesData is the answer of country-resource-list.
type resourcesData struct {
	Time      moment `json:"query_time"`
	Resources *struct {
		ASNs []asn    `json:"asn"`
		IPv4 []string `json:"ipv4"`
		IPv6 []string `json:"ipv6"`
	} `json:"resources"`
}

// maxRegistered bounds the prefixes of a country: the largest has some 150,000, and
// a range of odd addresses may be hundreds.
const maxRegistered = 500_000

// lists gives what the answer holds: AS numbers ascending, and the fewest prefixes.
func (d *resourcesData) lists() (asns []checks.ASN, prefixes []netip.Prefix, err error) {
	r := d.Resources
	if r == nil || d.Time.IsZero() || r.ASNs == nil && r.IPv4 == nil && r.IPv6 == nil {
		return nil, nil, errors.New("resources or query_time is missing")
	}
	for _, a := range r.ASNs {
		asns = append(asns, checks.ASN(a))
	}
	slices.Sort(asns)
	for _, text := range slices.Concat(r.IPv4, r.IPv6) {
		list, err := readRange(text)
		if err != nil {
			return nil, nil, err // what is left out would be missing from the country
		}
		if prefixes = append(prefixes, list...); len(prefixes) > maxRegistered {
			return nil, nil, fmt.Errorf("more than %d prefixes", maxRegistered)
		}
	}
	return slices.Compact(asns), merge(prefixes), nil
}

// Resources gives what is registered to a country, by its ISO 3166 code, on the
// day of at, or lately where at is zero: AS numbers ascending, and the fewest
// prefixes that make up its space. The list is that of asOf.
// https://stat.ripe.net/docs/02.data-api/country-resource-list.html
func (c *Client) Resources(ctx context.Context, country string, at time.Time) (asns []checks.ASN, prefixes []netip.Prefix, asOf time.Time, err error) {
	q := call{name: "country-resource-list", query: url.Values{"resource": {country}}, ttl: ttlList}
	if !at.IsZero() {
		q.query.Set("time", at.UTC().Format(time.DateOnly))
	}
	data, _, err := ask(ctx, c, q, func(d *resourcesData) (err error) {
		asns, prefixes, err = d.lists()
		return err
	})
	if err != nil {
		return nil, nil, time.Time{}, fmt.Errorf("asking what is registered to %s: %w", country, err)
	}
	if asOf = data.Time.Time; !at.IsZero() && at.Sub(asOf).Abs() > 7*24*time.Hour {
		return nil, nil, time.Time{}, moved(q.name, at, asOf)
	}
	return asns, prefixes, asOf, nil
}

// relatedData is the answer of related-prefixes.
type relatedData struct {
	Prefixes []struct {
		Prefix       string `json:"prefix"`
		Relationship string `json:"relationship"`
	} `json:"prefixes"`
}

// related gives the announced prefixes that overlap one. The list may be months
// old: it says what to look for, never what is there.
// https://stat.ripe.net/docs/02.data-api/related-prefixes.html
func (c *Client) related(ctx context.Context, prefix netip.Prefix) (list []netip.Prefix, err error) {
	q := call{name: "related-prefixes", query: url.Values{"resource": {prefix.String()}}, ttl: ttlList}
	data, _, err := ask(ctx, c, q, func(d *relatedData) error {
		if d.Prefixes == nil {
			return errors.New("prefixes is missing")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the prefixes related to %s: %w", prefix, err)
	}
	for _, r := range data.Prefixes {
		if p, err := readPrefix(r.Prefix); err == nil && p.Overlaps(prefix) {
			list = append(list, p)
		}
	}
	return list, nil
}
