package discord

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
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
// has ended by then, but those that answer interactions, which Close waits for, and
// the library's own: they end within moments, and the log names one that hangs.
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

// sleep waits, and reports whether it could to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
