package chat

import (
	"strings"
	"time"

	"isitdown/checks"
)

// Subject writes a target with the name that a list has for it: "North Korea
// (KP)", "AS36867 (Kokanet)". Name is foreign text and may be "".
func Subject(t checks.Target, name string) string {
	target, name := shorten(t.String(), 80), shorten(name, maxName)
	switch {
	case name == "" || name == target:
		return target
	case t.Kind() == checks.KindCountry:
		return name + " (" + target + ")"
	}
	return target + " (" + name + ")"
}

// maxSubject is how many characters of a subject are shown.
const maxSubject = 125

// subjects lists some of many.
func subjects(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = shorten(s, maxSubject)
	}
	return listSome(parts, maxSubjects)
}

// maxSubjects is how many targets a sentence names.
const maxSubjects = 60

// Episode is an incident as one line of a list says it: what it was, and where it
// lasts, how things stand.
type Episode struct {
	Subject  string // as [Subject] writes it
	Incident Incident
	// State, IPv4 and IPv6 (visible prefixes) and Answers are what is known now. They are only
	// said of incidents that last; Unknown is said as such.
	State      checks.State
	IPv4, IPv6 checks.Count
	Answers    Answers
	// Inside are the narrower targets, as [Subject] writes them, of which the same
	// is part of this.
	Inside []string
	// Acknowledged are those who said that they have taken notice.
	Acknowledged []string
}

// lasts reports whether the incident is open.
func (e *Episode) lasts() bool { return e.Incident.End == (checks.Interval{}) || e.Incident.Recovering }

// lastingFirst orders what lasts before what is over.
func lastingFirst(a, b *Episode) int {
	switch {
	case a.lasts() == b.lasts():
		return 0
	case a.lasts():
		return -1
	}
	return 1
}

// text writes the episode as seen at now; at least the start has a date.
func (e *Episode) text(now time.Time) string {
	i := &e.Incident
	parts := []string{clean(i.ID), e.stand(now)}
	if len(e.Inside) > 0 {
		parts = append(parts, "part of it: "+subjects(e.Inside))
	}
	if n := len(e.Acknowledged); n > 0 {
		var by []string
		for _, a := range e.Acknowledged {
			by = append(by, shorten(a, maxAuthor))
		}
		parts = append(parts, "acknowledged by "+listSome(by, 3))
	}
	return joinNonEmpty(dot, parts...)
}

// stand says what became of it, or how it stands.
func (e *Episode) stand(now time.Time) string {
	i := &e.Incident
	who := shorten(e.Subject, maxSubject)
	switch {
	case e.lasts() && i.Kind == Unstable:
		return "UNSTABLE " + who + ": " + count(i.Changes, "loss", "losses") + " " + since(i.Onset, dated) + ", " +
			stateNow(e.State)
	case e.lasts() && i.Recovering:
		text := "BACK " + who + ": " + backWord(i) + " again " + since(i.End, dated) + endedAfter(i)
		if !i.WatchUntil.IsZero() {
			text += ", watched for a relapse until " + near(i.WatchUntil, now)
		}
		return text
	case e.lasts():
		text := upperState(e.State) + " " + who + ": " + e.visible() + since(i.Onset, dated)
		if from := Point(i.Onset); !from.IsZero() && now.After(from) {
			text += ", " + elapsed(from, now) + " so far"
		}
		return text
	case i.Kind == Unstable:
		text := who + ": unstable, " + count(i.Changes, "loss", "losses") + " in " + elapsed(Point(i.Onset), Point(i.End)) +
			", " + e.dates()
		if i.FollowedBy != "" {
			text += ", followed by outage " + clean(i.FollowedBy)
		}
		return text
	}
	text := who + ": " + lasted(i) + ", " + e.dates()
	if i.Changes > 1 {
		text += ", lost " + count(i.Changes, "time", "times")
	}
	return joinNonEmpty(", ", text, depthText(i), "resolved")
}

// upperState writes a state as it begins a line.
func upperState(s checks.State) string { return strings.ToUpper(s.String()) }

func stateNow(s checks.State) string {
	if s == checks.Unknown {
		return "nothing known at present"
	}
	return s.String() + " at present"
}

// visible writes "0 of 4 IPv4 prefixes visible ", or that it is not known.
func (e *Episode) visible() string {
	if e.State == checks.Unknown {
		return "nothing is known at present; open "
	}
	counts := prefixCounts(e.IPv4, e.IPv6)
	if counts != "" {
		counts += " visible"
	}
	if e.Answers.Amiss() {
		counts = joinNonEmpty(", ", counts, e.Answers.text())
	}
	if counts == "" {
		return ""
	}
	return counts + " "
}

// backWord says what an incident that is over is again.
func backWord(i *Incident) string {
	switch {
	case !i.silenceAlone():
		return "visible"
	case i.Answers.Silent():
		return "answering"
	}
	return "serving"
}

// prefixCounts writes "0 of 4 IPv4 prefixes, 1 of 1 IPv6 prefix".
func prefixCounts(v4, v6 checks.Count) string {
	var parts []string
	for _, f := range []struct {
		checks.Count
		name string
	}{{v4, "IPv4"}, {v6, "IPv6"}} {
		if f.Of > 0 {
			parts = append(parts, kOfN(f.Seen, f.Of)+" "+f.name+nbsp+unitPrefix(f.Of))
		}
	}
	return strings.Join(parts, ", ")
}

// dates writes "22 Dec 2014 16:15 UTC - 23 Dec 01:46 UTC".
func (e *Episode) dates() string {
	from, to := Point(e.Incident.Onset), Point(e.Incident.End)
	return dated(from) + " - " + near(to, from)
}

// episodeParts gives a part for each episode.
func episodeParts(label string, list []Episode, now time.Time) []Part {
	var parts []Part
	for i := range list {
		parts = append(parts, Part{Label: label, Text: plain(list[i].text(now))})
	}
	return parts
}

// worstTone is that of the worst of what is open.
func worstTone(list []Episode) Tone {
	tone := ToneUp
	for i := range list {
		e := &list[i]
		switch {
		case !e.lasts():
		case e.State == checks.Down && !e.Incident.Recovering:
			return ToneDown
		case e.State == checks.Unknown:
			if tone == ToneUp {
				tone = ToneUnknown
			}
		case !e.Incident.Recovering:
			tone = ToneDegraded
		}
	}
	return tone
}

// inZone writes a time in a zone with its day: "Tue 23 Dec 2014 08:00 Asia/Seoul".
func inZone(t time.Time, z *time.Location) string {
	if z == nil || z == time.UTC || z.String() == "UTC" {
		return fullDated(t)
	}
	return hold(t.In(z).Format("Mon 2 Jan 2006")) + " " + t.In(z).Format("15:04") + nbsp + clean(z.String())
}

// caveatParts gives the sentences that must stand on everything.
func caveatParts(caveats []string) []Part {
	var parts []Part
	for _, c := range caveats {
		if c = sentence(clean(c)); c != "" {
			parts = append(parts, Part{Text: c, Caveat: true})
		}
	}
	return parts
}
