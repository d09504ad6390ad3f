package rislivetest

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Server is the service. Its fields are set before the first connection.
type Server struct {
	// Handshake, where set, answers in place of the upgrade and reports whether it did.
	Handshake func(w http.ResponseWriter, r *http.Request) bool
	// Session, where set, serves a connection in place of [Session.Serve]. The
	// connection is cut when it returns.
	Session func(*Session)
	// Collectors is the list that clients are told.
	Collectors []string
	// Deaf does not answer pings, Mute subscriptions.
	Deaf, Mute bool
	// Refuse gives the complaint about a subscription, empty for none.
	Refuse func(Subscription) string

	mu       sync.Mutex
	sessions []*Session
	serving  sync.WaitGroup
}

// Session is one connection and what it has subscribed to.
type Session struct {
	*Conn
	server *Server
	// Agent and Client are what the client called itself.
	Agent, Client string

	mu   sync.Mutex
	subs []Subscription
}

// Subscription is what a client asks for.
type Subscription struct {
	Type         string `json:"type,omitempty"`
	Host         string `json:"host,omitempty"`
	Prefix       string `json:"prefix,omitempty"`
	MoreSpecific *bool  `json:"moreSpecific,omitempty"`
	LessSpecific *bool  `json:"lessSpecific,omitempty"`
	Path         string `json:"path,omitempty"`
}

// Start serves on loopback until the test ends, and gives the address.
func (s *Server) Start(t testing.TB) string {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.CutAll()
		web.Close()
		s.serving.Wait()
	})
	return "ws" + strings.TrimPrefix(web.URL, "http") + "/v1/ws/"
}

// Pipe serves in memory and gives the client to use, with which every address leads
// to s: for tests in a bubble of testing/synctest. stop ends it.
func (s *Server) Pipe() (client *http.Client, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	conns := pipes{ctx: ctx, c: make(chan net.Conn)}
	web := &http.Server{Handler: s}
	var done sync.WaitGroup
	done.Go(func() { _ = web.Serve(conns) })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case conns.c <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	return &http.Client{Transport: transport}, func() {
		s.CutAll()
		cancel()
		transport.CloseIdleConnections()
		web.Close()
		done.Wait()
		s.serving.Wait()
	}
}

// pipes is a listener.
type pipes struct {
	ctx context.Context
	c   chan net.Conn
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.c:
		return c, nil
	case <-p.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.IPAddr{} }

// ServeHTTP serves one connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	if s.Handshake != nil && s.Handshake(w, r) {
		return
	}
	conn, err := upgrade(w, r)
	if err != nil {
		return
	}
	defer conn.Cut()
	session := &Session{Conn: conn, server: s, Agent: r.UserAgent(), Client: r.URL.Query().Get("client")}
	s.mu.Lock()
	s.sessions = append(s.sessions, session)
	s.mu.Unlock()
	if s.Session != nil {
		s.Session(session)
	} else {
		session.Serve()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = slices.DeleteFunc(s.sessions, func(o *Session) bool { return o == session })
}

// Sessions gives the connections that there are.
func (s *Server) Sessions() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sessions)
}

// CutAll ends all connections without a word.
func (s *Server) CutAll() {
	for _, session := range s.Sessions() {
		session.Cut()
	}
}

// Deliver sends messages to every connection that has subscribed to them.
func (s *Server) Deliver(messages ...Message) {
	for _, session := range s.Sessions() {
		for _, m := range messages {
			if session.Wants(&m) {
				_ = session.Send(m.Frame)
			}
		}
	}
}

// Serve answers the client until the connection ends.
func (s *Session) Serve() {
	for {
		message, err := s.Receive()
		if err != nil || s.Answer(message) != nil {
			return
		}
	}
}

