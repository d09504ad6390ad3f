package chat

import "time"

// Tone is what a message is about, for a colour beside it. The state word in the
// headline says the same: colour alone says nothing.
type Tone int

// The tones.
const (
	ToneNone Tone = iota
	ToneDown
	ToneDegraded
	ToneUp
	ToneUnknown
)

// Message is what a channel gets to see, in parts that no platform has marked up
// yet: plain text, foreign text cleaned of control characters but not escaped. It
// is a value that can be stored as JSON and compared. Every platform shows every
// part of it; what does not fit goes to the thread or into a file, never away.
type Message struct {
	Tone     Tone   `json:"tone,omitzero"`
	Headline string `json:"headline"`
	Parts    []Part `json:"parts,omitempty"`
	// Notes are the words of people, never mixed with the bot's own.
	Notes []Note `json:"notes,omitempty"`
	// Quote is one sentence that is safe to paste.
	Quote string `json:"quote,omitempty"`
	// Footer names the incident and which telling of it this is.
	Footer string `json:"footer,omitempty"`
	// More is the command that shows all of it, for where only some of it fits:
	// "outages details KP-20141222-1". "" where there is none.
	More    string   `json:"more,omitempty"`
	Stamps  []Stamp  `json:"stamps,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
}

// Part is one paragraph.
type Part struct {
	Label string `json:"label,omitempty"` // "Seen"; "" for a paragraph of its own
	Text  string `json:"text"`
	// Links are the addresses in Text that a reader may follow, in full as they
	// stand there. An address that is not among them is foreign text.
	Links []string `json:"links,omitempty"`
	// Fixed text has columns and line breaks that matter: a timeline, a list.
	Fixed bool `json:"fixed,omitempty"`
	// Caveat: no form of the message goes without it, however short.
	Caveat bool `json:"caveat,omitempty"`
}

// Note is what a person said of an incident.
type Note struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"` // name, foreign text
	Text string    `json:"text"`
	// Ack: the person also said that they have taken notice.
	Ack bool `json:"ack,omitempty"`
	// Incident is the ID of what they speak of, where the message has several.
	Incident string `json:"incident,omitempty"`
}

// Stamp is a moment that a platform can show in each reader's own time. The
// text of the message has it in UTC already.
type Stamp struct {
	Label string    `json:"label"` // "since", "until"
	At    time.Time `json:"at"`
}

// MaxButtonLine is how long the line of a button may be, in bytes: Discord's
// custom_id takes 100 characters.
const MaxButtonLine = 100

// Button gives a command when it is pressed.
type Button struct {
	Label string `json:"label"`
	Line  string `json:"line"` // "outages mute KP-20141222-1 6h", at most MaxButtonLine
}

// Picture is an image with the sentence that says what it shows.
type Picture struct {
	Name string // file name: "KP-20141222-1.png"
	PNG  []byte
	Alt  string
}
