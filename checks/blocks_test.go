package checks

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBlocks(t *testing.T) {
	tests := []struct{ hosts, want string }{ // up, down, between
		{"", "0 0 0"},
		{"a0 a0 a1", "2 0 0"},
		{"s0 s0 a1", "1 1 0"},
		{"a0 s0", "1 0 0"}, // one of two answers
		{"a0 s0 s0", "1 0 0"},
		{"a0 s0 s0 s0", "0 0 1"}, // one of four
		{"a0 a0 s0 s0 s0 s0", "1 0 0"},
		{"a0 s0 s0 m0", "1 0 0"}, // the third has missed but one
		{"m0", "1 0 0"},
		{"n0 o1 w2", "0 0 0"},
	}
	for _, tt := range tests {
		r := roundOf(tt.hosts)
		f := probed(Country("KP"), &r, nil, noon, 0)
		if got := fmt.Sprintf("%d %d %d", f.BlocksUp, f.BlocksDown, f.BlocksUnsure); got != tt.want {
			t.Errorf("%q: up, down, between %s, want %s", tt.hosts, got, tt.want)
		}
	}
	r := roundOf("s0 s0") // two ways of asking one address are one
	r.Hosts[1].Addr, r.Hosts[0].Rate, r.Hosts[1].Rate = r.Hosts[0].Addr, 0.5, 0.5
	r.Hosts[0].Silence.Probes, r.Hosts[1].Silence.Probes = 7, 7
	if f := probed(Country("KP"), &r, nil, noon, 0); f.BlocksDown != 0 || f.BlocksUnsure != 1 {
		t.Errorf("seven missed by one address of availability 0.5: %d down, %d between; want 0, 1", f.BlocksDown, f.BlocksUnsure)
	}
}

// The onset is of the host that made the difference, between its last answer and the
// first probe it missed.
func TestSilenceOnset(t *testing.T) {
	r := roundOf("a0 a1 s2 s3 s1")
	for i, minutes := range map[int]time.Duration{2: 30, 3: 50, 4: 10} {
		r.Hosts[i].hush(ago((minutes+2)*time.Minute), ago(minutes*time.Minute), ago(time.Minute))
	}
	// The first of five is a fifth: all still answers. The second is the one.
	want := Interval{After: ago(32 * time.Minute), By: ago(30 * time.Minute)}
	f := probed(Country("KP"), &r, nil, noon, 0)
	if diff := cmp.Diff(want, f.Onset); diff != "" || f.End != (Interval{}) {
		t.Errorf("end %v, onset (-want +got):\n%s", f.End, diff)
	}
	// A host in several ways: heard last by one, missed first after that by the other.
	r = roundOf("s0 s1")
	for i := range r.Hosts {
		r.Hosts[i].Name, r.Hosts[i].Role = "example.org", RoleAsked
	}
	r.Hosts[0].hush(ago(40*time.Minute), ago(38*time.Minute), ago(time.Minute))
	r.Hosts[1].hush(ago(37*time.Minute), ago(35*time.Minute), ago(time.Minute))
	want = Interval{After: ago(37 * time.Minute), By: ago(35 * time.Minute)}
	if diff := cmp.Diff(want, probed(parse(t, "example.org"), &r, nil, noon, 0).Onset); diff != "" {
		t.Errorf("of one host (-want +got):\n%s", diff)
	}
}

// The end is of the host whose return made it answer as a whole.
func TestSilenceEnd(t *testing.T) {
	back := func(r *Reach, i int, first, last, back time.Duration) {
		r.Hosts[i].Silence = Silence{Heard: ago(time.Minute), Ended: Spell{First: ago(first), Last: ago(last), Back: ago(back)}}
	}
	const m = time.Minute
	r := roundOf("a0 a1 a2 a3 a3")
	back(&r, 0, 60*m, 21*m, 20*m)
	back(&r, 1, 60*m, 11*m, 10*m) // of five the last but one: a fifth is left
	back(&r, 2, 60*m, 6*m, 5*m)
	want := Interval{After: ago(11 * m), By: ago(10 * m)}
	if diff := cmp.Diff(want, probed(Country("KP"), &r, nil, noon, 0).End); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r = roundOf("a0 a1 a2 a3 a3") // one after the other, never more than one
	for i := range 4 {
		back(&r, i, time.Duration(60-10*i)*m, time.Duration(52-10*i)*m, time.Duration(51-10*i)*m)
	}
	if got := probed(Country("KP"), &r, nil, noon, 0).End; got != (Interval{}) {
		t.Errorf("an end at %v of what never was silent", got)
	}
	r = roundOf("s0 s1 s2") // since, silent again, and others outvote that
	back(&r, 0, 60*m, 21*m, 20*m)
	back(&r, 1, 60*m, 21*m, 20*m)
	for i := range r.Hosts {
		ended := r.Hosts[i].Silence.Ended
		r.Hosts[i].hush(ago(10*m), ago(8*m), ago(m))
		r.Hosts[i].Silence.Ended = ended
	}
	r.Votes = votesOf("+EU +EU +EU +EU +EU")
	if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentAll || f.End != (Interval{}) {
		t.Errorf("%v, an end at %v of what we find silent", f.extent, f.End)
	}
	r = roundOf("a0 a0") // one way of asking was silent, the other never
	for i := range r.Hosts {
		r.Hosts[i].Name, r.Hosts[i].Role = "example.org", RoleAsked
	}
	back(&r, 0, 60*m, 21*m, 20*m)
	if got := probed(parse(t, "example.org"), &r, nil, noon, 0).End; got != (Interval{}) {
		t.Errorf("an end at %v of a host that answered otherwise", got)
	}
	back(&r, 1, 50*m, 16*m, 15*m)
	want = Interval{After: ago(21 * m), By: ago(20 * m)}
	if diff := cmp.Diff(want, probed(parse(t, "example.org"), &r, nil, noon, 0).End); diff != "" {
		t.Errorf("of both ways, (-want +got):\n%s", diff)
	}
}
