package rislive

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A trickle is waited for, a flood is read as fast as it comes, and both whole.
func TestLull(t *testing.T) {
	tests := []struct {
		name         string
		piece, n     int
		every        time.Duration
		least, most  time.Duration // that it takes
		fewest, many int           // reads
	}{
		{"a trickle", 600, 100, time.Millisecond, 490 * time.Millisecond, 510 * time.Millisecond, 100, 101},
		{"a flood", readBuffer, 1000, 0, 0, 0, 1000, 1001},
		{"pieces that fill the room", readBuffer * 2, 100, 0, 0, 0, 200, 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				piece := bytes.Repeat([]byte("ris"), tt.piece/3+1)[:tt.piece]
				go func() {
					defer theirs.Close()
					for range tt.n {
						time.Sleep(tt.every)
						if _, err := theirs.Write(piece); err != nil {
							t.Error(err)
						}
					}
				}()
				began, reads, total := time.Now(), 0, 0
				c, b := &lull{Conn: ours}, make([]byte, readBuffer)
				for {
					n, err := c.Read(b)
					total += n
					reads++
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				took := time.Since(began)
				if total != tt.n*tt.piece || reads < tt.fewest || reads > tt.many || took < tt.least || took > tt.most {
					t.Errorf("got %d bytes in %d reads and %v, want %d", total, reads, took, tt.n*tt.piece)
				}
			})
		})
	}
}

// A trickle that the system keeps until it is asked for costs one read for each wait.
func TestLullGathers(t *testing.T) {
	var l net.ListenConfig
	listener, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for range 200 {
			time.Sleep(500 * time.Microsecond)
			if _, err := c.Write(make([]byte, 600)); err != nil {
				return
			}
		}
	}()
	conn, err := transport().DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reads, total, b := 0, 0, make([]byte, readBuffer)
	for {
		n, err := conn.Read(b)
		total += n
		if err != nil {
			break
		}
		reads++
	}
	if total != 200*600 || reads > 100 {
		t.Errorf("got %d of %d bytes in %d reads, want far fewer reads than the 200 writes", total, 200*600, reads)
	}
}
