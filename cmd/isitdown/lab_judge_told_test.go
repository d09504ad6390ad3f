package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// told holds the notices of a target against what must be told: these, in this order, and
// no others.
func (j *labJudge) told(target string, want []labNotice) {
	j.Helper()
	incidents := map[string]bool{}
	for _, got := range j.play.told {
		if got.target != target || got.op == "edit" {
			continue
		}
		if got.incident != "" {
			incidents[got.incident] = true
		}
		name := j.rec.Moments[got.moment].Name
		for len(want) > 0 && want[0].may && (want[0].kind != got.kind || want[0].moment != name) {
			want = want[1:]
		}
		if len(want) == 0 || want[0].kind != got.kind || want[0].moment != name {
			next := "nothing"
			if len(want) > 0 {
				next = want[0].kind + " after " + want[0].moment
			}
			j.Errorf("%s: told %s %v after %q, want %s:\n%s", target, got.kind, got.after, name, next, got.text)
			continue
		}
		j.notice(&want[0], &got)
		want = want[1:]
	}
	for _, w := range want {
		if !w.may {
			j.Errorf("%s: nothing was told that is %s after %q", target, w.kind, w.moment)
		}
	}
	if n, counted := j.must.incidents[target]; counted && len(incidents) != n {
		j.Errorf("%s: notices of %d incidents %q, want %d", target, len(incidents), slices.Sorted(maps.Keys(incidents)), n)
	}
}

func (j *labJudge) notice(want *labNotice, got *labTold) {
	j.Helper()
	what := fmt.Sprintf("%s: the notice %s after %q", got.target, want.kind, want.moment)
	if got.after < want.from || want.to > 0 && got.after > want.to {
		j.Errorf("%s came %v after its beginning, want %v to %v", what, got.after, want.from, want.to)
	}
	text := got.headline + "\n" + got.text
	if d, ok := toldAfter(got.headline); want.lasted > 0 && (!ok || d < want.lasted-time.Minute || d > want.lasted+3*time.Minute) {
		j.Errorf("%s: it says that it lasted %v (%t), want %v: %s", what, d, ok, want.lasted, got.headline)
	}
	for _, words := range want.says {
		if !says(text, words) {
			j.Errorf("%s does not say %q:\n%s", what, words, got.text)
		}
	}
	for _, words := range want.never {
		if says(text, words) {
			j.Errorf("%s says %q:\n%s", what, words, got.text)
		}
	}
}

var lastedWords = regexp.MustCompile(`\bafter (?:about )?(?:(\d+) h ?)?(?:(\d+) min)?`)

// toldAfter finds how long a headline says that something lasted.
func toldAfter(headline string) (time.Duration, bool) {
	m := lastedWords.FindStringSubmatch(headline)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[1])
	min, _ := strconv.Atoi(m[2])
	return time.Duration(h)*time.Hour + time.Duration(min)*time.Minute, true
}

// words holds that nothing is said that may not be: causes and blame, in everything that
// stood on the terminal, and what the scenario forbids.
func (j *labJudge) words() {
	j.Helper()
	for _, w := range lintWords(j.play.text) {
		j.Errorf("%q is said", w)
	}
	if w := tooSure.FindString(j.play.text); w != "" {
		j.Errorf("%q is said", w)
	}
	said := map[string]string{}
	for i, after := range j.play.after {
		for target, v := range after {
			if i > 0 {
				said[target+" after "+j.rec.Moments[i].Name] = answerText(&v)
			}
		}
	}
	for i := range j.play.told {
		told := &j.play.told[i]
		said[fmt.Sprintf("%s, notice %d", told.target, i+1)] = told.headline + "\n" + told.text
	}
	for _, what := range slices.Sorted(maps.Keys(said)) {
		for _, words := range j.must.never {
			if says(said[what], words) {
				j.Errorf("%s: %q is said:\n%s", what, words, said[what])
			}
		}
	}
}
