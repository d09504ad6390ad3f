package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// How far our clock may be off. The Date of an answer has whole seconds, and answers take
// some; notices are dated to the minute.
const mostOff = 30 * time.Second

// clocks reads the clocks of the services that are asked: each says in the Date of its
// answers what time it has (RFC 9110, section 6.6.1).
type clocks struct {
	next http.RoundTripper

	mu   sync.Mutex
	read int
	off  time.Duration // how far ours is ahead, by the one that differs least
}

// overhear makes a client that does what the given one does, with its answers' dates read.
func (c *clocks) overhear(client *http.Client) *http.Client {
	heard := *client
	if c.next = client.Transport; c.next == nil {
		c.next = http.DefaultTransport
	}
	heard.Transport = c
	return &heard
}

// RoundTrip is what a transport does.
func (c *clocks) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := c.next.RoundTrip(r)
	if err != nil || reply.Header.Get("Age") != "" { // a cache may have kept the date
		return reply, err
	}
	if date, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		off := time.Since(date)
		if c.read++; c.read == 1 || off.Abs() < c.off.Abs() {
			c.off = off
		}
	}
	return reply, nil
}

// diagnose says whether our clock can be right: it agrees with those that were read, and
// where none was, it is not from before this program was thought of.
func (c *clocks) diagnose(now time.Time) diagnosis {
	c.mu.Lock()
	defer c.mu.Unlock()
	const remedy = "set it, or run an NTP client"
	switch {
	case now.Before(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)):
		return diagnosis{problem, "clock", fmt.Sprintf("it says %s: %s", clock(now), remedy)}
	case c.read == 0:
		return diagnosis{note, "clock", clock(now) + "; no service answered whose clock could be compared with it"}
	case c.off > mostOff:
		return diagnosis{problem, "clock", fmt.Sprintf("it is %s ahead of the clocks of the services: %s", c.off.Round(time.Second), remedy)}
	case c.off < -mostOff:
		return diagnosis{problem, "clock", fmt.Sprintf("it is %s behind the clocks of the services: %s", -c.off.Round(time.Second), remedy)}
	}
	return diagnosis{fine, "clock", fmt.Sprintf("%s, as the services have it (%s read)", clock(now), counted(c.read, "clock"))}
}
