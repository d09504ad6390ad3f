package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"isitdown/checks/route/rislivetest"
)

// wire is messages as they go over the line, one after the other; ends says where each ends.
type wire struct {
	data []byte
	ends []int
}

func (l *wire) add(frame []byte) {
	l.data = append(rislivetest.AppendHeader(l.data, rislivetest.Text, true, uint64(len(frame))), frame...)
	l.ends = append(l.ends, len(l.data))
}

// readWire reads what add wrote, of frames below 64 KiB.
func readWire(file string) (l wire, err error) {
	l.data, err = os.ReadFile(file)
	for at := 0; at < len(l.data); l.ends = append(l.ends, at) {
		switch n := int(l.data[at+1]); n {
		case 126:
			at += 4 + int(binary.BigEndian.Uint16(l.data[at+2:]))
		default:
			at += 2 + n
		}
	}
	return l, err
}

// start is where a message begins.
func (l *wire) start(i int) int {
	if i == 0 {
		return 0
	}
	return l.ends[i-1]
}

// part gives the bytes of messages from one number up to another.
func (l *wire) part(from, to int) []byte { return l.data[l.start(from):l.start(to)] }

// stampAt is where the time stands in a frame of 126 bytes to 64 KiB, stampForm how.
var stampAt = len(rislivetest.AppendHeader(nil, rislivetest.Text, true, 126)) + len(`{"type":"ris_message","data":{"timestamp":`)

const stampForm = "%d.%06d"

// stamp gives messages new times, from one on at equal distances.
func (l *wire) stamp(from, to int, at time.Time, step time.Duration) {
	for i := from; i < to; i++ {
		t := at.Add(time.Duration(i-from) * step)
		text := fmt.Sprintf(stampForm, t.Unix(), t.Nanosecond()/1000)
		copy(l.data[l.start(i)+stampAt:], text)
	}
}

// streamServer is RIS Live for benchmarks, in a process of its own so that what it costs is
// not taken for the program's: `stream-server MESSAGES LOSSES GROUP`, two files of wire and
// how many messages make one loss. It says where it listens; then it does what it is told
// line by line, "FROM N RATE MILLISECONDS": so many messages at so many a second, 0 for as
// fast as they are taken, with a loss each so many milliseconds, 0 for none. It says of each
// loss "lost NUMBER NANOSECONDS", with the time since 1970 after its last message was
// written, and "done" in the end.
func streamServer() {
	s := streamSource{conn: make(chan *rislivetest.Session, 1)}
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "stream-server:", err)
			os.Exit(1)
		}
	}
	var err error
	s.messages, err = readWire(os.Args[1])
	fail(err)
	s.losses, err = readWire(os.Args[2])
	fail(err)
	_, err = fmt.Sscan(os.Args[3], &s.group)
	fail(err)
	web := httptest.NewServer(&rislivetest.Server{Session: func(c *rislivetest.Session) {
		s.conn <- c
		c.Serve()
	}})
	fmt.Println("ws" + strings.TrimPrefix(web.URL, "http") + "/v1/ws/")
	var to *rislivetest.Session
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var from, n, rate, every int
		_, err := fmt.Sscan(lines.Text(), &from, &n, &rate, &every)
		fail(err)
		if len(s.conn) > 0 || to == nil { // the newest connection
			to = <-s.conn
		}
		fail(s.play(to, from, n, rate, time.Duration(every)*time.Millisecond))
		fmt.Println("done")
	}
}

// streamSource is what a stream-server sends.
type streamSource struct {
	messages, losses wire
	group, lost      int
	conn             chan *rislivetest.Session
}

func (s *streamSource) play(to *rislivetest.Session, from, n, rate int, every time.Duration) error {
	began := time.Now()
	if rate == 0 {
		s.messages.stamp(from, from+n, began, 0)
		return to.Raw(s.messages.part(from, from+n))
	}
	s.messages.stamp(from, from+n, began, time.Second/time.Duration(rate))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	next := time.Now().Add(every)
	began = time.Now()
	for sent := 0; sent < n; {
		now := <-tick.C
		if due := min(n, int(now.Sub(began).Seconds()*float64(rate))); due > sent {
			if err := to.Raw(s.messages.part(from+sent, from+due)); err != nil {
				return err
			}
			sent = due
		}
		if every > 0 && now.After(next) {
			next = next.Add(every)
			if err := s.lose(to, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// lose sends the withdrawals of the next prefix.
func (s *streamSource) lose(to *rislivetest.Session, now time.Time) error {
	from := s.lost * s.group
	if from+s.group > len(s.losses.ends) {
		return nil
	}
	s.losses.stamp(from, from+s.group, now, 0)
	err := to.Raw(s.losses.part(from, from+s.group))
	fmt.Println("lost", s.lost, time.Now().UnixNano())
	s.lost++
	return err
}
