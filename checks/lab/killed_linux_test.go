package lab

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// envHang makes TestHangs one that builds a lab and stays.
const envHang = "ISITDOWN_LAB_HANGS"

// A test that is killed in the middle of a scenario leaves nothing behind: no daemon, be it
// frozen, no prober, and no namespace.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("in the long run: it builds a lab inside this one's sandbox")
	}
	netlab.New(t)
	before := inside()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestHangs$", "-test.v", "-test.paniconexit0")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "ISITDOWN_NETLAB")
	}), envHang+"=1", "TMPDIR="+t.TempDir()) // for what it can no longer take away itself
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "hanging"; {
		said.WriteString(lines.Text() + "\n")
	}
	during := inside()
	birds := 0
	for _, line := range during.processes {
		if strings.HasPrefix(filepath.Base(strings.Split(line, " ")[0]), "bird") {
			birds++
		}
	}
	// of networks there are at least its own, those of the five routers, and that of the prober
	if birds < 5 || len(during.spaces["net"])-len(before.spaces["net"]) < 7 || len(during.spaces["pid"])-len(before.spaces["pid"]) < 1 {
		cmd.Process.Kill()
		t.Fatalf("%d routers, processes %v, namespaces %v; it printed:\n%s", birds, during.processes, during.spaces, said.String())
	}
	cmd.Process.Kill()
	cmd.Wait()
	labtest.Await(t, "all that was started is gone", func() bool {
		now := inside()
		for number := range now.processes { // orphans are ours to bury: this is the sandbox's first process
			if _, known := before.processes[number]; !known {
				syscall.Wait4(number, nil, syscall.WNOHANG, nil)
			}
		}
		return maps.Equal(now.processes, before.processes) && maps.EqualFunc(now.spaces, before.spaces, maps.Equal)
	}, func() string { return fmt.Sprintf("%v\nand was before:\n%v", inside(), before) })
}

// held is what there is in this sandbox: processes by their number, with their command
// lines, and by kind the namespaces that they are in or hold open. There is nothing else in it:
// /proc is that of its own process namespace, and shows all those within.
type held struct {
	processes map[int]string
	spaces    map[string]map[string]bool
}

func inside() held {
	h := held{map[int]string{}, map[string]map[string]bool{}}
	list, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range list {
		line, err := os.ReadFile(dir + "/cmdline")
		number, _ := strconv.Atoi(filepath.Base(dir))
		if err != nil || number == 0 {
			continue // it has ended
		}
		h.processes[number] = strings.ReplaceAll(string(line), "\x00", " ")
		links, _ := filepath.Glob(dir + "/ns/*")
		files, _ := filepath.Glob(dir + "/fd/*")
		for _, link := range slices.Concat(links, files) {
			name, err := os.Readlink(link)
			kind, number, is := strings.Cut(name, ":[")
			if err != nil || !is || strings.ContainsAny(kind, "/") || !slices.Contains([]string{"net", "pid", "mnt", "user", "ipc"}, kind) {
				continue
			}
			if h.spaces[kind] == nil {
				h.spaces[kind] = map[string]bool{}
			}
			h.spaces[kind][number] = true
		}
	}
	return h
}

// TestHangs is killed by TestKilled, in the middle of a scenario.
func TestHangs(t *testing.T) {
	if os.Getenv(envHang) == "" {
		t.Skip("the helper of TestKilled")
	}
	i := Build(t)
	r := i.Record(i.BGP(), i.MRTBIRD())
	r.Probing(Hosts("KP")...)
	r.Do("cut", 0, func() { i.Cut(i.Access) }, Gone(HomePrefixes()...))
	i.Dual.Freeze()
	os.Stdout.WriteString("hanging\n")
	<-t.Context().Done()
}
