package chat

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// worldNow is the moment of the samples of the world.
var worldNow = utc("2014-12-22 17:00:00")

// lostNetwork is a network of a synthetic world that has lost n of 12 prefixes.
func lostNetwork(i int, n uint64) checks.Verdict {
	v := checks.Verdict{
		Target: checks.Network(checks.ASN(64500 + i)), Name: fmt.Sprintf("Example net %d", i), At: worldNow,
		State: checks.Down, Announced: checks.ExtentNone, Evidence: checks.EvidenceModerate, Onset: at("2014-12-22 16:40:00"),
	}
	if n < 12 {
		v.State, v.Announced = checks.Degraded, checks.ExtentPart
	}
	v.IPv4.Prefixes = checks.Count{Seen: 12 - n, Of: 12}
	v.IPv4.Addresses = checks.Count{Seen: 256 * (12 - n), Of: 12 * 256}
	v.LastHops = []checks.Upstream{{ASN: 4837, Name: "China Unicom", ShareBefore: .75}, {ASN: 20485, Name: "TransTeleCom", ShareBefore: .2}, {ASN: 3356, ShareBefore: .05}}
	return v
}

// aWorld is one in which something is down, degraded and unknown.
func aWorld() checks.World {
	w := checks.World{
		At: utc("2014-12-22 16:59:56"), Vantage: checks.Vantage{Source: "RIPE RIS", Voting: 312, Voting6: 298, Usual: 318, Collectors: 3},
		Countries:    checks.Census{Watched: 247, Up: 239, Degraded: 2, Down: 1, Unknown: 5},
		Networks:     checks.Census{Watched: 3120, Up: 3071, Degraded: 10, Down: 30, Unknown: 9},
		MinAddresses: 4096, MinPrefixes6: 16,
	}
	kp := kpDown("2014-12-22 16:59:56")
	kp.Prefixes = nil
	six := checks.Verdict{
		Target: checks.Country("SY"), Name: "Syria", State: checks.Degraded, Evidence: checks.EvidenceWeak, Onset: at("2014-12-22 09:26:00"),
		Borders: []checks.Upstream{{ASN: 29386, Name: "STE", ShareBefore: 1}},
	}
	six.IPv4.Prefixes, six.IPv4.Addresses = checks.Count{Seen: 60, Of: 92}, checks.Count{Seen: 300_000, Of: 600_000}
	six.IPv6.Prefixes = checks.Count{Seen: 0, Of: 3}
	undated := checks.Verdict{Target: checks.Country("TO"), Name: "Tonga", State: checks.Degraded}
	undated.IPv6.Prefixes = checks.Count{Seen: 1, Of: 2}
	w.Outages = []checks.Verdict{kp, six, undated}
	for i := range 40 {
		n := uint64(12)
		if i >= 30 {
			n = 4
		}
		w.Outages = append(w.Outages, lostNetwork(i, n))
	}
	return w
}

func worldSamples(t *testing.T) []messageSample {
	t.Helper()
	now := World{At: worldNow, World: aWorld(), Incidents: map[checks.Target]string{checks.Country("KP"): "KP-20141222-1"}, Caveats: []string{reconstruction}}
	start, missing, off, well, nothing := now, now, World{At: worldNow, Off: "the table of the whole world is not kept by this isitdown; for that, set world.on in its settings"}, now, World{At: worldNow}
	start.World.Starting, start.World.Outages = "1 of 3 collectors read", nil
	start.World.Countries, start.World.Networks = checks.Census{Watched: 247, Up: 200, Unknown: 47}, checks.Census{Watched: 3120, Up: 2000, Unknown: 1120}
	start.World.Gaps = []checks.Gap{{Check: "route", Reason: "12 sessions of rrc03 still send their tables"}, {Check: "registry", Reason: "the list of AFRINIC is 9 days old"}}
	missing.World = checks.World{
		At: utc("2014-12-22 16:46:00"), Missing: "the stream is 14 min behind; nothing is claimed until it has caught up",
		Countries: checks.Census{Watched: 247, Unknown: 247}, Networks: checks.Census{Watched: 3120, Unknown: 3120}, MinAddresses: 4096,
	}
	well.World.Outages = nil
	well.World.Countries, well.World.Networks = checks.Census{Watched: 247, Up: 247}, checks.Census{Watched: 1, Up: 1}
	open := []Episode{episode(outage(2), checks.Down, 0, 4)}
	sub := Subscribed{Target: checks.Worldwide(), Subject: "the world", Level: LevelDown, By: "Ana", At: worldNow}
	confirm := Confirmation{Subscription: sub, At: worldNow, World: &now, Caveats: []string{reconstruction}}
	list := Listing{At: worldNow, Subscriptions: []Subscribed{sub}, OpenInWorld: 12}
	return append([]messageSample{
		{"world", now.Message()},
		{"world-starting", start.Message()},
		{"world-missing", missing.Message()},
		{"world-well", well.Message()},
		{"world-nothing", nothing.Message()},
		{"world-off", off.Message()},
		{"now-world", Current{At: worldNow, Watched: 1, Worldwide: true, Open: open, World: &now, Caveats: []string{reconstruction}}.Message()},
		{"now-world-only", Current{At: worldNow, Worldwide: true, World: &well}.Message()},
		{"subscribed-world", confirm.Message()},
		{"list-world", list.Message()},
	}, append(togetherSamples(), digestWorldSamples()...)...)
}

