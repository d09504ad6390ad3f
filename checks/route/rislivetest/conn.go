package rislivetest

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// The opcodes of RFC 6455 section 5.2.
const (
	Continuation = 0
	Text         = 1
	Binary       = 2
	CloseFrame   = 8
	Ping         = 9
	Pong         = 10
)

// Conn is the server's end of one connection.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
	turn chan struct{} // to write; in a bubble of testing/synctest waiting for it lets time pass
}

// upgrade answers a handshake (RFC 6455 section 4.2).
func upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if key == "" {
		http.Error(w, "this is a WebSocket", http.StatusUpgradeRequired)
		return nil, errors.New("not a WebSocket handshake")
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c := &Conn{conn: conn, in: rw.Reader, turn: make(chan struct{}, 1)}
	return c, c.Raw([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"))
}

// Raw writes bytes as they are.
func (c *Conn) Raw(b []byte) error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	_, err := c.conn.Write(b)
	return err
}

// Send writes text messages, one after the other.
func (c *Conn) Send(messages ...[]byte) error {
	var b []byte
	for _, m := range messages {
		b = append(AppendHeader(b, Text, true, uint64(len(m))), m...)
	}
	return c.Raw(b)
}

// Frame writes one frame.
func (c *Conn) Frame(opcode byte, final bool, payload []byte) error {
	return c.Raw(append(AppendHeader(nil, opcode, final, uint64(len(payload))), payload...))
}

// AppendHeader writes the header of a frame, of however many bytes it announces.
func AppendHeader(b []byte, opcode byte, final bool, length uint64) []byte {
	if final {
		opcode |= 0x80
	}
	switch {
	case length < 126:
		return append(b, opcode, byte(length))
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, opcode, 126), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(b, opcode, 127), length)
}

// Close says why, waits for nothing, and closes.
func (c *Conn) Close(code uint16, reason string) {
	_ = c.Frame(CloseFrame, true, append(binary.BigEndian.AppendUint16(nil, code), reason...))
	c.Cut()
}

// Cut closes without a word.
func (c *Conn) Cut() { c.conn.Close() }

// maxReceived bounds what a client sends in one frame.
const maxReceived = 1 << 16

// Receive gives the next message of the client. It answers pings.
func (c *Conn) Receive() ([]byte, error) {
	for {
		opcode, payload, err := c.frame()
		switch {
		case err != nil:
			return nil, err
		case opcode == Text || opcode == Binary:
			return payload, nil
		case opcode == CloseFrame:
			_ = c.Frame(CloseFrame, true, payload)
			return nil, io.EOF
		case opcode == Ping:
			if err := c.Frame(Pong, true, payload); err != nil {
				return nil, err
			}
		}
	}
}

func (c *Conn) frame() (opcode byte, payload []byte, err error) {
	var h [8]byte
	if _, err := io.ReadFull(c.in, h[:2]); err != nil {
		return 0, nil, err
	}
	if h[0]&0x80 == 0 || h[1]&0x80 == 0 {
		return 0, nil, errors.New("a frame in parts, or without its mask (RFC 6455 section 5.1)")
	}
	opcode, length := h[0]&15, uint64(h[1]&0x7f)
	switch length {
	case 126:
		_, err = io.ReadFull(c.in, h[:2])
		length = uint64(binary.BigEndian.Uint16(h[:]))
	case 127:
		_, err = io.ReadFull(c.in, h[:8])
		length = binary.BigEndian.Uint64(h[:])
	}
	if err != nil {
		return 0, nil, err
	}
	if length > maxReceived {
		return 0, nil, fmt.Errorf("a frame of %d bytes", length)
	}
	masked := make([]byte, 4+length)
	if _, err := io.ReadFull(c.in, masked); err != nil {
		return 0, nil, err
	}
	payload = masked[4:]
	for i := range payload {
		payload[i] ^= masked[i%4]
	}
	return opcode, payload, nil
}
