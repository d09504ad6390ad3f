package checks

import "net/netip"

// Kind says what a [Target] is.
type Kind int

// The kinds of target.
const (
	KindInvalid Kind = iota
	KindCountry
	KindASN
	KindPrefix
	KindAddress
	KindHost
	KindURL
)

// String gives the lower-case word used in JSON.
func (k Kind) String() string {
	return [...]string{"invalid", "country", "asn", "prefix", "address", "host", "url"}[k]
}

// Target is what is asked about: exactly one of a country, a network, a prefix,
// an address, a host or a URL. It is comparable; the zero value is invalid.
type Target struct {
	kind   Kind
	asn    ASN
	prefix netip.Prefix // prefix, or address with all its bits
	text   string       // country code, host or URL
}

// Kind says which of the kinds t is.
func (t Target) Kind() Kind { return t.kind }

// ASN gives the AS number of a network; zero for other kinds.
func (t Target) ASN() ASN { return t.asn }

// Prefix gives the prefix asked about; of an address its /32 or /128; the zero
// prefix for other kinds.
func (t Target) Prefix() netip.Prefix { return t.prefix }

// Text gives the upper-case ISO 3166 code of a country, the name of a host, or
// a URL; "" for other kinds.
func (t Target) Text() string { return t.text }
