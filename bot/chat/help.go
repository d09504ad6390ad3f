package chat

import "strings"

// HelpOn explains one command, or all of them where topic is "" or names none.
func HelpOn(topic string) Message {
	name := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(clean(topic), "/", "")))
	name = strings.TrimSpace(strings.TrimPrefix(name, "outages "))
	for _, s := range Commands() {
		if name != "" && (s.Name == name || s.Name == "" && s.Command == name) {
			return s.help()
		}
	}
	m := Message{Headline: "isitdown answers whether a country, network, prefix or host is announced and answering"}
	if name != "" {
		m.Parts = []Part{{Text: "There is no command " + quoted(topic) + "; these are all."}}
	}
	var asking, changing []string
	for _, s := range Commands() {
		if line := s.Usage() + "\n    " + s.Help; s.Manages {
			changing = append(changing, line)
		} else {
			asking = append(asking, line)
		}
	}
	m.Parts = addFixed(m.Parts, "Ask and answer", asking)
	m.Parts = addFixed(m.Parts, "Change what this channel gets", changing)
	m.Parts = append(m.Parts,
		Part{Text: "TARGET is a country (KP, north korea), a network (AS131279), a prefix (175.45.176.0/22), an address, a host or a URL; world is every country and every large network. ID is that of an incident, as in KP-20141222-1. TIME is in UTC, DURATION as in 90m, 6h or 2d."},
		Part{Text: "More on one of them: /outages help subscribe"},
	)
	return m
}

// help explains one command: what it does, its parameters, examples.
func (s Spec) help() Message {
	m := Message{Headline: "/" + s.Title() + ": " + s.Help}
	m.Parts = addFixed(m.Parts, "Usage", []string{s.Usage()})
	var lines []string
	for _, p := range s.Parameters {
		line := pad(p.Word, len("level:down|degraded|any")) + "  " + p.Help
		if !p.Required {
			line += " (optional)"
		}
		lines = append(lines, line)
	}
	m.Parts = addFixed(m.Parts, "Parameters", lines)
	var examples []string
	for _, e := range s.Examples {
		examples = append(examples, "/"+e)
	}
	m.Parts = addFixed(m.Parts, "Examples", examples)
	if s.Verb == Check {
		m.Parts = append(m.Parts, Part{Text: "A host, URL or address is probed when it is asked about, and so are hosts of a country, network or prefix that usually answer. " +
			"The result is shared for a minute. Nothing is probed for a moment in the past."})
	}
	if s.Verb == Subscribe {
		m.Parts = append(m.Parts, Part{Text: "A subscription to the world tells of every country and every large network, where this isitdown keeps the whole table: " +
			"a few new messages an hour, and many at once in one."})
	}
	if s.Manages {
		m.Parts = append(m.Parts, Part{Text: "It changes what this channel gets, so it may need the right to manage the channel."})
	}
	return m
}
