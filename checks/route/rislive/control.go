package rislive

import (
	"encoding/json"
	"fmt"

	"isitdown/checks"
)

// control reads the frames that are about the connection.
func (d *decoder) control(e envelope) (kind frameKind, err error) {
	switch e.kind {
	case "pong":
		return framePong, nil
	case "ris_error":
		var said struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(e.data, &said) != nil || said.Message == "" {
			said.Message = string(e.data)
		}
		d.text = checks.OneLine(said.Message, maxText)
		return frameError, nil
	case "ris_subscribe_ok":
		d.accepted, err = parseAccepted(e.data)
		return frameAccepted, err
	case "ris_rrc_list":
		d.collectors, err = parseCollectors(e.data)
		return frameCollectors, err
	}
	return frameOther, nil
}

// maxCollectors bounds the list of collectors; RIS has had 27.
const maxCollectors = 200

// parseCollectors reads the names of the collectors; null is an empty list.
func parseCollectors(data json.RawMessage) ([]string, error) {
	var hosts []string
	if err := json.Unmarshal(data, &hosts); err != nil || len(hosts) > maxCollectors {
		return nil, fmt.Errorf("not a list of collectors: %s", excerpt(data))
	}
	names := make([]string, 0, len(hosts))
	for _, h := range hosts {
		name, err := parseHost(h)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// maxText bounds what a server says in words, in characters.
const maxText = 200
