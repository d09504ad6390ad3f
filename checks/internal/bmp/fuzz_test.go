package bmp

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzStream reads anything as a stream of messages. What is accepted must be the
// same when it is written and read again.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		"00" + header + eor, "01" + header + "00000001 0009 000b 0002 01 0000000000000009", "02" + header + "02 0018", "02" + header + "06 0003 0003 726564",
		"03" + header + "000000000000000000000000c0000202 00b3 9c41" + openB + openA + "0000 0003 616263", "04 0002 0003 667272", "05 0001 0002 0001", "06" + header + "0001 0002 0001",
	} {
		b := fitted(unhex(f, "03 00000000"+s))
		f.Add(append(b, b...))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		before := string(stream)
		r := NewReader(bytes.NewReader(stream))
		var m Message
		for {
			b, err := r.Next()
			if err != nil {
				break
			}
			if err := m.Decode(b); err != nil {
				if e, ok := errors.AsType[*Error](err); !ok || e.Offset < 0 || e.Offset > len(b) || e.Reason == "" {
					t.Fatalf("error %#v, want an *Error with a byte of the message", err)
				}
				continue
			}
			rewrite(t, &m)
		}
		if string(stream) != before {
			t.Fatal("the stream was changed")
		}
	})
}

func rewrite(t *testing.T, m *Message) {
	t.Helper()
	if m.Type == StatisticsReport { // lengths are not kept
		return
	}
	var again Message
	if err := again.Decode(m.Append(nil)); err != nil {
		t.Fatalf("what was read cannot be read again: %v", err)
	}
	if diff := cmp.Diff(m, &again, equal); diff != "" {
		t.Fatalf("read again (-want +got):\n%s", diff)
	}
}

var equal = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b interface{ IsValid() bool }) bool { return a == b })}
