package ripestat

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

func TestPastCarriers(t *testing.T) {
	until := clockAt(day + "T17:00:00")
	days := func(n int) time.Time { return until.AddDate(0, 0, -n).Truncate(dumpEvery) }
	w := wide(latest)
	w.standing["AS131279"] = []Standing{
		{4837, []Span{{From: days(60), To: days(0)}}},
		{20485, []Span{{From: days(20), To: days(19)}, {From: days(10), To: days(10)}}},
		{134544, []Span{{From: days(50), To: days(40)}}}, // before the window
		{64999, []Span{{From: days(60), To: days(0)}}},   // a customer
		{131279, []Span{{From: days(2), To: days(1)}}},
	}
	w.neighbour["AS131279"] = []Neighbour{{4837, "left", 90, 40, 0}, {64999, "right", 3, 40, 0}, {20485, "right", 1, 2, 0}, {20485, "uncertain", 1, 2, 0}}
	w.standing["AS3010"] = []Standing{{4837, []Span{{From: days(3), To: days(1)}}}, {3356, []Span{{From: days(5), To: days(1)}}}}
	c := w.client()
	got, gaps, err := c.Past(t.Context(), []checks.ASN{131279, 3010}, until)
	want := checks.Past{Source: service, Origins: []checks.ASN{131279, 3010}, Since: until.Add(-pastWindow).Truncate(dumpEvery), Carriers: []checks.PastCarrier{
		{ASN: 4837, Held: 60 * 24 * time.Hour, Last: days(0)},
		{ASN: 3356, Held: 4 * 24 * time.Hour, Last: days(1)},
		{ASN: 20485, Held: 32 * time.Hour, Last: days(10)},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || len(gaps) > 0 {
		t.Errorf("error %v, gaps %q (-want +got)\n%s", err, gaps, diff)
	}
	six := []checks.ASN{131279, 3001, 3002, 3003, 3004, 3005}
	if _, gaps, err := c.Past(t.Context(), six, until); err != nil || !strings.Contains(reasons(gaps), "5 of 6 networks") {
		t.Errorf("of six: gaps %q, error %v", gaps, err)
	}
	if got, _, err := c.Past(t.Context(), nil, until); err != nil || !got.Since.IsZero() {
		t.Errorf("of none: got %+v, error %v", got, err)
	}
}

// What cannot be had is a gap, and no carrier is made up or forgotten for it.
func TestPastFails(t *testing.T) {
	until := clockAt(day + "T17:00:00")
	w := wide(latest)
	w.standing["AS131279"] = []Standing{{4837, []Span{{From: until.AddDate(0, 0, -9), To: until}}}}
	w.fault["asn-neighbours"] = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusForbidden) }
	got, gaps, err := w.client().Past(t.Context(), []checks.ASN{131279}, until)
	if err != nil || len(gaps) > 0 || len(got.Carriers) != 1 {
		t.Errorf("without sides: got %+v, gaps %q, error %v", got, gaps, err)
	}
	w.fault["asn-neighbours-history"] = func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "AS131279") {
			http.Error(rw, "no", http.StatusForbidden)
			return
		}
		w.reply(rw, "asn-neighbours-history", map[string]string{"resource": "AS3010"})
	}
	got, gaps, err = w.client().Past(t.Context(), []checks.ASN{131279}, until)
	if err == nil || !got.Since.IsZero() || !strings.Contains(reasons(gaps), "who carried the routes of AS131279 in the last 30 days is not known") {
		t.Errorf("refused: got %+v, gaps %q, error %v", got, gaps, err)
	}
	got, gaps, err = w.client().Past(t.Context(), []checks.ASN{3010, 131279}, until)
	if err == nil || !got.Since.IsZero() || len(gaps) != 1 {
		t.Errorf("one of two: got %+v, gaps %q, error %v; who is not known of may have had another carrier", got, gaps, err)
	}
}

func TestRecordedNeighboursHistory(t *testing.T) {
	got := must(decoded[neighboursHistoryData](t, "asn-neighbours-history", "asn_neighbours_history").standings())(t)
	want := []Standing{{1853, []Span{{From: time.Date(2025, 3, 13, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 6, 10, 16, 0, 0, 0, time.UTC)}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Of the recorded neighbours of AS12386 two stand on both sides.
func TestRecordedSides(t *testing.T) {
	d := decoded[neighboursData](t, "asn-neighbours", "asn_neighbours")
	var list []Neighbour
	for _, n := range d.Neighbours {
		list = append(list, Neighbour{ASN: checks.ASN(n.ASN), Side: n.Type})
	}
	if diff := cmp.Diff(map[checks.ASN]bool{13041: true}, onlyRight(list)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzNeighboursHistory(f *testing.F) {
	seeds(f, "asn_neighbours_history",
		`{"query_starttime":"2025-03-13T00:00:00","neighbours":[{"neighbour":1853,"timelines":[{"starttime":"2025-03-13T00:00:00","endtime":"2025-06-10T16:00:00"}]}]}`,
		`{"query_starttime":1,"neighbours":[{"neighbour":"AS1","timelines":[{"starttime":null,"endtime":""}]}]}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := fuzzed[neighboursHistoryData](b)
		if !ok {
			return
		}
		list, err := d.standings()
		if err != nil {
			return
		}
		for _, s := range list {
			if s.ASN == 0 || len(s.Spans) == 0 {
				t.Errorf("got %+v", s)
			}
			for _, span := range s.Spans {
				if span.From.IsZero() || span.To.Before(span.From) {
					t.Errorf("got %+v", span)
				}
			}
		}
	})
}
