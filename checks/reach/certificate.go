package reach

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"isitdown/checks"
)

const (
	maxField = 60 // characters shown of a name in a certificate
	maxNames = 3  // names shown of a certificate
)

// certificate says in a clause what is wrong with the certificate that a server showed,
// or until when it is valid where nothing is. Each thing that is wrong is named: a certificate that has
// expired may be for another host as well.
func (d *Dialers) certificate(state *tls.ConnectionState, name string, now time.Time) (words string, good bool) {
	if len(state.PeerCertificates) == 0 {
		return "no certificate", false
	}
	leaf := state.PeerCertificates[0]
	var faults []string
	switch {
	case now.Before(leaf.NotBefore):
		faults = append(faults, "certificate not valid before "+day(leaf.NotBefore))
	case now.After(leaf.NotAfter):
		faults = append(faults, "certificate expired on "+day(leaf.NotAfter))
	}
	if leaf.VerifyHostname(name) != nil {
		faults = append(faults, fmt.Sprintf("certificate is for %s, not for %s", namesIn(leaf), checks.OneLine(name, maxField)))
	}
	if words := d.chain(state.PeerCertificates, now); words != "" {
		faults = append(faults, words)
	}
	if len(faults) == 0 {
		return "certificate valid until " + day(leaf.NotAfter), true
	}
	return fmt.Sprintf("%s (its dates: %s to %s)", strings.Join(faults, "; "), day(leaf.NotBefore), day(leaf.NotAfter)), false
}

// chain says whether an authority that we trust vouches for a certificate, at a time at
// which the certificate itself is valid: its dates are another matter.
func (d *Dialers) chain(sent []*x509.Certificate, now time.Time) string {
	leaf, between := sent[0], x509.NewCertPool()
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	at := now
	switch {
	case now.Before(leaf.NotBefore):
		at = leaf.NotBefore
	case now.After(leaf.NotAfter):
		at = leaf.NotAfter
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: d.roots, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		return ""
	}
	if leaf.Issuer.String() == leaf.Subject.String() && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		return "certificate is self-signed"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "certificate is from an issuer that is not known: " + issuer(leaf)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch {
		case invalid.Reason == x509.Expired && invalid.Cert != nil:
			return fmt.Sprintf("a certificate of its issuers is valid from %s to %s alone", day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
		case invalid.Reason == x509.IncompatibleUsage:
			return "certificate is not meant for servers"
		}
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return "certificate not checked: this machine has no list of authorities"
	}
	return "certificate does not verify: " + checks.OneLine(strings.TrimPrefix(err.Error(), "x509: "), 2*maxField)
}

// day gives a date as it stands in a clause.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// namesIn gives the hosts that a certificate is for. It is foreign text.
func namesIn(c *x509.Certificate) string {
	var names []string
	for _, n := range c.DNSNames {
		names = append(names, checks.OneLine(n, maxField))
	}
	for _, a := range c.IPAddresses {
		names = append(names, a.String())
	}
	switch {
	case len(names) == 0 && c.Subject.CommonName != "":
		return "no host (it names " + checks.OneLine(c.Subject.CommonName, maxField) + " in a way that no longer counts)"
	case len(names) == 0:
		return "no host"
	case len(names) > maxNames:
		return fmt.Sprintf("%s and %d others", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
	}
	return strings.Join(names, ", ")
}

func issuer(c *x509.Certificate) string {
	for _, name := range append([]string{c.Issuer.CommonName}, c.Issuer.Organization...) {
		if s := checks.OneLine(name, maxField); s != "" {
			return s
		}
	}
	return "it has no name"
}
