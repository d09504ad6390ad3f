package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// shown is a message as a channel has seen it: a new one, or an edit.
type shown struct {
	token  string // names the delivery that it is
	place  string // the channel or the thread
	run    int    // of the program that sent it
	repeat bool   // it says so
}

// recorder is as much of Slack and of Discord as the outbox needs, and remembers
// what it was sent. As the real ones: Discord dedupes by nonce, Slack does not.
type recorder struct {
	mu      sync.Mutex
	n       int
	posts   []shown           // new messages, in order
	edits   []shown           // in order
	content map[string]string // message -> token of what it says now
	in      map[string]string // message -> where it stands
	nonces  map[string]string // place and nonce -> message
	threads map[string]bool   // of Discord
	wrong   []string
}

func newRecorder() *recorder {
	return &recorder{
		content: make(map[string]string), in: make(map[string]string),
		nonces: make(map[string]string), threads: make(map[string]bool),
	}
}

// crashTokens are in the headline of each message, made of letters and digits that no
// platform escapes.
var crashTokens = regexp.MustCompile(`Q\d+I\d+R\d+[a-z]+Q`)

// ServeHTTP is for net/http.
func (x *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	run, _ := strconv.Atoi(r.Header.Get("Crash-Run"))
	x.mu.Lock()
	defer x.mu.Unlock()
	status, answer := http.StatusNotFound, any(map[string]any{"ok": false, "error": "unknown_method"})
	if method, ok := strings.CutPrefix(r.URL.Path, "/slack/"); ok {
		status, answer = http.StatusOK, x.slack(method, string(body), run)
	} else if path, ok := strings.CutPrefix(r.URL.Path, "/api/v9/channels/"); ok {
		status, answer = x.discord(r.Method, strings.Split(path, "/"), body, run)
	}
	if status == http.StatusNotFound {
		x.wrong = append(x.wrong, "no such call: "+r.Method+" "+r.URL.Path)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked may be gone
}

func (x *recorder) slack(method, body string, run int) map[string]any {
	form, err := url.ParseQuery(body)
	if err != nil {
		x.wrong = append(x.wrong, err.Error())
	}
	channel, text := form.Get("channel"), form.Get("text")
	switch method {
	case "auth.test":
		return map[string]any{"ok": true, "team_id": "T1", "user_id": "U1", "bot_id": "B1"}
	case "chat.postMessage":
		place := channel
		if ts := form.Get("thread_ts"); ts != "" {
			if x.in[ts] != channel {
				return map[string]any{"ok": false, "error": "message_not_found"}
			}
			place = ts
		}
		ts := x.post(place, text, strings.Contains(text, "(repeat)"), run)
		return map[string]any{"ok": true, "channel": channel, "ts": ts}
	case "chat.update":
		if !x.edit(channel, form.Get("ts"), text, run) {
			return map[string]any{"ok": false, "error": "message_not_found"}
		}
		return map[string]any{"ok": true, "channel": channel, "ts": form.Get("ts"), "text": text}
	}
	x.wrong = append(x.wrong, "no such call: "+method)
	return map[string]any{"ok": false, "error": "unknown_method"}
}

func (x *recorder) discord(method string, path []string, body []byte, run int) (int, any) {
	var m struct {
		Content string `json:"content"`
		Nonce   string `json:"nonce"`
		Enforce bool   `json:"enforce_nonce"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		x.wrong = append(x.wrong, err.Error())
	}
	place := path[0]
	switch {
	case method == http.MethodPost && len(path) == 2:
		key := place + " " + m.Nonce
		id, known := x.nonces[key]
		if !known || m.Nonce == "" || !m.Enforce {
			id = x.post(place, m.Content, strings.Contains(m.Content, "(repeat)"), run)
			x.nonces[key] = id
		}
		return http.StatusOK, map[string]any{"id": id}
	case method == http.MethodPost && len(path) == 4 && path[3] == "threads":
		root := path[2]
		if x.threads[root] {
			return http.StatusBadRequest, map[string]any{"code": 160004, "message": "A thread has already been created for this message"}
		}
		if x.in[root] != place {
			return http.StatusNotFound, map[string]any{"code": 10008, "message": "Unknown Message"}
		}
		x.threads[root] = true
		return http.StatusOK, map[string]any{"id": root}
	case method == http.MethodPatch && len(path) == 3:
		if x.edit(place, path[2], m.Content, run) {
			return http.StatusOK, map[string]any{"id": path[2]}
		}
	}
	return http.StatusNotFound, map[string]any{"code": 10008, "message": "Unknown Message"}
}

func (x *recorder) post(place, text string, repeat bool, run int) string {
	x.n++
	id := fmt.Sprintf("17%08d000001", x.n) // an id for Discord, and as good as a ts
	t := crashTokens.FindString(text)
	if t == "" {
		x.wrong = append(x.wrong, fmt.Sprintf("nothing is known of %q", text))
	}
	x.posts = append(x.posts, shown{t, place, run, repeat})
	x.content[id], x.in[id] = t, place
	return id
}

func (x *recorder) edit(place, id, text string, run int) bool {
	if x.in[id] != place {
		return false
	}
	x.content[id] = crashTokens.FindString(text)
	x.edits = append(x.edits, shown{x.content[id], place, run, strings.Contains(text, "(repeat)")})
	return true
}
