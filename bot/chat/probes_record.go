package chat

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// AnsweringRecord says what the probes found.
type AnsweringRecord struct {
	Extent     string          `json:"extent"` // unknown, none, part, all
	At         *time.Time      `json:"at"`     // the newest round ended; null where that was not kept
	Scope      string          `json:"scope"`  // "world", "vantage point"
	Hosts      HostsRecord     `json:"hosts"`
	Slash24s   BlocksRecord    `json:"slash24s"`
	Failing    int             `json:"failing"`
	Fault      string          `json:"fault"` // what the first of them says: "HTTP 503"
	Pings      *PingsRecord    `json:"pings"` // null: not many were lost, or too few were sent to tell
	Why        string          `json:"why"`   // why the extent is not known; "" where it is
	Onset      *IntervalRecord `json:"onset"` // of the present silence, by the probes alone; null for none
	End        *IntervalRecord `json:"end"`   // of the last one
	Guard      *GuardRecord    `json:"guard"` // null: our own network was not tested
	Votes      VotesRecord     `json:"votes"`
	LastRouter *RouterRecord   `json:"last_router"` // null: nothing was traced, or nobody answered
	Probes     []ProbeRecord   `json:"probes"`
}

// HostsRecord counts hosts: Answering, Silent and Unsure of Of that could testify.
type HostsRecord struct {
	Answering int `json:"answering"`
	Silent    int `json:"silent"`
	Unsure    int `json:"unsure"`
	Of        int `json:"of"`
	Excluded  int `json:"excluded"`
}

// PingsRecord counts the pings of the last half hour to hosts that answer.
type PingsRecord struct {
	Lost int `json:"lost"`
	Of   int `json:"of"`
}

// BlocksRecord counts blocks of 256 IPv4 addresses by the belief in them.
type BlocksRecord struct {
	Up     int `json:"up"`
	Down   int `json:"down"`
	Unsure int `json:"unsure"`
}

// GuardRecord is what our own network did in the round.
type GuardRecord struct {
	Holds    bool       `json:"holds"`
	At       *time.Time `json:"at"`
	Answered int        `json:"answered"`
	Of       int        `json:"of"`
	Networks int        `json:"networks"`
	Void     string     `json:"void"` // why the round counts for nothing, "" where it counts
}

// VotesRecord counts vantage points, ours among them.
type VotesRecord struct {
	Silent     int `json:"silent"`
	Of         int `json:"of"`
	Networks   int `json:"networks"`
	Continents int `json:"continents"`
}

// RouterRecord is the last router that answered on the way to a silent host.
type RouterRecord struct {
	Address string     `json:"address"`
	Number  int        `json:"number"`
	Origin  string     `json:"origin"` // "" where nobody is known to announce it
	Name    string     `json:"name"`
	Toward  string     `json:"toward"`
	Arrived bool       `json:"arrived"`
	At      *time.Time `json:"at"`
}

// ProbeRecord is one host that was probed, with its newest answer.
type ProbeRecord struct {
	Host      string     `json:"host"`
	Address   string     `json:"address"` // "" for a name that did not resolve
	Port      int        `json:"port"`
	Method    string     `json:"method"`
	Outcome   string     `json:"outcome"`
	At        *time.Time `json:"at"`
	Ms        float64    `json:"ms"`
	SaidBy    string     `json:"said_by"`
	Detail    string     `json:"detail"`
	Redirects []string   `json:"redirects"`
	Role      string     `json:"role"`
	Inside    bool       `json:"inside"`
	Rate      float64    `json:"rate"`
	Asked     int        `json:"asked"`
	Before    bool       `json:"answered_before"`
	Heard     *time.Time `json:"heard"`
	Missing   *time.Time `json:"missing"`
	// Unanswered probes in so many Rounds add up to the Evidence, in nats.
	Unanswered int     `json:"unanswered"`
	Rounds     int     `json:"rounds"`
	Evidence   float64 `json:"evidence"`
}

// ShortAnswersRecord is what probes found, for courses and depths.
type ShortAnswersRecord struct {
	Extent  string      `json:"extent"`
	Hosts   CountRecord `json:"hosts"`
	Failing bool        `json:"failing"`
	Scope   string      `json:"scope"`
}

// scopeText names for whom a finding holds.
func scopeText(world bool) string {
	if world {
		return "world"
	}
	return "vantage point"
}

func shortAnswersRecord(a Answers) *ShortAnswersRecord {
	if a == (Answers{}) {
		return nil
	}
	return &ShortAnswersRecord{a.Extent.String(), CountRecord(a.Hosts), a.Failing, scopeText(a.World)}
}

// answers reads back what shortAnswersRecord wrote.
func (r *ShortAnswersRecord) answers() Answers {
	if r == nil {
		return Answers{}
	}
	return Answers{extentOf(r.Extent), checks.Count(r.Hosts), r.Failing, r.Scope == scopeText(true)}
}

