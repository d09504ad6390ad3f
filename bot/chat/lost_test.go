package chat

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"isitdown/checks"
)

// drawAttribution draws an attribution of any rule with a set of anything, far more of it
// than there should be.
func drawAttribution(t *rapid.T) checks.Attribution {
	asn := rapid.Map(rapid.Uint32Range(1, 70000), func(n uint32) checks.ASN { return checks.ASN(n) })
	element := rapid.Custom(func(t *rapid.T) checks.Element {
		e := checks.Element{AS: asn.Draw(t, "as")}
		if rapid.Bool().Draw(t, "adjacency") {
			e.To = asn.Draw(t, "to")
		}
		return e
	})
	n := rapid.IntRange(0, 1_000_000)
	a := checks.Attribution{
		Rule:    rapid.SampledFrom([]checks.AttributionRule{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}).Draw(t, "rule"),
		Origins: rapid.SliceOfN(asn, 0, 300).Draw(t, "origins"),
		Lost:    n.Draw(t, "lost"), Kept: n.Draw(t, "kept"), KeptUnchanged: n.Draw(t, "unchanged"),
		Grade:  rapid.SampledFrom([]checks.Evidence{0, 1, 2, 3}).Draw(t, "grade"),
		Sample: rapid.Bool().Draw(t, "sample"), SingleHomed: rapid.Bool().Draw(t, "single-homed"),
		Reasons: rapid.SliceOfN(rapid.String(), 0, 80).Draw(t, "reasons"),
	}
	for range rapid.IntRange(0, 200).Draw(t, "prefixes") {
		addr := netip.AddrFrom4([4]byte{10, byte(len(a.Prefixes) / 256), byte(len(a.Prefixes)), 0})
		a.Prefixes = append(a.Prefixes, netip.PrefixFrom(addr, 24))
	}
	a.Set = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) checks.Candidate {
		c := checks.Candidate{Kind: checks.CandidateKind(rapid.IntRange(1, 6).Draw(t, "kind")), Element: element.Draw(t, "element")}
		if len(a.Origins) > 0 && rapid.Bool().Draw(t, "next to an origin") {
			c.Element.To = a.Origins[0]
		}
		return c
	}), 0, 200).Draw(t, "set")
	a.Scores = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) checks.Score {
		p := checks.Passage{Element: element.Draw(t, "element"), Origins: n.Draw(t, "n"), Before: n.Draw(t, "before"), Still: n.Draw(t, "still")}
		return checks.Score{Element: p.Element, Coverage: rapid.Float64Range(0, 1).Draw(t, "coverage"), Passage: p}
	}), 0, 20).Draw(t, "scores")
	a.Siblings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) checks.Siblings {
		return checks.Siblings{Upstream: asn.Draw(t, "upstream"), Networks: n.Draw(t, "networks"), Lost: n.Draw(t, "lost")}
	}), 0, 200).Draw(t, "siblings")
	return a
}

// maxLost is how long the line on what disappeared may become: it is read on a phone.
const maxLost = 1200

// Whatever is attributed, the line stays short, ends, and says no more than it may; and
// the record stays small.
func TestAnyAttributionIsWorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := kpDown("2014-12-22 17:00:08")
		v.Disappeared = rapid.SliceOfN(rapid.Custom(drawAttribution), 1, 5).Draw(t, "disappeared")
		text := plain(lostText(&v))
		if n := utf8.RuneCountInString(text); n == 0 || n > maxLost {
			t.Fatalf("%d characters: %s", n, text)
		}
		if !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") || strings.Contains(text, "..") {
			t.Fatalf("badly put together: %q", text)
		}
		if upstreamFailed.MatchString(text) || tooSure.MatchString(text) || grade.MatchString(text) {
			t.Fatalf("says too much: %q", text)
		}
		if v.Disappeared[0].Rule == checks.RuleTakenOver && withdrew.MatchString(text) {
			t.Fatalf("says withdrawn of what was taken over: %q", text)
		}
		record, err := json.Marshal(VerdictJSON(v))
		if err != nil {
			t.Fatal(err)
		}
		if len(record) > 256<<10 {
			t.Fatalf("a record of %d bytes", len(record))
		}
		why := Account{ID: "KP-20141222-1", Tellings: []Telling{told(Notice{Kind: Opened, Verdict: v, Incident: outage(1)})}}.Why()
		if len(why.Parts) > 100 {
			t.Fatalf("why has %d parts", len(why.Parts))
		}
	})
}

