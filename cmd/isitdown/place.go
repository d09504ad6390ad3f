package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// storePath is where the database is: as set, or in the user's state directory.
// https://specifications.freedesktop.org/basedir-spec/
func storePath(set string, look func(string) (string, bool), home func() (string, error)) (string, error) {
	if set != "" {
		return set, nil
	}
	if state, ok := look("XDG_STATE_HOME"); ok && filepath.IsAbs(state) {
		return filepath.Join(state, "isitdown", "isitdown.db"), nil
	}
	dir, err := home()
	if err != nil {
		return "", fail(exitUsage, "there is no home directory for the database: name a file with --db (%w)", err)
	}
	return filepath.Join(dir, ".local", "state", "isitdown", "isitdown.db"), nil
}

// makeHome makes the directory of the database, for its owner alone.
func makeHome(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &failure{exitNoInput, fmt.Errorf("making the directory of the database: %w; name another file with --db", err)}
	}
	return nil
}
