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
// [Bot] is what people talk to. [Bot.Handle] answers their commands; [Bot.Step]
// assesses what they subscribed to, plans what each channel is told of it (docs/dd-003),
// and writes all of that into the [Store] in one transaction; the [Outbox] sends it. Nothing
// flows back but the platform's ids of what was posted.
//
// It leaves out how a verdict is reached (package checks), how a notice reads
// (package bot/chat) and how a platform shows it (bot/slack, bot/discord,
// bot/terminal): it gets all of them as funcs.
package bot
