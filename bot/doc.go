// Package bot is what is said, and to whom: it turns verdicts into incidents and
// incidents into notices.
//
// [Life.Apply] is the state machine of one target, a pure function from a life
// and a verdict to the next life and the changes worth telling. It reads no
// clock: the time of the verdict is now, and [Life.Deadline] says when it must be
// called again although nothing was observed. It promises that an unknown
// verdict neither opens nor resolves anything, that there is at most one open
// incident of each kind, and that a target which flaps for a day does not
// fill a channel.
//
// It leaves out how a verdict is reached (package checks) and how a notice
// reads (package bot/chat).
package bot
