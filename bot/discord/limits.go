package discord

import "unicode/utf16"

// What Discord takes at most.
const (
	// https://discord.com/developers/docs/resources/message#create-message
	maxContent = 2000
	maxEmbeds  = 10
	maxNonce   = 25
	maxAltText = 1024 // https://discord.com/developers/docs/resources/message#attachment-object

	// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
	maxEmbedSum    = 6000 // over all embeds of a message
	maxDescription = 4096
	maxFields      = 25
	maxFieldValue  = 1024
	maxFooter      = 2048

	// https://discord.com/developers/docs/components/reference
	maxRows       = 5
	maxRowButtons = 5
	maxLabel      = 80
	maxCustomID   = 100

	// https://discord.com/developers/docs/interactions/application-commands
	maxChoices     = 25
	maxChoice      = 100 // of a choice's name, and of its value
	maxOptions     = 25
	maxCommandText = 100 // description of a command or option

	// https://discord.com/developers/docs/topics/threads
	maxThreadName = 100
)

// length counts as Discord may count: in UTF-16 code units, which are never fewer
// than characters.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// shorten cuts s to most UTF-16 code units with an ellipsis at its end, and
// reports whether it had to.
func shorten(s string, most int) (string, bool) {
	if length(s) <= most {
		return s, false
	}
	n := 1 // the ellipsis
	for i, r := range s {
		if n += utf16.RuneLen(r); n > most {
			return s[:i] + "…", true
		}
	}
	return s, false // not reached: s is longer than most
}
