package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// Who may not ask about a target now is told why, as a sentence of the one who forbids it.
// It is asked for the present alone, and knows people apart.
func TestMay(t *testing.T) {
	var asked []string
	b := botOn(t, newStore(t), newSky(), func(c *Config) {
		c.May = func(who string, target checks.Target) error {
			asked = append(asked, who+" "+target.String())
			if strings.HasSuffix(who, "/U2") {
				return errors.New("that was enough for now")
			}
			return nil
		}
	})
	if r, err := asks(t, b, newsroom, "U1", "isitdown KP"); err != nil || !strings.HasPrefix(r.Message.Headline, "UP") {
		t.Errorf("who may: %q, %v", r.Message.Headline, err)
	}
	r, err := asks(t, b, newsroom, "U2", "isitdown KP")
	if err != nil || !r.Private || !strings.Contains(strings.ToLower(fmt.Sprint(r.Message)), "that was enough for now") {
		t.Errorf("who may not: %+v, %v; want the sentence, for them alone", r, err)
	}
	before := len(asked)
	past := "isitdown KP at " + time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04Z")
	if r, err := asks(t, b, newsroom, "U2", past); err != nil || r.Private {
		t.Errorf("the past: %+v, %v", r, err)
	}
	if len(asked) != before || before != 2 || asked[0] == asked[1] {
		t.Errorf("asked %q, want one question for each person, and none of the past", asked)
	}
}

// To subscribe to a host has it probed, as often as there are rounds: it counts as a
// question. Of a country or a network few hosts are, whoever asks.
func TestMaySubscribe(t *testing.T) {
	b := botOn(t, newStore(t), newSky(), func(c *Config) {
		c.May = func(string, checks.Target) error { return errors.New("that was enough for now") }
	})
	for target, open := range map[string]bool{"KP": true, "example.org": false, "https://example.org/x": false, "192.0.2.1": false} {
		r, err := asks(t, b, newsroom, "U1", "outages subscribe "+target)
		if refused := strings.Contains(strings.ToLower(fmt.Sprint(r.Message)), "that was enough for now"); err != nil || refused == open {
			t.Errorf("%s: %+v, %v", target, r, err)
		}
	}
}
