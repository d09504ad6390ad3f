package labtest

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

// What prctl(2) and seccomp(2) are told, and the two answers of a filter: go on, or do
// nothing and give back an error number, of which zero is none.
const (
	setNoNewPrivileges = 38
	setSeccomp         = 22
	seccompFilter      = 2
	answerAllow        = 0x7fff0000
	answerNothing      = 0x00050000
)

// pretended are the system calls by which a daemon finds out that it is root and gives
// that up. All of them answer zero, which is both "root" and "done".
var pretended = [...]uint32{syscall.SYS_GETEUID, syscall.SYS_CHROOT, syscall.SYS_SETGROUPS, syscall.SYS_SETRESUID, syscall.SYS_SETRESGID}

// pretendRoot starts a program for which those calls seem to succeed and do nothing. It
// gains nothing by that: whatever else it does is allowed to it or not, as before.
//
// The filter is the calling thread's and that of what it starts; the thread must be
// locked. It is locked once more and never freed, so that it ends with its goroutine and
// nobody else meets the filter.
func pretendRoot(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	filter := []syscall.SockFilter{{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS}} // the call's number
	for i, call := range pretended {
		filter = append(filter, syscall.SockFilter{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: call, Jt: uint8(len(pretended) - i)})
	}
	filter = append(filter, syscall.SockFilter{Code: syscall.BPF_RET, K: answerAllow}, syscall.SockFilter{Code: syscall.BPF_RET, K: answerNothing})
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivileges, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("giving up new privileges: %w", errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, seccompFilter, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return fmt.Errorf("filtering system calls: %w", errno)
	}
	return cmd.Start()
}
