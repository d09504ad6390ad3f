// Package discord speaks with Discord: it shows messages in channels and their
// threads, takes slash commands and buttons, and registers the commands.
//
// What it promises. Nobody is ever pinged, and foreign text (names of networks and
// hosts, notes of people) cannot become a mention, a link under another name, a
// fake time or any other markup. Nothing of a message is cut silently: what exceeds
// Discord's limits is said to be in the attached file, and is in it. [Client.Send]
// makes one attempt and sleeps for no rate limit; its errors are *chat.Refusal.
// No error and no log line carries the bot's token or that of an interaction.
// A handler that panics takes nothing down. [Client.Close] waits for every
// goroutine.
//
// It leaves out when something is sent, and again, and what a command does: that
// is for whoever gives it a [chat.Handle]. It reads no messages, and needs no
// privileged intent.
package discord