// manyLost are so many outages of networks.
func manyLost(n int) []Episode {
	var list []Episode
	for i := range n {
		v := lostNetwork(i, 12)
		list = append(list, Episode{
			Subject: Subject(v.Target, v.Name), State: v.State, IPv4: v.IPv4.Prefixes,
			Incident: Incident{ID: v.Target.String() + "-20141222-1", Onset: v.Onset, Worst: checks.Down, Changes: 1, IPv4: v.IPv4},
		})
	}
	return list
}

func togetherSamples() []messageSample {
	g := Together{
		ID: "world-20141222-1", Revision: 1, At: worldNow, Onset: utc("2014-12-22 16:40:00"), Networks: 212, Lasting: manyLost(212), Hourly: 12,
		Upstreams: []Shared{{checks.Upstream{ASN: 20485}, 14}, {checks.Upstream{ASN: 4837, Name: "China Unicom"}, 180}},
		Caveats:   []string{reconstruction},
	}
	later, over := g, g
	later.Revision, later.Countries, later.Networks, later.Lasting = 3, 1, 211, manyLost(3)
	later.Lasting[1].State, later.Lasting[2].State = checks.Degraded, checks.Unknown
	over.Revision, over.Lasting, over.End = 4, nil, utc("2014-12-23 01:46:00")
	all := manyLost(70)
	all[0].Incident.End, all[0].State = backAt, checks.Up
	return []messageSample{
		{"together", g.Message()},
		{"together-later", later.Message()},
		{"together-over", over.Message()},
		{"together-details", Gathered{ID: g.ID, At: worldNow, Episodes: all}.Message()},
	}
}

func digestWorldSamples() []messageSample {
	day := Digest{From: utc("2014-12-21 23:00:00"), To: utc("2014-12-22 23:00:00"), NoOutage: []Watched{{Subject: "China (CN)"}}}
	w := DigestWorld{Countries: 1, Networks: 24, Unstable: 2, Unknown: 20 * time.Minute}
	w.Outages = append(manyLost(24), episode(outage(3), checks.Up, 4, 4))
	for i := range w.Outages {
		if i%3 != 0 {
			w.Outages[i].Incident.End = checks.Interval{Half: utc("2014-12-22 17:00:00").Add(time.Duration(i) * time.Minute)}
		}
	}
	w.Outages[24].Incident.End = backAt
	with, quiet, blind := day, day, day
	with.World, quiet.World, blind.World = &w, &DigestWorld{}, &DigestWorld{Unknown: 24 * time.Hour}
	blind.NoOutage = nil
	return []messageSample{{"digest-world", with.Message()}, {"digest-world-quiet", quiet.Message()}, {"digest-world-blind", blind.Message()}}
}

// Foreign names do nothing in what is said of the world.
func TestHostileTextInTheWorld(t *testing.T) {
	w := World{At: worldNow, World: spoil(aWorld()), Incidents: map[checks.Target]string{checks.Country("KP"): hostile}, Caveats: []string{hostile}}
	w.World.Missing = ""
	stuck := w
	stuck.World.Missing = hostile
	list := spoil(manyLost(3))
	shared := []Shared{{checks.Upstream{ASN: 1, Name: hostile}, 2}}
	for name, m := range map[string]Message{
		"world":      w.Message(),
		"missing":    stuck.Message(),
		"off":        World{Off: hostile}.Message(),
		"now":        Current{At: worldNow, World: &w}.Message(),
		"subscribed": Confirmation{World: &stuck}.Message(),
		"together":   Together{ID: hostile, Networks: 3, Lasting: list, Upstreams: shared, Caveats: []string{hostile}}.Message(),
		"details":    Gathered{ID: hostile, Episodes: list, Caveats: []string{hostile}}.Message(),
		"digest":     Digest{World: &DigestWorld{Networks: 3, Outages: list}, From: worldNow, To: worldNow.Add(time.Hour)}.Message(),
	} {
		harmlessText(t, name, m)
	}
}

