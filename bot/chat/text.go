package chat

import "time"

// Text writes the whole notice as plain text of at most width columns (0 stands
// for Columns), in the order headline, how much, since, seen from, upstream, what
// disappeared, answering, evidence, not known, notes by people, quote. Good news is
// short, bad news is whole.
func Text(n Notice, width int) string {
	h := newHeadline(&n, func(t time.Time) string { return near(t, n.Verdict.At) })
	p := newPage(&n)
	p.head = h.word + nbsp + nbsp + h.rest()
	return layout(p.blocks(), width)
}
