package bmp

import "fmt"

// Error says where a message stops making sense, and why. An error of a [Reader]
// ends the stream: where the next message begins is not known.
type Error struct {
	Offset int    // byte of the message where the damaged thing starts
	Type   Type   // of the message
	Reason string // what is wrong, for the operator
}

func (e *Error) Error() string {
	if e.Type > RouteMirroring { // what is no BMP has no type either
		return fmt.Sprintf("BMP message, byte %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("BMP %v message, byte %d: %s", e.Type, e.Offset, e.Reason)
}

func damaged(t Type, offset int, format string, args ...any) *Error {
	return &Error{Offset: offset, Type: t, Reason: fmt.Sprintf(format, args...)}
}
