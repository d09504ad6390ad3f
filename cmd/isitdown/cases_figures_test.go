package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// published are what is published of a case. They stand in the code beside their sources;
// where the file of documented outages is at hand (docs/testdata.md), it must say the same.
type published struct {
	start, end string   // UTC, "" where it is not given
	events     []string // their times
	upstreams  []string // AS numbers
	mustNotSay []string
}

// outageCase is a case of vectors/outage_cases.json, as far as it is used here.
type outageCase struct {
	ID        string          `json:"id"`
	Start     string          `json:"start"`
	Time      string          `json:"t"`
	End       string          `json:"end"`
	Upstreams json.RawMessage `json:"upstreams"`
	Events    []struct {
		T string `json:"t"`
	} `json:"events"`
	Expect struct {
		MustNotSay json.RawMessage `json:"must_not_say"`
	} `json:"expect"`
}

// check compares the figures with those of the file, and skips nothing where there is none.
func (f published) check(t *testing.T, id string) published {
	t.Helper()
	dir := os.Getenv("ISITDOWN_TESTDATA")
	if dir == "" {
		return f
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "outage_cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []outageCase `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(file.Cases, func(c outageCase) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("the file has no case %s", id)
	}
	if diff := cmp.Diff(f, file.Cases[i].published(t), cmp.AllowUnexported(published{})); diff != "" {
		t.Errorf("%s (-code +file):\n%s", id, diff)
	}
	return f
}

func (c *outageCase) published(t *testing.T) (f published) {
	t.Helper()
	f.start, f.end = firstTime(c.Start+c.Time), firstTime(c.End)
	for _, e := range c.Events {
		f.events = append(f.events, firstTime(e.T))
	}
	var words any
	if len(c.Expect.MustNotSay) > 0 {
		if err := json.Unmarshal(c.Expect.MustNotSay, &words); err != nil {
			t.Fatal(err)
		}
	}
	switch words := words.(type) {
	case string:
		f.mustNotSay = []string{words}
	case []any:
		for _, w := range words {
			f.mustNotSay = append(f.mustNotSay, w.(string))
		}
	}
	f.upstreams = numbersIn(string(c.Upstreams))
	return f
}

// firstTime takes the time at the beginning of a text: "2014-12-22T16:15Z" of
// "2014-12-22T16:15Z (ROA signed) ~10:00Z".
func firstTime(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return strings.TrimSuffix(word, "~")
}

// numbersIn lists the AS numbers of a list, or of the keys of an object.
func numbersIn(text string) (list []string) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(word) > 3 {
			list = append(list, word)
		}
	}
	return list
}

// moment reads a time of a case.
func moment(t testing.TB, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04Z"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	t.Fatalf("%q is no time", text)
	return time.Time{}
}
