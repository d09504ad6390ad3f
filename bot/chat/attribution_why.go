package chat

import (
	"strconv"
	"strings"
	"time"

	"isitdown/checks"
)

// addAttribution adds how what disappeared was found: for each group of prefixes the
// rule that fired, what it weighed, and the grade with what would raise it. Once the
// routes are back it is as it was told last while they were missing.
func (a Account) addAttribution(parts []Part) []Part {
	t := a.lossTold()
	if t != &a.Tellings[len(a.Tellings)-1] {
		parts = addPart(parts, "As told", "at "+dated(t.At)+", in the last notice while routes were missing, of what disappeared:")
	}
	v := &t.Verdict
	if len(v.Attribution) == 0 {
		parts = addPart(parts, "Lost", lostRecord(v)) // kept before there were rules
	}
	for i := range v.Attribution {
		parts = addGroup(parts, &v.Attribution[i], len(v.Attribution) > 1)
	}
	for i := range v.Foreign {
		if i == maxListed {
			break
		}
		parts = addPart(parts, "Beside", foreignRecordText(&v.Foreign[i]))
	}
	return addPart(parts, "Earlier", pastRecordText(v.Past))
}

// lossTold is the last telling that says what disappeared, or else the last of all.
func (a Account) lossTold() *Telling {
	for i := len(a.Tellings) - 1; i >= 0; i-- {
		if v := &a.Tellings[i].Verdict; len(v.Attribution) > 0 || len(v.Disappeared) > 0 {
			return &a.Tellings[i]
		}
	}
	return &a.Tellings[len(a.Tellings)-1]
}

// addGroup adds what is said of one group of prefixes.
func addGroup(parts []Part, a *AttributionRecord, several bool) []Part {
	text := clean(a.Text)
	if several {
		text = joinNonEmpty(": ", recordName(a), text)
	}
	parts = addPart(parts, "Lost", text)
	parts = addPart(parts, "Rule", sentence(clean(a.Rule)+": "+ruleMeaning(a.Rule)))
	if len(a.Reasons) == 0 { // which else begin with it
		parts = addPart(parts, "Routes", lostCounts(a))
	}
	parts = addPart(parts, "Because", sentence(phrases(a.Reasons)))
	grade := sentence(gradeWords(clean(a.Grade), a.Counts.Set))
	if raise := phrases(a.Raise); raise != "" {
		grade += " Would raise it: " + raise + "."
	}
	parts = addPart(parts, "Grade", grade)
	parts = addPart(parts, "RPKI", rpkiRecordText(a.RPKI))
	parts = addFixed(parts, "Weighed", sampled(a, scoreLines(a.Scores)))
	return addFixed(parts, "Other networks behind the upstreams", sampled(a, siblingLines(a.Siblings)))
}

// ruleMeaning says what a rule asks for, with its thresholds.
func ruleMeaning(rule string) string {
	for r := checks.RuleNone; r <= checks.RuleDivide; r++ {
		if r.String() == rule {
			return r.Means()
		}
	}
	return "not one that this version knows"
}

// recordName names a group as [groupName] does.
func recordName(a *AttributionRecord) string {
	n := max(a.Counts.Prefixes, len(a.Prefixes))
	text := count(n, "prefix", "prefixes")
	if n == 1 && len(a.Prefixes) == 1 {
		text = clean(a.Prefixes[0])
	}
	if len(a.Origins) > 0 {
		text += " of " + listSome(cleanTexts(a.Origins), maxSuspects)
	}
	return text
}

