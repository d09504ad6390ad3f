// Package web is the one HTTP client of all outside services: what asks RIPEstat,
// IODA or a file server goes through it, so that all of them are asked with the
// same manners and fail in the same words.
//
// A [Client] stands for one service. It promises that every question ends: each
// attempt has a timeout, each answer a largest size, and what goes on for longer
// than the caller's context is given up. It asks again where that can help, with
// a jittered back-off or as long after as the service says (Retry-After, RFC 9110,
// section 10.2.3); it keeps to a rate and to a number of questions at a time; and
// it leaves a service alone that fails again and again. Every failure is an
// [*Error] whose [Kind] a program can tell apart and whose gap a person can read;
// no secret of the request is in either.
//
// It leaves out what the answers mean, keeping anything on disk, and cookies.
// Proxies are a matter of the transport that it is given: that of
// http.DefaultTransport takes them from the environment.
package web
