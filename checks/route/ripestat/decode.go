package ripestat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
)

// source is the session that a route was seen on, as RIPEstat names it.
type source struct {
	collector string // "rrc26"
	addr      netip.Addr
}

// UnmarshalText reads "26-185.1.8.3" and "25-2602:fc26:12::1": the number of the
// collector and the address of the peer.
func (s *source) UnmarshalText(b []byte) error {
	number, addr, ok := strings.Cut(string(b), "-")
	n, err := strconv.ParseUint(number, 10, 8)
	if !ok || err != nil || n > 99 {
		return fmt.Errorf("source %q is not a collector and a peer", clip(string(b)))
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" {
		return fmt.Errorf("source %q has no address", clip(string(b)))
	}
	*s = source{fmt.Sprintf("rrc%02d", n), a.Unmap()}
	return nil
}

// collector reads a name as "RRC00" or "rrc00".
func collector(name string) (string, error) {
	name = strings.ToLower(name)
	if n, err := strconv.ParseUint(strings.TrimPrefix(name, "rrc"), 10, 8); err != nil || n > 99 || len(name) != 5 || name[:3] != "rrc" {
		return "", fmt.Errorf("%q is not a collector", clip(name))
	}
	return name, nil
}

// route is one route as an answer has it. Where the path could not be read broken
// is set: something is held, and it is not known what.
type wireRoute struct {
	prefix netip.Prefix
	from   source
	path   bgp.RawPath
	broken bool
}

// readRoute reads the three fields of a route. The error says that it cannot even
// be told whose it is.
func readRoute(prefix, from string, path json.RawMessage) (r wireRoute, err error) {
	if err := r.from.UnmarshalText([]byte(from)); err != nil {
		return r, err
	}
	if r.prefix, err = readPrefix(prefix); err != nil {
		return r, err
	}
	if r.path, err = readPath(path); err != nil {
		r.broken = true
	}
	return r, nil
}

// readPrefix reads a prefix; host bits are not forgiven, for then it is not known
// what was meant.
func readPrefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p != p.Masked() || p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q is not a prefix", clip(text))
	}
	return p, nil
}

// maxHops bounds a path: real ones have a few dozen hops at most.
const maxHops = 1024

var errPath = errors.New("not an AS path")

// readPath reads the path of a route: a list of AS numbers, of which an AS_SET is
// a list in the list or a text "{64500,64501}"; or all of it as one text, as the
// looking glass has it.
func readPath(raw json.RawMessage) (bgp.RawPath, error) {
	if path, ok := readNumbers(raw); ok {
		return bgp.MakeRawPath(path)
	}
	var hops []json.RawMessage
	if json.Unmarshal(raw, &hops) != nil {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return nil, errPath
		}
		return readPathText(text)
	}
	if len(hops) > maxHops {
		return nil, errPath
	}
	path := make(checks.Path, 0, len(hops))
	for _, h := range hops {
		hop, err := readHop(h)
		if err != nil {
			return nil, err
		}
		path = append(path, hop)
	}
	return bgp.MakeRawPath(path)
}

// readNumbers reads a list of AS numbers and nothing else, as nearly all paths are:
// the hops share one array.
func readNumbers(raw []byte) (checks.Path, bool) {
	if len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' {
		return nil, false
	}
	path := make(checks.Path, 0, 8)
	asns := make([]checks.ASN, 0, 8)
	for field := range bytes.SplitSeq(raw[1:len(raw)-1], []byte(",")) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(field)), 10, 32)
		if err != nil || len(path) == maxHops {
			return nil, false
		}
		asns = append(asns, checks.ASN(n))
		path = append(path, asns[len(asns)-1:len(asns):len(asns)])
	}
	return path, true
}

func readHop(raw json.RawMessage) (checks.Hop, error) {
	var one uint32
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		return checks.Hop{checks.ASN(one)}, nil
	}
	var set []asn
	if json.Unmarshal(raw, &set) == nil && len(set) > 0 {
		hop := make(checks.Hop, len(set))
		for i, a := range set {
			hop[i] = checks.ASN(a)
		}
		return hop, nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil, errPath
	}
	return readHopText(text)
}

func readHopText(text string) (checks.Hop, error) {
	inner, set := strings.CutPrefix(text, "{")
	if set {
		if inner, set = strings.CutSuffix(inner, "}"); !set {
			return nil, errPath
		}
	}
	var hop checks.Hop
	for member := range strings.SplitSeq(inner, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(member), 10, 32)
		if err != nil || !set && len(hop) > 0 {
			return nil, errPath
		}
		hop = append(hop, checks.ASN(n))
	}
	return hop, nil
}

