package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 5

// redirectError is a redirect that is not followed.
type redirectError struct{ why string }

func (e *redirectError) Error() string { return e.why }

// redirect follows redirects to the host that was asked, and to those that the
// options name, but never from https to http. Another host than the first gets
// no headers but those that ask for a document.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("more than %d redirects", maxRedirects)}
	case req.URL.Scheme != "https" && req.URL.Scheme != first.Scheme:
		return &redirectError{"a redirect leads from https to " + quote(req.URL.Scheme)}
	case req.URL.Host == first.Host:
		return nil
	case !slices.Contains(c.o.Hosts, req.URL.Host):
		return &redirectError{"a redirect leads to another host, " + quote(req.URL.Host)}
	}
	for name := range req.Header {
		switch name {
		case "User-Agent", "Accept", "Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Modified-Since":
		default:
			req.Header.Del(name)
		}
	}
	return nil
}

func redirected(err error) bool {
	_, ok := errors.AsType[*redirectError](err)
	return ok
}
