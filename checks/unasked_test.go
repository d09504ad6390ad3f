package checks

import (
	"strings"
	"testing"
)

// Of a name routing says nothing, with data and without: that none was given is no reason.
func TestAssessName(t *testing.T) {
	for _, vantage := range []Vantage{{}, testCase(0).Vantage} {
		c := testCase(0)
		c.Vantage = vantage
		c.Footprint.Target, _ = ParseTarget("example.org")
		v := Assess(c)
		if v.State != Unknown || v.Evidence != EvidenceNone || len(v.Reasons) != 1 || !strings.Contains(v.Reasons[0], "no host names") {
			t.Errorf("%d live: got %s, %s, reasons %q", vantage.Live, v.State, v.Evidence, v.Reasons)
		}
		if strings.Join(v.Raise, ", ") != "a probe of it" {
			t.Errorf("%d live: more would come of %q", vantage.Live, v.Raise)
		}
	}
}

// Where nobody votes the reason is what is missing of the routes, not the count alone.
func TestAssessNobodyVotes(t *testing.T) {
	c := testCase(4)
	c.Vantage.Voting, c.Vantage.Syncing = 0, c.Vantage.Live
	c.Gaps = []Gap{{Check: "ioda", Reason: "IODA is slow"}, {Check: "route", Reason: "the stream was cut"}}
	v := Assess(c)
	if len(v.Reasons) < 2 || v.Reasons[0] != "the stream was cut" {
		t.Errorf("reasons %q, want the gap first", v.Reasons)
	}
}