// Answer does what the service does with one message of the client.
func (s *Session) Answer(message []byte) error {
	var m struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		return s.complain("that is not JSON")
	}
	switch m.Type {
	case "ping":
		if s.server.Deaf {
			return nil
		}
		return s.Send([]byte(`{"type":"pong","data":null}`))
	case "request_rrc_list":
		return s.reply("ris_rrc_list", s.server.Collectors)
	case "ris_subscribe", "ris_unsubscribe":
		return s.subscribe(m.Type, m.Data)
	}
	return s.complain("unknown message type " + m.Type)
}

func (s *Session) subscribe(kind string, data json.RawMessage) error {
	var asked struct {
		Subscription
		SocketOptions struct {
			IncludeRaw  bool `json:"includeRaw"`
			Acknowledge bool `json:"acknowledge"`
		} `json:"socketOptions"`
	}
	if err := json.Unmarshal(data, &asked); err != nil {
		return s.complain("that is not a subscription")
	}
	sub := asked.Subscription
	if refuse := s.server.Refuse; refuse != nil && refuse(sub) != "" {
		return s.complain(refuse(sub))
	}
	if s.server.Mute {
		return nil
	}
	s.mu.Lock()
	s.subs = slices.DeleteFunc(s.subs, func(o Subscription) bool { return o.same(&sub) })
	if kind == "ris_subscribe" {
		s.subs = append(s.subs, sub)
	}
	s.mu.Unlock()
	if kind == "ris_unsubscribe" || !asked.SocketOptions.Acknowledge {
		return nil
	}
	return s.reply("ris_subscribe_ok", map[string]any{"subscription": sub, "socketOptions": asked.SocketOptions})
}

func (s *Session) reply(kind string, data any) error {
	b, err := json.Marshal(map[string]any{"type": kind, "data": data})
	if err != nil {
		return err
	}
	return s.Send(b)
}

func (s *Session) complain(text string) error {
	return s.reply("ris_error", map[string]string{"message": text})
}

// Subscriptions gives what the client has subscribed to.
func (s *Session) Subscriptions() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.subs)
}

// Wants reports whether any subscription is to m.
func (s *Session) Wants(m *Message) bool {
	return slices.ContainsFunc(s.Subscriptions(), func(sub Subscription) bool { return sub.matches(m) })
}

func (s *Subscription) same(o *Subscription) bool {
	return s.Type == o.Type && s.Host == o.Host && s.Prefix == o.Prefix && s.Path == o.Path
}

// matches is the filter of the service, for the subscriptions that are used: a path
// only as the origin, "64500$".
func (s *Subscription) matches(m *Message) bool {
	if s.Type != "" && s.Type != m.Type && (s.Type != "RIS_PEER_STATE" || m.Type != "STATE") {
		return false
	}
	if origin, ok := strings.CutSuffix(s.Path, "$"); ok && !strings.HasSuffix(" "+m.Path, " "+origin) {
		return false
	}
	want, err := netip.ParsePrefix(s.Prefix)
	if err != nil {
		return s.Prefix == ""
	}
	return slices.ContainsFunc(m.Prefixes, func(p netip.Prefix) bool {
		inside := want.Bits() <= p.Bits() && want.Contains(p.Addr())
		over := p.Bits() <= want.Bits() && p.Contains(want.Addr())
		more, less := s.MoreSpecific == nil || *s.MoreSpecific, s.LessSpecific != nil && *s.LessSpecific
		return p == want || more && inside || less && over
	})
}

// Keepalive is the message for a KEEPALIVE of a session at a time.
func Keepalive(collector string, peer netip.Addr, as uint32, seconds int64) Message {
	return Message{Type: "KEEPALIVE", Frame: []byte(`{"type":"ris_message","data":{"timestamp":` + strconv.FormatInt(seconds, 10) +
		`.000,"peer":"` + peer.String() + `","peer_asn":"` + strconv.FormatUint(uint64(as), 10) + `","id":"k","host":"` + collector +
		`.ripe.net","type":"KEEPALIVE","raw":"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF001304"}}`)}
}
