package bot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// Layout of the file. Keys are made of parts with a zero byte between them;
// CHANNEL is written as [chat.Channel.String], TARGET as [checks.Target.String], SEQ
// as eight bytes, the highest first, so that keys sort as numbers do. Values are JSON, or
// deflated JSON where that is long (store_record.go).
//
//	meta           schema                     version of this layout, in digits
//	subscription   CHANNEL TARGET             storedSubscription
//	digest-plan    CHANNEL                    storedDigestPlan
//	life           TARGET                     storedLife
//	incident       INCIDENT                   storedIncident
//	evidence       INCIDENT or TARGET, SEQ    storedEvidence; only ever added to
//	note           INCIDENT PLATFORM/TENANT SEQ   storedNote; only ever added to
//	thread         INCIDENT CHANNEL           storedThread
//	thread-by      CHANNEL INCIDENT           the way to the thread: "open" while there may be more to say
//	thread-head    INCIDENT CHANNEL           SEQ of the newest delivery that says all that the root should
//	baseline       TARGET                     storedBaseline
//	answers        TARGET HOST DAY            storedAnswers; DAY as 2014-12-22
//	tenant         PLATFORM TENANT            storedTenant
//	credential     PLATFORM TENANT            bytes of the platform's own, never logged
//	audit          CHANNEL SEQ                storedAudit; only ever added to
//	seen           REQUEST                    storedSeen
//	delivery       SEQ                        storedDelivery: what is to be said; never changed
//	progress       SEQ                        storedProgress: how far it has come
//	delivery-key   KEY                        SEQ of the delivery of that key
//	queue          SEQ                        storedRoute of what is pending or sending
//	parked         CHANNEL SEQ                nothing: what a person has to look at
//	pause          PLATFORM TENANT            time until which a platform wants silence
const (
	bucketMeta          = "meta"
	bucketSubscriptions = "subscription"
	bucketDigestPlans   = "digest-plan"
	bucketLives         = "life"
	bucketIncidents     = "incident"
	bucketEvidence      = "evidence"
	bucketNotes         = "note"
	bucketThreads       = "thread"
	bucketThreadsBy     = "thread-by"
	bucketThreadHeads   = "thread-head"
	bucketBaselines     = "baseline"
	bucketAnswers       = "answers"
	bucketTenants       = "tenant"
	bucketCredentials   = "credential"
	bucketAudit         = "audit"
	bucketSeen          = "seen"
	bucketDeliveries    = "delivery"
	bucketProgress      = "progress"
	bucketKeys          = "delivery-key"
	bucketQueue         = "queue"
	bucketParked        = "parked"
	bucketPauses        = "pause"
)

// Store is everything that outlives the program, in one file: what was asked
// for, what was found, and what is yet to be said. Its methods may be called
// from several goroutines.
type Store struct {
	db      *bbolt.DB
	writers writers
	index   subscriberIndex

	queue struct {
		sync.Mutex
		kick    func()  // of the outbox that listens; nil while none does
		arrived []route // since it last took them
	}
}

// lockWait is how long to wait for a file that another process has open: long
// enough for one that is about to end.
const lockWait = 2 * time.Second

// OpenStore opens the file at path, or makes it, readable by its owner alone. A
// file of an older version is brought up to date first; one of a newer version
// is refused and left as it is. The error says what to do.
func OpenStore(path string) (*Store, error) { return openStore(path, migrations) }

// openStore is OpenStore with the steps that lead to the present schema.
func openStore(path string, steps []migration) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		// The list of free pages is made anew on opening: that costs a fraction
		// of a second a gigabyte, and every transaction writes less.
		NoFreelistSync: true,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("opening the store %s: another isitdown has it open; stop that one, or give this one a file of its own", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("opening the store %s: this is no store of isitdown, or it is damaged; restore a backup, or give another file: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	s := &Store{db: db}
	if err := s.prepare(steps); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %s: %w", path, err), db.Close())
	}
	return s, nil
}

