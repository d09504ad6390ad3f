package discord

import (
	"strings"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

const (
	fileName   = "isitdown.txt"
	restInFile = "**There is more:** the whole message is in the attached file " + fileName + "."
	// reserved is what is kept free in a message for the sentence above, and for
	// the break before it.
	reserved = 120
	// pieceSize is how many characters of plain text go into one piece. Escaping at
	// most doubles them, and a piece must fit into a description.
	pieceSize = 1500
	// notePiece is the same for a field.
	notePiece = 500
)

// page fills embeds one after the other within the limits of one message. What
// does not fit is left out and said to be: left is set.
type page struct {
	embeds  []*discordgo.MessageEmbed
	colour  int
	used    int // of maxEmbedSum
	reserve int // kept free for the footer and for restInFile
	left    bool
}

// embed gives the embed that is being filled.
func (p *page) embed() *discordgo.MessageEmbed {
	if len(p.embeds) == 0 {
		p.next()
	}
	return p.embeds[len(p.embeds)-1]
}

func (p *page) next() *discordgo.MessageEmbed {
	e := &discordgo.MessageEmbed{Color: p.colour}
	p.embeds = append(p.embeds, e)
	return e
}

// room is how many characters may still be written.
func (p *page) room() int { return maxEmbedSum - p.reserve - p.used }

// paragraph writes marked-up text, or leaves it out if there is no room.
func (p *page) paragraph(s string) bool {
	n := length(s)
	if n+1 > p.room() || n >= maxDescription-reserved {
		p.left = true
		return false
	}
	e := p.embed()
	if len(e.Fields) > 0 || length(e.Description)+1+n > maxDescription-reserved {
		if len(p.embeds) == maxEmbeds {
			p.left = true
			return false
		}
		e = p.next()
	}
	if e.Description != "" {
		e.Description += "\n"
		p.used++
	}
	e.Description += s
	p.used += n
	return true
}

// part writes one part of a message, in pieces where it is long.
func (p *page) part(part chat.Part) {
	label := ""
	if part.Label != "" {
		label = "**" + escape(oneLine(part.Label), false) + "** "
	}
	if part.Fixed {
		p.fixed(label, part.Text)
		return
	}
	for i, piece := range pieces(clean(part.Text), pieceSize, " ") {
		if i > 0 {
			label = ""
		}
		if !p.paragraph(label + escape(piece, true)) {
			return
		}
	}
}

// fixed writes as many whole lines as there is room for.
func (p *page) fixed(label, s string) {
	if label != "" && !p.paragraph(strings.TrimSpace(label)) {
		return
	}
	for _, piece := range pieces(clean(s), 2*pieceSize, "\n") {
		for !p.paragraph(fence(piece)) {
			// Half as many lines may fit; the file has them all.
			lines := strings.Split(piece, "\n")
			if piece = strings.Join(lines[:len(lines)/2], "\n"); piece == "" {
				return
			}
		}
		if p.left {
			return
		}
	}
}

// notes writes the words of people into fields of their own, under a title that
// says whose they are.
func (p *page) notes(all []chat.Note) {
	var field *discordgo.MessageEmbedField
	for _, n := range all {
		for _, piece := range pieces(n.Line(), notePiece, " ") {
			line := escape(piece, true)
			if field != nil && length(field.Value)+1+length(line) <= maxFieldValue && length(line)+1 <= p.room() {
				field.Value += "\n" + line
				p.used += length(line) + 1
				continue
			}
			if field = p.field(chat.NotesTitle, line); field == nil {
				return
			}
		}
	}
}

// field adds a field; nil where there is no room for one.
func (p *page) field(name, value string) *discordgo.MessageEmbedField {
	e := p.embed()
	full := len(e.Fields) == maxFields
	if length(name)+length(value) > p.room() || full && len(p.embeds) == maxEmbeds {
		p.left = true
		return nil
	}
	if full {
		e = p.next()
	}
	f := &discordgo.MessageEmbedField{Name: name, Value: value}
	e.Fields = append(e.Fields, f)
	p.used += length(name) + length(value)
	return f
}

// footer writes the last line. A footer has no markup, so nothing is escaped.
func (p *page) footer(s string) {
	if s = oneLine(s); s == "" {
		return
	}
	s, cut := shorten(s, maxFooter)
	p.left = p.left || cut
	p.embed().Footer = &discordgo.MessageEmbedFooter{Text: s}
	p.used += length(s)
}

// more says that the file has more.
func (p *page) more() {
	e := p.embed()
	e.Description = strings.TrimPrefix(e.Description+"\n"+restInFile, "\n")
}

// pieces splits s into pieces of at most most UTF-16 code units, after a
// separator where there is one. It gives at least one piece.
func pieces(s string, most int, after string) (out []string) {
	for length(s) > most {
		end, n := 0, 0
		for i, r := range s {
			if n += length(string(r)); n > most {
				end = i
				break
			}
		}
		cut, skip := strings.LastIndex(s[:min(end+len(after), len(s))], after), len(after)
		if cut <= 0 {
			cut, skip = end, 0
		}
		out = append(out, s[:cut])
		s = s[cut+skip:]
	}
	return append(out, s)
}
