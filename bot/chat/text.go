package chat

import (
	"time"

	"isitdown/checks"
)

// Text writes the whole notice as plain text of at most width columns (0 stands
// for Columns), in the order headline, how much, since, seen from, upstream, what
// disappeared, answering, evidence, not known, quote. Good news is short, bad news
// is whole.
func Text(n Notice, width int) string {
	v := &n.Verdict
	h := newHeadline(&n, func(t time.Time) string { return near(t, v.At) })
	blocks := []block{{text: h.word + nbsp + nbsp + h.rest()}}
	i := &n.Incident
	switch {
	case n.Kind == UpstreamChanged:
		blocks = append(blocks, changedBlocks(&n)...)
	case i.ID != "" && i.Kind == Unstable && n.Kind != Answer:
		blocks = append(blocks, unstableBlocks(&n)...)
	case n.Kind == Resolved, i.Recovering && v.State == checks.Up:
		blocks = append(blocks, backBlocks(&n)...)
	case v.State == checks.Unknown:
		blocks = append(blocks, unknownBlocks(&n)...)
	case v.State == checks.Up:
		blocks = append(blocks, upBlocks(&n)...)
	default:
		blocks = append(blocks, lossBlocks(&n)...)
	}
	for _, c := range n.Caveats {
		blocks = append(blocks, block{text: sentence(clean(c))})
	}
	blocks = append(blocks, block{prefix: "> ", text: quoteText(&n)}, block{text: footer(&n)})
	return layout(blocks, width)
}