// prepare brings the file up to date and builds what is kept in memory.
func (s *Store) prepare(steps []migration) error {
	if err := migrate(s.db, steps); err != nil {
		return err
	}
	if info, err := os.Stat(s.db.Path()); err == nil && info.Mode().Perm()&0o077 != 0 {
		// An older file, or one that was copied: it holds credentials.
		if err := os.Chmod(s.db.Path(), 0o600); err != nil {
			return fmt.Errorf("making the store private: %w", err)
		}
	}
	return s.View(func(tx *Tx) error { return s.index.load(tx) })
}

// Close waits for open transactions and closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Update runs f in a transaction that may write: all that f did is kept, and on the disk
// when Update returns, or, if f gives an error or panics, none of it. One such f runs at a
// time, once, and sees what those before it wrote; those that come at the same time share
// the wait for the disk, and its error. f must not call Update or View, and must not wait
// for anybody who does.
func (s *Store) Update(f func(tx *Tx) error) error {
	if wait := s.writers.enter(); wait != nil {
		if b := <-wait; b != nil {
			return b.join(f)
		}
	}
	return s.lead(f)
}

// View runs f in a transaction that sees the store as it is now and can only
// read. It keeps old pages from being used again, so f should not take long.
func (s *Store) View(f func(tx *Tx) error) error {
	return s.db.View(func(b *bbolt.Tx) error { return f(&Tx{s: s, tx: b}) })
}

// Tx is a transaction. It is for one goroutine, and not to be kept after the
// function that got it has returned.
type Tx struct {
	s  *Store
	tx *bbolt.Tx
	in *batch // nil in one that only reads

	recording bool // undo is written
	undo      []undo
}

// Backup writes a copy of the store as it is now, while others go on using it, and
// gives its length in bytes. What it writes can be opened as a store.
func (s *Store) Backup(w io.Writer) (int64, error) {
	var n int64
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		n, err = tx.WriteTo(w)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("writing a backup: %w", err)
	}
	return n, nil
}

// StoreSize is how large a store is, in bytes and in entries.
type StoreSize struct {
	File, Free                       int64 // bytes; Free is the part of File that new entries use again
	Subscriptions, Incidents, Audit  int
	Deliveries, Queued, ParkedOnes   int
	Lives, Evidence, Baselines, Seen int
}

// Size measures the store. It walks over all of it: once a minute is often enough.
func (s *Store) Size() (StoreSize, error) {
	var z StoreSize
	err := s.db.View(func(tx *bbolt.Tx) error {
		count := func(bucket string) int { return tx.Bucket([]byte(bucket)).Stats().KeyN }
		z = StoreSize{
			File:          tx.Size(),
			Subscriptions: count(bucketSubscriptions), Incidents: count(bucketIncidents), Audit: count(bucketAudit),
			Deliveries: count(bucketDeliveries), Queued: count(bucketQueue), ParkedOnes: count(bucketParked),
			Lives: count(bucketLives), Evidence: count(bucketEvidence), Baselines: count(bucketBaselines), Seen: count(bucketSeen),
		}
		return nil
	})
	z.Free = int64(s.db.Stats().FreeAlloc)
	return z, err
}

// Subscribers gives who subscribed to a target, by channel. It reads memory
// alone: the answer is that of the last transaction that was kept. The list is
// shared: it is for reading only.
func (s *Store) Subscribers(t checks.Target) []Subscription { return s.index.subscribers(t) }

// Targets gives what anybody subscribed to, in the order of their names.
func (s *Store) Targets() []checks.Target { return s.index.targets() }

// Channels gives how many channels have a subscription.
func (s *Store) Channels() int { return s.index.channels() }

// key joins parts. A part may not hold what separates them.
func key(parts ...string) []byte {
	n := len(parts)
	for _, p := range parts {
		n += len(p)
	}
	k := make([]byte, 0, n+8)
	for i, p := range parts {
		if i > 0 {
			k = append(k, 0)
		}
		k = append(k, p...)
	}
	return k
}

// under gives the prefix of the keys whose first parts are these.
func under(parts ...string) []byte { return append(key(parts...), 0) }

// channelError says why c cannot be a key, or nil.
func channelError(c chat.Channel) error {
	if got, ok := chat.ParseChannel(c.String()); !ok || got != c || !plain(c.String()) {
		return fmt.Errorf("%q is no channel", c)
	}
	return nil
}

// plain reports whether s holds no control characters, which separate the parts
// of keys.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
	}
	return true
}
