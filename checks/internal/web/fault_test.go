package web_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/web"
	"isitdown/checks/internal/webtest"
)

// thing is what the service of these tests answers.
type thing struct {
	Name  string `json:"name"`
	Parts []struct {
		ID int `json:"id"`
	} `json:"parts"`
}

func (th *thing) check() error {
	if th.Name == "" || len(th.Parts) == 0 {
		return errors.New("there is no thing in it")
	}
	return nil
}

const goodThing = `{"name":"of the service","parts":[{"id":1},{"id":2}],"notes":"enough of a body to be cut, to drip, and to be read to its end"}`

var good http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write([]byte(goodThing))
})

// impatient are options for a client that is to meet faults.
func impatient(s *webtest.Server) web.Options {
	return web.Options{
		Service: "Things", HTTP: s.Client, UserAgent: "isitdown/1.2 (+mailto:noc@example.org)",
		Timeout: time.Second, Attempts: 2, Backoff: time.Millisecond, MaxBody: 1 << 20,
	}
}

func TestFaults(t *testing.T) {
	webtest.Each(t, good, func(ctx context.Context, t *testing.T, s *webtest.Server, f webtest.Fault) []checks.Gap {
		c := web.New(impatient(s))
		var got thing
		reply, err := c.JSON(ctx, web.Request{URL: s.URL + "/thing?x=1", Check: got.check}, &got)
		if f.Answers {
			if err != nil || len(got.Parts) != 2 {
				t.Errorf("got %+v with error %v, want the whole thing", got, err)
			}
			err = c.Skewed(reply)
		}
		e, ok := errors.AsType[*web.Error](err)
		if !ok {
			t.Fatalf("got error %v, want a *web.Error", err)
		}
		if string(e.Kind) != f.Kind {
			t.Errorf("got %v, want kind %s", e, f.Kind)
		}
		t.Logf("%v\n\t%s", e, e.Sentence())
		return []checks.Gap{web.Gap(err, "things", "Things", "what it knows of things is not known")}
	})
}
