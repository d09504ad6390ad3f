package reach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"isitdown/checks"
)

// Limits of what HTTP takes from a host.
const (
	maxHTTPHeader = 16 << 10 // octets
	maxHTTPBody   = 64 << 10 // octets that are read; what is behind them is left
)

// HTTP gets Probe.URL at the probe's address, and follows redirects. A status is
// an answer, of 5xx a service that fails, and so is what cannot be read as HTTP: the
// host has accepted the connection by then. No cookie, no referrer, no credential and
// nothing of the environment is sent, no proxy is used, and no connection is kept.
//
// The answer is about the host that was asked. What lies behind a redirect counts where
// a visitor would meet it: if nothing answers there, the service fails. A redirect that
// is not followed because we may not go there takes nothing from the first answer.
func (d *Dialers) HTTP(ctx context.Context, p Probe) checks.Answer {
	return d.run(ctx, p, checks.MethodHTTP, httpTimeouts, func(ctx context.Context) finding {
		u, err := url.Parse(p.URL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return unmeasured("nothing was sent: there is no http or https URL to get")
		}
		return d.follow(ctx, u, p.addrPort())
	})
}

// reply is what came of one GET.
type reply struct {
	finding
	status      int // zero without an answer
	location    string
	certificate string // a clause, where there is something wrong with it
	cookie      bool   // one was set
}

// get sends one request to one address.
func (d *Dialers) get(ctx context.Context, u *url.URL, to netip.AddrPort) reply {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	raw, f := d.dial(ctx, to)
	if raw == nil {
		return reply{finding: f}
	}
	defer raw.Close()
	var r reply
	conn := raw
	if u.Scheme == "https" {
		shaken, f := handshake(ctx, raw, u.Hostname(), "h2", "http/1.1")
		if shaken == nil {
			if f.Outcome == checks.Answered { // an alert: it is there, and serves no HTTP
				f.Outcome = checks.Failing
			}
			return reply{finding: f}
		}
		state := shaken.ConnectionState()
		if words, good := d.certificate(&state, u.Hostname(), time.Now()); !good {
			r.certificate = words
		}
		conn = shaken
	}
	d.exchange(ctx, u, conn, &r)
	return r
}

// exchange sends the request over a connection and reads the answer.
func (d *Dialers) exchange(ctx context.Context, u *url.URL, conn net.Conn, r *reply) {
	transport := over1(conn)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		r.finding = unmeasured("nothing was sent: the URL cannot be asked for")
		return
	}
	req.Header.Set("User-Agent", d.agent)
	req.Header.Set("Accept", "*/*")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		r.finding = explainHTTP(ctx, err)
		return
	}
	defer resp.Body.Close()
	r.status, r.Outcome, r.detail = resp.StatusCode, checks.Answered, fmt.Sprintf("HTTP %d", resp.StatusCode)
	if resp.StatusCode/100 == 5 { // 999 and its like are how some turn robots away
		r.Outcome = checks.Failing
	}
	r.location, r.cookie = resp.Header.Get("Location"), resp.Header.Get("Set-Cookie") != ""
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxHTTPBody))
	switch {
	case err == nil:
	case givenUp(ctx):
		r.finding = unmeasured("the probe was given up before its time was over")
	case ctx.Err() != nil:
		r.detail += ", but its body did not end in time"
	default:
		r.Outcome = checks.Failing
		r.detail += ", but its body is cut off"
	}
}

// over1 gives a transport that has one connection and makes no other.
func over1(conn net.Conn) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	once := make(chan net.Conn, 1)
	once <- conn
	dial := func(context.Context, string, string) (net.Conn, error) {
		select {
		case c := <-once:
			return c, nil
		default:
			return nil, errUsed
		}
	}
	return &http.Transport{
		DialContext: dial, DialTLSContext: dial,
		Protocols:              &protocols,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHTTPHeader,
	}
}

// errUsed stands for a host that wants its request again on a second connection.
var errUsed = errors.New("it ended the connection before it answered")

// explainHTTP tells what came instead of an answer.
func explainHTTP(ctx context.Context, err error) finding {
	failing := func(words string) finding {
		return finding{Outcome: checks.Failing, detail: "connected, but " + words}
	}
	switch {
	case timeUp(ctx, err):
		return over(ctx, failing("no HTTP answer in time"))
	case hungUp(err), errors.Is(err, errUsed), strings.Contains(err.Error(), "server closed"):
		return failing("it hung up without an HTTP answer")
	case strings.Contains(err.Error(), "headers exceeded"), strings.Contains(err.Error(), "header list"):
		return failing(fmt.Sprintf("the header of its answer is longer than %d KiB", maxHTTPHeader>>10))
	}
	if _, ok := errors.AsType[*os.SyscallError](err); ok {
		return failing("the connection broke")
	}
	return failing("its answer is not HTTP as it should be")
}
