// Package rpki tells whether a network is authorised to originate a route: route
// origin validation (RFC 6811) against a file of validated ROA payloads (VRPs), in the
// JSON that rpki-client and routinator write, and others with them:
//
//	{"metadata": {"buildtime": "2025-03-18T09:40:00Z"},
//	 "roas": [{"asn": 131279, "prefix": "175.45.176.0/22", "maxLength": 22, "ta": "apnic"}]}
//
// What it promises: a file is used whole or not at all, for with a part of the
// authorisations missing routes look invalid that are not. It is read as a stream, and
// half a million VRPs take some 12 MB. A [Set] never changes and may be used from
// several goroutines.
//
// What it leaves out: it checks no signature (the validator did), fetches nothing, and
// knows no history. VRPs are of the moment at which they were made, and prove nothing
// about another; who asks has to compare [Set.AsOf] with the moment asked about.
package rpki
