package web

import (
	"errors"
	"fmt"
	"net/http"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 5

// redirectError is a redirect that is not followed.
type redirectError struct{ why string }

func (e *redirectError) Error() string { return e.why }

// redirect follows redirects to the host that was asked, which gets the same headers,
// but never from https to http.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("more than %d redirects", maxRedirects)}
	case req.URL.Scheme != "https" && req.URL.Scheme != first.Scheme:
		return &redirectError{"a redirect leads from https to " + quote(req.URL.Scheme)}
	case req.URL.Host != first.Host:
		return &redirectError{"a redirect leads to another host, " + quote(req.URL.Host)}
	}
	return nil
}

func redirected(err error) bool {
	_, ok := errors.AsType[*redirectError](err)
	return ok
}
