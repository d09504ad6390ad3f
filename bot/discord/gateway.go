package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// Timing of the gateway.
const (
	// heartbeat is Discord's interval.
	heartbeat = 41250 * time.Millisecond
	// openTime is how long a connection may take to be ready.
	openTime = 45 * time.Second
	// closeTime is how long the library may take to close one: it sleeps a second.
	closeTime = 5 * time.Second

	minBackoff = time.Second
	maxBackoff = 5 * time.Minute
	// steady is how long a connection has to hold for the next failure to be
	// the first again.
	steady = 10 * time.Minute
	// identifyGap is the time between two connections.
	// https://discord.com/developers/docs/events/gateway#rate-limiting
	identifyGap = 5 * time.Second
	// identifyReserve is how many connections a day are kept for a person who
	// starts the program anew: with the last one Discord resets the token.
	identifyReserve = 20
)

// errFatal marks what no new connection would mend.
var errFatal = errors.New("discord: the gateway cannot be used")

// Run keeps a connection to the gateway until ctx ends, and takes in what comes
// over it. It returns nil when ctx ends, or an error that an operator has to
// mend: a token that is not valid, for example. Every goroutine that it started
// has ended by then, but those that answer interactions: Close waits for them.
func (c *Client) Run(ctx context.Context) error {
	g := &gateway{c: c, events: make(chan chat.Event, 1024)}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	wg.Go(func() { g.tell(context.WithoutCancel(ctx), ctx.Done()) })
	info, err := g.info(ctx)
	if err == nil {
		for id := range max(1, info.Shards) {
			wg.Go(func() {
				if err := g.shard(ctx, id, max(1, info.Shards)); err != nil {
					stop(err)
				}
			})
		}
		<-ctx.Done()
		err = context.Cause(ctx)
	}
	stop(nil)
	wg.Wait()
	if errors.Is(err, errFatal) {
		c.setShard(0, false, err.Error())
		return err
	}
	return nil
}

// setShard notes how a connection is.
func (c *Client) setShard(id int, connected bool, problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shards == nil {
		c.shards = make(map[int]bool)
	}
	c.shards[id] = connected
	all := true
	for _, ok := range c.shards {
		all = all && ok
	}
	if all != c.state.Connected || c.state.Since.IsZero() {
		c.state.Since = time.Now()
	}
	c.state.Connected, c.state.Problem = all, problem
	if all {
		c.state.Problem = ""
	}
}

// gateway is what the shards of one Run share.
type gateway struct {
	c      *Client
	events chan chat.Event

	mu   sync.Mutex
	last time.Time // when a shard last identified
}

// tell hands events on, one after the other, so that whoever takes its time with
// one does not hold up the connection.
func (g *gateway) tell(ctx context.Context, done <-chan struct{}) {
	for {
		select {
		case e := <-g.events:
			if err := g.c.handEvent(ctx, e); err != nil {
				g.c.log.Error("discord: taking in an event", "channel", e.Channel.String(), "why", e.Why, "err", err)
			}
		case <-done:
			return
		}
	}
}

func (c *Client) handEvent(ctx context.Context, e chat.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if c.o.Event == nil {
		return nil
	}
	return c.o.Event(ctx, e)
}

// event puts an event into the queue.
func (g *gateway) event(kind chat.EventKind, guild, channel, why string) {
	e := chat.Event{Kind: kind, Channel: chat.Channel{Platform: Platform, Tenant: guild, ID: channel}, Why: why}
	select {
	case g.events <- e:
	default:
		g.c.log.Error("discord: too many events at a time; one was dropped, and the next message there will find out", "channel", e.Channel.String(), "why", why)
	}
}

// info asks how many connections there should be and how many may still be made,
// again and again until there is an answer.
func (g *gateway) info(ctx context.Context) (*discordgo.GatewayBotResponse, error) {
	for wait := minBackoff; ; wait = min(2*wait, maxBackoff) {
		var info discordgo.GatewayBotResponse
		err := g.c.do(ctx, request{what: "asking for the gateway", method: http.MethodGet, path: "gateway/bot", out: &info})
		if err == nil {
			return &info, nil
		}
		ref, _ := errors.AsType[*chat.Refusal](err)
		if ref != nil && ref.Trouble == chat.TenantLost {
			return nil, fmt.Errorf("%w: Discord does not know the bot token: copy it again from the page Bot of the application: %w", errFatal, err)
		}
		g.c.setShard(0, false, "Discord cannot be reached: "+err.Error())
		g.c.log.Warn("discord: the gateway cannot be asked for", "err", err, "again_in", wait)
		pause := wait
		if ref != nil {
			pause = max(wait, ref.RetryAfter)
		}
		if !sleep(ctx, pause) {
			return nil, ctx.Err()
		}
	}
}

// shard keeps one connection. It returns an error only if no new one would help.
func (g *gateway) shard(ctx context.Context, id, of int) error {
	wait := minBackoff
	for ctx.Err() == nil {
		began := time.Now()
		err := g.session(ctx, id, of)
		if ctx.Err() != nil || errors.Is(err, errFatal) {
			return err
		}
		if time.Since(began) > steady {
			wait = minBackoff
		}
		problem := "the gateway was lost: " + err.Error()
		g.c.setShard(id, false, problem)
		g.c.log.Warn("discord: the gateway was lost and is connected anew", "shard", id, "err", err, "again_in", wait)
		if !sleep(ctx, wait+rand.N(wait)) {
			return nil
		}
		wait = min(2*wait, maxBackoff)
	}
	return nil
}

// turn waits until this shard may identify: some time after the one before, and
// never as one of the last times of the day.
func (g *gateway) turn(ctx context.Context) error {
	info, err := g.info(ctx)
	if err != nil {
		return err
	}
	if limit := info.SessionStartLimit; limit.Total > 0 && limit.Remaining <= identifyReserve {
		pause := time.Duration(limit.ResetAfter) * time.Millisecond
		g.c.log.Error("discord: too many connections today; waiting, for with the last one Discord would take the token away", "left", limit.Remaining, "wait", pause)
		if !sleep(ctx, max(pause, time.Minute)) {
			return ctx.Err()
		}
	}
	for {
		g.mu.Lock()
		pause := time.Until(g.last.Add(identifyGap))
		if pause <= 0 || g.last.IsZero() {
			g.last = time.Now()
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

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
			return errors.New("Discord closed the connection")
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

// sleep waits, and reports whether it could to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
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
		g.event(chat.ChannelGone, cmp.Or(guild, Direct), channel, "the channel was deleted")
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

// firstCall gives the first answer to an interaction by a call of its own.
func (c *Client) firstCall(i *discordgo.Interaction) first {
	return func(ctx context.Context, r callback) error {
		return c.do(ctx, request{
			what: "giving a first answer", method: http.MethodPost, free: true, body: r,
			path: "interactions/" + i.ID + "/" + url.PathEscape(i.Token) + "/callback",
		})
	}
}
