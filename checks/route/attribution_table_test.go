package route

import (
	"fmt"
	"strings"

	"isitdown/checks/internal/topology"
)

// total adds the outages of one share of stuck peers up.
func (s *sheet) total(stuck float64) (sum results) {
	for r, n := range s.rows {
		if r.stuck != stuck || !disconnects(r.kind) {
			continue
		}
		sum.events += n.events
		sum.unseen += n.unseen
		sum.right += n.right
		sum.strict += n.strict
		sum.told += n.told
		sum.size += n.size
		sum.whole += n.whole
		for f := range sum.family {
			sum.family[f].sets += n.family[f].sets
			sum.family[f].right += n.family[f].right
		}
		for g := range sum.grades {
			sum.grades[g] += n.grades[g]
		}
	}
	return sum
}

// mean gives the mean size of the sets.
func (n *results) mean() float64 { return n.size / float64(max(1, n.told)) }

func percent(k, n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
}

// table writes the results in Markdown.
func (s *sheet) table(shares []float64) string {
	var b strings.Builder
	b.WriteString("| stuck | what happened | outages | truth in the set | every link | IPv4 | IPv6 | set | with stuck | moderate, low, none |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, stuck := range shares {
		for k := topology.LastLink; k <= topology.Rejection; k++ {
			s.at(row{stuck, k}).line(&b, stuck, k.String())
		}
		sum := s.total(stuck)
		sum.line(&b, stuck, "**all of them**")
	}
	s.others(&b, shares)
	return b.String()
}

func (n *results) line(b *strings.Builder, stuck float64, what string) {
	outages := fmt.Sprint(n.events)
	if n.unseen > 0 {
		outages += fmt.Sprintf(" (+%d)", n.unseen)
	}
	fmt.Fprintf(b, "| %g %% | %s | %s | %s | %s | %s | %s | %.2f | %.2f | %d, %d, %d |\n", stuck*100, what, outages,
		percent(n.right, n.events), percent(n.strict, n.events),
		percent(n.family[0].right, n.family[0].sets), percent(n.family[1].right, n.family[1].sets),
		n.mean(), n.whole/float64(max(1, n.told)), n.grades[2], n.grades[1], n.grades[0])
}

// others writes what must not be said, over all shares of stuck peers.
func (s *sheet) others(b *strings.Builder, shares []float64) {
	b.WriteString("\n| what happened | events | called down | a withdrawal or failure told | an upstream failed, told |\n|---|---|---|---|---|\n")
	for k := topology.LastLink; k <= topology.Leak; k++ {
		var sum results
		for _, stuck := range shares {
			n := s.at(row{stuck, k})
			sum.events += n.events + n.unseen
			sum.down += n.down
			sum.withdrawn += n.withdrawn
			sum.upstream += n.upstream
		}
		switch {
		case k == topology.LastLink || k == topology.Withdrawal:
			fmt.Fprintf(b, "| %s | %d | is | is | %d |\n", k, sum.events, sum.upstream)
		case !disconnects(k):
			fmt.Fprintf(b, "| %s | %d | %d | %d | - |\n", k, sum.events, sum.down, sum.withdrawn)
		}
	}
}
