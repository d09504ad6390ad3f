package globalping

import (
	"net/http"
	"net/http/httptest"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// recorder is an answer in memory.
type recorder struct{ *httptest.ResponseRecorder }

func newRecorder() recorder { return recorder{httptest.NewRecorder()} }

func (r recorder) response(req *http.Request) *http.Response {
	res := r.Result()
	res.Request = req
	return res
}
