package chat

import (
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"

	"isitdown/checks"
)

// World is how everything stands that is watched whether or not anybody subscribed to
// it, as a message tells it. What is not known is counted as such: that nothing was seen
// missing never says that all is well.
type World struct {
	At    time.Time // when it is asked
	World checks.World
	// Off says why nobody watches the world here, and what to do about it, as a sentence; ""
	// where it is watched.
	Off string
	// Incidents has the ID of the open incident of a target, where it has one.
	Incidents map[checks.Target]string
	Caveats   []string
}

// How many countries and networks a message lists one by one, those that lost most
// first. The others are counted.
const (
	maxWorldCountries = 15
	maxWorldNetworks  = 15
)

// Message writes how the world stands.
func (w World) Message() Message {
	m := Message{Headline: cutTo(plain(w.headline()), MaxHeadline), Tone: w.tone(), Parts: w.parts()}
	m.Parts = append(m.Parts, caveatParts(w.Caveats)...)
	if w.Off == "" {
		m.More = Command{Verb: Check, Target: checks.Worldwide().String()}.String()
	}
	return m
}

func (w *World) headline() string {
	head := "WORLD: " + w.lead()
	if w.Off == "" && w.World.Missing == "" {
		head += ", as of " + fullDated(w.at())
	}
	return head
}

// at gives the moment that is spoken of.
func (w *World) at() time.Time {
	if at := w.World.At; !at.IsZero() {
		return at
	}
	return w.At
}

// mostMissing is how much the headline has of why nothing can be said, in characters.
const mostMissing = 120

// lead says the most important in one clause.
func (w *World) lead() string {
	c, n := &w.World.Countries, &w.World.Networks
	switch {
	case w.Off != "":
		return "not watched here"
	case w.World.Missing != "":
		return "nothing can be said at present: " + shorten(w.World.Missing, mostMissing)
	case c.Watched+n.Watched == 0, c.Unknown+n.Unknown == c.Watched+n.Watched:
		return "nothing is known of any country or network"
	}
	text := joinNonEmpty(", ", both(c.Down, n.Down, "down"), both(c.Degraded, n.Degraded, "degraded"))
	if text == "" {
		text = "no country or network seen down or degraded"
	}
	return joinNonEmpty(", ", text, both(c.Unknown, n.Unknown, "of which nothing is known"))
}

// both writes "1 country and 14 networks down"; "" for none.
func both(countries, networks int, word string) string {
	var parts []string
	if countries > 0 {
		parts = append(parts, count(countries, "country", "countries"))
	}
	if networks > 0 {
		parts = append(parts, count(networks, "network", "networks"))
	}
	if len(parts) == 0 {
		return ""
	}
	return joinNonEmpty(" ", list(parts), word)
}

// tone says the same as the headline. It is never green while anything is unknown.
func (w *World) tone() Tone {
	c, n := &w.World.Countries, &w.World.Networks
	switch {
	case w.Off != "":
		return ToneNone
	case w.World.Missing != "", c.Unknown+n.Unknown == c.Watched+n.Watched:
		return ToneUnknown
	case c.Down+n.Down > 0:
		return ToneDown
	case c.Degraded+n.Degraded > 0:
		return ToneDegraded
	case c.Unknown+n.Unknown > 0 || w.World.Starting != "":
		return ToneNone
	}
	return ToneUp
}

// parts says all but the headline and the caveats.
func (w *World) parts() []Part {
	if w.Off != "" {
		return []Part{{Text: plain(sentence(clean(w.Off)))}}
	}
	var parts []Part
	add := func(label, text string) {
		if text != "" {
			parts = append(parts, Part{Label: label, Text: plain(text)})
		}
	}
	x := &w.World
	add("Countries", censusText(x.Countries, count(x.Countries.Watched, "country", "countries")))
	add("Networks", censusText(x.Networks, joinNonEmpty(" ", count(x.Networks.Watched, "network", "networks"), networksText(x))))
	add("Seen", w.seen())
	if s := clean(x.Starting); s != "" {
		add("Starting", s+": what has not been read yet is in no count.")
	}
	if missing := clean(x.Missing); missing != "" {
		if utf8.RuneCountInString(missing) > mostMissing { // else the headline has it
			add("Missing", sentence(missing))
		}
		add("Gaps", w.gaps())
		return parts
	}
	parts = append(parts, w.outages()...)
	add("Gaps", w.gaps())
	add("Counted", w.counted())
	if len(x.Outages) > 0 {
		add("Not known", "the cause of any of it; whether anything inside still works; how many people are affected. "+notCulprits)
	}
	return parts
}

// censusText writes "247 countries: 239 up, 2 degraded, 1 down, 5 unknown".
func censusText(c checks.Census, watched string) string {
	n := func(k int, word string) string { return thousands(uint64(max(0, k))) + nbsp + word }
	return watched + ": " + joinNonEmpty(", ", n(c.Up, "up"), n(c.Degraded, "degraded"), n(c.Down, "down"), n(c.Unknown, "unknown"))
}

