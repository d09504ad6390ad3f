package rpki

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"isitdown/checks"
)

// FuzzLoad holds that any bytes give a set or one clean sentence, and that each VRP of a
// set makes its own route valid unless it is of AS0.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{fromClient, fromRoutinator, fromRoutinatorExtended, undated, zipped(undated), `{"roas":[{"asn":0,"prefix":"::/0","maxLength":128}]}`} {
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)*2/3]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(bytes.NewReader(data), "fuzz")
		if err != nil {
			if msg := err.Error(); strings.ContainsAny(msg, "\n\r\x1b") || !utf8.ValidString(msg) || len(msg) > 1000 {
				t.Fatalf("the error is no clean sentence: %q", msg)
			}
			return
		}
		if s.Len() == 0 {
			t.Fatal("an empty set")
		}
		for _, ipv6 := range []bool{false, true} {
			for i := range s.family(ipv6).list {
				v := &s.family(ipv6).list[i]
				r := checks.RouteOrigin{Prefix: v.prefix(ipv6), Origin: v.asn}
				got := s.Validate(r)
				if got.State != checks.Valid && v.asn != 0 || got.State == checks.NotFound {
					t.Fatalf("%v of %v: %v (%s)", r.Prefix, r.Origin, got.State, got.Reason)
				}
			}
		}
	})
}
