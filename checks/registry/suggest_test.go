package registry

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	var l Loader
	const names = `{"4837":"CHINA169-BACKBONE CHINA UNICOM China169 Backbone, CN","4134":"CHINANET-BACKBONE No.31,Jin-rong Street, CN","131279":"STAR-KP Ryugyong-dong, KP","48371":"SOMEBODY-AS, DE"}`
	if err := l.Add("names", strings.NewReader(names)); err != nil {
		t.Fatal(err)
	}
	r, err := l.Registry()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		typed string
		most  int
		want  []string
	}{
		{"kp", 25, []string{"KP", "AS131279"}},
		{"KP", 1, []string{"KP"}},
		{"north k", 25, []string{"KP"}},
		{"korea", 25, []string{"KP", "KR"}},
		{"côte", 25, []string{"CI"}},
		{"united st", 25, []string{"US"}},
		{"as4837", 25, []string{"AS4837", "AS48371"}},
		{"4837", 25, []string{"AS4837", "AS48371"}},
		{"AS 13", 25, nil},
		{"unicom", 25, []string{"AS4837"}},
		{"backbone", 25, []string{"AS4134", "AS4837"}},
		{"icom", 25, nil},
		{"<@U1>", 25, nil},
		{strings.Repeat("a", 100_000), 25, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range r.Suggest(tt.typed, tt.most) {
			got = append(got, s.Target.String())
			if s.Name == "" {
				t.Errorf("%.20q: %s has no name", tt.typed, s.Target)
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%.20q: got %q, want %q", tt.typed, got, tt.want)
		}
	}
	if got := r.Suggest("", 25); len(got) != 25 {
		t.Errorf("nothing typed: got %d suggestions, want 25", len(got))
	}
	if got := r.Suggest("kp", 0); len(got) != 0 {
		t.Errorf("none wanted: got %v", got)
	}
}
