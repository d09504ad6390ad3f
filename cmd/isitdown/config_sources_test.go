package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks/route/bmp"
)

func TestSourcesConfigRefuses(t *testing.T) {
	router := func(lines string) string { return "[[router]]\nname = \"edge1\"\n" + lines }
	tests := []struct{ name, text, say string }{
		{"wait", "[sources]\nwait = \"0s\"", "sources.wait is 0s: write more than 0"},
		{"stream", "[sources]\nris_live = \"yes\"", "sources.ris_live is \"yes\": write one of targets, all, off"},
		{"budget", "[sources]\nripestat_requests = 0", "sources.ripestat_requests is 0: write 1 or more"},
		{"a contact that is two headers", "[sources]\ncontact = \"a@b\\r\\nX: y\"", "sources.contact holds what no HTTP header can"},
		{"a contact that ends a comment", "[sources]\ncontact = \"noc)\"", "sources.contact holds what no HTTP header can"},
		{"plain HTTP elsewhere", "[urls]\nripestat = \"http://stat.example.org\"", "anything else is for this machine alone"},
		{"not a stream", "[urls]\nris_live = \"https://ris-live.ripe.net\"", "urls.ris_live is \"https://ris-live.ripe.net\": write an address that begins with wss://"},
		{"a password in an address", "[urls]\nioda = \"https://me:very-secret@ioda.example.org\"", "urls.ioda has a name or a password in it"},
		{"nameless", "[[router]]\nkind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"", "router 1: name is \"\""},
		{"called as RIS calls its own", "[[router]]\nname = \"rrc00\"\nkind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"", "router rrc00: name is \"rrc00\""},
		{"kind", router("kind = \"snmp\"\naddress = \"192.0.2.1\""), "router edge1: kind is \"snmp\": write bmp or bgp"},
		{"from nowhere", router("kind = \"bmp\"\nlisten = \":11019\""), "router edge1: address \"\" is neither an address nor a prefix"},
		{"to nowhere", router("kind = \"bmp\"\naddress = \"192.0.2.1\""), "router edge1: listen is empty"},
		{"a view that no router has", router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"\nview = \"adj-rib-out\""), "router edge1: view \"adj-rib-out\" is none: write best"},
		{"an instance in words", router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"\ninstance = \"internet\""), "router edge1: instance \"internet\" is no route distinguisher"},
		{"a view of one peer", router("kind = \"bgp\"\naddress = \"192.0.2.1\"\nas = \"AS64500\"\nlocal_as = \"AS64500\"\nview = \"best\""), "view and instance are for routers of kind bmp"},
		{"no AS", router("kind = \"bgp\"\naddress = \"192.0.2.1\"\nlocal_as = \"AS64500\""), "router edge1: as is missing"},
		{"no AS of ours", router("kind = \"bgp\"\naddress = \"192.0.2.1\"\nas = \"AS64500\""), "router edge1: local_as is missing"},
		{"a whole net to call", router("kind = \"bgp\"\naddress = \"192.0.2.0/24\"\nas = \"AS64500\"\nlocal_as = \"AS64500\""), "which cannot be called"},
		{"a password of the wrong kind", router("password = [\"very-secret\"]"), "the value is of the wrong kind"},
		{"two of one name", router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"\n") + router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.2\""), "router edge1: there are two of that name"},
		{"two of one address", router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\"\n") + strings.ReplaceAll(router("kind = \"bmp\"\nlisten = \":1\"\naddress = \"192.0.2.1\""), "edge1", "edge2"), "router edge2: router edge1 has the same address"},
		{"a password too long", router("kind = \"bgp\"\naddress = \"192.0.2.1\"\nas = \"AS64500\"\nlocal_as = \"AS64500\"\npassword = \"" + strings.Repeat("x", 81) + "\""), "router edge1: password is 81 bytes long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Fatalf("got %v, want an error with %q", err, tt.say)
			}
			if strings.Contains(err.Error(), "very-secret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestSourcesConfig(t *testing.T) {
	got, err := parseConfig([]byte(`
[sources]
contact = "noc@example.org"
ris_live = "off"
[urls]
ripestat = "http://127.0.0.1:8000"
[[router]]
name = "edge1"
kind = "bmp"
listen = ":11019"
address = "192.0.2.0/24"
full = true
view = "post-policy"
instance = "65000:100"
[[router]]
name = "core1"
kind = "bgp"
address = "2001:db8::1"
as = "AS64500"
local_as = "AS64501"
password = "very-secret"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Sources.Contact, want.Sources.RISLive = "noc@example.org", risOff
	want.URLs.RIPEstat = "http://127.0.0.1:8000"
	want.Routers = []routerConfig{
		{Name: "edge1", Kind: kindBMP, Listen: ":11019", Address: "192.0.2.0/24", Full: true, View: "post-policy", Instance: "65000:100"},
		{Name: "core1", Kind: kindBGP, Address: "2001:db8::1", AS: network{64500}, LocalAS: network{64501}, Password: secret{"very-secret"}},
	}
	if diff := cmp.Diff(want, got, sameZone, sameSecret); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	edge, err := got.Routers[0].reporter()
	wantEdge := bmp.Router{Name: "edge1", Prefix: netip.MustParsePrefix("192.0.2.0/24"), View: bmp.PostPolicy, Instance: 65000<<32 | 100}
	if err != nil || edge != wantEdge {
		t.Errorf("the station knows %+v (%v), want %+v", edge, err, wantEdge)
	}
	if got := got.vouched(); !cmp.Equal(got, []string{"edge1"}) {
		t.Errorf("vouched for: got %q, want edge1 alone", got)
	}
	if !cmp.Equal(got.secrets(), []secret{{"very-secret"}}, sameSecret) {
		t.Error("a router's password is not among the secrets, so nothing keeps it out of the log")
	}
	for text, want := range map[string]bool{
		"": true, "[sources]\noffline = true": false, "[sources]\nripestat = false": true,
		"[sources]\nripestat = false\nris_live = \"off\"":                           true, // by probes
		"[sources]\nripestat = false\nris_live = \"off\"\n[probe]\nenabled = false": false,
	} {
		c, err := parseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c.live() != want {
			t.Errorf("%q: live is %t, want %t", text, c.live(), want)
		}
	}
}
