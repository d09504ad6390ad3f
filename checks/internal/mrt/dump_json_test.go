package mrt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/checks/internal/bgp"
)

// jsonElement is a line of JSON, read with the care of a user who trusts no one.
type jsonElement struct {
	Kind         string    `json:"kind"`
	Time         time.Time `json:"time"`
	Format       string    `json:"format"`
	PeerASN      string    `json:"peer_asn"`
	PeerAddress  *string   `json:"peer_address"`
	Prefix       string    `json:"prefix"`
	PathID       *uint32   `json:"path_id"`
	OriginatedAt time.Time `json:"originated_at"`
	ASPath       string    `json:"as_path"`
	OriginASN    *string   `json:"origin_asn"`
	Origin       string    `json:"origin"`
	NextHop      *string   `json:"next_hop"`
	LocalPref    *uint32   `json:"local_pref"`
	MED          *uint32   `json:"med"`
	Atomic       bool      `json:"atomic_aggregate"`
	AggASN       *string   `json:"aggregator_asn"`
	AggAddress   *string   `json:"aggregator_address"`
	OTC          *string   `json:"only_to_customer"`
	Communities  []string  `json:"communities"`
	Large        []string  `json:"large_communities"`
	Extended     []string  `json:"extended_communities"`
	OldState     int       `json:"old_state"`
	NewState     int       `json:"new_state"`
}

// text gives the line of bgpdump that says the same.
func (e *jsonElement) text() string {
	kind := map[string]string{"announce": "A", "withdraw": "W", "route": "B", "state": "STATE"}[e.Kind]
	when := fmt.Sprint(e.Time.Unix())
	if strings.HasPrefix(e.Format, "BGP4MP_ET") {
		when += fmt.Sprintf(".%06d", e.Time.Nanosecond()/1000)
	}
	cells := []string{e.Format, when, kind, known(e.PeerAddress), strings.TrimPrefix(e.PeerASN, "AS")}
	if kind == "STATE" {
		return strings.Join(append(cells, fmt.Sprint(e.OldState), fmt.Sprint(e.NewState)), "|")
	}
	cells = append(cells, e.Prefix)
	if e.PathID != nil {
		cells = append(cells, fmt.Sprint(*e.PathID))
	}
	if kind == "W" {
		return strings.Join(cells, "|")
	}
	aggregator := ""
	if e.AggASN != nil {
		aggregator = strings.TrimPrefix(*e.AggASN, "AS") + " " + *e.AggAddress
	}
	cells = append(cells, e.ASPath, e.Origin, known(e.NextHop), number(e.LocalPref), number(e.MED),
		strings.Join(e.Communities, " "), pick(e.Atomic, "AG", "NAG"), aggregator, "")
	return strings.Join(cells, "|")
}

func known(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *uint32) string {
	if n == nil {
		return "0"
	}
	return fmt.Sprint(*n)
}

// sameAsText holds the JSON of the first lines of a file against its text.
func sameAsText(t *testing.T, data []byte, lines int) {
	t.Helper()
	n := 0
	keep := func(*Element) bool {
		n++
		return n <= lines
	}
	r := NewReader(bytes.NewReader(data))
	got := JSONWork(keep)(r, nil)
	n = 0
	var d Dump
	want := d.Work(keep)(NewReader(bytes.NewReader(data)), nil)
	texts := bytes.Split(want, []byte("\n"))
	for line := range bytes.Lines(got) {
		var e jsonElement
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&e); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if e.text() != string(texts[0]) {
			t.Fatalf("JSON %s is\n%s, want\n%s", line, e.text(), texts[0])
		}
		texts = texts[1:]
	}
	if len(texts) != 1 {
		t.Errorf("%d lines of text have no JSON", len(texts)-1)
	}
}

func TestJSONSaysWhatTextSays(t *testing.T) {
	sameAsText(t, sample(t), 1000)
	for _, path := range realFiles(t, ".") {
		t.Run(filepath.Base(path), func(t *testing.T) { sameAsText(t, plainBytes(t, path), 4000) })
	}
}

// TestJSONLine is what JSON says beyond the text, and the form of it all.
func TestJSONLine(t *testing.T) {
	e := Element{
		Kind: Announce, Time: at, PeerAS: 3356, PeerAddr: peer4.Addr, Prefix: routes("2001:db8::/32")[0].Prefix, PathID: 7,
		Record: &Record{Type: TypeBGP4MPET, AddPath: true},
		Attributes: &bgp.Attributes{
			Present:             1<<bgp.AttrOTC | 1<<bgp.AttrMED,
			Path:                bgp.RawPath{2, 2, 0, 0, 0x0d, 0x1c, 0, 2, 0, 1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2},
			OTC:                 3356,
			Communities:         bgp.Communities{0x0d, 0x1c, 0, 1, 0xff, 0xff, 0xff, 1},
			LargeCommunities:    slices.Concat(bgp.LargeCommunities{3: 1, 7: 2, 8: 255, 9: 255, 10: 255, 11: 255}, make(bgp.LargeCommunities, 12)),
			ExtendedCommunities: []byte{0, 2, 0, 100, 0, 0, 0, 1, 0x80, 9, 255, 255, 0, 0, 0, 0},
		},
	}
	want := `{"kind":"announce","time":"2014-12-22T16:15:00.123456Z","format":"BGP4MP_ET_AP","peer_asn":"AS3356",` +
		`"peer_address":"192.0.2.1","prefix":"2001:db8::/32","path_id":7,"as_path":"3356 131073 {1,2}","origin_asn":null,` +
		`"origin":"INCOMPLETE","next_hop":null,"local_pref":null,"med":0,"atomic_aggregate":false,"aggregator_asn":null,` +
		`"aggregator_address":null,"only_to_customer":"AS3356","communities":["3356:1","no-export"],` +
		`"large_communities":["1:2:4294967295","0:0:0"],"extended_communities":["0002006400000001","8009ffff00000000"]}` + "\n"
	if got := string(e.AppendJSON(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
