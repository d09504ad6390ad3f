package discord

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// session makes one connection and watches over it until it is lost. The library
// does not reconnect by itself: it would resume at the wrong address, can hang on
// a lock of its own, and does not tell which close codes are final.
func (g *gateway) session(ctx context.Context, id, of int) error {
	if err := g.turn(ctx); err != nil {
		return err
	}
	s, wire, err := g.c.dialSession(id, of)
	if err != nil {
		return err
	}
	lost := make(chan struct{})
	var once sync.Once
	g.listen(ctx, s, func() { once.Do(func() { close(lost) }) })
	opened := make(chan error, 1)
	go func() { opened <- s.Open() }() // ends below: with the wire
	defer wire.cut()
	select {
	case err := <-opened:
		if err != nil {
			return closed(err)
		}
	case <-ctx.Done():
		wire.cut()
		g.await("connecting", func() { <-opened })
		return ctx.Err()
	case <-time.After(openTime):
		wire.cut()
		g.await("connecting", func() { <-opened })
		return fmt.Errorf("it was not ready after %v", openTime)
	}
	g.c.setShard(id, true, "")
	g.c.log.Info("discord: connected to the gateway", "shard", id, "of", of)
	err = g.watch(ctx, s, lost)
	g.c.setShard(id, false, "the connection has ended")
	g.await("closing", func() { s.Close() })
	return err
}

// await gives the library some time. What hangs longer hangs on a lock of the
// library's; it is left behind, and said to be.
func (g *gateway) await(what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(closeTime):
		g.c.log.Error("discord: a connection hangs and was left behind", "while", what)
	}
}

// watch waits for the end of a connection: the library says so, or the heartbeat
// is no longer answered.
func (g *gateway) watch(ctx context.Context, s *discordgo.Session, lost <-chan struct{}) error {
	tick := time.NewTicker(max(g.c.stale/12, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost:
			return errors.New("the connection was closed by Discord")
		case <-tick.C:
			s.RLock()
			age := time.Since(s.LastHeartbeatAck)
			s.RUnlock()
			if age > g.c.stale {
				return fmt.Errorf("no heartbeat was acknowledged for %v", age.Round(time.Second))
			}
		}
	}
}

// wire holds the connection below a session, to be able to cut it.
type wire struct {
	mu   sync.Mutex
	conn net.Conn
	gone bool
}

func (w *wire) hold(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn = conn; w.gone {
		conn.Close()
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone = true; w.conn != nil {
		w.conn.Close()
	}
}

// dialSession prepares a session of the library without opening it.
func (c *Client) dialSession(id, of int) (*discordgo.Session, *wire, error) {
	s, err := discordgo.New("Bot " + c.o.Token)
	if err != nil {
		return nil, nil, fmt.Errorf("making a session: %w", err)
	}
	w := &wire{}
	dialer := *s.Dialer
	dialer.HandshakeTimeout = openTime / 2
	dialer.NetDialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: openTime / 2}).DialContext(ctx, network, address)
		if err == nil {
			w.hold(conn)
		}
		return conn, err
	}
	s.Dialer = &dialer
	hasty := *c.rest.Client // the library asks once more for the address, without a context
	hasty.Timeout = openTime / 2
	s.Client = &hasty
	s.UserAgent = c.rest.UserAgent
	s.MaxRestRetries, s.ShouldRetryOnRateLimit = 0, false
	s.ShouldReconnectOnError, s.ShouldReconnectVoiceOnSessionError = false, false
	s.StateEnabled = false // nothing is asked of it, and it grows with the guilds
	s.SyncEvents = true    // our handlers only put things into queues
	s.LogLevel = -1        // it writes past our logger; what counts comes back as an error
	s.ShardID, s.ShardCount = id, of
	s.Identify.Intents = discordgo.IntentGuilds
	return s, w, nil
}

// closed reads the error of a connection that was refused. The codes that no new
// connection would mend all come in answer to identifying.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
func closed(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	var number int
	if n, _ := fmt.Sscanf(err.Error(), "websocket: close %d", &number); n == 0 {
		return fmt.Errorf("connecting: %s", plainError(err))
	}
	say := map[int]string{
		4004: "Discord does not know the bot token: copy it again from the page Bot of the application",
		4010: "Discord refuses the number of this connection (shard)",
		4011: "the bot is in too many guilds for so few connections (shards): start the program again, and it asks for more",
		4012: "Discord no longer speaks this version of its protocol: update the program",
		4013: "Discord does not know what the bot asked to be told of (intents): update the program",
		4014: "Discord does not let the bot be told of what it asked for (intents)",
	}[number]
	if say != "" {
		return fmt.Errorf("%w: %s (close code %d)", errFatal, say, number)
	}
	return fmt.Errorf("connecting: close code %d", number)
}

// listen sets the handlers of a session. They run inside the library's reading
// loop, one after the other: they may neither wait nor panic.
func (g *gateway) listen(ctx context.Context, s *discordgo.Session, lost func()) {
	var mu sync.Mutex
	known := make(map[string]bool) // guilds that were there when the session began
	s.AddHandler(guarded(g, func(r *discordgo.Ready) {
		mu.Lock()
		defer mu.Unlock()
		for _, guild := range r.Guilds {
			known[guild.ID] = true
		}
	}))
	s.AddHandler(guarded(g, func(*discordgo.Disconnect) { lost() }))
	s.AddHandler(guarded(g, func(i *discordgo.InteractionCreate) { g.c.accept(ctx, i.Interaction, g.c.firstCall(i.Interaction)) }))
	s.AddHandler(guarded(g, func(e *discordgo.GuildCreate) {
		mu.Lock()
		defer mu.Unlock()
		if e.Guild != nil && e.ID != "" && !known[e.ID] {
			known[e.ID] = true
			g.event(chat.TenantBack, e.ID, "", "the bot was added to the guild")
		}
	}))
	s.AddHandler(guarded(g, func(e *discordgo.GuildDelete) {
		if e.Guild == nil || e.ID == "" || e.Unavailable { // an outage of Discord's: the guild comes back
			return
		}
		mu.Lock()
		defer mu.Unlock()
		delete(known, e.ID)
		g.event(chat.TenantGone, e.ID, "", "the bot was removed from the guild")
	}))
	s.AddHandler(guarded(g, func(e *discordgo.ChannelDelete) {
		if e.Channel != nil {
			g.channelGone(e.GuildID, e.ID)
		}
	}))
	s.AddHandler(guarded(g, func(e *discordgo.ThreadDelete) {
		if e.Channel != nil {
			g.channelGone(e.GuildID, e.ID)
		}
	}))
}

func (g *gateway) channelGone(guild, channel string) {
	if channel != "" {
		g.event(chat.ChannelGone, tenant(guild, channel), channel, "the channel was deleted")
	}
}

// guarded makes a handler of the library that survives its panics.
func guarded[E any](g *gateway, handle func(E)) func(*discordgo.Session, E) {
	return func(_ *discordgo.Session, e E) {
		defer func() {
			if p := recover(); p != nil {
				g.c.log.Error("discord: taking in an event panicked", "event", fmt.Sprintf("%T", e), "panic", fmt.Sprint(p))
			}
		}()
		handle(e)
	}
}
