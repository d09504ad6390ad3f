package rislive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// envelope is any frame: what it is, and its payload.
type envelope struct {
	kind string
	data json.RawMessage
}

// read takes a frame apart with encoding/json. Keys count as they are written, and
// one that counts and comes twice is an error: which of them holds is not said.
func read(frame []byte) (e envelope, err error) {
	m, err := members(frame, func(key string) bool { return key == "type" || key == "data" })
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(m["type"], &e.kind); err != nil || e.kind == "" {
		return e, errors.New("it does not say what it is: there is no type")
	}
	e.data = m["data"]
	return e, nil
}

// readMessage does with encoding/json what scan does.
func readMessage(data json.RawMessage, p *parts) error {
	*p = parts{}
	m, err := members(data, func(key string) bool {
		place, _ := p.piece([]byte(key))
		return place != nil
	})
	if err != nil {
		return err
	}
	for key, v := range m {
		place, text := p.piece([]byte(key))
		switch {
		case string(v) == "null":
		case !text || key == "peer_asn" && v[0] != '"':
			*place = v
		default:
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return fmt.Errorf("%s is not a string: %s", key, excerpt(v))
			}
			*place = []byte(s)
		}
	}
	return nil
}

// members gives those members of an object that are wanted.
func members(b []byte, want func(key string) bool) (map[string]json.RawMessage, error) {
	if !json.Valid(b) {
		return nil, errors.New("it is not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	m := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if !want(key) {
			continue
		}
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("it has %q twice", key)
		}
		m[key] = v
	}
	return m, nil
}
