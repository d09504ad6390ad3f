package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// crashWriters is how many write at the same time, each to a channel of its own.
const crashWriters = 64

func crashWriterChannel(writer int) chat.Channel {
	return chat.Channel{Platform: "slack", Tenant: "T1", ID: fmt.Sprintf("C%03d", writer)}
}

// crashingWriters is the program that is killed: it writes until then, and says of each write
// that was acknowledged "WRITER N". The Nth of a writer is one line of its channel's audit
// log and a subscription that says N; it goes on where the store has it. Every third is
// preceded by one that fails after it has written as much.
func crashingWriters() {
	store, err := bot.OpenStore(os.Args[1])
	if err == nil {
		err = crashWrite(store)
	}
	fmt.Println("failed:", err)
	os.Exit(1)
}

func crashWrite(store *bot.Store) error {
	var mu sync.Mutex // a line is written whole
	failed := make(chan error, crashWriters)
	for writer := range crashWriters {
		c := crashWriterChannel(writer)
		go func() {
			for {
				n, err := crashWriteOne(store, c)
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				_, err = fmt.Println(writer, n)
				mu.Unlock()
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// errCrashMeant is what a write that is to fail fails with.
var errCrashMeant = errors.New("meant to fail")

func crashWriteOne(store *bot.Store, c chat.Channel) (n int, err error) {
	write := func(tx *bot.Tx) error {
		sub, _, err := tx.Subscription(c, checks.Country("KP"))
		if err != nil {
			return err
		}
		if n, err = strconv.Atoi("0" + sub.Zone); err != nil {
			return err
		}
		n++
		if err := tx.PutSubscription(bot.Subscription{Channel: c, Target: checks.Country("KP"), Zone: strconv.Itoa(n)}); err != nil {
			return err
		}
		return tx.AppendAudit(bot.Audit{At: time.Now(), Channel: c, What: strconv.Itoa(n)})
	}
	if rand.IntN(3) == 0 {
		err := store.Update(func(tx *bot.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			return errCrashMeant
		})
		if !errors.Is(err, errCrashMeant) {
			return 0, fmt.Errorf("a write that was to fail: %w", err)
		}
	}
	return n, store.Update(write)
}

// kill -9 at random moments while many write at the same time: every write that was
// acknowledged is there, each of the others is there as a whole or not at all, and nothing
// is left of those that failed.
func TestCrashWriters(t *testing.T) {
	t.Parallel()
	kills := 40
	if testing.Short() {
		kills = 5
	}
	path := filepath.Join(t.TempDir(), "isitdown.db")
	acknowledged := make([]int, crashWriters)
	for range kills {
		runCrashWriters(t, path, acknowledged)
		checkCrashWriters(t, path, acknowledged)
	}
	all := 0
	for writer, n := range acknowledged {
		all += n
		if n == 0 {
			t.Errorf("writer %d has written nothing", writer)
		}
	}
	t.Logf("%d writes were kept over %d kills", all, kills)
}

// runCrashWriters starts the program, kills it, and notes what it acknowledged.
func runCrashWriters(t *testing.T, path string, acknowledged []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Args[0] = "crashing-writers" // by which TestMain knows what to be
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if kill == nil { // it is at work
			kill = time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		writer, n, ok := strings.Cut(lines.Text(), " ")
		w, err1 := strconv.Atoi(writer)
		number, err2 := strconv.Atoi(n)
		if !ok || err1 != nil || err2 != nil {
			t.Fatalf("the writers say %q", lines.Text())
		}
		acknowledged[w] = number
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
		t.Fatalf("the writers ended by themselves: %v", err)
	}
}

// checkCrashWriters looks at what was kept, and notes it as what the next run begins from.
func checkCrashWriters(t *testing.T, path string, acknowledged []int) {
	t.Helper()
	store, err := bot.OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	err = store.View(func(tx *bot.Tx) error {
		for writer, n := range acknowledged {
			c := crashWriterChannel(writer)
			sub, _, err1 := tx.Subscription(c, checks.Country("KP"))
			log, err2 := tx.Audit(c, 0)
			has, err3 := strconv.Atoi("0" + sub.Zone)
			if err1 != nil || err2 != nil || err3 != nil || has < n || has > n+1 || len(log) != has {
				return fmt.Errorf("writer %d was told of %d writes: its subscription says %d, its log has %d lines (%v, %v, %v)",
					writer, n, has, len(log), err1, err2, err3)
			}
			for i, line := range log {
				if line.What != strconv.Itoa(has-i) {
					return fmt.Errorf("line %d of writer %d says %s", has-i, writer, line.What)
				}
			}
			acknowledged[writer] = has // from where it goes on: one more may be kept unacknowledged each time
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
