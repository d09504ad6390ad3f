// Package slack is the bot in Slack: it renders messages as Block Kit, sends them with the Web
// API, and takes in commands, presses of buttons and events, through Socket Mode or over HTTP.
//
// It promises that nobody is mentioned and that nothing is markup which other
// people wrote, that every call is made once (the outbox decides about another), that
// each error says whether the message may have been shown, and that a request which
// arrives twice is handled once. No token reaches a log or an error.
//
// It leaves out what is said and to whom, and where tokens are kept.
package slack

// Platform is the name of Slack in a channel.
const Platform = "slack"
