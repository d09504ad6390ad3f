package bot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// newStore opens a store of the test's own.
func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "isitdown.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return s
}

// update runs f in a transaction that must succeed.
func update(t testing.TB, s *Store, f func(tx *Tx) error) {
	t.Helper()
	if err := s.Update(f); err != nil {
		t.Fatal(err)
	}
}

// view is update for reading.
func view(t testing.TB, s *Store, f func(tx *Tx) error) {
	t.Helper()
	if err := s.View(f); err != nil {
		t.Fatal(err)
	}
}

// The index says what the file says, whatever is written, deleted or taken back,
// and after a restart.
func TestSubscribersIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "isitdown.db")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	targets := []checks.Target{checks.Country("KP"), checks.Network(4837), checks.Country("RU")}
	want := make(map[checks.Target]map[chat.Channel]string) // zone
	for round := range 200 {
		next := make(map[checks.Target]map[chat.Channel]string)
		for t, m := range want {
			next[t] = maps.Clone(m)
		}
		fail := rng.IntN(5) == 0
		err := s.Update(func(tx *Tx) error {
			for range rng.IntN(6) {
				c := chat.Channel{Platform: "slack", Tenant: []string{"T", "T-1", "T.2"}[rng.IntN(3)], ID: fmt.Sprint("C", rng.IntN(4))}
				target := targets[rng.IntN(3)]
				if next[target] == nil {
					next[target] = make(map[chat.Channel]string)
				}
				if rng.IntN(3) == 0 {
					delete(next[target], c)
					if err := tx.DeleteSubscription(c, target); err != nil {
						return err
					}
				} else {
					next[target][c] = fmt.Sprint(round)
					if err := tx.PutSubscription(Subscription{Channel: c, Target: target, Zone: fmt.Sprint(round)}); err != nil {
						return err
					}
				}
				sameSubscribers(t, "within the transaction", tx.Subscribers(target), next[target])
			}
			if fail {
				return errors.New("taken back")
			}
			return nil
		})
		if (err != nil) != fail {
			t.Fatal(err)
		}
		if !fail {
			want = next
		}
		if round%20 == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = OpenStore(path); err != nil {
				t.Fatal(err)
			}
		}
		channels := make(map[chat.Channel]bool)
		for _, target := range targets {
			sameSubscribers(t, "after it", s.Subscribers(target), want[target])
			for c := range want[target] {
				channels[c] = true
			}
		}
		if s.Channels() != len(channels) {
			t.Fatalf("%d channels, want %d", s.Channels(), len(channels))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func sameSubscribers(t *testing.T, when string, got []Subscription, want map[chat.Channel]string) {
	t.Helper()
	zones := make(map[chat.Channel]string)
	for _, s := range got {
		zones[s.Channel] = s.Zone
	}
	if len(zones) != len(got) || len(zones) != len(want) || !maps.Equal(zones, want) && len(want) > 0 {
		t.Fatalf("%s: subscribers %v, want %v", when, got, want)
	}
	if !slices.IsSortedFunc(got, func(a, b Subscription) int { return compareChannels(a.Channel, b.Channel) }) {
		t.Fatalf("%s: not sorted: %v", when, got)
	}
}

// The same key is one delivery, now and after it was sent.
func TestEnqueueOnce(t *testing.T) {
	s := newStore(t)
	d := told(newsroom, "KP-1", 1, Root, "DOWN")
	for i := range 3 {
		update(t, s, func(tx *Tx) error {
			fresh, err := tx.Enqueue(d)
			if fresh != (i == 0) {
				t.Errorf("time %d: fresh is %v", i+1, fresh)
			}
			if err != nil || i > 0 {
				return err
			}
			got, _, err := tx.Delivery("slack/T1/C1/KP-1/1/root")
			if err != nil {
				return err
			}
			got.State, got.SentAt = Sent, time.Now()
			return tx.finish(got)
		})
	}
	for _, bad := range []Delivery{
		{Channel: newsroom, Message: d.Message},
		{Channel: chat.Channel{Platform: "slack", Tenant: "T/1", ID: "C"}, Key: "k"},
		{Channel: newsroom, Op: Reply, Key: "k"},
	} {
		err := s.Update(func(tx *Tx) error {
			_, err := tx.Enqueue(bad)
			return err
		})
		if err == nil {
			t.Errorf("%+v was queued", bad)
		}
	}
}

// A transaction that fails leaves nothing behind: not the life, not the delivery.
func TestUpdateIsWhole(t *testing.T) {
	s := newStore(t)
	failure := errors.New("no")
	err := s.Update(func(tx *Tx) error {
		if err := tx.PutLife(Life{Target: checks.Country("KP")}); err != nil {
			return err
		}
		if _, err := tx.Enqueue(told(newsroom, "KP-1", 1, Root, "DOWN")); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatalf("Update gave %v", err)
	}
	view(t, s, func(tx *Tx) error {
		lives, err := tx.Lives()
		for d := range tx.Deliveries() {
			t.Errorf("there is a delivery: %+v", d)
		}
		if len(lives) > 0 {
			t.Errorf("there are lives: %+v", lives)
		}
		return err
	})
}

func TestLogs(t *testing.T) {
	s := newStore(t)
	at := time.Date(2014, 12, 22, 16, 0, 0, 0, time.UTC)
	for i := range 300 {
		update(t, s, func(tx *Tx) error {
			what := fmt.Sprint("change ", i)
			return errors.Join(
				tx.AppendAudit(Audit{At: at, Channel: newsroom, What: what}),
				tx.AppendAudit(Audit{At: at, Channel: chat.Channel{Platform: "slack", Tenant: "T1", ID: "C1b"}, What: "another's"}),
				tx.AppendNote(newsroom, "KP-1", chat.Note{At: at, Text: what}),
				tx.AppendNote(newsroom, "KP-10", chat.Note{At: at, Text: "another's"}),
				tx.AppendEvidence(Evidence{Incident: "KP-1", Target: checks.Country("KP"), Revision: i}),
				tx.AppendEvidence(Evidence{Target: checks.Country("KP"), Kind: chat.UpstreamChanged, Revision: i}),
			)
		})
	}
	view(t, s, func(tx *Tx) error {
		audit, err1 := tx.Audit(newsroom, 2)
		notes, err2 := tx.Notes(newsroom, "KP-1")
		evidence, err3 := tx.Evidence("KP-1")
		moves, err4 := tx.TargetEvidence(checks.Country("KP"))
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return err
		}
		if len(audit) != 2 || audit[0].What != "change 299" || audit[1].What != "change 298" {
			t.Errorf("the audit log, newest first, is %v", audit)
		}
		if len(notes) != 300 || len(evidence) != 300 || len(moves) != 300 {
			t.Fatalf("%d notes, %d and %d pieces of evidence, want 300 each", len(notes), len(evidence), len(moves))
		}
		for i := range 300 {
			if notes[i].Text != fmt.Sprint("change ", i) || evidence[i].Revision != i || moves[i].Kind != chat.UpstreamChanged {
				t.Fatalf("number %d is out of order: %v, %v, %v", i, notes[i], evidence[i].Revision, moves[i].Kind)
			}
		}
		return nil
	})
}

func TestClaim(t *testing.T) {
	s := newStore(t)
	now := time.Date(2014, 12, 22, 16, 0, 0, 0, time.UTC)
	for i, tt := range []struct {
		id    string
		after time.Duration
		want  bool
	}{{"a", 0, true}, {"a", time.Minute, false}, {"b", 0, true}, {"a", time.Hour, true}, {"a", time.Hour, false}, {"", 0, true}, {"", 0, true}} {
		update(t, s, func(tx *Tx) error {
			at := now.Add(tt.after)
			got, err := tx.Claim(tt.id, at, at.Add(time.Hour))
			if got != tt.want {
				t.Errorf("claim %d of %q is %v, want %v", i+1, tt.id, got, tt.want)
			}
			return err
		})
	}
}

func TestAnswers(t *testing.T) {
	s := newStore(t)
	kp, day := checks.Country("KP"), time.Date(2014, 12, 22, 0, 0, 0, 0, time.UTC)
	for i := range 10 {
		update(t, s, func(tx *Tx) error {
			at := day.AddDate(0, 0, i).Add(13 * time.Hour)
			return errors.Join(
				tx.AddAnswers(kp, "a.example", at, 10, 9), tx.AddAnswers(kp, "a.example", at.Add(time.Hour), 10, i),
				tx.AddAnswers(kp, "a.example.org", day, 1, 0),
			)
		})
	}
	view(t, s, func(tx *Tx) error {
		got, err := tx.Answers(kp)
		var want []Answers
		for i := 3; i < 10; i++ {
			want = append(want, Answers{day.AddDate(0, 0, i), 20, 9 + i})
		}
		if diff := cmp.Diff(map[string][]Answers{"a.example": want, "a.example.org": {{day, 10, 0}}}, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		return err
	})
}

// The root of a thread is the outbox's: what else is written about it keeps it.
func TestThreadKeepsRoot(t *testing.T) {
	s := newStore(t)
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.PutThread(Thread{Channel: newsroom, Incident: "KP-1", Told: 1}),
			tx.putThread(Thread{Channel: newsroom, Incident: "KP-1", Root: "17", Told: 1}),
			tx.PutThread(Thread{Channel: newsroom, Incident: "KP-1", Told: 2}),
			tx.PutThread(Thread{Channel: newsroom, Incident: "KP-1", Told: 3, Root: "old"}),
			tx.PutThread(Thread{Channel: noc, Incident: "KP-1", Told: 1}),
			tx.PutThread(Thread{Channel: newsroom, Incident: "KP-10", Told: 1}),
		)
	})
	view(t, s, func(tx *Tx) error {
		of, err1 := tx.Threads("KP-1")
		in, err2 := tx.ChannelThreads(newsroom)
		one := Thread{Channel: newsroom, Incident: "KP-1", Root: "17", Told: 3}
		if diff := cmp.Diff([]Thread{one, {Channel: noc, Incident: "KP-1", Told: 1}}, of); diff != "" {
			t.Errorf("threads of the incident (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]Thread{one, {Channel: newsroom, Incident: "KP-10", Told: 1}}, in); diff != "" {
			t.Errorf("threads of the channel (-want +got):\n%s", diff)
		}
		return errors.Join(err1, err2)
	})
}

