package bot

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"isitdown/checks"
)

// reopened opens what s has written, with further steps, and gives the error.
func reopened(t *testing.T, path string, steps []migration) (*Store, error) {
	t.Helper()
	s, err := openStore(path, steps)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// A file of the first schema is brought to a later one, step by step, and one that a
// step fails on stays what it was.
func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "isitdown.db")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	subscribe(t, s, newsroom)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rename := migration{2, "renaming a bucket", func(tx *bbolt.Tx) error {
		old := tx.Bucket([]byte(bucketSubscriptions))
		made, err := tx.CreateBucket([]byte("wish"))
		if err != nil {
			return err
		}
		return old.ForEach(made.Put)
	}}
	broken := migration{3, "breaking", func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("wish")), errors.New("the step's own error"))
	}}
	back := migration{3, "naming it back", func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketSubscriptions} {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("wish")).ForEach(tx.Bucket([]byte(bucketSubscriptions)).Put)
	}}

	_, err = reopened(t, path, slices.Concat(migrations, []migration{rename, broken}))
	if err == nil || !strings.Contains(err.Error(), "schema 3 (breaking): the step's own error") {
		t.Fatalf("a step that fails gives %v", err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if schema, err := schemaOf(db); schema != 2 || err != nil {
		t.Errorf("after it the schema is %d, %v; want 2, for the first step was kept", schema, err)
	}
	db.Close()

	s, err = reopened(t, path, slices.Concat(migrations, []migration{rename, back}))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Subscribers(checks.Country("KP")); len(got) != 1 || got[0].Channel != newsroom {
		t.Errorf("after the migration the subscribers are %v, want %v", got, newsroom)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = OpenStore(path)
	if err == nil || !strings.Contains(err.Error(), "newer isitdown (schema 3, this one knows 1)") {
		t.Errorf("a file of a newer version gives %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a file of a newer version was changed (%v)", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open.db")
	s, err := OpenStore(open)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("sessions"))
		return err
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, say string }{
		{open, "another isitdown has it open"},
		{foreign, "a database of another program"},
		{text, "no store of isitdown, or it is damaged"},
		{filepath.Join(dir, "missing", "x.db"), "no such file"},
	} {
		s, err := OpenStore(tt.path)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.say) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("opening %s gives %v, want %q", tt.path, err, tt.say)
		}
	}
}

// The file holds credentials: nobody but its owner may read it, even if it came
// from elsewhere.
func TestStorePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "isitdown.db")
	for range 2 {
		s, err := OpenStore(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the file's mode is %v, %v; want 0600", info.Mode(), err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
