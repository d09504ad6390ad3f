// Package globalping has Globalping measure a target from places around the world:
// pings, traceroutes and HTTP requests by its volunteers' probes, now.
//
// [Client.Measure] gives the raw list, place by place; [Client.Claims] the claim
// that is made of it, [Client.Votes] one vote for each network. It promises that no target is measured that is not public
// (private, loopback, documentation, multicast and every other special-purpose
// space is refused before anybody is asked), that one target is measured once a
// minute at most, whoever asks, that the hourly budget which the service states is
// kept, and that a probe which failed by itself is not counted as silence.
//
// It leaves out moments of the past, choosing hosts inside a country, deciding what
// a silence means, and spending credits: an account's free tests are used, no more.
//
// Requests and answers are as in the service's OpenAPI description,
// https://globalping.io/docs/api.globalping.io; docs/globalping.md has limits and terms.
package globalping
