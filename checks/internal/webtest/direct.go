package webtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// Direct gives a client whose requests go to a handler without a network: a
// server on loopback would hang a testing/synctest bubble. The whole answer is
// there when the handler is done; one that panics hangs up.
func Direct(h http.Handler) *http.Client { return &http.Client{Transport: direct{h}} }

type direct struct{ handler http.Handler }

// RoundTrip lets the handler answer.
func (d direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	defer func() {
		if v := recover(); v != nil {
			resp, err = nil, io.EOF
			if cause, ok := v.(error); !ok || !errors.Is(cause, http.ErrAbortHandler) {
				panic(fmt.Sprintf("the handler of %s panicked: %v", r.URL.Path, v))
			}
		}
	}()
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp = rec.Result()
	resp.Request = r
	return resp, nil
}
