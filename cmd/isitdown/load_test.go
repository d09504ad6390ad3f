package main

import (
	"strings"
	"testing"
	"time"
)

func TestListsOfAnotherTimeAreAGap(t *testing.T) {
	now := time.Date(2014, 12, 22, 16, 15, 0, 0, time.UTC)
	for _, tt := range []struct{ lists, want string }{
		{"2014-12-20", ""},
		{"2014-01-20", ""},
		{"2015-11-20", ""},
		{"2010-12-17", "of 2010-12-17 is 48 months older than the data"},
		{"2022-05-17", "of 2022-05-17 is 88 months newer than the data"},
	} {
		lists, err := time.Parse(time.DateOnly, tt.lists)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, g := range farOff(lists, now) {
			text.WriteString(g.Reason)
		}
		if (text.String() == "") != (tt.want == "") || !strings.Contains(text.String(), tt.want) {
			t.Errorf("lists of %s: %q, want %q", tt.lists, text.String(), tt.want)
		}
	}
	if g := farOff(time.Time{}, now); g != nil {
		t.Errorf("no lists: %v, want no gap", g)
	}
}
