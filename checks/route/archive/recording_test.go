package archive

import (
	"bytes"
	"compress/gzip"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
	"isitdown/checks/internal/bgp"
	"isitdown/checks/internal/mrt"
	"isitdown/checks/route"
)

var (
	noon  = time.Date(2014, 12, 22, 12, 0, 0, 0, time.UTC)
	peerA = mrt.Peer{AS: 3356, Addr: netip.MustParseAddr("198.18.0.1")}
	peerB = mrt.Peer{AS: 1299, Addr: netip.MustParseAddr("198.18.0.2")}
	local = mrt.Peer{AS: 64512, Addr: netip.MustParseAddr("198.19.0.1")}
)

// recorder writes MRT data.
type recorder struct {
	t   *testing.T
	buf bytes.Buffer
	w   *mrt.Writer
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{t: t}
	r.w = mrt.NewWriter(&r.buf)
	return r
}

func (r *recorder) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *recorder) announce(after time.Duration, peer mrt.Peer, prefix string) *recorder {
	d := bgp.Draft{
		Announce: []bgp.NLRI{{Prefix: netip.MustParsePrefix(prefix)}},
		Path:     checks.MakePath(peer.AS, 4837, 131279), NextHop: peer.Addr,
	}
	msg, err := d.Append(nil, bgp.Options{AS4: true})
	r.check(err)
	r.check(r.w.Message(noon.Add(after), peer, local, msg))
	return r
}

func (r *recorder) state(after time.Duration, peer mrt.Peer, from, to mrt.SessionState) *recorder {
	r.check(r.w.StateChange(noon.Add(after), peer, local, from, to))
	return r
}

func (r *recorder) table(after time.Duration, prefix string, peers ...mrt.Peer) *recorder {
	r.check(r.w.PeerIndexTable(noon.Add(after), local.Addr, "", peers))
	entries := make([]mrt.RIBEntry, len(peers))
	for i, p := range peers {
		entries[i] = mrt.RIBEntry{Peer: i, Draft: bgp.Draft{Path: checks.MakePath(p.AS, 131279), NextHop: p.Addr}}
	}
	r.check(r.w.RIB(noon.Add(after), 0, netip.MustParsePrefix(prefix), false, entries))
	return r
}

// file writes what was recorded, without the last cut bytes.
func (r *recorder) file(name string, cut int) string {
	path := filepath.Join(r.t.TempDir(), name)
	r.check(os.WriteFile(path, r.buf.Bytes()[:r.buf.Len()-cut], 0o600))
	return path
}

