// Package chattest is what the tests of the chat platforms talk to: software that
// we did not write, started for one test and gone after it, and the platforms' own
// schemas for what we send.
//
// It promises that a test which cannot have its counterpart says so: it is skipped
// with a sentence, or fails where CHAT_REQUIRED=1 is set. No program has this package
// in it. It leaves out what a platform's client does; the counterparts are told by
// node scripts in .ci/chat, beside the packages that they use.
package chattest
