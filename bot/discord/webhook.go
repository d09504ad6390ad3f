package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"
)

const (
	// maxInteraction is far more than the largest interaction that we ask for.
	maxInteraction = 256 << 10
	// freshness is how far the time of a signature may be from ours. Discord asks
	// for an answer within three seconds, so the rest is for clocks that are wrong.
	freshness = time.Minute
	// firstTime is how long the first answer may take.
	firstTime = 2800 * time.Millisecond
)

// Interactions gives the handler for interactions over HTTP, which is to stand
// where the application's Interactions Endpoint URL points to. Every request is held
// against the application's public key and against the clock, and none is taken
// in twice.
func (c *Client) Interactions() (http.Handler, error) {
	key, err := hex.DecodeString(c.o.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("discord: the public key is not %d characters of hex: copy it from the page General Information of the application", hex.EncodedLen(ed25519.PublicKeySize))
	}
	return &endpoint{c, key}, nil
}

type endpoint struct {
	c   *Client
	key ed25519.PublicKey
}

// ServeHTTP is for http.Server.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, fmt.Sprintf("more than %d bytes", tooBig.Limit), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	if !authentic(e.key, r.Header, body, time.Now()) {
		http.Error(w, "invalid request signature", http.StatusUnauthorized)
		return
	}
	i, err := readInteraction(body)
	switch {
	case err != nil:
		e.c.log.Warn("discord: an interaction cannot be read", "err", err)
		http.Error(w, "not an interaction", http.StatusBadRequest)
	case i.Type == discordgo.InteractionPing:
		writeJSON(w, callback{Type: discordgo.InteractionResponsePong})
	default:
		e.answer(w, r, i)
	}
}

// authentic reports whether Discord signed the body, lately.
// https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
func authentic(key ed25519.PublicKey, h http.Header, body []byte, now time.Time) bool {
	stamp := h.Get("X-Signature-Timestamp")
	signature, err := hex.DecodeString(h.Get("X-Signature-Ed25519"))
	if err != nil || len(signature) != ed25519.SignatureSize || len(stamp) > 20 {
		return false
	}
	if !ed25519.Verify(key, append([]byte(stamp), body...), signature) {
		return false
	}
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(unix, 0))
	return age <= freshness && age >= -freshness
}

// readInteraction reads an interaction, whatever the bytes are.
func readInteraction(body []byte) (i *discordgo.Interaction, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading an interaction: %v", p)
		}
	}()
	i = &discordgo.Interaction{}
	if err := json.Unmarshal(body, i); err != nil {
		return nil, fmt.Errorf("reading an interaction: %w", err)
	}
	return i, nil
}

// given is a first answer on its way into the response.
type given struct {
	r    callback
	done chan error
}

// errResponse says that the response could not be given any more.
var errResponse = errors.New("discord: the request is over, so there is nothing to answer")

// answer has the interaction handled, and gives its first answer as the response.
func (e *endpoint) answer(w http.ResponseWriter, r *http.Request, i *discordgo.Interaction) {
	answers, over := make(chan given), make(chan struct{})
	defer close(over)
	ok := e.c.accept(r.Context(), i, func(ctx context.Context, cb callback) error {
		g := given{cb, make(chan error, 1)}
		select {
		case answers <- g:
			return <-g.done
		case <-over:
			return errResponse
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if !ok {
		http.Error(w, "not taken in", http.StatusConflict)
		return
	}
	select {
	case g := <-answers:
		g.done <- writeJSON(w, g.r)
	case <-r.Context().Done():
	case <-time.After(firstTime):
		http.Error(w, "no answer in time", http.StatusServiceUnavailable)
	}
}

func writeJSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return fmt.Errorf("writing a response: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("writing a response: %w", err)
	}
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}
