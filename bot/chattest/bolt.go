package chattest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Slack's published example of a signature.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
const (
	SlackSigningSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	SlackExampleTime   = 1531420618
	SlackExampleBody   = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
		"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	SlackExampleSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
)

// SignSlack gives the headers that Slack sends with a body at a moment.
func SignSlack(secret string, at time.Time, body string) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// Receiver is Slack's own receiver, @slack/bolt: what it lets through, Slack would have sent.
type Receiver struct {
	URL     string
	process *Process
}

// Bolt starts one that trusts SlackSigningSecret.
func Bolt(t testing.TB) *Receiver {
	t.Helper()
	p := Start(t, "bolt.mjs", freePort(t), SlackSigningSecret)
	return &Receiver{URL: p.Ready, process: p}
}

// Post sends it a request and gives the answer's status.
func (r *Receiver) Post(t testing.TB, contentType, body string, header http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// Next gives what it let through next: its kind, and what it read there.
func (r *Receiver) Next(t testing.TB) (kind, detail string) {
	t.Helper()
	var v struct{ Kind, Detail string }
	line := r.process.Line(t, 10*time.Second)
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return v.Kind, v.Detail
}
