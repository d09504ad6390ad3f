package bot

import (
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"
)

// A migration brings a file from one schema to the next. Its steps stay here for
// good: a file may be years old.
type migration struct {
	to   int    // the schema after it
	what string // for an error: "splitting deliveries from their progress"
	run  func(tx *bbolt.Tx) error
}

// migrations lead from an empty file to the present schema, each in a
// transaction of its own, so that a file is never between two schemas.
var migrations = []migration{
	{1, "making the buckets", makeBuckets},
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range []string{
		bucketMeta, bucketSubscriptions, bucketDigestPlans, bucketLives, bucketIncidents, bucketEvidence, bucketNotes,
		bucketThreads, bucketThreadsBy, bucketThreadHeads, bucketBaselines, bucketAnswers, bucketTenants,
		bucketCredentials, bucketAudit, bucketSeen, bucketDeliveries, bucketProgress, bucketKeys, bucketQueue,
		bucketParked, bucketPauses,
	} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return fmt.Errorf("making bucket %s: %w", name, err)
		}
	}
	return nil
}

// migrate runs the steps that a file still lacks.
func migrate(db *bbolt.DB, steps []migration) error {
	have, err := schemaOf(db)
	if err != nil {
		return err
	}
	if newest := steps[len(steps)-1].to; have > newest {
		return fmt.Errorf("it was written by a newer isitdown (schema %d, this one knows %d): use that version, or restore a backup made before", have, newest)
	}
	for _, m := range steps {
		if m.to <= have {
			continue
		}
		err := db.Update(func(tx *bbolt.Tx) error {
			if err := m.run(tx); err != nil {
				return err
			}
			meta, err := tx.CreateBucketIfNotExists([]byte(bucketMeta))
			if err != nil {
				return err
			}
			return meta.Put([]byte("schema"), []byte(strconv.Itoa(m.to)))
		})
		if err != nil {
			return fmt.Errorf("bringing it to schema %d (%s): %w", m.to, m.what, err)
		}
	}
	return nil
}

// schemaOf gives the schema of a file, zero for one that was just made.
func schemaOf(db *bbolt.DB) (schema int, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		if meta == nil {
			if name, _ := tx.Cursor().First(); name != nil {
				return fmt.Errorf("it is a database of another program (it begins with %q): give another file", name)
			}
			return nil
		}
		schema, err = strconv.Atoi(string(meta.Get([]byte("schema"))))
		if err != nil {
			return fmt.Errorf("it does not say its schema: restore a backup, or give another file: %w", err)
		}
		return nil
	})
	return schema, err
}
