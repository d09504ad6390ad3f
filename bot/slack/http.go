package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	api "github.com/slack-go/slack"
)

// Paths under which Slack reaches the bot over HTTP, and browsers its installation.
const (
	PathCommands      = "/slack/commands"
	PathInteractivity = "/slack/interactivity"
	PathEvents        = "/slack/events"
	PathInstall       = "/slack/install"
	PathCallback      = "/slack/oauth/callback"
)

// maxBody bounds a request, in bytes: the press of a button comes with the whole message.
const maxBody = 1 << 20

// Handler serves the paths that the options call for: commands, interactivity and
// events where there is a signing secret, installation where others may install. Each answers at once;
// what was asked is answered at its own address.
func (c *Client) Handler() http.Handler {
	mux := http.NewServeMux()
	if c.o.SigningSecret != "" {
		mux.HandleFunc("POST "+PathCommands, c.signed(c.serveCommand))
		mux.HandleFunc("POST "+PathInteractivity, c.signed(c.serveInteraction))
		mux.HandleFunc("POST "+PathEvents, c.signed(c.serveEvent))
	}
	if c.o.Install != nil {
		mux.HandleFunc("GET "+PathInstall, c.serveInstall)
		mux.HandleFunc("GET "+PathCallback, c.serveCallback)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				c.panicked("HTTP request", p)
				http.Error(w, "something went wrong", http.StatusInternalServerError)
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// errReplayed is a request that was here before, to the last bit of its signature.
var errReplayed = errors.New("the request was here before")

// signed lets through only what Slack signed within five minutes, and that once.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (c *Client) signed(serve func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err == nil {
			err = c.verify(r.Header, body)
		}
		if err != nil {
			c.log.Warn("a request that is not Slack's was refused", "path", r.URL.Path, "err", err)
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}
		serve(w, r, body)
	}
}

func (c *Client) verify(h http.Header, body []byte) error {
	v, err := api.NewSecretsVerifier(h, c.o.SigningSecret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	if err := v.Ensure(); err != nil {
		return err
	}
	// Slack signs what it sends again anew, with the time of that.
	if !c.seen.first("signature " + strings.ToLower(h.Get("X-Slack-Signature"))) {
		return errReplayed
	}
	return nil
}

func (c *Client) serveCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	s, err := slashOf(body)
	if err != nil {
		http.Error(w, "not a command", http.StatusBadRequest)
		return
	}
	answer := c.command(r.Context(), s)
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	c.write(w, answer)
}

func (c *Client) serveInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	v, err := url.ParseQuery(string(body))
	if err == nil {
		err = c.interaction(r.Context(), []byte(v.Get("payload")))
	}
	if err != nil {
		c.log.Warn("an interaction of Slack's could not be read", "err", err)
		http.Error(w, "not an interaction", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (c *Client) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	var e envelope
	err := json.Unmarshal(body, &e)
	if err == nil && e.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		fmt.Fprint(w, e.Challenge)
		return
	}
	if err == nil {
		err = c.event(r.Context(), body)
	}
	if err != nil {
		c.log.Warn("an event of Slack's could not be read", "err", err)
		http.Error(w, "not an event", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (c *Client) write(w http.ResponseWriter, v any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		c.log.Error("encoding an answer to Slack", "err", err)
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := w.Write(b.Bytes()); err != nil {
		c.log.Debug("answering Slack", "err", err)
	}
}
