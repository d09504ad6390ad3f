package netlab

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// space is a network namespace, held open by a descriptor. It is gone when that is
// closed and the last process in it has ended.
type space struct{ file *os.File }

// setnsCalls are the numbers of setns(2), which is younger than package syscall.
var setnsCalls = map[string]uintptr{
	"386": 346, "amd64": 308, "arm": 375, "arm64": 268, "loong64": 268, "ppc64le": 350, "riscv64": 268, "s390x": 339,
}

// here is the namespace of the calling thread.
func here() (*space, error) {
	f, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("opening a network namespace: %w", err)
	}
	return &space{f}, nil
}

// newSpace makes an empty namespace.
func newSpace() (*space, error) {
	runtime.LockOSThread()
	back, err := here()
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	defer back.close()
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("making a network namespace: %w", err)
	}
	n, err := here()
	back.leave()
	return n, err
}

// path is where other programs find it.
func (s *space) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), s.file.Fd()) }

func (s *space) enter() error {
	if _, _, errno := syscall.RawSyscall(setnsCalls[runtime.GOARCH], s.file.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
		return fmt.Errorf("entering a network namespace: %w", errno)
	}
	return nil
}

// leave brings the thread back to s and frees it. A thread that does not come back
// stays locked, and so ends with its goroutine.
func (s *space) leave() {
	if err := s.enter(); err == nil {
		runtime.UnlockOSThread()
	}
}

// do runs f on a thread that is in the namespace. Programs that f starts are in it too;
// goroutines that it starts are not.
func (s *space) do(f func()) {
	runtime.LockOSThread()
	back, err := here()
	if err != nil {
		panic(err)
	}
	defer back.close()
	if err := s.enter(); err != nil {
		panic(err)
	}
	defer back.leave()
	f()
}

func (s *space) close() { s.file.Close() }
