package lab

import (
	"testing"
	"time"
)

func TestBuild(t *testing.T) {
	began := time.Now()
	i := Build(t)
	t.Logf("built in %v", time.Since(began).Round(time.Millisecond))
	for _, r := range i.routers {
		t.Logf("%v: %d routes", r.AS, len(r.Routes()))
	}
}
