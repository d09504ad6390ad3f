package checks

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// Values worked out by hand from the paper's formula, so that the test holds without the
// published ones: from 0.99, an availability of a, and one probe missed,
// B = 0.99(1-a) / (0.99(1-a) + 0.01(1-0.99/256)).
func TestBelief(t *testing.T) {
	tests := []struct {
		name         string
		availability float64
		heard        string // + answered, - missed
		want         float64
		up, down     bool
	}{
		{"nothing heard", 0.5, "", 0, false, false},
		{"one missed", 0.5, "-", 0.980273, true, false},
		{"one missed of who nearly always answers", 0.99, "-", 0.498456, false, false},
		{"two", 0.99, "--", 0.01, false, true},
		{"three of nine in ten", 0.9, "---", 0.091039, false, true},
		{"held at the bottom", 0.9, "----------", 0.01, false, true},
		{"one answer from the bottom", 0.9, "----------+", 0.701562, false, false},
		{"two", 0.9, "----------++", 0.99, true, false},
		{"held at the top", 0.9, "+++", 0.99, true, false},
		{"availability below what is followed", 0, "-", 0.988944, true, false},
		{"above", 1, "-", 0.498456, false, false},
		{"not a number", math.NaN(), "-", 0.988944, true, false},
	}
	for _, tt := range tests {
		var b Belief
		for _, c := range tt.heard {
			b = b.Hear(c == '+', tt.availability)
		}
		if math.Abs(float64(b)-tt.want) > 1e-6 || b.Up() != tt.up || b.Down() != tt.down {
			t.Errorf("%s: %.6f, up %t, down %t; want %.6f, %t, %t", tt.name, b, b.Up(), b.Down(), tt.want, tt.up, tt.down)
		}
	}
}

func TestRecoveryProbes(t *testing.T) {
	for availability, want := range map[float64]int{0: 0, 0.099: 0, 0.1: 16, 0.2: 8, 0.5: 3, 0.8: 1, 0.9: 1, 1: 1} {
		if got := RecoveryProbes(availability); got != want {
			t.Errorf("at an availability of %v: %d, want %d", availability, got, want)
		}
	}
	if got := RecoveryProbes(math.NaN()); got != 0 {
		t.Errorf("without an availability: %d, want 0", got)
	}
}

// The published values of Trinocular's own code.
func TestBeliefAsPublished(t *testing.T) {
	folder := os.Getenv("ISITDOWN_TESTDATA")
	if folder == "" {
		t.Skip("set ISITDOWN_TESTDATA to the folder of real data (docs/testdata.md) to run this test")
	}
	data, err := os.ReadFile(filepath.Join(folder, "vectors", "trinocular.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rows []struct {
			A        float64
			ToDown   *int      `json:"neg_from_0_99_to_down"`
			Seq      []float64 `json:"belief_seq"`
			OneBack  float64   `json:"after_one_pos_from_0_01"`
			TwoBack  float64   `json:"after_two_pos"`
			Recovery int       `json:"recovery_probes"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Rows) < 12 {
		t.Fatalf("%d rows", len(file.Rows))
	}
	near := func(b Belief, want float64) bool { return math.Abs(float64(b)-want) <= 1e-6 }
	for _, row := range file.Rows {
		b := Belief(0.99)
		for i, want := range row.Seq {
			if i > 0 {
				b = b.Hear(false, row.A)
			}
			if !near(b, want) {
				t.Errorf("A %v: after %d missed %.7f, want %.6f", row.A, i, b, want)
			}
		}
		if n := missedUntilDown(row.A, 60); row.ToDown == nil && n != 0 || row.ToDown != nil && n != *row.ToDown {
			t.Errorf("A %v: down after %d missed, want %v", row.A, n, row.ToDown)
		}
		one := Belief(0.01).Hear(true, row.A)
		if two := one.Hear(true, row.A); !near(one, row.OneBack) || !near(two, row.TwoBack) {
			t.Errorf("A %v: back at %.7f and %.7f, want %.6f and %.6f", row.A, one, two, row.OneBack, row.TwoBack)
		}
		if n := RecoveryProbes(row.A); n != row.Recovery {
			t.Errorf("A %v: %d recovery probes, want %d", row.A, n, row.Recovery)
		}
	}
}

// missedUntilDown counts the probes that a block that was up has to miss, zero where it
// is more than most.
func missedUntilDown(availability float64, most int) int {
	var b Belief
	for n := 1; n <= most; n++ {
		if b = b.Hear(false, availability); b.Down() {
			return n
		}
	}
	return 0
}

func TestBeliefProperties(t *testing.T) {
	t.Run("a missed probe never raises it, an answer never lowers it", rapid.MakeCheck(func(t *rapid.T) {
		var b Belief
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			answered, a := rapid.Bool().Draw(t, "answered"), rapid.Float64Range(0, 1).Draw(t, "availability")
			next := b.Hear(answered, a)
			if next < 0.01 || next > 0.99 {
				t.Fatalf("%v is out of bounds", next)
			}
			if b != 0 && (answered && next < b || !answered && next > b) {
				t.Fatalf("%v after %v, answered %t", next, b, answered)
			}
			b = next
		}
	}))
	t.Run("who answered last is not down", rapid.MakeCheck(func(t *rapid.T) {
		b := Belief(rapid.Float64Range(0.01, 0.99).Draw(t, "before"))
		if b = b.Hear(true, rapid.Float64Range(0, 1).Draw(t, "availability")); b.Down() {
			t.Fatalf("%v is down", b)
		}
	}))
}
