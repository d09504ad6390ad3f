package reach

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"isitdown/checks"
)

func TestQuestions(t *testing.T) {
	q := NewQuestions(QuestionsOptions{})
	now := mannersStart
	network := func(i int) checks.Target { return checks.Network(checks.ASN(i + 1)) }
	for i := range 6 {
		if err := q.Ask("ann", network(i), now); err != nil {
			t.Fatalf("question %d: %v", i+1, err)
		}
	}
	err := q.Ask("ann", network(6), now.Add(20*time.Second))
	if want := "you have asked about 6 new targets within 1 min, and each of them is probed: ask again in 40 s"; err == nil || err.Error() != want {
		t.Errorf("the seventh: got %v, want %q", err, want)
	}
	if e, ok := errors.AsType[*TooManyError](err); !ok || e.Wait != 40*time.Second || e.Everybody {
		t.Errorf("the seventh: got %#v", err)
	}
	for _, who := range []string{"ann", "bob"} {
		if err := q.Ask(who, network(3), now.Add(59*time.Second)); err != nil {
			t.Errorf("%s, about what is known: %v", who, err)
		}
	}
	if err := q.Ask("bob", network(6), now.Add(20*time.Second)); err != nil {
		t.Errorf("another person: %v", err)
	}
	if err := q.Ask("ann", network(7), now.Add(60*time.Second)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	for name, q := range map[string]*Questions{"nil": nil, "zero": {}} {
		if err := q.Ask("ann", network(1), now); err == nil || strings.Contains(err.Error(), "%!") {
			t.Errorf("%s Questions: got %v", name, err)
		}
	}
	many := NewQuestions(QuestionsOptions{})
	for i := range 60 {
		if err := many.Ask(fmt.Sprint(i), network(i), now); err != nil {
			t.Fatal(err)
		}
	}
	if err := many.Ask("new", network(60), now.Add(time.Second)); err == nil || !strings.HasPrefix(err.Error(), "people have asked about 60") {
		t.Errorf("all together: got %v", err)
	}
}

// Whatever is asked: of a person no more than six new targets in a minute, of all no more
// than sixty, each target once in a minute; and who waits as told may ask.
func TestQuestionsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQuestions(QuestionsOptions{PerPerson: 3, Together: 7})
		now := mannersStart
		var log []sent
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 15_000).Draw(t, "ms")) * time.Millisecond)
			person, target := uint16(rapid.IntRange(1, 4).Draw(t, "person")), checks.Network(checks.ASN(rapid.IntRange(1, 12).Draw(t, "target")))
			fresh := len(q.all)
			_, known := q.targets[target]
			known = known && now.Sub(q.targets[target]) < time.Minute
			err := q.Ask(fmt.Sprint(person), target, now)
			switch {
			case known && (err != nil || len(q.all) != fresh):
				t.Fatalf("a shared answer is not free: %v", err)
			case !known && err == nil:
				log = append(log, sent{port: person, at: now})
			case err != nil:
				e, _ := errors.AsType[*TooManyError](err)
				now = now.Add(e.Wait)
				if err := q.Ask(fmt.Sprint(person), target, now); err != nil && e.Wait < time.Minute && !e.Everybody {
					if again, _ := errors.AsType[*TooManyError](err); !again.Everybody {
						t.Fatalf("waited %v as told: %v", e.Wait, err)
					}
				} else if err == nil {
					log = append(log, sent{port: person, at: now})
				}
			}
		}
		if n := crowded(log, time.Minute, func(s sent) uint16 { return s.port }); n > 3 {
			t.Fatalf("%d new targets of one person in a minute", n)
		}
		if n := crowded(log, time.Minute, func(sent) bool { return true }); n > 7 {
			t.Fatalf("%d new targets of all in a minute", n)
		}
	})
}
