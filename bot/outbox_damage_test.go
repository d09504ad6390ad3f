package bot

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// A record that cannot be read costs its own delivery and no other.
func TestOutboxDamage(t *testing.T) {
	first := told(newsroom, "KP-1", 1, Root, "DOWN")
	seq := seqKey(nil, 1)
	for _, tt := range []struct {
		name, bucket string
		key, value   []byte
		parked       int
		shown        []string // in the channel of the harmed record
	}{
		{"delivery", bucketDeliveries, seq, []byte(`{"key":`), 1, []string{"DOWN 2"}},
		{"deflated delivery", bucketDeliveries, seq, []byte{deflated, 0xff, 0xff}, 1, []string{"DOWN 2"}},
		{"its channel", bucketDeliveries, seq, []byte(`{"key":"k","channel":"nowhere","op":"root"}`), 1, []string{"DOWN 2"}},
		{"progress", bucketProgress, seq, []byte{0}, 1, []string{"DOWN 2"}},
		{"thread", bucketThreads, key("KP-1", newsroom.String()), []byte("?"), 2, nil},
		{"route", bucketQueue, seq, []byte("?"), 0, []string{"DOWN", "DOWN 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				subscribe(t, s, newsroom, noc)
				update(t, s, func(tx *Tx) error {
					for _, d := range []Delivery{first, told(noc, "KP-1", 1, Root, "DOWN"), told(newsroom, "KP-1", 2, Reply, "DOWN 2")} {
						if _, err := tx.Enqueue(d); err != nil {
							return err
						}
					}
					return tx.tx.Bucket([]byte(tt.bucket)).Put(tt.key, tt.value)
				})
				p, parked := &platform{}, 0
				b := outboxOn(t, s, p, OutboxSettings{Parked: func(Delivery) { parked++ }})
				rest(time.Minute)
				if got := p.in(noc); len(got) != 1 {
					t.Errorf("the other channel was shown %q, want its message", got)
				}
				var got []string
				for _, line := range p.in(newsroom) {
					got = append(got, line[strings.Index(line, ": ")+2:])
				}
				if !slices.Equal(got, tt.shown) {
					t.Errorf("the channel was shown %q, want %q", got, tt.shown)
				}
				stats, err := b.Stats()
				if err != nil || stats.Parked != tt.parked || parked != tt.parked || stats.Depth != 0 {
					t.Errorf("parked %d, told of %d, waiting %d, error %v; want %d, %[5]d and none", stats.Parked, parked, stats.Depth, err, tt.parked)
				}
				b.stop()
				again := outboxOn(t, s, p, OutboxSettings{})
				rest(time.Hour)
				again.stop()
				if log := b.log.String() + again.log.String(); strings.Count(log, "level=ERROR") != min(tt.parked, 1) || strings.Contains(log, "cannot write") {
					t.Errorf("want one line on what cannot be read, where it is parked, in the log\n%s", log)
				}
				if tt.parked == 1 {
					stays(t, s, tt.bucket, tt.key, tt.value)
				}
			})
		})
	}
}

// stays checks that retention and taking up again leave a harmed record as it is, and that
// it is among what a person has to look at.
func stays(t *testing.T, s *Store, bucket string, key, value []byte) {
	t.Helper()
	if _, err := s.Retain(time.Now().AddDate(0, 6, 0), Retention{}); err != nil {
		t.Errorf("retention: %v", err)
	}
	update(t, s, func(tx *Tx) error {
		if list, err := tx.ParkedDeliveries(); err != nil || len(list) != 1 || list[0].Seq != 1 || !strings.Contains(list[0].Problem, "cannot be read") {
			t.Errorf("parked are %v, error %v; want the first alone", list, err)
		}
		if got := tx.tx.Bucket([]byte(bucket)).Get(key); !bytes.Equal(got, value) {
			t.Errorf("the record is %q now, want it as it was, %q", got, value)
		}
		_, err := tx.ResumeChannel(newsroom, time.Time{})
		return err
	})
}

// Where neither the place in the queue nor the delivery says where it belongs, it is
// parked all the same.
func TestOutboxDamageOfBoth(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		update(t, s, func(tx *Tx) error {
			for _, d := range []Delivery{told(newsroom, "KP-1", 1, Root, "DOWN"), told(noc, "KP-1", 1, Root, "DOWN")} {
				if _, err := tx.Enqueue(d); err != nil {
					return err
				}
			}
			for _, name := range []string{bucketQueue, bucketDeliveries} {
				if err := tx.tx.Bucket([]byte(name)).Put(seqKey(nil, 1), []byte("?")); err != nil {
					return err
				}
			}
			return nil
		})
		b := outboxOn(t, s, &platform{}, OutboxSettings{})
		rest(time.Minute)
		b.stop()
		stats, err := b.Stats()
		if err != nil || stats.Parked != 1 || stats.Depth != 0 || len(b.in(noc)) != 1 {
			t.Errorf("parked %d, waiting %d, shown %q, error %v; want 1, none and the other's", stats.Parked, stats.Depth, b.shown, err)
		}
		if !strings.Contains(b.log.String(), "seq=1 ") {
			t.Errorf("the log does not say which:\n%s", b.log)
		}
	})
}