// networksText says which networks are watched: "of 4,096 IPv4 addresses (a /20) or 16 IPv6
// prefixes and more".
func networksText(w *checks.World) string {
	var parts []string
	if n := w.MinAddresses; n > 0 {
		text := count(n, "IPv4 address", "IPv4 addresses")
		if bits.OnesCount64(n) == 1 && n <= 1<<32 {
			text += " (a /" + strconv.Itoa(32-bits.TrailingZeros64(n)) + ")"
		}
		parts = append(parts, text)
	}
	if n := w.MinPrefixes6; n > 0 {
		parts = append(parts, count(n, "IPv6 prefix", "IPv6 prefixes"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "of " + joinNonEmpty(" or ", parts...) + " and more"
}

// seen says who looks, and how old what they saw is.
func (w *World) seen() string {
	v := &w.World.Vantage
	text := count(v.Voting, "vantage point", "vantage points")
	if v.Voting6 != v.Voting {
		text += " (IPv6: " + thousands(uint64(max(0, v.Voting6))) + ")"
	}
	if v.Usual > v.Voting {
		text += " of usually " + thousands(uint64(v.Usual))
	}
	if v.Collectors > 0 {
		text += " at " + count(v.Collectors, "collector", "collectors")
	}
	if s := shorten(v.Source, 80); s != "" {
		text += " (" + s + ")"
	}
	text += fewVoting(v)
	age := "no routing data yet"
	if at := w.at(); !w.World.At.IsZero() {
		age = "newest routing data of " + near(at, w.At)
		if w.At.After(at) {
			age += ", " + span(w.At.Sub(at)) + " old"
		}
	}
	return text + dot + age
}

// fewVoting says where fewer vantage points vote than it takes to call anything lost. That
// none does needs no words.
func fewVoting(v *checks.Vantage) string {
	var few string
	switch four, six := v.Voting < v.Needed, v.Voting6 < v.Needed; {
	case v.Voting+v.Voting6 == 0:
		return ""
	case four && six:
		few = "a route"
	case four && v.Voting > 0:
		few = "an IPv4 route"
	case six && v.Voting6 > 0:
		few = "an IPv6 route"
	default:
		return ""
	}
	return ": fewer than the " + thousands(uint64(v.Needed)) + " that it takes to call " + few + " lost"
}

// counted says what is counted, and by which lists.
func (w *World) counted() string {
	if w.World.Registered == "" {
		return ""
	}
	return "usual prefixes: a country's in the space registered to it (" + clean(w.World.Registered) +
		"), a network's by origin; visible where half of the vantage points that usually have one do"
}

func (w *World) gaps() string {
	var reasons []string
	for _, g := range w.World.Gaps {
		reasons = append(reasons, g.Reason)
	}
	return listSomePhrases(reasons)
}

// listSomePhrases joins a few reasons that were written elsewhere.
func listSomePhrases(reasons []string) string {
	text := phrases(reasons[:min(len(reasons), maxListed)])
	if more := len(reasons) - maxListed; more > 0 {
		text += "; and " + count(more, "more", "more")
	}
	return text
}

// outages lists what is down or degraded, and says how much more there is.
func (w *World) outages() []Part {
	var parts []Part
	var more [2]int
	shown := [2]int{}
	for i := range w.World.Outages {
		v := &w.World.Outages[i]
		kind, label, most := 0, "Country", maxWorldCountries
		if v.Target.Kind() != checks.KindCountry {
			kind, label, most = 1, "Network", maxWorldNetworks
		}
		if shown[kind] == most {
			more[kind]++
			continue
		}
		shown[kind]++
		parts = append(parts, Part{Label: label, Text: plain(w.outage(v))})
	}
	if text := both(more[0], more[1], "more, down or degraded"); text != "" {
		parts = append(parts, Part{Label: "More", Text: plain("and " + text + ".")})
	}
	return parts
}

// outage writes one line: state, how much is left, since when, who carried it before,
// what it rests on, and the incident.
func (w *World) outage(v *checks.Verdict) string {
	left := seenShort(v)
	if left != "" {
		left += " visible"
	}
	onset := since(v.Onset, func(t time.Time) string { return near(t, w.At) })
	if from := Point(v.Onset); !from.IsZero() && w.At.After(from) {
		onset += ", " + elapsed(from, w.At) + " so far"
	}
	text := upperState(v.State) + " " + subject(v) + ": " + joinNonEmpty(", ", left, onset)
	evidence := "evidence " + v.Evidence.String()
	return joinNonEmpty(dot, text, carriedBefore(v.Upstreams()), evidence, clean(w.Incidents[v.Target]))
}

// maxCarriers is how many upstreams a line of a list names.
const maxCarriers = 2

// carriedBefore writes "before via AS4837 China Unicom (100 %)".
func carriedBefore(us []checks.Upstream) string {
	var parts []string
	for _, u := range carriers(us, before) {
		parts = append(parts, asName(u)+" ("+percent(u.ShareBefore)+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return "before via " + listSome(parts, maxCarriers)
}
