package reach

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"isitdown/checks"
)

const (
	maxRedirects = 5
	maxLocation  = 2048 // octets of a redirect that is read; as for the URLs that people type
	maxShown     = 200  // characters that are shown of one
)

// walk is the way from a URL along its redirects.
type walk struct {
	url    *url.URL // where it stands
	home   string   // the name of the host that was asked, and the address it was asked at
	addr   netip.Addr
	been   []string
	shown  []string
	faults []string // of certificates, each once
	cookie bool     // one was set on the way, which is not sent back
}

// follow gets a URL, and what it leads to.
func (d *Dialers) follow(ctx context.Context, u *url.URL, to netip.AddrPort) finding {
	w := walk{url: u, home: u.Hostname(), addr: to.Addr(), been: []string{u.String()}}
	r := d.get(ctx, u, to)
	w.note(r)
	for r.leads() {
		next, f := nextURL(w.url, r.location)
		w.shown = append(w.shown, showURL(w.url, r.location))
		if f.detail == "" {
			f = w.allows(next)
		}
		if f.detail == "" {
			to, f = d.where(ctx, &w, next)
		}
		if f.detail != "" {
			r = r.but(f)
			break
		}
		w.been = append(w.been, next.String())
		w.url = next
		further := d.get(ctx, next, to)
		if further.status == 0 && ctx.Err() != nil {
			further.finding = unmeasured("the time for the probe was over")
		}
		if further.status == 0 {
			r = r.but(further.finding)
			break
		}
		r = further
		w.note(r)
	}
	r.detail = strings.Join(append([]string{r.detail}, w.faults...), "; ")
	r.redirects = w.shown
	return r.finding
}

// note keeps what is to be said of a hop.
func (w *walk) note(r reply) {
	if r.certificate != "" && !slices.Contains(w.faults, r.certificate) {
		w.faults = append(w.faults, r.certificate)
	}
	w.cookie = w.cookie || r.cookie
}

// allows says why the walk ends before next; nothing where it goes on.
func (w *walk) allows(next *url.URL) finding {
	switch {
	case slices.Contains(w.been, next.String()) && w.cookie:
		return unmeasured("it leads in a circle for who keeps no cookies")
	case slices.Contains(w.been, next.String()):
		return finding{Outcome: checks.Failing, detail: "it leads in a circle"}
	case len(w.been) > maxRedirects:
		return unmeasured(fmt.Sprintf("it is one of more than %d", maxRedirects))
	}
	if w.url.Scheme == "https" && next.Scheme == "http" {
		w.faults = append(w.faults, "redirected from https to http")
	}
	return finding{}
}

// leads reports whether an answer names another URL.
func (r reply) leads() bool {
	switch r.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.location != ""
	}
	return false
}

// but is a redirect that was not followed to an answer. What we did not do, or could not,
// takes nothing from it. A host that does not answer there does: the visitor who comes
// this way gets nothing.
func (r reply) but(f finding) reply {
	clause := f.detail
	if clause == "" {
		clause = "no answer in time"
	}
	if f.Outcome == checks.Unmeasured {
		r.detail += ", and the redirect was not followed: " + clause
		return r
	}
	r.Outcome = checks.Failing
	r.detail += ", and where it leads fails: " + clause
	return r
}

// where finds the address of the next URL: for the host that was asked about the one it
// was asked at, for others what the resolver says now. Each must be open to probes.
func (d *Dialers) where(ctx context.Context, w *walk, next *url.URL) (netip.AddrPort, finding) {
	port, none := urlPort(next), netip.AddrPort{}
	if err := d.shield.URL(next); err != nil {
		return none, unmeasured(plainly(err))
	}
	if strings.EqualFold(next.Hostname(), w.home) {
		return netip.AddrPortFrom(w.addr, port), finding{}
	}
	addrs, f := d.addresses(ctx, next.Hostname())
	if len(addrs) == 0 {
		return none, f
	}
	to := netip.AddrPortFrom(addrs[0], port)
	for _, a := range addrs {
		if a.Is4() == w.addr.Is4() { // what worked so far
			to = netip.AddrPortFrom(a, port)
			break
		}
	}
	if to.Addr() == w.addr {
		return to, finding{}
	}
	if err := d.hop(ctx, to); err != nil {
		return none, unmeasured(plainly(err))
	}
	return to, finding{}
}

// addresses gives the addresses of a host that may be probed, or says why there is none.
func (d *Dialers) addresses(ctx context.Context, host string) ([]netip.Addr, finding) {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		if err := d.shield.Addr(a); err != nil {
			return nil, unmeasured(plainly(err))
		}
		return []netip.Addr{a}, finding{}
	}
	if d.lookup == nil {
		return nil, unmeasured("there is no resolver to look up its host")
	}
	found, err := d.lookup(ctx, host)
	if err != nil {
		return nil, unresolved(err)
	}
	addrs, err := d.shield.Permit(found)
	if err != nil {
		return nil, unmeasured(plainly(err))
	}
	return addrs, finding{}
}

// unresolved tells a name that gives no address from a resolver that does not work.
func unresolved(err error) finding {
	if e, ok := errors.AsType[*ResolveError](err); ok {
		return finding{Outcome: e.Kind, detail: e.Error()}
	}
	return unmeasured("its host could not be looked up")
}

// plainly is what an error says, without what the operator could do: it stands in the
// middle of a sentence.
func plainly(err error) string {
	text, _, _ := strings.Cut(err.Error(), operator)
	return text
}

// nextURL reads where an answer leads to.
func nextURL(from *url.URL, location string) (*url.URL, finding) {
	if len(location) > maxLocation {
		return nil, unmeasured(fmt.Sprintf("it is longer than %d characters", maxLocation))
	}
	next, err := from.Parse(location)
	if err != nil {
		return nil, unmeasured("it is not a URL")
	}
	next.Fragment, next.RawFragment = "", ""
	return next, finding{}
}

// showURL gives a redirect as it is shown: whole where it can be read, without a
// password, and cut where it is long.
func showURL(from *url.URL, location string) string {
	next, err := from.Parse(location)
	switch {
	case err == nil && len(location) <= maxLocation:
		location = next.Redacted()
	default:
		if at := strings.LastIndexByte(location, '@'); at >= 0 { // what is before may be a password
			location = "…" + location[at:]
		}
	}
	return checks.OneLine(location, maxShown)
}