func answeringRecord(v *checks.Verdict) *AnsweringRecord {
	if !probed(v) {
		return nil
	}
	p := &v.Probing
	return &AnsweringRecord{
		Extent: v.Answering.String(), At: stamp(p.At), Scope: scopeText(p.World),
		Hosts:    HostsRecord{p.Answering, p.Silent, p.Unsure, p.Usable, p.Excluded},
		Slash24s: BlocksRecord{p.BlocksUp, p.BlocksDown, p.BlocksUnsure},
		Failing:  p.Failing, Fault: shorten(p.Fault, maxClaim), Pings: pingsRecord(p), Why: shorten(p.Why, maxClaim),
		Onset: intervalRecord(p.Onset), End: intervalRecord(p.End), Guard: guardRecord(&p.Guard),
		Votes:      VotesRecord{p.VotesSilent, p.VotesCast, p.Networks, p.Continents},
		LastRouter: routerRecord(&p.Last),
		Probes:     records(p.Hosts[:min(len(p.Hosts), checks.MaxProbed)], probeRecord),
	}
}

func pingsRecord(p *checks.Probing) *PingsRecord {
	if p.PingsLost == 0 {
		return nil
	}
	return &PingsRecord{p.PingsLost, p.Pings}
}

func guardRecord(g *checks.Guard) *GuardRecord {
	if *g == (checks.Guard{}) {
		return nil
	}
	return &GuardRecord{g.Holds(), stamp(g.At), g.Answered, g.Controls, g.Networks, clean(g.Void)}
}

func routerRecord(r *checks.Router) *RouterRecord {
	if !r.Addr.IsValid() {
		return nil
	}
	return &RouterRecord{
		addressText(r.Addr), r.Number, asnText(r.Origin), clean(r.Name), addressText(r.Toward), r.Arrived, stamp(r.At),
	}
}

func probeRecord(h checks.Host) ProbeRecord {
	a := &h.Newest
	return ProbeRecord{
		Host: shorten(h.Name, maxLink), Address: addressText(h.Addr), Port: int(cmp.Or(a.Port, h.Port)), Method: cmp.Or(a.Method, h.Method).String(),
		Outcome: a.Outcome.String(), At: stamp(a.At), Ms: round(float64(a.Took) / float64(time.Millisecond)),
		SaidBy: addressText(a.By), Detail: shorten(a.Detail, maxClaim),
		Redirects: records(a.Redirects, func(u string) string { return shorten(u, maxLink) }),
		Role:      h.Role.String(), Inside: h.Home, Rate: round(h.Rate), Asked: h.Asked, Before: h.Before,
		Heard: stamp(h.Heard), Missing: stamp(h.Missing),
		Unanswered: h.Silence.Probes, Rounds: h.Silence.Rounds, Evidence: round(h.Silence.Evidence),
	}
}

// addressText writes an address, "" for none; a zone names an interface of this
// machine, and says nothing to others.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.WithZone("").String()
}

// Answers gives in short what probes found when the record was made.
func (r *VerdictRecord) Answers() Answers { return AnswersOf(verdictOf(r)) }

// verdictOf gives as much of the verdict of a record as the words about probes need.
func verdictOf(r *VerdictRecord) *checks.Verdict {
	v := &checks.Verdict{Target: recordTarget(r), State: recordState(r), Announced: extentOf(r.Announced.Extent)}
	v.At, _ = time.Parse(time.RFC3339, r.At) // the zero time leaves ages out
	v.Vantage.NewestAt = moment(r.Announced.Newest)
	for _, g := range r.Gaps {
		v.Gaps = append(v.Gaps, checks.Gap{Check: g.Check, Reason: g.Reason})
	}
	a := r.Answering
	if a == nil {
		return v
	}
	v.Answering = extentOf(a.Extent)
	p := &v.Probing
	p.At, p.Failing, p.World = moment(a.At), a.Failing, a.Scope == scopeText(true)
	p.Fault, p.Why, p.Onset, p.End = a.Fault, a.Why, a.Onset.interval(), a.End.interval()
	p.Answering, p.Silent, p.Unsure, p.Usable, p.Excluded = a.Hosts.Answering, a.Hosts.Silent, a.Hosts.Unsure, a.Hosts.Of, a.Hosts.Excluded
	p.BlocksUp, p.BlocksDown, p.BlocksUnsure = a.Slash24s.Up, a.Slash24s.Down, a.Slash24s.Unsure
	p.VotesSilent, p.VotesCast, p.Networks, p.Continents = a.Votes.Silent, a.Votes.Of, a.Votes.Networks, a.Votes.Continents
	if l := a.Pings; l != nil {
		p.PingsLost, p.Pings = l.Lost, l.Of
	}
	if g := a.Guard; g != nil {
		p.Guard = checks.Guard{At: moment(g.At), Answered: g.Answered, Controls: g.Of, Networks: g.Networks, Void: g.Void}
	}
	if l := a.LastRouter; l != nil {
		origin, _ := checks.ParseASN(l.Origin) // "" is no AS, and is not named
		p.Last = checks.Router{
			Addr: addressOf(l.Address), Number: l.Number, Origin: origin, Name: l.Name, Toward: addressOf(l.Toward), Arrived: l.Arrived, At: moment(l.At),
		}
	}
	for i := range a.Probes {
		p.Hosts = append(p.Hosts, a.Probes[i].host())
	}
	return v
}

