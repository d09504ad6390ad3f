package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"isitdown/checks/route/world"
)

// What the whole world takes, as docs/operating.md has it: memory while running, and on the
// disk a snapshot that is written beside the one before it. Bytes.
const (
	worldMemory = 600 << 20
	worldDisk   = 500 << 20
)

// diagnoseWorld says whether the whole world can be kept, and what it begins from.
func (a *app) diagnoseWorld(db string) []diagnosis {
	const name = "world"
	c := &a.config.World
	if !c.On {
		return []diagnosis{{note, name, "not kept by serve: `outages now` tells what channels subscribed to (world.on, docs/operating.md); isitdown world keeps it while it runs"}}
	}
	if a.config.Sources.Offline {
		return []diagnosis{{note, name, "offline: the world comes over the network, so it is not kept"}}
	}
	file := a.worldSnapshot(db)
	list := []diagnosis{a.diagnoseSnapshot(file)}
	if free, known := availableMemory(os.ReadFile); known {
		d := diagnosis{fine, name, fmt.Sprintf("needs some %d MiB of memory, and %d MiB are free", worldMemory>>20, free>>20)}
		if free < worldMemory {
			d.mark = problem
			d.text += ": without them the program is stopped by the system, or slows everything down; switch world.on off, or find it more"
		}
		list = append(list, d)
	}
	if free, known := freeDisk(existing(filepath.Dir(file))); known && free < worldDisk {
		list = append(list, diagnosis{problem, name, fmt.Sprintf("needs some %d MiB beside %s for snapshots, and %d MiB are free: make room, or name another place as world.snapshot", worldDisk>>20, file, free>>20)})
	}
	return list
}

// diagnoseSnapshot says what the world would begin from now.
func (a *app) diagnoseSnapshot(file string) diagnosis {
	const name = "world"
	tables := "the tables of " + firstFew(a.config.World.Collectors) + " are read, which takes minutes"
	asOf, size, err := world.Inspect(file)
	switch old := time.Since(asOf); {
	case errors.Is(err, fs.ErrNotExist):
		return diagnosis{fine, name, "no snapshot in " + file + " yet: at the start " + tables}
	case err != nil:
		return diagnosis{note, name, err.Error() + ": at the start " + tables}
	case old > a.config.World.SnapshotMaxAge.Duration:
		return diagnosis{fine, name, fmt.Sprintf("%s is %s old, too old to begin from (world.snapshot_max_age): at the start %s", file, age(old), tables)}
	default:
		return diagnosis{fine, name, fmt.Sprintf("begins from %s, %s, %s old", file, megabytes(size), age(old))}
	}
}

// existing gives the nearest directory that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// availableMemory is how much memory a program may take without others having to give up
// theirs, in bytes; known where the system says so (proc_meminfo(5)).
func availableMemory(read func(string) ([]byte, error)) (bytes uint64, known bool) {
	text, err := read("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
