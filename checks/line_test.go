package checks

import (
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	for _, tt := range []struct {
		text string
		most int
		want string
	}{
		{"", 5, ""},
		{"over quota", 10, "over quota"},
		{"over quota", 9, "over quot…"},
		{"over quota", 5, "over…"},
		{"over quota", 4, "over…"},
		{"over  \t\r\n", 4, "over"},
		{" \x00 tea\x1b[31m\n\n pot ", 99, "tea [31m pot"},
		{"a\u202egpj.exe", 99, "a gpj.exe"}, // the rest would be written backwards
		{"a\u2028b\u00a0c\u0085d", 99, "a b c d"},
		{"平壤 \xff星", 99, "平壤 \ufffd星"},
		{"平壤星", 2, "平壤…"},
		{"a", 0, "…"},
		{strings.Repeat(" ", 1<<20) + "late", 9, "late"},
	} {
		if got := OneLine(tt.text, tt.most); got != tt.want {
			t.Errorf("OneLine(%.40q, %d) = %q, want %q", tt.text, tt.most, got, tt.want)
		}
	}
}
