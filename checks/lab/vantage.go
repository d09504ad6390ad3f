package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// Vantage is a place that hosts are probed from.
type Vantage struct {
	asn checks.ASN // whose network it is in
	ask func(ctx context.Context, hosts []netip.Addr) (*Sample, error)
}

// ProbeHere probes from this process, which is in the network of asn.
func ProbeHere(asn checks.ASN) *Vantage {
	s := newSampler()
	return &Vantage{asn, func(ctx context.Context, hosts []netip.Addr) (*Sample, error) {
		return s.sample(ctx, hosts), nil
	}}
}

// sampleTime bounds a sample on a machine that is busy.
const sampleTime = labtest.Patience / 2

// Sample probes some hosts, and the controls, and traces the ways to the hosts. It takes
// about half a second where any of them is silent.
func (v *Vantage) Sample(t testing.TB, hosts ...netip.Addr) *Sample {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sampleTime)
	defer cancel()
	s, err := v.sample(ctx, hosts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (v *Vantage) sample(ctx context.Context, hosts []netip.Addr) (*Sample, error) {
	s, err := v.ask(ctx, hosts)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("probing from %v: %w", v.asn, err)
	}
	s.ASN = v.asn
	return s, nil
}

// envProber tells a process that it is to probe, and for whom.
const envProber = "ISITDOWN_LAB_PROBER"

// Main runs the tests of a package as [netlab.Main] does. A process that was started by
// [ProbeFrom] probes instead.
func Main(m *testing.M) {
	if os.Getenv(envProber) != "" {
		if err := serveProbes(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "the prober of a lab:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	netlab.Main(m)
}

// serveProbes answers questions, a JSON list of hosts each, with a JSON Sample each, until
// nobody asks any more.
func serveProbes(in io.Reader, out io.Writer) error {
	s := newSampler()
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var hosts []netip.Addr
		switch err := questions.Decode(&hosts); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading a question: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), sampleTime)
		found := s.sample(ctx, hosts)
		cancel()
		if err := answers.Encode(found); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
}

// ProbeFrom probes from a node in the network of asn: by a process there, this test binary
// once more, which ends with the test. The package of the test has [Main] as its TestMain.
func ProbeFrom(t testing.TB, node *netlab.Node, asn checks.ASN) *Vantage {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envProber+"="+asn.String())
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("starting a prober: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = node.Start(cmd)
	}
	if err != nil {
		t.Fatalf("starting a prober: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the prober in node %s ended with: %v: %s", node.Name(), err, said.String())
		}
	})
	questions, answers := json.NewEncoder(in), json.NewDecoder(out)
	var turn sync.Mutex
	return &Vantage{asn, func(ctx context.Context, hosts []netip.Addr) (*Sample, error) {
		turn.Lock()
		defer turn.Unlock()
		defer context.AfterFunc(ctx, func() { cmd.Process.Kill() })()
		if err := questions.Encode(hosts); err != nil {
			return nil, fmt.Errorf("asking the prober in node %s: %w", node.Name(), err)
		}
		found := &Sample{}
		if err := answers.Decode(found); err != nil {
			return nil, fmt.Errorf("the prober in node %s says nothing: %w", node.Name(), err)
		}
		return found, nil
	}}
}
