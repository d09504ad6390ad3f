package globalping

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"isitdown/checks"
)

// Votes gives what the places found of a target, now, one vote for each network. It is
// the measurement of [Client.Claims]: who has that one asks nothing more within a minute.
// Of a target that is no single host it gives nothing. Votes may be set beside an error,
// as claims may.
func (c *Client) Votes(ctx context.Context, f *checks.Footprint) ([]checks.Vote, error) {
	q, ok := questionOf(f.Target)
	if !ok {
		return nil, nil
	}
	m, err := c.Measure(ctx, q)
	if m == nil {
		return nil, err
	}
	return m.Votes(), err
}

// Votes gives one vote for each network that could tell, in the order of their numbers:
// one place that got an answer is enough, since nothing that is down answers. A place
// that failed by itself, is not done, or whose network is not known casts none. The
// continent is the one that most of the places which found it are on.
func (m *Measurement) Votes() []checks.Vote {
	method, ok := m.method()
	if !ok {
		return nil
	}
	type ballot struct {
		answered   bool
		continents map[string]int // of the places that found what the vote says
	}
	networks := map[checks.ASN]*ballot{}
	for i := range m.Vantages {
		v := &m.Vantages[i]
		answered := v.Result == Answered
		if v.ASN == 0 || !answered && v.Result != Silent {
			continue
		}
		b := networks[v.ASN]
		if b == nil || answered && !b.answered {
			b = &ballot{answered, map[string]int{}}
			networks[v.ASN] = b
		}
		if answered == b.answered && continent(v.Continent) {
			b.continents[v.Continent]++
		}
	}
	var votes []checks.Vote
	for _, a := range slices.Sorted(maps.Keys(networks)) {
		b := networks[a]
		votes = append(votes, checks.Vote{
			Operator: Service, ASN: a, Continent: commonest(b.continents), Method: method, At: m.At, Answered: b.answered,
		})
	}
	return votes
}

// method is how the places asked; false for a traceroute, whose silence begins at the
// first router that does not speak.
func (m *Measurement) method() (checks.Method, bool) {
	switch m.Kind {
	case Ping:
		return checks.MethodICMP, true
	case HTTP:
		return checks.MethodHTTP, true
	}
	return checks.MethodNone, false
}

// continent reports whether a foreign text is the code of one.
func continent(s string) bool {
	return slices.Contains([]string{"AF", "AN", "AS", "EU", "NA", "OC", "SA"}, s)
}

// commonest gives the text that is counted most often, of several the first one.
func commonest(n map[string]int) string {
	keys := slices.Sorted(maps.Keys(n))
	if len(keys) == 0 {
		return ""
	}
	return slices.MaxFunc(keys, func(a, b string) int { return cmp.Compare(n[a], n[b]) })
}
