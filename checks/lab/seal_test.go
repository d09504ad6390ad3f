package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"isitdown/checks/netlab"
)

// away is a host outside of every lab.
var away = netip.MustParseAddrPort("8.8.8.8:53")

// envInner has TestInner try to get out.
const envInner = "ISITDOWN_LAB_TEST_INNER"

// Nothing leaves a lab. Around it is a network of which every packet is counted, with a way
// to a host that answers: whoever got out would get there.
func TestNothingLeaves(t *testing.T) {
	around := netlab.New(t).Chain()
	around.Host.Local(netip.PrefixFrom(away.Addr(), 24).Masked(), HomeBlock())
	around.Router.Route(netip.PrefixFrom(away.Addr(), 24).Masked(), around.Host.Addr4())
	around.Router.Route(HomeBlock(), around.Host.Addr4())
	around.Host.Listen(away)
	around.Here.Run("nft", `table inet count {
 chain output { type filter hook output priority 0; policy accept; oifname != "lo" ip daddr 0.0.0.0/0 counter; oifname != "lo" ip6 daddr 2000::/3 counter; }
 chain forward { type filter hook forward priority 0; policy accept; counter; }
}`)
	t.Cleanup(func() { around.Here.Run("nft", "delete", "table", "inet", "count") })
	if err := call(); err != nil {
		t.Fatalf("from around the lab: %v", err)
	}
	before := counted(t, around.Here)
	if before == 0 {
		t.Fatal("the packets around the lab are not counted")
	}

	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestInner$", "-test.v", "-test.paniconexit0")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "ISITDOWN_") }), envInner+"=yes")
	out, err := cmd.CombinedOutput()
	if err == nil && strings.Contains(string(out), "--- SKIP: TestInner") {
		t.Skipf("there is no lab:\n%s", out)
	}
	if err != nil || !strings.Contains(string(out), "tried from 7 nodes") {
		t.Errorf("got %v and:\n%s\nwant every node tried", err, out)
	}
	if n := counted(t, around.Here); n != before {
		t.Errorf("%d packets left the lab:\n%s", n-before, around.Here.Run("nft", "list", "ruleset"))
	}
}

// counted is how many packets the rules of TestNothingLeaves have counted.
func counted(t *testing.T, n *netlab.Node) (sum int) {
	t.Helper()
	found := regexp.MustCompile(`counter packets (\d+) `).FindAllStringSubmatch(n.Run("nft", "list", "table", "inet", "count"), -1)
	if len(found) != 3 {
		t.Fatalf("%d rules count, want 3", len(found))
	}
	for _, m := range found {
		k, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += k
	}
	return sum
}

func call() error {
	c, err := net.DialTimeout("tcp", away.String(), 300*time.Millisecond)
	if err == nil {
		c.Close()
	}
	return err
}

// TestInner is the lab of TestNothingLeaves.
func TestInner(t *testing.T) {
	if os.Getenv(envInner) == "" {
		t.Skip("the helper of TestNothingLeaves")
	}
	i := Build(t)
	nodes := []*netlab.Node{i.Here, i.Inside}
	for _, r := range i.routers {
		nodes = append(nodes, r.Node)
	}
	for _, n := range nodes {
		n.Do(func() {
			if err := call(); err == nil {
				t.Errorf("%s reaches %v", n.Name(), away)
			}
			c, err := net.Dial("udp", away.String())
			if err == nil { // there is a default route, which ends in the lab
				c.Write([]byte("hello"))
				c.Close()
			}
		})
	}
	fmt.Printf("tried from %d nodes\n", len(nodes))
}
