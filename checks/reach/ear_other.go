//go:build !linux

package reach

import (
	"syscall"

	"isitdown/checks/internal/errqueue"
)

// ear hears nothing on systems that keep no ICMP errors for a socket: who said that a
// host is unreachable is not known there.
type ear struct{}

func (e *ear) attach(syscall.RawConn, bool) error { return nil }
func (e *ear) close()                             {}
func (e *ear) heard() (errqueue.Report, bool)     { return errqueue.Report{}, false }
