package labtest

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// A daemon that is frozen says nothing, one that is thawed or started again says what it
// said before.
func TestCrash(t *testing.T) {
	d := BIRD(t, "router id 10.0.0.1;\nprotocol device {}\nprotocol static kp { ipv4; route 175.45.176.0/24 unreachable; }\n")
	says := []string{"show", "route"}
	d.AwaitControl(says, "175.45.176.0/24")
	if _, err := d.try("show", "route", "10.0.0.0/8"); err == nil || !strings.Contains(err.Error(), "Network not found") {
		t.Errorf("asked for what is not there: got %v, want an error that says so", err)
	}
	for _, tt := range []struct {
		name     string
		end, off func()
	}{{"frozen", d.Freeze, d.Thaw}, {"killed", d.Kill, d.Start}} {
		tt.end()
		if d.Running() {
			t.Errorf("%s, and it runs", tt.name)
		}
		tt.off()
		if !d.Running() {
			t.Errorf("%s no more, and it does not run", tt.name)
		}
		d.AwaitControl(says, "175.45.176.0/24")
	}
}

// Routes of the kernel are for networks that are not the machine's.
func TestElsewhere(t *testing.T) {
	if elsewhere(t, nil) || elsewhere(t, (*exec.Cmd).Start) {
		t.Error("the network of the test is taken for another")
	}
}

func TestBirdAnswer(t *testing.T) {
	for _, tt := range []struct{ in, want, err string }{
		{"0001 BIRD 2.0.12 ready.\n", "BIRD 2.0.12 ready.\n", ""},
		{"1007-Table master4:\n 192.0.2.0/24 unreachable [w] * (200)\n1012-\tBGP.as_path: 4808\n0000 \n", "Table master4:\n192.0.2.0/24 unreachable [w] * (200)\n\tBGP.as_path: 4808\n\n", ""},
		{"8001 Network not found\n", "Network not found\n", "BIRD says: 8001 Network not found"},
		{"1007-Table", "", "reading BIRD's answer: EOF"},
	} {
		got, err := birdAnswer(bufio.NewReader(strings.NewReader(tt.in)))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%q: got %q, error %q; want %q, error %q", tt.in, got, text, tt.want, tt.err)
		}
	}
}