func (r *ProbeRecord) host() checks.Host {
	addr := addressOf(r.Address)
	h := checks.Host{
		Name: r.Host, Addr: addr, Port: uint16(max(0, min(r.Port, 1<<16-1))), Home: r.Inside, Rate: r.Rate, Asked: r.Asked, Before: r.Before,
		Heard: moment(r.Heard), Missing: moment(r.Missing),
		Silence: checks.Silence{Evidence: r.Evidence, Probes: r.Unanswered, Rounds: r.Rounds},
	}
	for m := checks.MethodNone; m <= checks.MethodDNS; m++ {
		if m.String() == r.Method {
			h.Method = m
		}
	}
	for role := checks.RoleAsked; role <= checks.RoleKnown; role++ {
		if role.String() == r.Role {
			h.Role = role
		}
	}
	h.Newest = checks.Answer{
		Host: r.Host, Addr: addr, Port: h.Port, Method: h.Method, At: moment(r.At),
		Took: time.Duration(r.Ms * float64(time.Millisecond)), By: addressOf(r.SaidBy), Detail: r.Detail, Redirects: r.Redirects,
	}
	for o := checks.Unmeasured; o <= checks.Nonexistent; o++ {
		if o.String() == r.Outcome {
			h.Newest.Outcome = o
		}
	}
	return h
}

func addressOf(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{} // none, or none that can be read any more
	}
	return a
}

func extentOf(word string) checks.Extent {
	for e := checks.ExtentUnknown; e <= checks.ExtentAll; e++ {
		if e.String() == word {
			return e
		}
	}
	return checks.ExtentUnknown
}

// probesRecord says of a verdict that was kept what the probes found then.
func probesRecord(r *VerdictRecord) string {
	v := verdictOf(r)
	when := ""
	if at := v.Probing.At; !at.IsZero() {
		when = "probed by " + near(at, v.At) // how long ago says nothing to whoever reads it later
	}
	v.At = time.Time{}
	return joinNonEmpty(". ", joinNonEmpty("; ", probesText(v), when), sentenceOf(pathText(v)))
}

func sentenceOf(s string) string { return strings.TrimSuffix(sentence(s), ".") }

// hostParts adds what each host did when the newest of the tellings was told in which
// something was amiss with the answers, else the newest of all.
func hostParts(parts []Part, list []Telling) []Part {
	at := len(list) - 1
	for i := range list {
		if list[i].Verdict.Answers().Amiss() {
			at = i
		}
	}
	return addFixed(parts, "Host by host, "+list[at].At.UTC().Format("2006-01-02 15:04")+" (UTC)", hostLines(&list[at].Verdict))
}

// hostLines gives a line for each host that was probed: what it did, and what its
// silence weighs.
func hostLines(r *VerdictRecord) []string {
	v := verdictOf(r)
	var lines []string
	for i := range v.Probing.Hosts {
		h := &v.Probing.Hosts[i]
		parts := []string{hostName(h) + " " + answerText(&h.Newest)}
		if n := h.Silence.Probes; n > 0 {
			parts = append(parts, count(n, "unanswered probe", "unanswered probes")+" in "+count(h.Silence.Rounds, "round", "rounds")+
				", evidence "+decimal(h.Silence.Evidence))
		}
		parts = append(parts, rateText(h))
		if !h.Heard.IsZero() {
			parts = append(parts, "last heard "+h.Heard.UTC().Format(time.DateTime))
		}
		if !h.Home {
			parts = append(parts, "outside the target: does not count")
		}
		lines = append(lines, strings.Join(parts, "; "))
	}
	return lines
}

// decimal writes evidence in nats to one place.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// rateText says how often a host does not answer when all is well.
func rateText(h *checks.Host) string {
	switch {
	case !h.Before:
		return "never answered before: does not count"
	case h.Asked == 0:
		return h.Role.String()
	}
	return h.Role.String() + ", leaves " + percent(h.Rate) + " of " + thousands(uint64(h.Asked)) + " probes unanswered"
}
