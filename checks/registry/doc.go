// Package registry turns a target into its footprint: which address space and
// which networks are registered to it. It reads the delegated statistics that
// the five Regional Internet Registries publish every day, lists of AS names,
// and a small reviewed file of overrides, and it knows what countries are called.
//
// Registered space is the only definition: rows of the delegated statistics with
// the country's code and the status allocated or assigned, plus the overrides.
// Where an address is in use never decides. docs/registry.md has the counting
// rules, the formats and where to get the lists.
//
// It promises that a footprint names its lists and their age, that every
// override and every damage of a list is said, and that no name is guessed: what
// fits two countries, or none exactly, is asked back.
//
// [Refresh] keeps the lists in a folder up to date. It promises that none is
// replaced by one that is not whole, and that a failure leaves what was there.
//
// It leaves out what is announced (package route) and, but for refreshing, the
// clock: a list is as old as it says it is.
package registry