// A record that was kept before there were rules reads as it did.
func TestOldRecordsAreRead(t *testing.T) {
	r := told(Notice{Kind: Opened, Verdict: kpDown("2014-12-22 16:18:00"), Incident: outage(1)})
	var fields map[string]any
	if err := json.Unmarshal(encode(t, r.Verdict), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"attribution", "foreign", "past"} {
		delete(fields, name)
	}
	r.Verdict = VerdictRecord{}
	if err := json.Unmarshal(encode(t, fields), &r.Verdict); err != nil {
		t.Fatal(err)
	}
	a := Account{ID: "KP-20141222-1", Tellings: []Telling{r}}
	for name, m := range map[string]Message{"why": a.Why(), "details": a.Details()} {
		text := strings.Join(words(m.Text(Columns)), " ")
		for _, part := range []string{
			"Lost one of these, or several; from outside they cannot be told apart: AS131279 withdrew the routes;",
			"weak on what disappeared",
		} {
			if !strings.Contains(text, part) {
				t.Errorf("%s of an old record lacks %q:\n%s", name, part, text)
			}
		}
	}
}

// The line on who carried it before claims no more of the past than is known of it.
func TestHomeText(t *testing.T) {
	now := utc("2014-12-22 17:00:08")
	for _, tc := range []struct {
		name   string
		change func(*checks.Verdict)
		want   string
	}{
		{"thirty days", func(*checks.Verdict) {}, "no other upstream in 30 days (RIPEstat)"},
		{"more than is looked at", func(v *checks.Verdict) { v.Past.Since = now.AddDate(-1, 0, 0) }, "no other upstream in 30 days (RIPEstat)"},
		{"two days", func(v *checks.Verdict) { v.Past = checks.Past{Since: now.AddDate(0, 0, -2)} }, "no other upstream in 2 days"},
		{"nothing known", func(v *checks.Verdict) { v.Past = checks.Past{} }, "no other upstream in the paths that are seen"},
		{"another carrier", func(v *checks.Verdict) {
			v.Disappeared[0].SingleHomed = false
			v.Past.Carriers = []checks.PastCarrier{{ASN: 22351, Held: 3e13, Last: now.AddDate(0, 0, -3)}}
		}, "earlier in the 30 days before also AS22351 until 19 Dec 17:00 UTC"},
		{"two upstreams", func(v *checks.Verdict) {
			v.Past, v.Disappeared[0].SingleHomed = checks.Past{}, false
			v.Disappeared[0].Carriers = []checks.Upstream{{ASN: 4837, ShareBefore: .6}, {ASN: 20485, ShareBefore: .4}}
		}, ""},
		{"groups of different upstreams", func(v *checks.Verdict) {
			b := kpLastHop(0)
			b.Carriers = []checks.Upstream{{ASN: 20485, ShareBefore: 1}}
			v.Disappeared = append(v.Disappeared, b)
		}, ""},
		{"inside a country", func(v *checks.Verdict) { v.Borders = []checks.Upstream{{ASN: 3356, ShareBefore: 1}} }, "AS4837 alone stood next to AS131279: no other upstream in 30 days (RIPEstat)"},
	} {
		v := kpDown("2014-12-22 17:00:08")
		tc.change(&v)
		if got := plain(homeText(&v)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
