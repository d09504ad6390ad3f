package rpki

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"isitdown/checks"
)

// entry is a VRP as the files have it.
type entry struct {
	ASN       asNumber `json:"asn"`
	Prefix    string   `json:"prefix"`
	MaxLength int      `json:"maxLength"`
}

// vrp checks an entry: a ROA holds the bits of a prefix and no others, and where it
// names a longest prefix, that is no shorter than its own (RFC 9582, section 4.3.2).
func (e *entry) vrp() (v vrp, ipv6 bool, err error) {
	p, err := netip.ParsePrefix(e.Prefix)
	switch {
	case err != nil:
		return vrp{}, false, fmt.Errorf("%q is no prefix", checks.OneLine(e.Prefix, maxQuoted))
	case p != p.Masked():
		return vrp{}, false, fmt.Errorf("%s has bits set behind its length, which no ROA can have", p)
	case !e.ASN.given:
		return vrp{}, false, fmt.Errorf("the VRP for %s has no asn", p)
	case e.MaxLength == -1:
		e.MaxLength = p.Bits()
	case e.MaxLength < p.Bits() || e.MaxLength > p.Addr().BitLen():
		return vrp{}, false, fmt.Errorf("the VRP for %s cannot have the maxLength %d", p, e.MaxLength)
	}
	return makeVRP(p, e.MaxLength, e.ASN.asn), p.Addr().Is6(), nil
}

// asNumber is an AS number as rpki-client writes it, 13335, or as routinator does,
// "AS13335". Zero is one: nobody may announce the prefix (RFC 6483, section 4).
type asNumber struct {
	asn   checks.ASN
	given bool
}

// UnmarshalJSON reads both spellings.
func (a *asNumber) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(text) >= 2 && text[0] == '"' {
		text = text[1 : len(text)-1]
		if len(text) > 2 && strings.EqualFold(text[:2], "AS") {
			text = text[2:]
		}
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is no AS number", checks.OneLine(string(b), maxQuoted))
	}
	a.asn, a.given = checks.ASN(n), true
	return nil
}

// maxQuoted is how many characters are quoted of a file, or of its name.
const maxQuoted = 60
