package bot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"isitdown/bot/chat"
)

// weather answers calls at random: mostly well, else with every trouble that
// passes, and shows some of what it then denies. Like Discord, it shows nothing twice
// for the same key on platforms that dedupe; on all it wants repeats marked.
type weather struct {
	rng     *rand.Rand
	dead    bool            // the program died: nothing is shown any more
	known   map[string]bool // keys that were shown
	first   []chat.Outgoing // what was shown, in order, without repeats
	repeats int
	wrong   []string
}

func (w *weather) answer(_ int, o chat.Outgoing) (error, bool) {
	if w.dead {
		return refuse(chat.Unclear), false
	}
	switch n := w.rng.IntN(20); {
	case n < 2:
		return refuse(chat.NotSent), false
	case n == 2:
		return &chat.Refusal{Trouble: chat.RateLimited, RetryAfter: time.Duration(w.rng.IntN(30)) * time.Second, Whole: w.rng.IntN(2) == 0}, false
	case n == 3:
		return refuse(chat.Unclear), false
	case n == 4:
		return errors.New("the connection was cut"), w.show(o)
	case n == 5 && !o.Short:
		return refuse(chat.TooLong), false
	case n == 6 && (o.Edit != "" || o.Thread != ""):
		return refuse(chat.RootLost), false
	case n == 7 && o.Edit != "":
		return refuse(chat.EditsSpent), false
	}
	return nil, w.show(o)
}

func (w *weather) show(o chat.Outgoing) bool {
	switch {
	case o.Edit != "": // may be made as often as one likes
		return true
	case !w.known[o.Key]:
		w.first = append(w.first, o)
	case o.Channel.Platform == "discord": // the same message as before
		return true
	case !o.Repeat:
		w.wrong = append(w.wrong, "shown twice, and not marked: "+o.Key)
	default:
		w.repeats++
	}
	w.known[o.Key] = true
	return true
}

// Whatever goes wrong, and though the program dies now and then: everything is shown,
// in order, and nothing twice without a mark.
func TestOutboxProperty(t *testing.T) {
	seeds := 20
	if testing.Short() {
		seeds = 5
	}
	repeats := 0
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { repeats += storm(t, uint64(seed)) })
		})
	}
	if repeats == 0 && !testing.Short() {
		t.Error("nothing was ever repeated: the weather is too good to show anything")
	}
}

func storm(t *testing.T, seed uint64) (repeats int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &weather{rng: rand.New(rand.NewPCG(seed, 2)), known: make(map[string]bool)}
	dir := t.TempDir()
	s, err := OpenStore(filepath.Join(dir, "0.db"))
	if err != nil {
		t.Fatal(err)
	}
	set := OutboxSettings{Doubts: 100, Workers: 4}
	takes := func() time.Duration { return rand.N(2 * time.Second) }
	channels := []chat.Channel{newsroom, noc, guild, {Platform: "discord", Tenant: "G2", ID: "8"}}
	var all []Delivery
	for life := range 4 {
		b := outboxOn(t, s, &platform{answer: w.answer, takes: takes}, set)
		for range 5 {
			list := stories(rng, channels, len(all))
			b.queue(t, list...)
			all = append(all, list...)
			time.Sleep(time.Duration(rng.IntN(10_000)) * time.Millisecond)
		}
		if life == 3 {
			time.Sleep(20 * time.Hour)
			b.stop()
			break
		}
		// The program dies: what it does from now on never happened.
		path := filepath.Join(dir, fmt.Sprint(life+1, ".db"))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		b.platform.mu.Lock()
		w.dead = true
		b.platform.mu.Unlock()
		_, err = s.Backup(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		b.stop()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		w.dead = false // Run has ended: nobody else looks
		if s, err = OpenStore(path); err != nil {
			t.Fatal(err)
		}
	}
	defer s.Close()
	w.check(t, s, all)
	return w.repeats
}

// stories makes what a step queues: some incidents, each told from its opening to its
// end, in some channels.
func stories(rng *rand.Rand, channels []chat.Channel, n int) (list []Delivery) {
	for range 1 + rng.IntN(2) {
		incident := fmt.Sprint("KP-", n+len(list))
		c := channels[rng.IntN(len(channels))]
		list = append(list, told(c, incident, 1, Root, "opened"))
		for r := 2; r < 2+rng.IntN(3); r++ {
			if rng.IntN(2) == 0 {
				list = append(list, told(c, incident, r, Reply, "news"))
			}
			list = append(list, told(c, incident, r, Edit, "news"))
		}
		list = append(list, told(c, incident, 9, Announce, "over"), told(c, incident, 9, Edit, "over"))
	}
	return list
}

func (w *weather) check(t *testing.T, s *Store, all []Delivery) {
	t.Helper()
	for _, wrong := range w.wrong {
		t.Error(wrong)
	}
	place := make(map[string]int) // of a key among what was shown
	for i, o := range w.first {
		place[o.Key] = i
	}
	last := make(map[chat.Channel]int)
	for _, d := range all {
		got := state(t, s, d)
		key := DeliveryKey(d.Channel, d.Incident, d.Revision, d.Op)
		if got.State != Sent && got.State != Skipped || got.State == Skipped && d.Op != Edit {
			t.Errorf("%s is %v: %s", key, got.State, got.Problem)
		}
		at, shown := place[key]
		switch {
		case d.Op == Edit: // may have become a root, a reply, or nothing
			continue
		case !shown:
			t.Errorf("%s was never shown", key)
		case at < last[d.Channel]:
			t.Errorf("%s was shown before what was queued before it", key)
		}
		last[d.Channel] = at
	}
	for _, o := range w.first {
		if (strings.HasSuffix(o.Key, "/reply") || strings.HasSuffix(o.Key, "/announce")) && o.Thread == "" {
			t.Errorf("%s stands outside its thread", o.Key)
		}
	}
}
