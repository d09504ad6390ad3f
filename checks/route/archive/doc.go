// Package archive is the feed of recorded routing data: MRT files (RFC 6396) as
// route collectors and routers write them, table dumps and updates, compressed
// or not, and scenarios, which are small texts that it turns into such data.
//
// A [Recording] plays any number of files in the order of time. What cannot be
// read of them is a gap with a byte and a reason, never an outage.
//
// A [Fetcher] brings recordings here from the archives of RIPE RIS and RouteViews
// and keeps them. What it cannot have is a gap too, and a [Hole] in what is played.
package archive
