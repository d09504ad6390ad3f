package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// ownWorld are settings of a world that is this machine alone: its loopback addresses may be
// probed at the given ports, and are the controls too. more are settings of probes.
func ownWorld(t *testing.T, more string, ports ...uint16) string {
	t.Helper()
	return settings(t, ownWorldText(t, "ripestat = false", more, ports...))
}

func ownWorldText(t *testing.T, ripestat, more string, ports ...uint16) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("run this test on Linux, where the whole of 127.0.0.0/8 is this machine")
	}
	list := strings.ReplaceAll(strings.Trim(fmt.Sprint(ports), "[]"), " ", ", ")
	return `
[sources]
` + ripestat + `
ris_live = "off"
ioda = false
globalping = false
registry_refresh = false
wait = "12s"
[urls]
[probe]
timeout = "1s"
gateway = false
allow = ["127.0.0.0/8", "::1"]
ports = [` + list + `]
resolver = ["127.0.0.1:1"]
controls = ["127.0.1.1 AS64501", "127.0.2.1 AS64501", "127.0.3.1 AS64502", "127.0.4.1 AS64502", "127.0.5.1 AS64503", "127.0.6.1 AS64503"]
` + more
}

// portOf gives the port that a server listens on.
func portOf(t *testing.T, address string) uint16 {
	t.Helper()
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return ap.Port()
}

// A host answers, refuses, fails, has a certificate that is no good, or may not be asked:
// each has its exit code and its sentence.
func TestCheckProbes(t *testing.T) {
	var agents []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.UserAgent())
		if r.URL.Path == "/sick" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a port that may not be probed was asked") }))
	defer canary.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	config := ownWorld(t, "", portOf(t, plain.Listener.Addr().String()), portOf(t, secure.Listener.Addr().String()), portOf(t, nobody))
	tests := []struct {
		name, target string
		code         int
		has          []string
	}{
		{"answers", plain.URL, exitUp, []string{"UP ", "HTTP 200", "from our vantage point", "6 of 6"}},
		{"fails", plain.URL + "/sick", exitDegraded, []string{"DEGRADED", "answering, but failing: HTTP 503"}},
		{"a bad certificate is an answer", secure.URL, exitUp, []string{"UP ", "certificate"}},
		{"an address that is there", "127.0.0.9", exitUp, []string{"UP 127.0.0.9"}},
		{"refuses", "http://" + nobody, exitDegraded, []string{"refused"}},
		{"a port that nobody may ask", canary.URL, exitUnknown, []string{"UNKNOWN", "not probed: only 80, 443, 8080, 8443 and for DNS 53 are", "probe.ports"}},
		{"a private address", "10.11.12.13", exitUnknown, []string{"UNKNOWN", "10.11.12.13 is not probed: it is a private address", "probe.allow"}},
		{"a URL of a private address", "http://192.168.1.1/", exitUnknown, []string{"UNKNOWN", "192.168.1.1 is not probed"}},
		{"metadata", "http://169.254.169.254/latest/", exitUnknown, []string{"UNKNOWN", "is not probed: it is"}},
		{"a name, without a resolver", "www.example.org", exitUnknown, []string{"UNKNOWN", "no DNS server of ours answers", "probe.resolver"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := online(t, config, "check", tt.target)
			if code != tt.code || stderr != "" {
				t.Errorf("exit code %d, want %d; standard error %q, want none", code, tt.code, stderr)
			}
			wants(t, tt.target, squeezed(stdout), tt.has...)
		})
	}
	if len(agents) == 0 || !strings.HasPrefix(agents[0], "isitdown/") {
		t.Errorf("got the User-Agents %q, want those of isitdown", agents)
	}
}

