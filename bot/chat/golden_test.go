package chat

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

// golden compares got with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
	}
}

func TestGolden(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			text := Headline(s.notice) + "\n---\n" + Text(s.notice, Columns)
			golden(t, s.name+".golden", []byte(text))
		})
	}
}

// jsonSamples have a golden file of their record too.
var jsonSamples = map[string]bool{
	"kp-opened": true, "kp-resolved": true, "unstable-followed": true, "upstream-changed": true,
	"as31148-degraded": true, "as36867-up-covered": true, "unknown-nothing": true,
	"kp-claimed":    true,
	"silent-opened": true, "host-down": true, "url-bad-certificate": true, "silent-resolved": true,
}

func TestGoldenJSON(t *testing.T) {
	seen := 0
	for _, s := range samples(t) {
		if !jsonSamples[s.name] {
			continue
		}
		seen++
		t.Run(s.name, func(t *testing.T) {
			var record any = VerdictJSON(s.notice.Verdict, s.notice.Caveats...)
			if s.notice.Kind != Answer {
				record = ChangeJSON(s.notice)
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(record); err != nil {
				t.Fatal(err)
			}
			golden(t, s.name+".json", b.Bytes())
		})
	}
	if seen != len(jsonSamples) {
		t.Errorf("%d of %d JSON samples exist", seen, len(jsonSamples))
	}
}

// Every golden file belongs to a sample: none is left over.
func TestGoldenFilesAreUsed(t *testing.T) {
	known := map[string]bool{"timeline.golden": true}
	for _, s := range samples(t) {
		known[s.name+".golden"] = true
		known[s.name+".json"] = jsonSamples[s.name]
		known["composed-"+s.name+".golden"] = jsonSamples[s.name]
	}
	for _, s := range dependenceSamples() {
		known["upstreams-"+s.name+".golden"] = true
		known["upstreams-"+s.name+".json"] = s.json
	}
	for _, s := range messageSamples(t) {
		known["message-"+s.name+".golden"] = true
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("testdata/%s belongs to no sample", f.Name())
		}
	}
}
