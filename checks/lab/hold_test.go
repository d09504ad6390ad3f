package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"isitdown/checks/labtest"
	"isitdown/checks/netlab"
)

// A lab that is held stands until somebody lets it go on; any other does not wait.
func TestHold(t *testing.T) {
	s := netlab.New(t)
	i := &Internet{t: t, Here: s.Here(), Inside: s.Node("inside")}
	t.Setenv("LAB_HOLD", "")
	i.Hold("nothing")
	t.Setenv("LAB_HOLD", "1")
	over := make(chan bool)
	go func() { i.Hold("cut"); close(over) }()
	var file []string
	labtest.Await(t, "the file of what is held", func() bool {
		file, _ = filepath.Glob(filepath.Join(filepath.Dir(t.TempDir()), "*", "held"))
		return len(file) == 1
	}, func() string { return "" })
	select {
	case <-over:
		t.Fatal("it went on by itself")
	default:
	}
	text := i.waysIn("cut", file[0])
	for _, want := range []string{"rm " + file[0], "inside    nsenter --target ", " --net=/proc/"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if err := os.Remove(file[0]); err != nil {
		t.Fatal(err)
	}
	<-over
}
