package reach

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes an authority, valid for ten days on both sides of now.
func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	made := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: days(-10), NotAfter: days(10),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// days gives a time so many days from when the tests began: one beginning for all, for
// midnight may pass meanwhile.
func days(n int) time.Time { return testsBegan.AddDate(0, 0, n).Truncate(time.Second) }

var testsBegan = time.Now()

// serverCert is a certificate for the host, valid between two days from now.
func (a *authority) serverCert(host string, from, to int) tls.Certificate {
	return a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 99)},
		NotBefore: days(from), NotAfter: days(to), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// issue signs a certificate; an authority that has none yet signs its own.
func (a *authority) issue(c *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// roots trusts the authority alone.
func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// files writes a certificate and its key for nginx, and gives the two lines that name them.
func files(t *testing.T, c tls.Certificate) string {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, part := range []struct {
		directive, kind string
		der             []byte
	}{{"ssl_certificate", "CERTIFICATE", c.Certificate[0]}, {"ssl_certificate_key", "PRIVATE KEY", key}} {
		name := filepath.Join(dir, part.directive)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: part.kind, Bytes: part.der}), 0o600); err != nil {
			t.Fatal(err)
		}
		lines.WriteString(part.directive + " " + name + ";\n")
	}
	return lines.String()
}

// What is wrong with a certificate is named, all of it, with its dates, and foreign
// names are cleaned and bounded.
func TestCertificate(t *testing.T) {
	ca, other := newAuthority(t, "Our CA"), newAuthority(t, "Some \x1b[31mother\u202e CA")
	late := &authority{t: t, cert: ca.cert, key: ca.key}
	expiring := late.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "between"}, NotBefore: days(-9), NotAfter: days(-1),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	late.cert, late.key = expiring.Leaf, expiring.PrivateKey.(*ecdsa.PrivateKey)
	client := ca.issue(&x509.Certificate{DNSNames: []string{"example.org"}, NotBefore: days(-1), NotAfter: days(1), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	many := ca.issue(&x509.Certificate{DNSNames: []string{"a.example", "b.example", "c.example", "d.example", strings.Repeat("x", 200) + ".example"}, NotBefore: days(-1), NotAfter: days(1)})
	old := ca.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "example.org"}, NotBefore: days(-1), NotAfter: days(1)})
	self := (&authority{t: t}).serverCert("example.org", -1, 1)
	d := NewDialers(DialerOptions{})
	d.roots = ca.roots()
	tests := []struct {
		name string
		cert tls.Certificate
		more []*x509.Certificate
		host string
		good bool
		want []string
	}{
		{"good", ca.serverCert("example.org", -1, 5), nil, "example.org", true, []string{"certificate valid until " + day(days(5))}},
		{"good for an address", ca.serverCert("example.org", -1, 5), nil, "127.0.0.99", true, []string{"valid until"}},
		{"expired", ca.serverCert("example.org", -5, -2), nil, "example.org", false, []string{"expired on " + day(days(-2)), "dates: " + day(days(-5))}},
		{"not yet", ca.serverCert("example.org", 2, 5), nil, "example.org", false, []string{"not valid before " + day(days(2))}},
		{"another host", ca.serverCert("example.com", -1, 5), nil, "example.org", false, []string{"is for example.com, 127.0.0.99, not for example.org", "dates: " + day(days(-1)) + " to " + day(days(5))}},
		{"many hosts", many, nil, "example.org", false, []string{"a.example, b.example, c.example and 2 others"}},
		{"no host", old, nil, "example.org", false, []string{"is for no host (it names example.org"}},
		{"self-signed", self, nil, "example.org", false, []string{"certificate is self-signed", "dates"}},
		{"unknown issuer", other.serverCert("example.org", -1, 5), nil, "example.org", false, []string{"issuer that is not known: Some [31mother CA"}},
		{"expired and of another host", ca.serverCert("example.com", -5, -2), nil, "example.org", false, []string{"expired on", "not for example.org"}},
		{"expired, unknown issuer", other.serverCert("example.org", -5, -2), nil, "example.org", false, []string{"expired on", "issuer that is not known"}},
		{"an issuer expired", late.serverCert("example.org", -1, 5), []*x509.Certificate{expiring.Leaf}, "example.org", false, []string{"a certificate of its issuers is valid from " + day(days(-9)) + " to " + day(days(-1))}},
		{"for clients", client, nil, "example.org", false, []string{"not meant for servers"}},
	}
	for _, tt := range tests {
		state := &tls.ConnectionState{PeerCertificates: append([]*x509.Certificate{tt.cert.Leaf}, tt.more...)}
		got, good := d.certificate(state, tt.host, time.Now())
		if good != tt.good || len(got) > 500 {
			t.Errorf("%s: got good %v, %q", tt.name, good, got)
		}
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want it to say %q", tt.name, got, want)
			}
		}
	}
	if got, good := d.certificate(&tls.ConnectionState{}, "example.org", time.Now()); good || got != "no certificate" {
		t.Errorf("without a certificate: got %q, good %v", got, good)
	}
}
