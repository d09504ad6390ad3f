//go:build linux || darwin

package main

import "syscall"

// freeDisk is how much room there is for files in a directory, in bytes; known where the
// system says so (statfs(2)).
func freeDisk(dir string) (bytes uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
