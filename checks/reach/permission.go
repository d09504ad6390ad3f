package reach

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"time"
)

// ICMPPermission tries whether this process may send echoes, with raw sockets or
// without, IPv4 and IPv6, by sending one to itself. Where it may not, fix says what would
// permit it: a line to be run, or a setting. IPv6 is not missed where the machine has none.
func ICMPPermission(ctx context.Context, privileged bool) (ok bool, fix string) {
	if mayPing(ctx, privileged) {
		return true, ""
	}
	if !privileged && mayPing(ctx, true) {
		fix = "set probe.privileged = true, for this process may open raw sockets; or "
	}
	program, err := os.Executable()
	if err != nil {
		program = "/usr/local/bin/isitdown"
	}
	return false, fix + permit(runtime.GOOS, program, privileged)
}

func mayPing(ctx context.Context, privileged bool) bool {
	const wait = 50 * time.Millisecond // whether it arrives does not matter
	for _, loopback := range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} {
		if _, err := ping(ctx, loopback, privileged, wait); errors.Is(err, errNotPermitted) {
			return false
		}
	}
	return true
}

// permit says what permits echoes on a system.
func permit(system, program string, privileged bool) string {
	capability := "setcap cap_net_raw+ep " + program
	switch {
	case system == "linux" && privileged:
		return "run as root: " + capability
	case system == "linux":
		return "run as root: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\" " +
			"(and keep it in /etc/sysctl.d/; it is for IPv6 too), or " + capability + " and set probe.privileged = true"
	case !privileged:
		return "set probe.privileged = true: this system may permit raw sockets alone"
	}
	return "run it as a user that may open raw sockets"
}
