package rislive

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/route"
)

// routes makes an update of the fields that RIS Live has decoded itself. They are
// read where the message itself is not there, which is not so in what we ask for.
func (d *decoder) routes() (frameKind, error) {
	u := &d.update
	path, ok := d.plainRoutes()
	if d.noScan || !ok {
		var err error
		if path, err = d.slowRoutes(); err != nil {
			return 0, err
		}
	}
	if len(d.ann) == 0 && len(d.wdn) == 0 {
		return frameNothing, nil
	}
	u.Kind, u.Announced, u.Withdrawn, u.Path = route.Routes, d.ann, d.wdn, path
	return frameUpdate, nil
}

// slowRoutes does with encoding/json what plainRoutes does.
func (d *decoder) slowRoutes() (path bgp.RawPath, err error) {
	p := &d.parts
	if d.wdn, err = appendPrefixes(d.wdn[:0], p.withdrawals); err != nil {
		return nil, err
	}
	if d.ann, err = appendAnnounced(d.ann[:0], p.announcements); err != nil || len(d.ann) == 0 {
		return nil, err
	}
	return parsePath(p.path)
}

// endOfRIB stands for a prefix at the end of a table, in some versions. It does not
// say of which family, so it says nothing.
const endOfRIB = "eor"

// appendPrefixes reads a list of prefixes.
func appendPrefixes(dst []route.NLRI, list []byte) ([]route.NLRI, error) {
	var texts []string
	if list == nil {
		return dst, nil
	}
	if err := json.Unmarshal(list, &texts); err != nil {
		return dst, fmt.Errorf("not a list of prefixes: %s", excerpt(list))
	}
	return appendParsed(dst, texts)
}

func appendParsed(dst []route.NLRI, texts []string) ([]route.NLRI, error) {
	for _, text := range texts {
		if text == endOfRIB {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return dst, fmt.Errorf("not a prefix: %s", excerpt([]byte(text)))
		}
		dst = append(dst, route.NLRI{Prefix: prefix.Masked()})
	}
	return dst, nil
}

// appendAnnounced reads a list of next hops, each with its prefixes. A prefix may
// stand with several next hops.
func appendAnnounced(dst []route.NLRI, list []byte) ([]route.NLRI, error) {
	var hops []struct {
		Prefixes []string `json:"prefixes"`
	}
	if list == nil {
		return dst, nil
	}
	err := json.Unmarshal(list, &hops)
	if err != nil {
		return dst, fmt.Errorf("not a list of announcements: %s", excerpt(list))
	}
	for _, h := range hops {
		if dst, err = appendParsed(dst, h.Prefixes); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// parsePath reads an AS path: numbers, and a list of numbers for an AS_SET.
func parsePath(list []byte) (bgp.RawPath, error) {
	if list == nil {
		return nil, errors.New("routes are announced without a path")
	}
	var hops []json.RawMessage
	if err := json.Unmarshal(list, &hops); err != nil {
		return nil, fmt.Errorf("not an AS path: %s", excerpt(list))
	}
	path := make(checks.Path, len(hops))
	for i, hop := range hops {
		var one checks.ASN
		if json.Unmarshal(hop, &one) == nil && string(hop) != "null" {
			path[i] = []checks.ASN{one}
			continue
		}
		if json.Unmarshal(hop, &path[i]) != nil || len(path[i]) == 0 {
			return nil, fmt.Errorf("not a hop of an AS path: %s", excerpt(hop))
		}
	}
	raw, err := bgp.MakeRawPath(path)
	if err != nil {
		return nil, fmt.Errorf("AS path %s: %w", excerpt(list), err)
	}
	return raw, nil
}
