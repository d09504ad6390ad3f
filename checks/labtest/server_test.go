package labtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestNginx(t *testing.T) {
	at := AddrPort(t)
	d := Nginx(t, fmt.Sprintf("server { listen %s; location / { return 503 busy; } location /file { alias file; } }", at), nil)
	d.write("file", "kept\n")
	for path, want := range map[string]string{"/": "503 busy", "/file": "200 kept\n"} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get("http://" + at.String() + path)
		if err != nil {
			t.Fatalf("%v; nginx printed:\n%s", err, d.Log())
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := fmt.Sprintf("%d %s", resp.StatusCode, body); got != want || err != nil {
			t.Errorf("%s: got %q, error %v; want %q", path, got, err, want)
		}
	}
	d.Kill()
	if c, err := net.Dial("tcp", at.String()); err == nil {
		c.Close()
		t.Error("killed, and it still listens")
	}
}

const zone = `$TTL 60
@ IN SOA ns hostmaster 1 2 3 4 5
@ IN NS ns
ns IN A 192.0.2.53
www IN A 192.0.2.80
`

func TestNSD(t *testing.T) {
	at := AddrPort(t)
	NSD(t, at, map[string]string{"lab.test": zone, "broken.test": ""}, nil)
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at.String())
	}}
	addrs, err := r.LookupHost(t.Context(), "www.lab.test.")
	if err != nil || strings.Join(addrs, " ") != "192.0.2.80" {
		t.Errorf("got %v, error %v", addrs, err)
	}
	for name, missing := range map[string]bool{"none.lab.test.": true, "www.broken.test.": false} {
		_, err := r.LookupHost(t.Context(), name)
		if e, ok := errors.AsType[*net.DNSError](err); !ok || e.IsNotFound != missing {
			t.Errorf("%s: got %v, want an error with not found %v", name, err, missing)
		}
	}
}
