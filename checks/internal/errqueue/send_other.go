//go:build !linux

package errqueue

import "context"

// Supported says whether this system has error queues.
const Supported = false

// Send gives [ErrUnsupported].
func Send(context.Context, Probe) (Report, error) { return Report{}, ErrUnsupported }

// Permitted gives [ErrUnsupported].
func Permitted(v6 bool) error { return ErrUnsupported }
