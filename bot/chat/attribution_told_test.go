package chat

import (
	"strings"
	"testing"

	"isitdown/checks"
)

// Who asks why after an outage is over gets what was told of it while it lasted, and of
// when that is.
func TestWhyAfterTheEnd(t *testing.T) {
	lost := Notice{Kind: Opened, Verdict: explained(kpDown("2014-12-22 16:18:00"), kpLastHop(0))}
	back := Notice{Kind: Resolved, Verdict: kp("2014-12-23 02:06:00", checks.Up, 40, 40, 40, 40)}
	over := Account{ID: "KP-20141222-1", Tellings: []Telling{told(lost), told(back)}}
	open := Account{ID: "KP-20141222-1", Tellings: []Telling{told(lost)}}
	calm := Account{ID: "KP-20141222-1", Tellings: []Telling{told(back)}}
	for name, m := range map[string]Message{"why": over.Why(), "details": over.Details()} {
		text := strings.Join(strings.Fields(m.Text(200)), " ")
		for _, want := range []string{"As told at 22 Dec 2014 16:18 UTC", "whether AS131279 withdrew its routes", "Rule Last hop", "Weighed"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s of what is over does not say %q:\n%s", name, want, text)
			}
		}
	}
	if text := open.Why().Text(200); strings.Contains(text, "As told") {
		t.Errorf("why of what is open says of when the newest is:\n%s", text)
	}
	if text := calm.Why().Text(200); strings.Contains(text, "As told") || strings.Contains(text, "\nRule") {
		t.Errorf("why of what lost nothing tells of a loss:\n%s", text)
	}
}

// Of several possibilities that cannot be told apart something is known; and a score that
// was not made is no zero.
func TestWordsForWhatIsNotKnown(t *testing.T) {
	v := lostSeveral(4)
	a := v.Disappeared[0]
	a.Grade = checks.EvidenceNone
	text := strings.Join(strings.Fields(Compose(Notice{Kind: Opened, Verdict: explained(v, a)}).Text(200)), " ")
	if !strings.Contains(text, "which of the possibilities is true is not determinable") || strings.Contains(text, "what disappeared is not determinable") {
		t.Errorf("five possibilities are called nothing known:\n%s", text)
	}
	answer := Compose(Notice{Kind: Answer, Verdict: lostUntold(false)}).Text(200)
	if strings.Contains(answer, "score 0.00") || !strings.Contains(answer, "not scored") {
		t.Errorf("what too few others pass has a score:\n%s", answer)
	}
}