func cleanTexts(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

// lostCounts writes what the shares are of.
func lostCounts(a *AttributionRecord) string {
	if a.Lost+a.Kept <= 0 {
		return ""
	}
	text := lostCountText(&checks.Attribution{Lost: a.Lost, Kept: a.Kept}) + ", " + thousands(uint64(max(0, a.Kept))) + " left"
	if a.Kept > 0 {
		text += ", " + thousands(uint64(max(0, a.KeptUnchanged))) + " of them unchanged"
	}
	return text
}

func rpkiRecordText(list []RPKIRecord) string {
	var parts []string
	for i := range list {
		o := &list[i]
		part := joinNonEmpty(" from ", clean(o.Prefix), clean(o.Origin)) + " is " + clean(o.State)
		if why := clean(o.Reason); why != "" {
			part += " (" + why + ")"
		}
		if o.AsOf != nil {
			part += " as of " + dated(*o.AsOf)
		}
		parts = append(parts, part)
	}
	return listSome(parts, maxListed)
}

// sampled puts a line before a table where it is of a few networks that were looked up.
func sampled(a *AttributionRecord, lines []string) []string {
	if a.Sample && len(lines) > 0 {
		return append([]string{"(of a few networks that were looked up)"}, lines...)
	}
	return lines
}

// scoreLines is the table of what was weighed, the best first, with what it takes to
// work out the scores again.
func scoreLines(list []ScoreRecord) []string {
	if len(list) == 0 {
		return nil
	}
	width := 0
	for _, s := range list {
		width = max(width, display(clean(s.Element)))
	}
	lines := []string{"(score: part of the lost paths, times the part of others' routes that went)"}
	for _, s := range list {
		score, stays := "not scored", "too few to tell"
		if s.Survival != nil {
			score, stays = "score "+scoreText(s.Score), percent(*s.Survival)
		}
		lines = append(lines, pad(clean(s.Element), min(width, 25))+"  "+score+"  on "+
			percent(s.Coverage)+" of the lost paths; others' routes through it that stay: "+stays+" ("+
			kOf(s.Still, thousands(uint64(max(0, s.Before))))+", of "+count(max(0, s.Origins), "network", "networks")+")")
	}
	return lines
}

func scoreText(score float64) string { return strconv.FormatFloat(score, 'f', 2, 64) }

// siblingLines says how the other networks behind each upstream fared.
func siblingLines(list []SiblingRecord) []string {
	var lines []string
	for _, s := range list {
		usual := "usual not known"
		if s.Usual != nil {
			usual = "usual " + percent(*s.Usual) + ", over " + span(time.Duration(s.HistorySeconds)*time.Second)
		}
		lines = append(lines, clean(s.Upstream)+"  "+kOf(s.Lost, thousands(uint64(max(0, s.Networks))))+" went within "+
			span(checks.SiblingWindow)+" ("+usual+")")
	}
	return lines
}

func foreignRecordText(f *ForeignRecord) string {
	text := clean(f.Kind) + ": " + clean(f.Prefix)
	if over := clean(f.Concerns); over != "" && over != clean(f.Prefix) {
		text += " (of the target: " + over + ")"
	}
	if origin := clean(f.Origin); origin != "" {
		text += " of " + origin
	}
	if via := clean(f.Upstream); via != "" {
		text += " via " + via
	}
	if f.Of > 0 {
		text += " at " + kOf(f.Peers, count(f.Of, "vantage point", "vantage points"))
	}
	if f.Since != nil {
		return text + ", since " + dated(*f.Since)
	}
	return text + ", nobody saw it come"
}

func pastRecordText(p *PastRecord) string {
	if p == nil {
		return ""
	}
	var parts []string
	for _, c := range p.Carriers {
		part := clean(c.ASN) + " for " + span(time.Duration(c.HeldSeconds)*time.Second)
		if c.Last != nil {
			part += ", last " + dated(*c.Last)
		}
		parts = append(parts, part)
	}
	text := "carried before the baseline"
	if p.Since != nil {
		text += ", since " + dated(*p.Since)
	}
	if s := clean(p.Source); s != "" {
		text += " (" + s + ")"
	}
	if len(parts) == 0 {
		return text + ": nobody that is known"
	}
	return text + ": " + strings.Join(parts[:min(len(parts), maxListed)], "; ")
}

// weighedText is what an answer says of how what disappeared was found: of an
// incident, why and details say it.
func weighedText(n *Notice) string {
	v := &n.Verdict
	if n.Kind != Answer || n.Incident.ID != "" || len(v.Disappeared) == 0 || lossOf(v) != lossRoutes {
		return ""
	}
	a := &v.Disappeared[0]
	parts := []string{"rule: " + a.Rule.String(), lostCountText(a)}
	var unscored []string
	for _, s := range a.Scores[:min(len(a.Scores), maxForeign)] {
		if s.Coverage < mainShare {
			continue // stands on too few of the lost paths to explain anything
		}
		share, known := s.Passage.Survival()
		if !known {
			unscored = append(unscored, s.Element.String())
			continue
		}
		parts = append(parts, s.Element.String()+" on "+percent(s.Coverage)+" of the lost paths, "+percent(share)+" of "+
			count(max(0, s.Passage.Before), "route", "routes")+" of "+otherNetworks(a, s.Passage.Origins)+" through it stay, score "+scoreText(s.Score))
	}
	if len(unscored) > 0 {
		parts = append(parts, "not scored, for too few others' routes pass: "+list(unscored))
	}
	text := sentence(phrases(parts))
	if raise := phrases(a.Raise); raise != "" {
		text += " Would tell more: " + raise + "."
	}
	return text
}

// lostCountText writes "66 of 72 routes lost".
func lostCountText(a *checks.Attribution) string {
	if a.Lost+a.Kept <= 0 {
		return ""
	}
	return kOf(a.Lost, count(a.Lost+a.Kept, "route", "routes")) + " lost (one a vantage point and prefix)"
}