// Why nothing can be said is told once: by the headline, and whole by a row where the
// headline has not the room.
func TestMissingWorldIsSaidOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		missing string
		row     bool
	}{
		"short": {"the stream is 14 min behind", false},
		"long":  {"the stream is 14 min behind: " + strings.Repeat("so much has come at once, ", 6) + "and it is worked off", true},
	} {
		w := World{At: worldNow, World: aWorld()}
		w.World.Missing = tt.missing
		m, row := w.Message(), false
		for _, p := range m.Parts {
			row = row || p.Label == "Missing" && strings.Contains(p.Text, "worked off")
			if p.Label == "Country" || p.Label == "Network" || p.Label == "Not known" {
				t.Errorf("%s: where nothing can be said there is a row %q: %s", name, p.Label, p.Text)
			}
		}
		if row != tt.row {
			t.Errorf("%s: there is a row that says it: %v, want %v; headline %q", name, row, tt.row, m.Headline)
		}
	}
}

// However much is down, a list is bounded, and says how much it leaves out.
func TestWorldListsAreBounded(t *testing.T) {
	w := World{At: worldNow}
	for i := range 5000 {
		w.World.Outages = append(w.World.Outages, lostNetwork(i, 12))
	}
	w.World.Networks = checks.Census{Watched: 5000, Down: 5000}
	for name, m := range map[string]Message{
		"world": w.Message(), "together": Together{Networks: 5000, Lasting: manyLost(5000)}.Message(), "details": Gathered{Episodes: manyLost(5000)}.Message(),
	} {
		if n := len(m.Parts); n > maxGathered+8 {
			t.Errorf("%s has %d parts", name, n)
		}
		more := false
		for _, p := range m.Parts {
			more = more || p.Label == "More"
		}
		if !more {
			t.Errorf("%s does not say that there is more", name)
		}
	}
}

// What a channel did not subscribe to has no button that ends it.
func TestButtonsOfTheWorld(t *testing.T) {
	m := Compose(Notice{Kind: Opened, Verdict: kpDown("2014-12-22 17:00:08"), Incident: outage(1)})
	for _, b := range m.Worldwide().Buttons {
		c, err := ParseCommand(b.Line, time.Time{})
		if err != nil || (c.Verb == Mute || c.Verb == Unsubscribe) && c.Target != "world" {
			t.Errorf("button %q gives %q: %v", b.Label, b.Line, err)
		}
	}
	if len(m.Worldwide().Buttons) != len(m.Buttons) || m.Buttons[0].Line == m.Worldwide().Buttons[0].Line {
		t.Errorf("the buttons are %v, of the world %v", m.Buttons, m.Worldwide().Buttons)
	}
}

// A verdict that lists some of its prefixes only has the counts of all of them, and calls
// none of those that it leaves out unknown.
func TestBoundedVerdict(t *testing.T) {
	v := checks.Verdict{Target: checks.Country("SY"), Name: "Syria", At: worldNow, State: checks.Degraded, Announced: checks.ExtentPart, Onset: at("2014-12-22 16:40:00")}
	v.IPv4.Prefixes, v.IPv4.Addresses = checks.Count{Seen: 80, Of: 212}, checks.Count{Seen: 80 * 256, Of: 212 * 256}
	v.Vantage = checks.Vantage{Voting: 40, FullFeed: 40, Live: 40}
	for i := range 3 {
		v.Prefixes = append(v.Prefixes, checks.PrefixState{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, byte(i), 0}), 24), Of: 40, Known: true})
	}
	n := Notice{Kind: Answer, Verdict: v}
	if got, want := Headline(n), "DEGRADED: Syria (SY): 132 of 212 networks withdrawn since 22 Dec 2014 16:40 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	text := strings.Join(words(Text(n, 300)), " ")
	for _, want := range []string{"80 of 212 prefixes visible", "192.0.0.0/24, 192.0.1.0/24, 192.0.2.0/24 and 129 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	if strings.Contains(text, "132 not known") || strings.Contains(text, "129 not known") {
		t.Errorf("what is left out is called unknown: %s", text)
	}
}
