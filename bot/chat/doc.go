// Package chat holds the words that every platform shares: what a notice says,
// and how it reads as plain text and as JSON.
//
// A [Notice] is a value that carries facts and times, never prose alone; the
// functions here turn it into text and are pure. What they promise: the state
// word comes first, counts stand before percentages and without them where
// there are fewer than 20 prefixes, IPv4 and IPv6 are never added up, what is not known
// is always said, and foreign text (AS names, hosts, file names) reaches a
// screen without control characters. No cause is named and nobody is accused;
// a test holds every rendered notice against the list of words that may not
// appear.
//
// It leaves out where a notice goes and when: that is package bot's business,
// and markup belongs to the platforms.
package chat
