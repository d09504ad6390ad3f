// Package ioda asks IODA (Internet Outage Detection and Analysis, Georgia Tech)
// what it measures of a country or a network, for any moment of which it keeps
// data: its signals, and the alerts and events that it made of them.
//
// What it gives are claims: sentences of another's measurements, each with its
// time, a link, and what it rests on. It promises that a signal without values is
// "no signal" and never a loss, that a value is never given without what it is
// compared with, and that what could not be had is an error beside the rest.
//
// It leaves out other kinds of target (IODA knows no prefixes and no hosts), the
// signals that are not about reachability, and any judgement: claims decide nothing.
//
// The shapes are those of the API's own description,
// https://api.ioda.inetintel.cc.gatech.edu/v2/; docs/ioda.md has the terms.
package ioda
