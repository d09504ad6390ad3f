package netlab

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"isitdown/checks/labtest"
)

// Servers that run in a node are reached from here over the link, in either family, and
// a plain client with its own goroutines needs nothing for it.
func TestServers(t *testing.T) {
	c := New(t).Chain()
	labtest.Nginx(t, "server { listen 80; listen [::]:80; location / { return 204; } }", c.Host.Start)
	at := netip.AddrPortFrom(c.Host.Addr6(), 53)
	labtest.NSD(t, at, map[string]string{"lab.test": "@ 60 IN SOA ns hostmaster 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.53\n"}, c.Host.Start)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, addr := range []netip.Addr{c.Host.Addr4(), c.Host.Addr6()} {
		resp, err := client.Get("http://" + netip.AddrPortFrom(addr, 80).String())
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Errorf("%v: got %s, want 204", addr, resp.Status)
		}
	}
	conn, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatalf("the name server: %v", err)
	}
	conn.Close()
	if l, err := net.Listen("tcp", fmt.Sprintf("%v:80", c.Here.Addr4())); err != nil {
		t.Errorf("port 80 here: %v; the server is in another node", err)
	} else {
		l.Close()
	}
}
