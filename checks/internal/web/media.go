package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"isitdown/checks"
)

// mediaType gives the type of a body without its parameters, in lower case; ""
// where there is none, and what stands there where it cannot be read.
func mediaType(h http.Header) string {
	text := h.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(text); err == nil {
		return kind
	}
	return checks.OneLine(text, maxText)
}

// mayBeJSON reports whether a body of this type is worth a look. Servers that
// say nothing, or "text/plain", send JSON often enough; a page says that it is one.
func mayBeJSON(kind string) bool {
	switch kind {
	case "", "text/plain", "text/json", "application/json", "application/octet-stream", "binary/octet-stream":
		return true
	}
	return strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

var (
	errCutShort = errors.New("the JSON breaks off")
	errNothing  = errors.New("there is no body")
)

// soundJSON says what is wrong with a body that must be one JSON object or array.
func soundJSON(body []byte) error {
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(text) == 0:
		return errNothing
	case text[0] != '{' && text[0] != '[':
		return fmt.Errorf("it begins with %s, not as a JSON object or array", quote(string(text[:min(len(text), 20)])))
	case json.Valid(text):
		return nil
	}
	var value json.RawMessage
	err := json.Unmarshal(text, &value)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && int(syntax.Offset) >= len(text) && strings.Contains(err.Error(), "unexpected end") {
		return errCutShort
	}
	return fmt.Errorf("it is no JSON: %s", checks.OneLine(err.Error(), maxText))
}
