package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"isitdown/checks/route/archive"
)

// runMRT runs `isitdown mrt` with the arguments.
func runMRT(t *testing.T, in io.Reader, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	var said strings.Builder
	code = run(t.Context(), append([]string{"mrt"}, args...), console{in: in, out: out, err: &said})
	return code, said.String()
}

// madeMRT gives what one collector of a scenario that comes with the program recorded.
func madeMRT(t *testing.T) []byte {
	t.Helper()
	s, err := archive.EmbeddedScenario("kp-2014")
	if err != nil {
		t.Fatal(err)
	}
	streams, err := s.Streams()
	if err != nil {
		t.Fatal(err)
	}
	return streams[0].Data
}

// TestMRTCutOff: of a file that is cut off all is written that is whole, and one
// sentence says where it ends.
func TestMRTCutOff(t *testing.T) {
	data := madeMRT(t)
	var whole, cut bytes.Buffer
	if code, said := runMRT(t, bytes.NewReader(data), &whole, "-"); code != 0 || said != "" {
		t.Fatalf("exit code %d: %s", code, said)
	}
	code, said := runMRT(t, bytes.NewReader(data[:len(data)-3]), &cut, "-")
	if code != exitData || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "isitdown: standard input: MRT data stops at byte ") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if cut.Len() == 0 || !bytes.HasPrefix(whole.Bytes(), cut.Bytes()) || cut.Len() == whole.Len() {
		t.Errorf("%d bytes of text, %d of the whole file", cut.Len(), whole.Len())
	}
}

// TestMRTNobodyReads: where who reads has enough, as head does, nothing is said.
func TestMRTNobodyReads(t *testing.T) {
	if code, said := runMRT(t, bytes.NewReader(madeMRT(t)), closedPipe{}, "-"); code != 0 || said != "" {
		t.Errorf("exit code %d: %s", code, said)
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// TestMRTLikeBgpdump holds the program against bgpdump -m, over real files in which no
// difference is known (docs/mrt.md; checks/internal/mrt has all files).
func TestMRTLikeBgpdump(t *testing.T) {
	if _, err := exec.LookPath("bgpdump"); err != nil {
		t.Skip("install bgpdump (apt-get install bgpdump) to run this test")
	}
	for _, name := range []string{
		"updates.20160811.1600.gz", "ris.rrc06.updates.1427846400.gz",
		"routeviews.route-views.jinx.updates.1427846400.bz2", "cuts/ua_as31148_routeviews2_20260222.mrt",
	} {
		path := data(t, filepath.Join("mrt", name))
		want, err := exec.CommandContext(t.Context(), "bgpdump", "-m", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if code, said := runMRT(t, nil, &got, path); code != 0 || said != "" || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: exit code %d, %d bytes, bgpdump gives %d: %s", name, code, got.Len(), len(want), said)
		}
	}
}

// TestJSONPageNamesElements holds docs/json.md and what mrt --json prints together.
func TestJSONPageNamesElements(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## Element\n")
	if !ok {
		t.Fatal("docs/json.md has no section Element")
	}
	var out bytes.Buffer
	if code, said := runMRT(t, bytes.NewReader(madeMRT(t)), &out, "--json", "-"); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		kind := fields["kind"].(string)
		if kinds[kind] {
			continue
		}
		kinds[kind] = true
		for f := range fields {
			if !strings.Contains(section, "`"+f+"`") {
				t.Errorf("docs/json.md does not name `%s`, of %s", f, kind)
			}
		}
	}
	if len(kinds) < 3 {
		t.Errorf("elements of kinds %v alone", kinds)
	}
}