func TestCredentials(t *testing.T) {
	s := newStore(t)
	secret := []byte("xoxb-secret")
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutCredential("slack", "T1", secret), tx.PutCredential("slack", "T2", secret), tx.PutCredential("discord", "G", nil))
	})
	update(t, s, func(tx *Tx) error { return tx.DeleteCredential("slack", "T2") })
	view(t, s, func(tx *Tx) error {
		if got := tx.Credential("slack", "T1"); !bytes.Equal(got, secret) {
			t.Errorf("the credential is %q", got)
		}
		if got := tx.Credential("slack", "T2"); got != nil {
			t.Errorf("the credential that was deleted is %q", got)
		}
		return nil
	})
	err := s.Update(func(tx *Tx) error { return tx.PutCredential("slack", "", secret) })
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a credential of nobody gives %v", err)
	}
}

// A backup that is made while others write is a store of one moment.
func TestBackup(t *testing.T) {
	s := newStore(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			err := s.Update(func(tx *Tx) error { // both or neither
				c := chat.Channel{Platform: "slack", Tenant: "T", ID: fmt.Sprint(n)}
				return errors.Join(
					tx.PutSubscription(Subscription{Channel: c, Target: checks.Country("KP")}),
					tx.PutSubscription(Subscription{Channel: c, Target: checks.Country("RU")}),
				)
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 5 {
		time.Sleep(20 * time.Millisecond)
		path := filepath.Join(t.TempDir(), "backup.db")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Backup(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		copied, err := OpenStore(path)
		if err != nil {
			t.Fatal(err)
		}
		kp, ru := len(copied.Subscribers(checks.Country("KP"))), len(copied.Subscribers(checks.Country("RU")))
		if kp != ru || kp == 0 && i > 2 || n == 0 {
			t.Errorf("backup %d of %d bytes has %d and %d subscriptions", i, n, kp, ru)
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
}
