package main

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
	"isitdown/checks/registry"
	"isitdown/checks/route/archive"
)

// casePlay is a case that went through the whole pipeline.
type casePlay struct {
	t     testing.TB
	asked []chat.Notice // at the moments asked about, in their order
	told  []chat.Notice // in its course
}

// play plays a world for one target, as replay would, and asks about moments. vrps is a
// file of VRPs, "" for none.
func (w *caseWorld) play(f checks.Footprint, vrps string, moments ...time.Time) *casePlay {
	w.t.Helper()
	a := &app{config: defaultConfig(), log: slog.New(slog.DiscardHandler)}
	if err := a.openVRPs(vrps); err != nil {
		w.t.Fatal(err)
	}
	var names registry.Loader
	if err := names.Add("names", strings.NewReader("131279 STAR-KP, KP\n4837 LINE-ONE, XA\n20485 LINE-TWO, XB\n")); err != nil {
		w.t.Fatal(err)
	}
	reg, err := names.Registry()
	if err != nil {
		w.t.Fatal(err)
	}
	d := a.deskOf(reg, &archive.Recording{}, []checks.Footprint{f})
	r := newReplay(d, false)
	p := &casePlay{t: w.t}
	r.told = func(c bot.Change) error {
		p.told = append(p.told, d.finish(c.Notice()))
		return nil
	}
	r.ticked = func(now time.Time) {
		for len(moments) > 0 && !now.Before(moments[0]) {
			p.asked = append(p.asked, d.finish(chat.Notice{Kind: chat.Answer, Verdict: r.watches[0].Assess(now)}))
			moments = moments[1:]
		}
	}
	w.until(slices.MaxFunc(moments, time.Time.Compare).Add(time.Minute))
	for _, u := range w.inOrder() {
		if err := r.update(u); err != nil {
			w.t.Fatal(err)
		}
	}
	if len(moments) > 0 {
		w.t.Fatalf("the world ends before %v", moments[0])
	}
	return p
}

// at gives the verdict of a moment asked about.
func (p *casePlay) at(i int) *checks.Verdict { return &p.asked[i].Verdict }

// state compares the state of a moment, and shows what was said where it is another.
func (p *casePlay) state(i int, want checks.State) {
	p.t.Helper()
	if got := p.at(i).State; got != want {
		p.t.Errorf("at %s: %v, want %v\n%s", clock(p.at(i).At), got, want, chat.Text(p.asked[i], 0))
	}
}

// attributed finds the attribution of a prefix at a moment and compares its rule and set,
// written as in "origin AS131279, adjacency AS4837-AS131279".
func (p *casePlay) attributed(i int, prefix string, rule checks.AttributionRule, set string) checks.Attribution {
	p.t.Helper()
	v := p.at(i)
	k := slices.IndexFunc(v.Disappeared, func(a checks.Attribution) bool {
		return slices.Contains(a.Prefixes, prefixesOf(p.t, prefix)[0])
	})
	if k < 0 {
		p.t.Errorf("at %s: nothing is said of what became of %s, of %d groups\n%s", clock(v.At), prefix, len(v.Disappeared), chat.Text(p.asked[i], 0))
		return checks.Attribution{}
	}
	a := v.Disappeared[k]
	if got := setText(a.Set); a.Rule != rule || got != set {
		p.t.Errorf("%s at %s: rule %q, set %q; want %q, %q; reasons %q", prefix, clock(v.At), a.Rule, got, rule, set, a.Reasons)
	}
	if a.Grade > checks.EvidenceModerate {
		p.t.Errorf("%s at %s: grade %v: routes alone do not give it", prefix, clock(v.At), a.Grade)
	}
	return a
}

func setText(set []checks.Candidate) string {
	var list []string
	for _, c := range set {
		text := c.Kind.String()
		if c.Element != (checks.Element{}) {
			text += " " + c.Element.String()
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// upstream compares an upstream's share of the paths now and before.
func (p *casePlay) upstream(i int, a checks.ASN, share, before float64) {
	p.t.Helper()
	var got checks.Upstream
	list := p.at(i).Upstreams()
	if k := slices.IndexFunc(list, func(u checks.Upstream) bool { return u.ASN == a }); k >= 0 {
		got = list[k]
	}
	if !near(got.Share, share) || !near(got.ShareBefore, before) {
		p.t.Errorf("at %s: %s carries %.3f, before %.3f; want %.3f, %.3f", clock(p.at(i).At), a, got.Share, got.ShareBefore, share, before)
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

// tolds lists the texts of what was told.
func (p *casePlay) tolds() (list []string) {
	for _, n := range p.told {
		list = append(list, oneLine(chat.Text(n, 0)))
	}
	return list
}

// everything gives each form in which anything of the play is shown, in one line each:
// what is sent to each platform, the records, and why and details of each incident.
func (p *casePlay) everything() (forms []string) {
	p.t.Helper()
	tellings := map[string][]chat.Telling{}
	show := func(m chat.Message) {
		r, err := sample{name: "case", message: m, op: bot.Plain}.render(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		forms = append(forms, r.text)
		for _, platform := range [][]json.RawMessage{r.slack, r.discord} {
			for _, data := range platform {
				forms = append(forms, jsonTexts(p.t, data)...)
			}
		}
	}
	for _, n := range slices.Concat(p.asked, p.told) {
		show(chat.Compose(n))
		record := chat.ChangeJSON(n)
		data, err := json.Marshal(record)
		if err != nil {
			p.t.Fatal(err)
		}
		forms = append(append(forms, jsonTexts(p.t, data)...), chat.Headline(n), chat.Quote(n), chat.Text(n, 0), chat.Text(n, 60))
		tellings[n.Incident.ID] = append(tellings[n.Incident.ID], chat.Telling{
			At: n.Verdict.At, Kind: n.Kind, Revision: record.Revision, Quiet: n.Quiet, Verdict: record.Verdict, Facts: record.Facts,
		})
	}
	for id, list := range tellings {
		a := chat.Account{ID: id, Tellings: list}
		show(a.Why())
		show(a.Details())
	}
	for i := range forms {
		forms[i] = oneLine(forms[i])
	}
	return forms
}

// jsonTexts gives every text in JSON.
func jsonTexts(t testing.TB, data []byte) []string {
	t.Helper()
	texts, whole := jsonStrings(data)
	if !whole {
		t.Fatalf("this is no JSON: %s", data)
	}
	return texts
}

// tooSure are words stronger than "likely", and what nobody outside can tell.
var tooSure = regexp.MustCompile(`(?i)\b(very|extremely|highly|most|almost certainly) likely\b|\bproven?\b|\bno doubt\b|\bupstreams? (has |have )?failed\b`)

// mustNotSay holds that none of the words, nor any that no notice may say, is shown.
func (p *casePlay) mustNotSay(words ...string) {
	p.t.Helper()
	said := map[string]string{}
	for _, form := range p.everything() {
		for _, w := range lintWords(form) {
			said[w] = form
		}
		if w := tooSure.FindString(form); w != "" {
			said[w] = form
		}
		for _, w := range words {
			if regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(w) + `\b`).MatchString(form) {
				said[w] = form
			}
		}
	}
	for w, form := range said {
		p.t.Errorf("%q is said: %s", w, form)
	}
}
