package bot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Writers of a model: each adds one to a register, which only somebody who sees all that was
// written before can do, and fails, panics or ends its goroutine on the way where it is told
// to.
const (
	writesWell = iota
	writesAndFails
	writesAndPanics
	writesAndExits
	failsFirst // before it has written anything
	howMany
)

var errMeant = errors.New("meant to fail")

// register gives what a channel's audit log says last, and how long it is: a register that
// everything in a store takes part in.
func register(tx *Tx, c chat.Channel) (n int, err error) {
	list, err := tx.Audit(c, 0)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	n, err = strconv.Atoi(list[0].What)
	if err == nil && n != len(list) {
		err = fmt.Errorf("the register says %d after %d writes", n, len(list))
	}
	return n, err
}

// modelWrite adds one to a register, in every kind of record that is written: new ones,
// changed ones, deleted ones, and numbers. It ends as it is told to.
func modelWrite(tx *Tx, c chat.Channel, how int) (n int, err error) {
	if how == failsFirst {
		return 0, errMeant
	}
	if n, err = register(tx, c); err != nil {
		return 0, err
	}
	n++
	sub := Subscription{Channel: c, Target: checks.Country("KP"), Zone: strconv.Itoa(n)}
	err = errors.Join(
		tx.AppendAudit(Audit{Channel: c, What: strconv.Itoa(n)}),
		tx.PutSubscription(sub),
		tx.PutCredential("twice", c.ID, nil),
		tx.DeleteCredential("twice", c.ID),
	)
	d := told(c, "KP-"+strconv.Itoa(n), 1, Root, "DOWN")
	fresh, failed := tx.Enqueue(d)
	if err = errors.Join(err, failed); err == nil && !fresh {
		err = fmt.Errorf("%s was queued before", d.Key)
	}
	other := checks.Network(checks.ASN(1 + n%3))
	if n%2 == 0 {
		err = errors.Join(err, tx.PutSubscription(Subscription{Channel: c, Target: other}), tx.DeleteCredential("empty", c.ID))
	} else {
		err = errors.Join(err, tx.DeleteSubscription(c, other),
			tx.PutCredential("twice", c.ID, []byte{byte(n)}), tx.PutCredential("empty", c.ID, nil))
	}
	if err != nil {
		return n, err
	}
	switch how {
	case writesAndFails:
		return n, errMeant
	case writesAndPanics:
		panic(errMeant)
	case writesAndExits:
		runtime.Goexit()
	}
	return n, nil
}

// Many write at the same time, and many of them fail in every way there is. What is kept is
// what those who did not fail wrote, one after the other: nothing is lost, nothing of a
// failure is left, and what the memory says and what the outbox is told follow the same order.
func TestWritersModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(t.TempDir(), strconv.FormatUint(rand.Uint64(), 36))
		s, err := OpenStore(path)
		if err != nil {
			r.Fatal(err)
		}
		s.queue.kick = func() {}
		writers := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, howMany-1), 1, 8), 2, 12).Draw(r, "writers")
		kept := writeAtOnce(r, s, writers)
		checkWritten(r, s, kept)
		arrived := s.arrivals()
		checkArrived(r, arrived, kept)
		if err := s.Close(); err != nil {
			r.Fatal(err)
		}
		if s, err = OpenStore(path); err != nil {
			r.Fatal(err)
		}
		checkWritten(r, s, kept)
		if err := s.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// writerChannel is whose register a writer adds to: there are three.
func writerChannel(writer int) chat.Channel {
	return chat.Channel{Platform: "slack", Tenant: "T", ID: fmt.Sprint("C", writer%3)}
}

