package discord

import (
	"fmt"
	"strings"
	"testing"
)

// Whoever writes a client or its options into a log writes no secret.
func TestNoSecretIsPrinted(t *testing.T) {
	o := Options{Token: "SECRET"}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{o, &o, c, []any{c, o}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "SECRET") || strings.Contains(text, fmt.Sprintf("%x", "SECRET")) {
				t.Errorf("%s of a %T: %s", verb, v, text)
			}
		}
	}
}
