package discord

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
)

// keys are an application's.
func keys(t testing.TB) (public string, private ed25519.PrivateKey) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(pub), priv
}

// signed makes a request as Discord signs it.
func signed(key ed25519.PrivateKey, at time.Time, body string) *http.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r := httptest.NewRequest(http.MethodPost, "/discord", strings.NewReader(body))
	r.Header.Set("X-Signature-Timestamp", stamp)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, []byte(stamp+body))))
	return r
}

const (
	ping     = `{"id":"1","application_id":"5","type":1,"token":"t","version":1}`
	command  = `{"id":"%d","application_id":"5","type":2,"token":"t0ken","channel_id":"7","user":{"id":"3"},"data":{"name":"isitdown","options":[{"name":"target","type":3,"value":"KP"}]}}`
	oversize = maxInteraction + 1
)

// The library's own check agrees with ours on what is signed.
func TestSignature(t *testing.T) {
	public, private := keys(t)
	_, other := keys(t)
	c, log := newClient(t, &fake{}, func(o *Options) { o.PublicKey = public })
	h, err := c.Interactions()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := hex.DecodeString(public)
	now := time.Now()
	tests := []struct {
		name   string
		change func(*http.Request)
		req    *http.Request
		want   int
	}{
		{"ping", nil, signed(private, now, ping), 200},
		{"forged", nil, signed(other, now, ping), 401},
		{"old", nil, signed(private, now.Add(-2*freshness), ping), 401},
		{"from the future", nil, signed(private, now.Add(2*freshness), ping), 401},
		{"another time", func(r *http.Request) { r.Header.Set("X-Signature-Timestamp", "1") }, signed(private, now, ping), 401},
		{"no time", func(r *http.Request) { r.Header.Del("X-Signature-Timestamp") }, signed(private, now, ping), 401},
		{"no signature", func(r *http.Request) { r.Header.Del("X-Signature-Ed25519") }, signed(private, now, ping), 401},
		{"short signature", func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", "00") }, signed(private, now, ping), 401},
		{"no hex", func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("x", 128)) }, signed(private, now, ping), 401},
		{"another body", func(r *http.Request) { r.Body = http.NoBody }, signed(private, now, ping), 401},
		{"too large", nil, signed(private, now, strings.Repeat("x", oversize)), 413},
		{"not POST", func(r *http.Request) { r.Method = http.MethodGet }, signed(private, now, ping), 405},
		{"no JSON", nil, signed(private, now, "{"), 400},
		{"data of another type", nil, signed(private, now, `{"type":2,"data":7}`), 400},
		{"nothing to speak of", nil, signed(private, now, `{"type":2,"data":{}}`), 409},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(tt.req)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, tt.req)
			if w.Code != tt.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(private, now, ping))
	if got := w.Body.String(); got != `{"type":1}` || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("PING is answered by %q", got)
	}
	if r := signed(private, now, ping); !discordgo.VerifyInteraction(r, key) {
		t.Error("the requests of this test are not signed as the library expects")
	}
	if strings.Contains(log.String(), "panic") {
		t.Error(log)
	}
}

func TestInteractionsNeedAKey(t *testing.T) {
	for _, key := range []string{"", "00", strings.Repeat("x", 64), strings.Repeat("0", 66)} {
		c, _ := newClient(t, &fake{}, func(o *Options) { o.PublicKey = key })
		if _, err := c.Interactions(); err == nil || !strings.Contains(err.Error(), "General Information") {
			t.Errorf("key %q: got %v", key, err)
		}
	}
}

// The first answer is the response; the rest goes by the API. The same request
// again is refused.
func TestInteractions(t *testing.T) {
	public, private := keys(t)
	f := &fake{}
	c, _ := newClient(t, f, func(o *Options) {
		o.PublicKey = public
		o.Handle = func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
			if r.Line == "isitdown KP" && r.ID == "91" {
				time.Sleep(grace + 100*time.Millisecond)
			}
			return reply(chat.Reply{Message: down()})
		}
	})
	h, err := c.Interactions()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		id   int
		body string
		code int
	}{
		{90, `"type":4,"data":{"content":"DOWN`, 200},
		{91, `"type":5`, 200},
		{91, "not taken in", 409},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, signed(private, time.Now(), fmt.Sprintf(command, tt.id)))
		if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("%d: got %d %.100s, want %d with %s", tt.id, w.Code, w.Body, tt.code, tt.body)
		}
	}
	c.Close(t.Context())
	if want := []string{original90}; !cmp.Equal(want, f.list()) {
		t.Errorf("got calls %q, want %q", f.list(), want)
	}
}

// FuzzInteraction: no bytes, signed as they may be, do harm.
func FuzzInteraction(f *testing.F) {
	f.Add([]byte(ping))
	f.Add(fmt.Appendf(nil, command, 90))
	f.Add([]byte(`{"id":"1","application_id":"5","token":"t","type":4,"data":{"name":"outages","options":[null,{"type":1}]}}`))
	f.Add([]byte(`{"id":"1","application_id":"5","token":"t","type":3,"data":{"custom_id":"outages why x"},"member":{}}`))
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, log := newClient(t, &fake{}, func(o *Options) {
			o.PublicKey = hex.EncodeToString(public)
			o.Handle = func(_ context.Context, r chat.Request, reply func(chat.Reply) error) error {
				return reply(chat.Reply{Message: chat.Plain(r.Line)})
			}
		})
		h, err := c.Interactions()
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, signed(private, time.Now(), string(body)))
		c.Close(t.Context())
		if strings.Contains(log.String(), "panic") {
			t.Error(log)
		}
		if w.Code == 200 && !bytes.HasPrefix(w.Body.Bytes(), []byte(`{"type":`)) {
			t.Errorf("got %s", w.Body)
		}
	})
}