// Nothing is sent for the past, where it is not wanted, switched off, or offline, and the
// answer says which of them it is.
func TestCheckWithoutProbes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }))
	defer server.Close()
	port := portOf(t, server.Listener.Addr().String())
	// A source of routes that is not there, so that past moments are answered at all.
	text := strings.Replace(ownWorldText(t, "", "", port), "[urls]\n", "[urls]\nripestat = \"http://127.0.0.1:1\"\n", 1)
	config, off := settings(t, text), settings(t, strings.Replace(text, "[probe]\n", "[probe]\nenabled = false\n", 1))
	for _, tt := range []struct {
		name, config string
		args         []string
		why          string
	}{
		{"not wanted", config, []string{"--no-probe"}, probesUnwanted},
		{"the past", config, []string{"--at", "2024-12-22T16:00Z"}, probesOfThePast},
		{"switched off", off, nil, probesOff},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, _, code := online(t, tt.config, append([]string{"check", server.URL, "--json"}, tt.args...)...)
			var v struct {
				State     string
				Answering any
				Gaps      []struct{ Check, Reason string }
			}
			if err := json.Unmarshal([]byte(stdout), &v); err != nil {
				t.Fatalf("%v in %q", err, stdout)
			}
			if code != exitUnknown || v.Answering != nil || !strings.Contains(fmt.Sprint(v.Gaps), tt.why) {
				t.Errorf("exit code %d, answering %v, gaps %q; want unknown, and %q", code, v.Answering, v.Gaps, tt.why)
			}
		})
	}
}

// Without any source of routes hosts are answered about by probes alone, and nothing else is.
func TestCheckByProbesAlone(t *testing.T) {
	config := ownWorld(t, "")
	if _, stderr, code := online(t, config, "check", "KP"); code != exitUsage || !strings.Contains(stderr, "no routing data") {
		t.Errorf("a country: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := online(t, config, "check", "127.0.0.9", "--no-probe"); code != exitUsage || !strings.Contains(stderr, "no routing data") {
		t.Errorf("an address, without probes: exit code %d, %s", code, stderr)
	}
}

// A list of who asked not to be probed is kept to, and a wrong one ends the program.
func TestCheckOptOut(t *testing.T) {
	list := filepath.Join(t.TempDir(), "optout.txt")
	if err := os.WriteFile(list, []byte("127.0.0.8/29 # no thanks\nexample.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := ownWorld(t, fmt.Sprintf("opt_out = %q\n", list))
	for _, target := range []string{"127.0.0.9", "www.example.org"} {
		stdout, _, code := online(t, config, "check", target)
		if code != exitUnknown {
			t.Errorf("%s: exit code %d", target, code)
		}
		wants(t, target, squeezed(stdout), "it asked not to be probed")
	}
	if err := os.WriteFile(list, []byte("\n\nnobody in particular\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := online(t, config, "check", "127.0.0.9"); code != exitData || !strings.Contains(stderr, "line 3") || !strings.Contains(stderr, "probe.opt_out") {
		t.Errorf("a wrong list: exit code %d, %s", code, stderr)
	}
	config = ownWorld(t, "opt_out = \"/nowhere/at/all\"\n")
	if _, stderr, code := online(t, config, "check", "127.0.0.9"); code != exitNoInput || !strings.Contains(stderr, "probe.opt_out") {
		t.Errorf("no list: exit code %d, %s", code, stderr)
	}
}

// The doctor says whether probes can be sent, and whether they would be believed.
func TestDoctorProbes(t *testing.T) {
	stdout, _, _ := online(t, ownWorld(t, "", 25), "doctor")
	wants(t, "the doctor", squeezed(stdout), " pings ", "controls IPv4: 6 of 6 answer, in 3 networks",
		"PROBLEM resolver", "gateway not known", "note allowed everybody who may ask this bot may have probed, besides what is public: 127.0.0.0/8, ::1/128, port 25")
	stdout, _, _ = online(t, ownWorld(t, "opt_out = \"/nowhere/at/all\"\n"), "doctor")
	wants(t, "the doctor, without a list", squeezed(stdout), "PROBLEM opt-out")
	stdout, _, _ = online(t, settings(t, checkSettings), "doctor")
	wants(t, "the doctor, switched off", squeezed(stdout), "note probes not sent: "+probesOff)
}