func readPathText(text string) (bgp.RawPath, error) {
	var path checks.Path
	for field := range strings.FieldsSeq(strings.ReplaceAll(text, ", ", ",")) {
		hop, err := readHopText(field)
		if err != nil || len(path) == maxHops {
			return nil, errPath
		}
		path = append(path, hop)
	}
	return bgp.MakeRawPath(path)
}

// maxBroken is the part of the records of an answer that may be unreadable
// before the answer as a whole is not trusted.
const maxBroken = 0.01

// stateData is the answer of bgp-state.
type stateData struct {
	Timestamp moment `json:"timestamp"`
	State     []struct {
		Prefix string          `json:"target_prefix"`
		Source string          `json:"source_id"`
		Path   json.RawMessage `json:"path"`
	} `json:"bgp_state"`
	Count *int `json:"nr_routes"`
}

// routes gives the routes of the answer.
func (d *stateData) routes() ([]wireRoute, error) {
	switch {
	case d.State == nil || d.Timestamp.IsZero():
		return nil, errors.New("bgp_state or timestamp is missing")
	case d.Count != nil && *d.Count != len(d.State):
		return nil, fmt.Errorf("%d routes are announced, %d came", *d.Count, len(d.State))
	}
	list, bad := make([]wireRoute, 0, len(d.State)), 0
	for i := range d.State {
		r, err := readRoute(d.State[i].Prefix, d.State[i].Source, d.State[i].Path)
		if err != nil {
			bad++
			continue
		}
		list = append(list, r)
	}
	return list, tooBroken(bad, len(d.State))
}

func tooBroken(bad, of int) error {
	if float64(bad) > maxBroken*float64(of) {
		return fmt.Errorf("%d of %d records cannot be read", bad, of)
	}
	return nil
}

// change is one record of bgp-updates.
type change struct {
	wireRoute
	at        moment
	withdrawn bool
}

// updatesData is the answer of bgp-updates.
type updatesData struct {
	From    moment `json:"query_starttime"`
	To      moment `json:"query_endtime"`
	Updates []struct {
		At    moment `json:"timestamp"`
		Type  string `json:"type"`
		Attrs struct {
			Prefix string          `json:"target_prefix"`
			Source string          `json:"source_id"`
			Path   json.RawMessage `json:"path"`
		} `json:"attrs"`
	} `json:"updates"`
	Count *int `json:"nr_updates"`
}

// changes gives the changes of the answer, as it has them.
func (d *updatesData) changes() ([]change, error) {
	switch {
	case d.Updates == nil || d.From.IsZero() || d.To.IsZero():
		return nil, errors.New("updates, query_starttime or query_endtime is missing")
	case d.Count != nil && *d.Count != len(d.Updates):
		return nil, fmt.Errorf("%d updates are announced, %d came", *d.Count, len(d.Updates))
	}
	list, bad := make([]change, 0, len(d.Updates)), 0
	for i := range d.Updates {
		u := &d.Updates[i]
		c := change{at: u.At, withdrawn: u.Type == "W"}
		path := u.Attrs.Path
		if c.withdrawn {
			path = json.RawMessage("[]")
		}
		var err error
		if c.wireRoute, err = readRoute(u.Attrs.Prefix, u.Attrs.Source, path); err != nil || u.At.IsZero() || !c.withdrawn && u.Type != "A" {
			bad++
			continue
		}
		list = append(list, c)
	}
	return list, tooBroken(bad, len(d.Updates))
}

// glassData is the answer of looking-glass.
type glassData struct {
	Latest moment `json:"latest_time"`
	RRCs   []struct {
		Name  string `json:"rrc"`
		Peers []struct {
			Addr   string          `json:"peer"`
			Prefix string          `json:"prefix"`
			Path   json.RawMessage `json:"as_path"`
		} `json:"peers"`
	} `json:"rrcs"`
}

// routes gives the routes of the answer.
func (d *glassData) routes() ([]wireRoute, error) {
	if d.RRCs == nil || d.Latest.IsZero() {
		return nil, errors.New("rrcs or latest_time is missing")
	}
	var list []wireRoute
	bad, of := 0, 0
	for i := range d.RRCs {
		name, err := collector(d.RRCs[i].Name)
		of += len(d.RRCs[i].Peers)
		if err != nil {
			bad += len(d.RRCs[i].Peers)
			continue
		}
		for _, p := range d.RRCs[i].Peers {
			addr, problem := netip.ParseAddr(p.Addr)
			r := wireRoute{from: source{name, addr.Unmap()}}
			if problem == nil {
				r.prefix, problem = readPrefix(p.Prefix)
			}
			if problem != nil || addr.Zone() != "" {
				bad++
				continue
			}
			if r.path, problem = readPath(p.Path); problem != nil {
				r.broken = true
			}
			list = append(list, r)
		}
	}
	return list, tooBroken(bad, of)
}
