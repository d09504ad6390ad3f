//go:build !linux

package labtest

import (
	"os/exec"
	"syscall"
)

// Elsewhere no daemon is ever started.

func leader() *syscall.SysProcAttr { return nil }

func launch(cmd *exec.Cmd, start func(*exec.Cmd) error, exited chan<- struct{}) error {
	err := start(cmd)
	if err == nil {
		go func() {
			cmd.Wait()
			close(exited)
		}()
	}
	return err
}

func kill(cmd *exec.Cmd) { cmd.Process.Kill() }

func halt(*exec.Cmd, bool) error { return nil }
