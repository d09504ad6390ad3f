package checks

import (
	"cmp"
	"fmt"
	"math"
)

// noWitness says why no host can tell anything.
func (h *hearing) noWitness() string {
	if len(h.reach.Hosts) == 0 {
		return "there is no host to probe"
	}
	if !h.single() {
		n := len(h.reach.Hosts)
		return fmt.Sprintf("%s no witness: never heard, heard too rarely, or outside", counted(n, "host is", "hosts are"))
	}
	absent, asked, rate := true, 0, math.Inf(1)
	var unmeasured, unresolved string
	for i := range h.reach.Hosts {
		x := &h.reach.Hosts[i]
		if !h.home(x) {
			continue
		}
		asked++
		absent = absent && x.Newest.Outcome == Nonexistent
		if x.Before && !mayTestify(x.Rate) {
			rate = min(rate, x.Rate)
		}
		switch x.Newest.Outcome {
		case Unmeasured:
			unmeasured = x.Newest.Detail
		case Unresolved:
			unresolved = cmp.Or(x.Newest.Detail, "no server of its zone gives an answer")
		}
	}
	switch {
	case asked == 0:
		return "it was not asked itself"
	case absent:
		return "the DNS has no address for it"
	case unmeasured != "":
		return "it could not be asked: " + OneLine(unmeasured, maxClause)
	case unresolved != "":
		return "its name does not resolve: " + OneLine(unresolved, maxClause)
	case !math.IsInf(rate, 1):
		return fmt.Sprintf("it leaves %.0f %% of probes unanswered, too many for its silence to say anything", 100*rate)
	}
	return "it has never answered us, so its silence says nothing"
}

// undecided says that too few hosts have answered or missed enough probes.
func (h *hearing) undecided(usable, decided int) string {
	if why := h.rerouted(); why != "" {
		return why
	}
	if !h.single() && decided == 0 {
		return fmt.Sprintf("none of %d usual hosts has answered or missed enough probes yet", usable)
	}
	if !h.single() {
		return fmt.Sprintf("only %d of %d usual hosts have answered or missed enough probes", decided, usable)
	}
	missed, detail := 0, ""
	for i := range h.reach.Hosts {
		x := &h.reach.Hosts[i]
		if h.tells(x) == outside {
			continue
		}
		missed = max(missed, x.Silence.Probes)
		if x.Newest.Outcome == Unmeasured {
			detail = x.Newest.Detail
		}
	}
	switch {
	case missed == 0 && detail != "":
		return "it could not be asked: " + OneLine(detail, maxClause)
	case missed == 0:
		return "it was not asked of late"
	}
	return fmt.Sprintf("it missed %s, too few yet to call it silent", counted(missed, "probe", "probes in a row"))
}

// fault gives what a service that fails says of itself.
func (h *hearing) fault(all []witness) string {
	for i := range all {
		if !all[i].failing {
			continue
		}
		detail := ""
		for _, k := range all[i].entries {
			x := &h.reach.Hosts[k]
			switch {
			case x.Newest.Outcome == Failing && h.tells(x) == answering:
				return OneLine(x.Newest.Detail, maxClause)
			case x.Method != MethodICMP && x.Newest.Detail != "":
				detail = x.Newest.Detail
			}
		}
		if detail == "" {
			detail = "no answer over HTTP"
		}
		return OneLine(detail, maxClause)
	}
	return ""
}

// missing says what would let the probes tell.
func (f *finding) missing(a *assessment) string {
	switch {
	case !f.Guard.Holds():
		return "an own network that passes its test"
	case f.Usable == 0 && a.alone():
		return "an answer from it, at any time"
	case f.Usable == 0:
		return "hosts inside that answer"
	}
	return "more rounds of probes"
}
