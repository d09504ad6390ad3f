// Package mrt reads and writes the files in which route collectors keep what
// they heard (RFC 6396, RFC 8050): TABLE_DUMP, TABLE_DUMP_V2, BGP4MP and
// BGP4MP_ET, compressed or not.
//
// A [Reader] yields everything that is whole and then, for a file that is cut
// off or damaged, a [*DamageError] with the byte and the reason. A record that
// is framed well but says nonsense is left out, counted and reported as a
// [Problem]; reading goes on behind it. Neither is ever a withdrawal: it is a
// gap in what is known.
//
// Records, and everything that hangs on them, are used again by the next call;
// nothing is allocated per record or route once the buffers have grown.
//
// It leaves out the types that collectors gave up before RFC 6396 (they are
// counted as skipped), OSPF and IS-IS, and RIB_GENERIC.
package mrt
