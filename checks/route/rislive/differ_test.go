package rislive

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/route"
	"isitdown/checks/route/rislivetest"
)

func data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// converted gives the messages that RIS Live would have sent for an MRT file, at most so many.
func converted(t testing.TB, name string, f rislivetest.Form, most int) (list []rislivetest.Message) {
	t.Helper()
	file, err := os.Open(data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for m, err := range rislivetest.Convert(file, f) {
		if err != nil {
			t.Fatal(err)
		}
		if list = append(list, m); len(list) == most {
			break
		}
	}
	return list
}

// The recorded frames say what CAIDA's own test expects of them.
func TestRecordedFrames(t *testing.T) {
	b, err := os.ReadFile(data(t, "rislive/ris-live-stream.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDecoder()
	var got []string
	for line := range bytes.Lines(b) {
		s := see(d, line)
		switch {
		case s.Kind == frameError:
			got = append(got, "error: "+d.text)
		case s.Kind == frameUpdate && s.Update.Kind == route.Routes:
			got = append(got, s.Update.Peer.Collector+" "+s.Announced[0].Prefix.String()+" "+s.Path)
		case s.Kind == frameUpdate && s.Update.Kind == route.PeerDown:
			got = append(got, s.Update.Peer.Collector+" "+s.Update.Peer.AS.String()+" down")
		case s.Err != "":
			got = append(got, s.Err)
		}
	}
	want := []string{
		"rrc00 45.161.192.0/23 11708 32097 1299 52320 263009 263009 263009 263009 263009 52993 268481 268481",
		"rrc01 AS24931 down",
		"error: this is a test error message",
		"it is not JSON", // the last line is cut short
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var updateFiles = []string{
	"mrt/rrc23.updates.20220421.0200.gz", "mrt/updates.20160811.1600.gz", "mrt/updates.20260222.1530.bz2",
	"mrt/ris.rrc06.updates.1427846400.gz", "mrt/updates.20190101.0000.gz",
}

// mostCompared bounds the messages of a file that are compared.
const mostCompared = 5_000

// The scanner and encoding/json say the same of every message, and the BGP message
// says the same as the fields next to it.
func TestScannerAgreesWithEncodingJSON(t *testing.T) {
	for _, name := range updateFiles {
		t.Run(filepath.Base(name), func(t *testing.T) {
			quick, slow, fields := newDecoder(), newDecoder(), newDecoder()
			slow.noScan = true
			whole := converted(t, name, rislivetest.Form{Collector: "rrc00"}, mostCompared)
			bare := converted(t, name, rislivetest.Form{Collector: "rrc00", NoRaw: true}, mostCompared)
			if len(whole) < 500 || len(whole) != len(bare) {
				t.Fatalf("%d and %d messages converted", len(whole), len(bare))
			}
			for i, m := range whole {
				want, got := see(slow, m.Frame), see(quick, m.Frame)
				if !want.equal(&got) {
					t.Fatalf("message %d (-encoding/json +scanner):\n%s\n%s", i, cmp.Diff(want, got, compare), m.Frame)
				}
				if want.Kind == 0 || !want.Update.At.Equal(m.At) {
					t.Fatalf("message %d: %+v, want one of %v", i, want, m.At)
				}
				got = see(fields, bare[i].Frame)
				if slices.ContainsFunc(want.Announced, pathID) || slices.ContainsFunc(want.Withdrawn, pathID) ||
					want.Update.Kind == route.EndOfRIB || strings.Contains(want.Path, "(") {
					continue // path identifiers, marks and confederations stand in the BGP message alone
				}
				want.Path = setsOfOne.ReplaceAllString(want.Path, "$1")
				if len(want.Announced) == 0 {
					want.Path = "" // of a route that is withdrawn it means nothing
				}
				if !want.equal(&got) {
					t.Fatalf("message %d (-raw +fields):\n%s\n%s", i, cmp.Diff(want, got, compare), m.Frame)
				}
			}
			if quick.slow > 0 || slow.slow != len(whole) {
				t.Errorf("%d of %d messages were left to encoding/json by the scanner, %d without it", quick.slow, len(whole), slow.slow)
			}
		})
	}
}

// setsOfOne are AS_SETs that the fields do not tell from a hop.
var setsOfOne = regexp.MustCompile(`\{(\d+)\}`)

func (s *seen) equal(o *seen) bool {
	return s.Kind == o.Kind && s.Err == o.Err && s.Path == o.Path && slices.Equal(s.Announced, o.Announced) &&
		slices.Equal(s.Withdrawn, o.Withdrawn) && s.Update.Kind == o.Update.Kind && s.Update.At.Equal(o.Update.At) &&
		s.Update.Peer == o.Update.Peer && s.Update.Family == o.Update.Family
}

func pathID(n route.NLRI) bool { return n.PathID != 0 }

// Whatever comes, the scanner gives up or says what encoding/json says.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(update))
	f.Add([]byte(head + `"type":"UPDATE","raw":"` + strings.Repeat("F", 32) + `00170200000000"}}`))
	f.Add([]byte(head + `"type":"STATE","state":"connected"}}`))
	f.Add([]byte(head + `"type":"NOTIFICATION","notification":{"code":6,"data":"\u0006"}}}`))
	f.Add([]byte(`{"type":"ris_subscribe_ok","data":{"subscription":{"type":"UPDATE","prefix":["192.0.2.0/24"],"path":null}}}`))
	f.Add([]byte(`{"type":"ris_rrc_list","data":["rrc00.ripe.net"]}`))
	f.Add([]byte(`{"type":"ris_error","data":{"message":"too slow"}}`))
	f.Add([]byte(`{"data":{"a":[1,-0.5e+3,{"b":[true,false,null]}]},"type":"ris_message"}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		quick, slow := newDecoder(), newDecoder()
		slow.noScan = true
		want, got := see(slow, frame), see(quick, frame)
		if !want.equal(&got) {
			t.Errorf("(-encoding/json +scanner):\n%s", cmp.Diff(want, got, compare))
		}
		if len(quick.text) > 4*maxText+3 || strings.ContainsAny(quick.text, "\x00\x1b\n") {
			t.Errorf("foreign text is not clean: %q", quick.text)
		}
		if got.Update.Kind == route.Routes && got.Update.At.IsZero() {
			t.Error("an update without a time")
		}
	})
}
