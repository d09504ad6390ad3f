// Package section writes and reads files of ours that are made of sections: named pieces of
// bytes, each with its length and its checksum.
//
// A file is whole or not there: it is written beside the old one, synced, and put in its place.
// What is read was checked against its checksum first; anything else is refused with one
// sentence, and nothing is allocated that the file has no bytes for. What is in a section, and
// whether it makes sense, is its reader's business.
//
// Layout, little endian: the magic (16 bytes), the version of the contents (4), the number of
// sections (4), the moment that the contents are of (8, nanoseconds since 1970), then for each
// section its name (8, padded with zeros), its offset and its length (8 and 8) and the CRC-32C
// (RFC 3720, appendix B.4) of its bytes (4), then the CRC-32C of all of that, and the sections.
package section