// writeAtOnce has writers write, each as often and with such ends as it is told, and gives
// how often a register was added to for good.
func writeAtOnce(r *rapid.T, s *Store, writers [][]int) map[chat.Channel]int {
	var mu sync.Mutex
	kept := make(map[chat.Channel]int)
	var wg sync.WaitGroup
	for i, course := range writers {
		c := writerChannel(i)
		for _, how := range course {
			wg.Go(func() { // a goroutine each: some end with it
				wrote := false
				defer func() {
					_ = recover()
					if wrote != (how == writesWell) {
						r.Errorf("a writer that was to end as %d: written is %v", how, wrote)
					}
				}()
				err := s.Update(func(tx *Tx) error {
					_, err := modelWrite(tx, c, how)
					return err
				})
				if err != nil && !errors.Is(err, errMeant) {
					r.Errorf("writing: %v", err)
				}
				if wrote = err == nil; wrote {
					mu.Lock()
					kept[c]++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return kept
}

// checkWritten compares what the store holds, in its file and in memory, with how often each
// register was added to.
func checkWritten(r *rapid.T, s *Store, kept map[chat.Channel]int) {
	want := make(map[checks.Target]map[chat.Channel]string)
	put := func(t checks.Target, c chat.Channel, zone string) {
		if want[t] == nil {
			want[t] = make(map[chat.Channel]string)
		}
		want[t][c] = zone
	}
	all := 0
	for c, n := range kept {
		put(checks.Country("KP"), c, strconv.Itoa(n))
		for i := 1; i <= n; i++ {
			if other := checks.Network(checks.ASN(1 + i%3)); i%2 == 0 {
				put(other, c, "")
			} else {
				delete(want[other], c)
			}
		}
		all += n
	}
	subscriptions := 0
	for _, t := range []checks.Target{checks.Country("KP"), checks.Network(1), checks.Network(2), checks.Network(3)} {
		got := make(map[chat.Channel]string)
		for _, sub := range s.Subscribers(t) {
			got[sub.Channel] = sub.Zone
		}
		if !maps.Equal(got, want[t]) && len(got)+len(want[t]) > 0 {
			r.Fatalf("subscribers of %v: %v, want %v", t, got, want[t])
		}
		subscriptions += len(got)
	}
	if got := s.index.tenant(writerChannel(0)); got != subscriptions || s.Channels() != len(kept) {
		r.Fatalf("%d subscriptions of %d channels, want %d of %d", got, s.Channels(), subscriptions, len(kept))
	}
	if err := s.View(func(tx *Tx) error {
		deliveries := 0
		for d, err := range tx.Deliveries() {
			if deliveries++; err != nil || d.Seq != uint64(all+1-deliveries) {
				return fmt.Errorf("delivery %d of %d from the end has the number %d, %w", deliveries, all, d.Seq, err)
			}
		}
		if deliveries != all {
			return fmt.Errorf("%d deliveries, want %d", deliveries, all)
		}
		for c, n := range kept {
			if got, err := register(tx, c); err != nil || got != n {
				return fmt.Errorf("the register of %s says %d, want %d, %w", c, got, n, err)
			}
			twice, empty := tx.Credential("twice", c.ID), tx.Credential("empty", c.ID)
			if odd := n%2 == 1; odd != bytes.Equal(twice, []byte{byte(n)}) || odd != (twice != nil) || odd != (empty != nil) {
				return fmt.Errorf("after %d writes to the register of %s what is written twice is %v and what is empty is %v", n, c, twice, empty)
			}
		}
		return nil
	}); err != nil {
		r.Fatal(err)
	}
}

// checkArrived looks at what the outbox was told: everything that was queued, in the order
// of its numbers.
func checkArrived(r *rapid.T, arrived []route, kept map[chat.Channel]int) {
	all := 0
	for _, n := range kept {
		all += n
	}
	if len(arrived) != all || !slices.IsSortedFunc(arrived, func(a, b route) int { return int(a.seq) - int(b.seq) }) {
		r.Fatalf("the outbox was told of %v, want %d in order", arrived, all)
	}
}

// Those who share a transaction see what those before them wrote in it, and who fails in it
// leaves nothing for those after: one leads, and the others come while it is at work.
func TestWritersShare(t *testing.T) {
	s := newStore(t)
	was := s.db.Stats()
	var wg sync.WaitGroup
	inside := make(chan struct{})
	limit := func(tx *Tx, id string) error {
		c := chat.Channel{Platform: "slack", Tenant: "T1", ID: id}
		if err := tx.PutSubscription(Subscription{Channel: c, Target: checks.Country("KP")}); err != nil {
			return err
		}
		if n := tx.tenantSubscriptions(c); n > 3 || n != len(tx.Subscribers(checks.Country("KP"))) {
			return fmt.Errorf("%d subscriptions, %d subscribers: %w", n, len(tx.Subscribers(checks.Country("KP"))), errMeant)
		}
		return nil
	}
	wg.Go(func() {
		if err := s.Update(func(tx *Tx) error {
			close(inside)
			for s.waitingWriters() < 9 {
				time.Sleep(time.Millisecond)
			}
			return limit(tx, "first")
		}); err != nil {
			t.Error(err)
		}
	})
	<-inside
	refused := make(chan error, 9)
	for i := range 9 {
		wg.Go(func() { refused <- s.Update(func(tx *Tx) error { return limit(tx, fmt.Sprint("C", i)) }) })
	}
	wg.Wait()
	no := 0
	for range 9 {
		if err := <-refused; errors.Is(err, errMeant) {
			no++
		} else if err != nil {
			t.Error(err)
		}
	}
	if got := len(s.Subscribers(checks.Country("KP"))); got != 3 || no != 7 {
		t.Errorf("%d subscriptions, %d refused, want 3 and 7", got, no)
	}
	now := s.db.Stats()
	if diff := now.Sub(&was); diff.TxStats.GetWrite() == 0 {
		t.Error("nothing was written")
	}
}

// waitingWriters is how many wait for a turn.
func (s *Store) waitingWriters() int {
	s.writers.mu.Lock()
	defer s.writers.mu.Unlock()
	return len(s.writers.waiting)
}

// A part of a transaction that fails is taken back alone.
func TestApart(t *testing.T) {
	s := newStore(t)
	update(t, s, func(tx *Tx) error {
		c := writerChannel(0)
		for i, how := range []int{writesWell, writesAndFails, writesWell, failsFirst, writesAndFails} {
			err := tx.apart(func() error {
				_, err := modelWrite(tx, c, how)
				return err
			})
			if errors.Is(err, errMeant) != (how != writesWell) {
				t.Errorf("part %d ends with %v", i, err)
			}
		}
		if n, err := register(tx, c); n != 2 || err != nil {
			t.Errorf("the register says %d, %v, want 2", n, err)
		}
		return nil
	})
	if n := len(s.Subscribers(checks.Country("KP"))); n != 1 {
		t.Errorf("%d subscribers, want 1", n)
	}
}
