package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"isitdown/checks/registry"
	"isitdown/checks/route/archive"
)

// scenarioSuffix is how the files of scenarios end.
const scenarioSuffix = ".scenario"

// scenario gives the scenario that was named, nil where MRT files were.
func (c *replayCommand) scenario() (*archive.Scenario, error) {
	known := strings.Join(archive.Scenarios(), ", ")
	isScenario := func(name string) bool {
		return slices.Contains(archive.Scenarios(), name) || strings.HasSuffix(name, scenarioSuffix)
	}
	switch n := len(c.Recording) + len(c.Routes); {
	case n == 0:
		return nil, fail(exitUsage, "nothing to replay: name a scenario (%s, or a file of yours) or MRT files", known)
	case n > 1 || len(c.Recording) == 0:
		if i := slices.IndexFunc(c.Recording, isScenario); i >= 0 {
			return nil, fail(exitUsage, "%s is a scenario, which is replayed alone: leave the other files out", c.Recording[i])
		}
		return nil, nil
	}
	name := c.Recording[0]
	switch {
	case slices.Contains(archive.Scenarios(), name):
		return archive.EmbeddedScenario(name)
	case isScenario(name):
		return readScenario(name, known)
	}
	_, err := os.Stat(name)
	if err != nil && filepath.Ext(name) == "" && !strings.ContainsRune(name, os.PathSeparator) {
		return nil, fail(exitNoInput, "there is no scenario called %s and no file of that name; the scenarios that come with the program: %s", name, known)
	}
	return nil, nil
}

// readScenario reads a scenario from a file.
func readScenario(name, known string) (*archive.Scenario, error) {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fail(exitNoInput, "there is no file %s: give the path of a scenario, or the name of one that comes with the program: %s", name, known)
	case err != nil:
		return nil, fail(exitNoInput, "opening the scenario: %w", err)
	}
	defer f.Close()
	s, err := archive.ParseScenario(strings.TrimSuffix(filepath.Base(name), scenarioSuffix), f)
	if err != nil {
		return nil, &failure{exitData, fmt.Errorf("%s: %w", name, err)}
	}
	return s, nil
}

// played gives the source that a scenario is. Lists of one's own stand in for the
// registered space that it declares; its names of networks are used all the same.
func (c *replayCommand) played(s *archive.Scenario) (source, error) {
	src := source{watch: s.Watch, caveats: s.Notes}
	var err error
	if src.rec, err = archive.FromScenario(s); err != nil {
		return src, &failure{exitData, err}
	}
	var l registry.Loader
	if names := s.ASNames(); len(names) > 0 {
		if err := l.Add(s.Name, bytes.NewReader(names)); err != nil {
			return src, fmt.Errorf("reading the AS names of %s: %w", s.Name, err)
		}
	}
	if lists := s.Delegated(); len(lists) > 0 && len(c.Registry) == 0 {
		if err := l.Add(s.Name, bytes.NewReader(lists)); err != nil {
			return src, fmt.Errorf("reading the registered space of %s: %w", s.Name, err)
		}
	}
	for _, name := range c.Registry {
		if err := addFile(&l, name); err != nil {
			return src, err
		}
	}
	if src.registry, err = l.Registry(); err != nil {
		return src, inputFailure(err)
	}
	return src, nil
}

func addFile(l *registry.Loader, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fail(exitNoInput, "opening a registry list: %w", err)
	}
	defer f.Close()
	if err := l.Add(name, f); err != nil {
		return inputFailure(err)
	}
	return nil
}
