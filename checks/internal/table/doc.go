// Package table stores what very many sessions hold for very many prefixes, in a byte
// or less for four routes: one number for each prefix and column (a session), 0 where it
// holds nothing.
//
// A prefix has a [Row], a small number for arrays by prefix, and shares the vector of its
// values with all prefixes that have the same ones: prefixes of one network nearly always
// do. A vector is known by its [Ref]. It is stored once, as the list of its distinct values
// and a code of 1, 2, 4, 8 or 16 bits for each column, in segments without pointers, which
// the garbage collector does not look into. docs/dd-005-compact-table.md says why.
//
// What it promises: equal vectors have equal references, a reference stays what it is while
// somebody uses it, and a table that was written is the same after it was read. What a value
// means is the caller's affair, and so is who may call: a Table is not safe for use by
// several goroutines.
package table
