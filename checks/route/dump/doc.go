// Package dump writes what MRT files hold (RFC 6396) as text, one line for each route
// that is announced, withdrawn or held and for each change of a session's state: the
// line of `bgpdump -m`, or a JSON object.
//
// It promises the order of the file, everything that is whole in a damaged file, and
// bounded memory; several goroutines decode at once. A record is taken at its word:
// path identifiers that it does not declare (RFC 8050) are not guessed, which is
// otherwise done.
//
// It leaves out what package checks/internal/mrt leaves out, and says how much of it
// there was.
package dump
