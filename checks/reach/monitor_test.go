package reach

import (
	"testing"
	"testing/synctest"
	"time"

)

func TestDeadHostIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(0)
		m := New(w.options())
		stop := running(m)
		defer stop()
		f := m.Follow(footprint(t, "192.0.2.1"))
		defer f.Close()
		<-f.Ready()
		time.Sleep(time.Hour)
		r := f.Reach(time.Now())
		if len(r.Hosts) != 2 || !r.Guard.Holds() || r.Guard.Answered != 8 || r.Guard.Networks != 8 {
			t.Fatalf("after an hour: %d hosts, guard %+v, want ICMP and TCP, and 8 controls that answer", len(r.Hosts), r.Guard)
		}
		before := f.Revision()
		died := time.Now()
		w.kill(true, "192.0.2.1")
		for silents(f.Reach(time.Now())) == 0 {
			if time.Since(died) > 10*time.Minute {
				t.Fatalf("not silent after 10 min: %+v", f.Reach(time.Now()))
			}
			time.Sleep(time.Second)
		}
		took := time.Since(died)
		t.Log("silent after", took)
		for _, h := range f.Reach(time.Now()).Hosts {
			t.Logf("%v: %+v", h.Method, h)
		}
		if f.Revision() == before {
			t.Error("the revision did not grow")
		}
	})
}
