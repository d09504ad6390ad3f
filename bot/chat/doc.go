// Package chat holds the words that every platform shares: what a notice says,
// how it reads as plain text and as JSON, and the commands that people give.
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
// [Compose] gives the same facts as a [Message], in parts that a platform marks up;
// [Digest], [Listing], [Current], [Confirmation], [Account] and [History] are the
// values that the other messages are made of. What people say stands apart from
// what the bot says, in all of them.
//
// [Commands] is the one table of commands: it makes help, what platforms register,
// and the words that [ParseCommand] knows. Command.String and Spec.Line write
// lines that it reads back as what was meant.
//
// It leaves out where a notice goes and when: that is package bot's business,
// and markup belongs to the platforms.
package chat
