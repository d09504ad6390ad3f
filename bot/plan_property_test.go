package bot

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/bot/chat"
)

// Whatever happens, in whatever order: a thread begins with its root, is closed in
// the channel once for each time that it was opened there, nothing is posted under a mute
// but an end, and in quiet hours and under a suspension nothing at all.
func TestPlanProperties(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 0))
		subs := []string{"KP", "AS131279", "175.45.176.0/22", "AS4837"}[:1+r.IntN(4)]
		for i := range subs {
			subs[i] += []string{"", " level:down", " level:any", " quiet:22-07", " quiet:09-11"}[r.IntN(5)]
		}
		w := &walk{room: newRoom(t, subs...), r: r, seed: seed, threads: map[string]*told1{}}
		w.walk()
		if t.Failed() {
			t.Fatalf("seed %d, subscriptions %q:\n%s", seed, subs, strings.Join(w.log, "\n"))
		}
	}
}

// walk is one random course of things.
type walk struct {
	*room
	r       *rand.Rand
	seed    uint64
	minute  int
	log     []string
	count   int
	threads map[string]*told1
}

// told1 is what a channel saw of an incident.
type told1 struct {
	rooted bool
	opened int  // how often it was, in truth
	closed int  // how often the channel saw that
	open   bool // as the channel last saw it
	silent bool // its end was shown by an edit, or by another incident
}

func (w *walk) walk() {
	for range 120 {
		w.minute += 1 + w.r.IntN(40)
		if w.minute >= 40*60 {
			break
		}
		w.do(w.event())
	}
	// In the end all is well, nothing is held back by anything, and all is told.
	for _, id := range sortedKeys(w.open) {
		w.do("resolved " + id + " up")
	}
	for _, text := range w.texts() {
		w.do("calm " + text)
	}
	w.do("resume all")
	w.minute = 47 * 60
	w.do("tick")
	for id, th := range w.room.threads {
		if th.Held != 0 || !th.Closed {
			w.t.Errorf("in the end the thread of %s is %+v", id, th)
		}
		if seen := w.threads[id]; seen != nil && seen.open && !seen.silent && th.Within == "" {
			w.t.Errorf("the channel never saw the end of %s", id)
		}
	}
}

// texts gives what is subscribed to, in a random order.
func (w *walk) texts() []string {
	var list []string
	for t := range w.subs {
		list = append(list, t.String())
	}
	slices.Sort(list)
	w.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// event makes up what happens next.
func (w *walk) event() string {
	if list := w.texts(); len(list) > 0 {
		text := list[0]
		switch w.r.IntN(30) {
		case 0:
			return "mute " + text + " " + strconv.Itoa(1+w.r.IntN(300)) + "m"
		case 1:
			return "suspend all"
		case 2, 3:
			return "resume all"
		case 4:
			return "suspect " + text
		case 5, 6:
			return "calm " + text
		}
		if text == "KP" && w.r.IntN(12) == 0 {
			return "upstream KP"
		}
		for _, id := range sortedKeys(w.open) {
			if strings.HasPrefix(id, text+"-") {
				return w.news(id)
			}
		}
		for _, id := range sortedKeys(w.told) { // one that is over may open again
			if strings.HasPrefix(id, text+"-") && w.told[id].Stage == Resolved && w.r.IntN(3) == 0 {
				return "updated " + id + w.state()
			}
		}
		w.count++
		return "opened " + text + "-" + strconv.Itoa(w.count) + w.state()
	}
	return "tick"
}

func (w *walk) news(id string) string {
	switch w.r.IntN(6) {
	case 0:
		return "resolved " + id + " up"
	case 1:
		return "updated " + id + " recovering"
	case 2:
		return "updated " + id + " unknown"
	case 3:
		return "updated " + id + w.state() + " quiet"
	}
	return "updated " + id + w.state()
}

func (w *walk) state() string { return []string{" down", " degraded"}[w.r.IntN(2)] }

// do lets one thing happen and checks what is told of it.
func (w *walk) do(what string) {
	at := strconv.Itoa(w.minute/60%24) + ":" + strconv.Itoa(w.minute%60)
	if w.minute >= 24*60 {
		at = "+" + at
	}
	if f := strings.Fields(what); f[0] == "opened" || f[0] == "updated" && w.told[f[1]].Stage == Resolved {
		w.thread(f[1]).opened++
	}
	from := len(w.posts)
	lines := w.step(strings.Fields(at + " " + what))
	w.log = append(w.log, at+" "+what+" | "+strings.Join(lines, ", "))
	for i, d := range w.posts[from:] {
		w.check(&d, lines[i])
	}
}

// thread gives what the channel saw of an incident.
func (w *walk) thread(id string) *told1 {
	if w.threads[id] == nil {
		w.threads[id] = &told1{}
	}
	return w.threads[id]
}

func (w *walk) check(d *Delivery, line string) {
	th := w.thread(d.Incident)
	over := strings.HasPrefix(d.Message.Headline, "resolved")
	if d.Incident != "" {
		w.order(th, d, line, over)
	}
	if d.Op == Edit || d.Op == Plain {
		return
	}
	sub, ok := w.subs[w.targets[d.Incident]]
	switch {
	case !ok:
		w.t.Errorf("%s is about nothing that is subscribed to", line)
	case sub.Suspended != "":
		w.t.Errorf("%s in a channel that is suspended", line)
	case sub.Quiet != (chat.Hours{}) && inQuiet(sub.Quiet, time.UTC, w.now):
		w.t.Errorf("%s in the quiet hours", line)
	case w.now.Before(sub.MutedUntil) && !over:
		w.t.Errorf("%s under a mute", line)
	}
}

// order checks that root, ends and openings follow each other as they should.
func (w *walk) order(th *told1, d *Delivery, line string, over bool) {
	switch {
	case d.Op == Root && th.rooted:
		w.t.Errorf("%s: a second root", line)
	case d.Op != Root && !th.rooted:
		w.t.Errorf("%s: no root was there", line)
	}
	switch {
	case d.Op == Root, d.Op == Announce && over:
		th.rooted, th.open, th.silent = true, !over, false
		if over {
			th.closed++
		}
		if th.closed > th.opened {
			w.t.Errorf("%s: closed %d times, and was opened %d times", line, th.closed, th.opened)
		}
	case strings.HasPrefix(line, "goes on"), d.Op == Edit && over:
		th.silent = true
	case d.Op == Announce, d.Op == Reply && strings.HasPrefix(line, "reply"):
		th.open, th.silent = true, false
	}
}
