package route

import (
	"testing"
	"time"
)

// What was told serves for a minute of the data's time, and no longer than the target's
// routes stand still.
func TestElsewhereLately(t *testing.T) {
	asked := stampOf(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	v := &wave{}
	w := &Watch{rib: NewRIB(DefaultRules()), waves: []*wave{v}, revision: 7}
	w.told = told{at: asked, revision: 7, wave: v}
	w.told.elsewhere.Source = "kept"
	for _, tt := range []struct {
		name string
		do   func()
		at   time.Duration
		kept bool
	}{
		{"a moment later", func() {}, 59 * time.Second, true},
		{"a minute later", func() {}, time.Minute, false},
		{"earlier than it was told", func() {}, -time.Second, false},
		{"the target has changed", func() { w.revision++ }, time.Second, false},
		{"another loss was noticed", func() { w.waves = append(w.waves, &wave{}) }, time.Second, false},
		{"another loss is to be looked at", func() { w.due = &wave{} }, time.Second, false},
	} {
		before := *w
		tt.do()
		if got := w.ElsewhereLately(asked.add(tt.at).time()); (got.Source == "kept") != tt.kept {
			t.Errorf("%s: kept is %v, want %v", tt.name, got.Source == "kept", tt.kept)
		}
		*w = before
	}
}
