package checks

// rejects reports whether a route that few still have is one that RPKI calls invalid. They
// have it because they do not drop such routes, and not because a withdrawal never
// arrived: it is announced, and not gone. Where only few of those that vote ever had it, it
// has been invalid for long, and what was lost since is another matter.
func (a *assessment) rejects(o *Observation) bool {
	voting, _ := a.in.Vantage.voting(o.Prefix.Addr().Is6())
	if len(a.in.RPKI) == 0 || float64(o.Seen) < keptNone*float64(o.Asked) || o.Asked*2 < voting {
		return false
	}
	if a.invalid == nil {
		a.invalid = make(map[RouteOrigin]bool, len(a.in.RPKI))
		for _, v := range a.in.RPKI {
			a.invalid[v.Route] = v.State == Invalid
		}
	}
	origins := a.before(o.Prefix).Origins
	for _, origin := range origins {
		if !a.invalid[RouteOrigin{o.Prefix, origin}] {
			return false
		}
	}
	return len(origins) > 0
}
