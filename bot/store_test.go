package bot

import (
	"path/filepath"
	"testing"
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
