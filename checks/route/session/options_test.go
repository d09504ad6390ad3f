package session

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestNewRefuses(t *testing.T) {
	good := Neighbor{Name: "edge1", Address: netip.MustParsePrefix("192.0.2.1/32"), LocalAS: 64500}
	tests := []struct {
		change func(*Neighbor)
		say    string
	}{
		{func(n *Neighbor) { n.Name = "" }, "no name"},
		{func(n *Neighbor) { n.Address = netip.Prefix{} }, "no address"},
		{func(n *Neighbor) { n.Passive = true }, "set Listen"},
		{func(n *Neighbor) { n.Address = netip.MustParsePrefix("192.0.2.0/24") }, "set Listen"},
		{func(n *Neighbor) { n.LocalAS = 0 }, "LocalAS"},
		{func(n *Neighbor) { n.RouterID = netip.MustParseAddr("2001:db8::1") }, "not an IPv4 address"},
		{func(n *Neighbor) { n.Password = Secret(strings.Repeat("x", 81)) }, "80 bytes"},
		{func(n *Neighbor) { n.TTLSecurity = 255 }, "TTLSecurity"},
		{func(n *Neighbor) { n.HoldTime = time.Second }, "HoldTime"},
	}
	for _, tt := range tests {
		n := good
		tt.change(&n)
		if _, err := New(Options{Neighbors: []Neighbor{good, n}}); err == nil || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("got error %v, want one that says %q", err, tt.say)
		}
	}
	if _, err := New(Options{Neighbors: []Neighbor{good}}); err != nil {
		t.Errorf("got %v for a neighbour that is all right", err)
	}
}

// However options are printed, the password is not.
func TestPasswordStaysIn(t *testing.T) {
	const password = "correct horse"
	n := Neighbor{Name: "edge1", Password: password}
	o := Options{Neighbors: []Neighbor{n}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "n", n, "o", o.Neighbors, "p", n.Password)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "n", n, "o", o.Neighbors, "p", n.Password)
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.WriteString(log.String() + string(b))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all.WriteString(fmt.Sprintf(verb, n.Password) + fmt.Sprintf(verb, n) + fmt.Sprintf(verb, o))
	}
	if strings.Contains(all.String(), password) || strings.Contains(all.String(), "correct") || strings.Contains(all.String(), fmt.Sprintf("%x", password)) {
		t.Errorf("the password is in %s", all.String())
	}
	if !strings.Contains(all.String(), redacted) {
		t.Error("that there is a password is nowhere said")
	}
}
