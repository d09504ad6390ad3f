package bot

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// keep writes one of everything about an incident.
func keep(t *testing.T, s *Store, id string, target checks.Target, stage Stage) {
	t.Helper()
	incident := Incident{ID: id, Target: target, Stage: stage}
	update(t, s, func(tx *Tx) error {
		err := errors.Join(
			tx.PutIncident(incident), tx.PutLife(Life{Target: target, Outage: incident}), tx.PutBaseline(target, checks.Baseline{}),
			tx.AppendEvidence(Evidence{Incident: id, Target: target}), tx.AppendEvidence(Evidence{Target: target}),
			tx.AppendNote(newsroom, id, chat.Note{Text: "seen"}), tx.PutThread(Thread{Channel: newsroom, Incident: id}),
			tx.AppendAudit(Audit{At: time.Now(), Channel: newsroom, What: "ack " + id}),
		)
		for i, digest := range []time.Time{{}, time.Now()} {
			d := Delivery{Key: fmt.Sprint(id, i), Channel: newsroom, Incident: id, Op: Root, Digest: digest}
			if _, e := tx.Enqueue(d); e != nil {
				err = errors.Join(err, e)
			}
			d, _, e := tx.Delivery(d.Key)
			d.State, d.SentAt = DeliveryState(int(Sent)+i), time.Now()
			err = errors.Join(err, e, tx.finish(d))
		}
		_, e := tx.Claim("request of "+id, time.Now(), time.Now().Add(time.Hour))
		return errors.Join(err, e)
	})
}

func TestRetain(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		ru, kp := checks.Country("RU"), checks.Country("KP")
		subscribe(t, s, newsroom) // to KP
		keep(t, s, "RU-1", ru, Resolved)
		keep(t, s, "KP-1", kp, Open)
		update(t, s, func(tx *Tx) error {
			_, err := tx.Enqueue(told(newsroom, "KP-1", 7, Reply, "still waiting"))
			return err
		})
		size := func() (z StoreSize) {
			z, err := s.Size()
			if err != nil {
				t.Fatal(err)
			}
			z.File, z.Free = 0, 0
			return z
		}
		start := time.Now()
		for _, step := range []struct {
			days int
			want StoreSize
		}{
			{0, StoreSize{Subscriptions: 1, Incidents: 2, Audit: 2, Deliveries: 5, Queued: 1, ParkedOnes: 2, Lives: 2, Evidence: 4, Baselines: 2, Seen: 2}},
			{29, StoreSize{Subscriptions: 1, Incidents: 2, Audit: 2, Deliveries: 5, Queued: 1, ParkedOnes: 2, Lives: 2, Evidence: 4, Baselines: 2}},
			{31, StoreSize{Subscriptions: 1, Incidents: 2, Audit: 2, Deliveries: 3, Queued: 1, ParkedOnes: 2, Lives: 2, Evidence: 4, Baselines: 2}},
			{91, StoreSize{Subscriptions: 1, Incidents: 2, Audit: 2, Deliveries: 1, Queued: 1, Lives: 2, Evidence: 4, Baselines: 2}},
			{366, StoreSize{Subscriptions: 1, Incidents: 1, Audit: 0, Deliveries: 1, Queued: 1, Lives: 1, Evidence: 1, Baselines: 1}},
		} {
			if _, err := s.Retain(start.AddDate(0, 0, step.days), Retention{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(step.want, size()); diff != "" {
				t.Errorf("after %d days (-want +got):\n%s", step.days, diff)
			}
		}
		view(t, s, func(tx *Tx) error {
			if _, ok, err := tx.Incident("KP-1"); !ok || err != nil {
				t.Errorf("an open incident that is followed is gone (%v)", err)
			}
			if list, err := tx.ChannelThreads(newsroom); len(list) != 1 || err != nil {
				t.Errorf("threads left: %v, %v; want that of KP-1", list, err)
			}
			return nil
		})
	})
}

// The file does not grow for what replaces something older.
func TestRetainReuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := OpenStore(filepath.Join(t.TempDir(), "isitdown.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var after []int64
		for month := range 12 {
			for i := range 40 {
				keep(t, s, fmt.Sprint("RU-", month, "-", i), checks.Country("RU"), Resolved)
			}
			time.Sleep(31 * 24 * time.Hour)
			if _, err := s.Retain(time.Now(), Retention{Incidents: 30, Deliveries: 30, Digests: 30, Audit: 30}); err != nil {
				t.Fatal(err)
			}
			z, err := s.Size()
			if err != nil {
				t.Fatal(err)
			}
			if z.Incidents+z.Deliveries+z.Audit+z.Evidence > 0 {
				t.Fatalf("month %d: something is left: %+v", month, z)
			}
			after = append(after, z.File)
		}
		if after[11] > after[1] {
			t.Errorf("the file grew month by month: %v bytes", after)
		}
	})
}

// What hosts answered counts for a week, whether or not anybody asks again.
func TestRetainAnswers(t *testing.T) {
	s := newStore(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	host, other := checks.Country("KP"), checks.Country("RU")
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.AddAnswers(host, "192.0.2.1 icmp", now.AddDate(0, 0, -AnswerDays), 10, 9),
			tx.AddAnswers(host, "192.0.2.2 icmp", now.AddDate(0, 0, 1-AnswerDays), 10, 9),
			tx.AddAnswers(other, "192.0.2.1 icmp", now.AddDate(0, 0, -30), 10, 9),
		)
	})
	n, err := s.Retain(now, Retention{})
	if err != nil || n.Answers != 2 {
		t.Errorf("removed %+v (%v), want two days", n, err)
	}
	view(t, s, func(tx *Tx) error {
		left, err := tx.Answers(host)
		if len(left) != 1 || len(left["192.0.2.2 icmp"]) != 1 {
			t.Errorf("left are %v, want the day that still counts", left)
		}
		return err
	})
}