// played gives the updates of a recording as short texts.
func played(t *testing.T, rec *Recording, until time.Time) []string {
	t.Helper()
	var out []string
	err := rec.Play(t.Context(), until, func(u *route.Update) error {
		var text strings.Builder
		text.WriteString(u.At.Format("15:04:05") + " " + u.Peer.Collector)
		switch u.Kind {
		case route.Routes:
			text.WriteString(" " + u.Peer.AS.String() + " announces " + u.Announced[0].Prefix.String())
		case route.PeerUp:
			text.WriteString(" " + u.Peer.AS.String() + " up")
		case route.PeerDown:
			text.WriteString(" " + u.Peer.AS.String() + " down")
		case route.Lost:
			text.WriteString(" lost")
		case route.Table:
			text.WriteString(" table " + u.Prefix.String())
			for _, e := range u.Entries {
				text.WriteString(" " + e.Peer.AS.String() + " [" + e.Path.String() + "]")
			}
		}
		out = append(out, text.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, files ...string) *Recording {
	t.Helper()
	rec, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("played:\n%s\nwant:\n%s", g, w)
	}
}

func TestPlayMergesFilesInTheOrderOfTime(t *testing.T) {
	table := newRecorder(t).table(0, "175.45.176.0/24", peerA, peerB).file("rrc00.bview", 0)
	one := newRecorder(t).announce(0, peerA, "192.0.2.0/24").announce(10*time.Second, peerA, "198.51.100.0/24").file("rrc00.updates.1", 0)
	two := newRecorder(t).state(5*time.Second, peerB, mrt.StateEstablished, mrt.StateIdle).
		state(6*time.Second, peerB, mrt.StateOpenConfirm, mrt.StateEstablished).file("rrc01.updates", 0)
	rec := open(t, two, one, table)
	if !rec.HasTable() || !rec.Start().Equal(noon) {
		t.Errorf("table %v, start %v, want true, %v", rec.HasTable(), rec.Start(), noon)
	}
	want := []string{
		"12:00:00 rrc00 table 175.45.176.0/24 AS3356 [3356 131279] AS1299 [1299 131279]",
		"12:00:00 rrc00 AS3356 announces 192.0.2.0/24",
		"12:00:05 rrc01 AS1299 down",
		"12:00:06 rrc01 AS1299 up",
		"12:00:10 rrc00 AS3356 announces 198.51.100.0/24",
	}
	compare(t, played(t, rec, time.Time{}), want...)
	compare(t, played(t, rec, noon.Add(5*time.Second)), want[:3]...)
	if gaps := rec.Gaps(); len(gaps) != 0 {
		t.Errorf("gaps %v, want none", gaps)
	}
}

// A file that is cut off is used as far as it is whole; where the collector's next
// file goes on, what its sessions hold is not known there.
func TestPlayOverADamagedFile(t *testing.T) {
	one := newRecorder(t).announce(0, peerA, "192.0.2.0/24").announce(time.Second, peerA, "198.51.100.0/24").file("rrc00.updates.1", 7)
	two := newRecorder(t).announce(5*time.Minute, peerA, "203.0.113.0/24").file("rrc00.updates.2", 0)
	other := newRecorder(t).announce(6*time.Minute, peerB, "203.0.113.0/24").file("rrc01.updates.2", 0)
	rec := open(t, one, two, other)
	compare(t, played(t, rec, time.Time{}),
		"12:00:00 rrc00 AS3356 announces 192.0.2.0/24",
		"12:00:00 rrc00 lost",
		"12:05:00 rrc00 lost",
		"12:05:00 rrc00 AS3356 announces 203.0.113.0/24",
		"12:06:00 rrc01 AS1299 announces 203.0.113.0/24",
	)
	gaps := rec.Gaps()
	if len(gaps) != 1 || gaps[0].Check != "route" || !strings.Contains(gaps[0].Reason, "rrc00.updates.1") || !strings.Contains(gaps[0].Reason, "byte") {
		t.Errorf("gaps %v, want one that names the file and the byte", gaps)
	}
	played(t, rec, time.Time{})
	if again := rec.Gaps(); len(again) != 1 {
		t.Errorf("%d gaps after playing again, want 1", len(again))
	}
}

// A table goes by prefix: cut off, it lacks prefixes, and what is counted from it is not all.
func TestPlayOverATableThatIsCutOff(t *testing.T) {
	whole := open(t, newRecorder(t).table(0, "192.0.2.0/24", peerA).table(0, "198.51.100.0/24", peerA).file("rrc00.bview.1", 0))
	short := open(t, newRecorder(t).table(0, "192.0.2.0/24", peerA).table(0, "198.51.100.0/24", peerA).file("rrc00.bview.1", 7))
	played(t, whole, time.Time{})
	played(t, short, time.Time{})
	if gaps := whole.Gaps(); len(gaps) != 0 {
		t.Errorf("gaps of a whole table: %v", gaps)
	}
	if gaps := short.Gaps(); len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "those after that point are not counted") {
		t.Errorf("gaps %v, want one that says that prefixes are not counted", gaps)
	}
}

func TestOpenNamesTheCollector(t *testing.T) {
	data := newRecorder(t).announce(0, peerA, "192.0.2.0/24")
	dir := t.TempDir()
	for name, want := range map[string]string{
		"rrc23.updates.20220421.0200.gz":                 "rrc23",
		"route-views2/bgpdata/updates.20260222.1530.bz2": "route-views2",
		"route-views.jinx.updates":                       "route-views.jinx",
		"updates.20160811.1600.gz":                       "",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		data.check(os.MkdirAll(filepath.Dir(path), 0o700))
		data.check(os.WriteFile(path, data.buf.Bytes(), 0o600))
		if got := open(t, path).sources[0].collector; got != want {
			t.Errorf("%s: collector %q, want %q", name, got, want)
		}
		if got := open(t, "mine="+path).sources[0].collector; got != "mine" {
			t.Errorf("mine=%s: collector %q, want mine", name, got)
		}
	}
}

func TestProgressReachesTheSize(t *testing.T) {
	r := newRecorder(t)
	for i := range progressEvery * 2 {
		r.announce(time.Duration(i)*time.Millisecond, peerA, "192.0.2.0/24")
	}
	path := filepath.Join(t.TempDir(), "updates.gz")
	f, err := os.Create(path)
	r.check(err)
	z := gzip.NewWriter(f)
	_, err = z.Write(r.buf.Bytes())
	r.check(err)
	r.check(z.Close())
	r.check(f.Close())
	rec := open(t, path)
	var last Progress
	rec.OnProgress = func(p Progress) {
		if p.Records < last.Records || p.Bytes < last.Bytes || p.Bytes > p.Size {
			t.Errorf("progress went from %+v to %+v", last, p)
		}
		last = p
	}
	played(t, rec, time.Time{})
	if last.Records != progressEvery*2 {
		t.Errorf("the last report is of %d records, want %d", last.Records, progressEvery*2)
	}
}
