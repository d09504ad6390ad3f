package reach

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"isitdown/checks"
)

// TLS connects and shakes hands, with Probe.Name as the server name. A handshake that
// ends is an answer whatever the certificate is worth: the certificate is looked at
// afterwards, and what is wrong with it is named with its dates. An alert of the server
// is an answer too. A host that accepts the connection and then says nothing, hangs up
// or speaks something else is there, and its service fails.
func (d *Dialers) TLS(ctx context.Context, p Probe) checks.Answer {
	return d.run(ctx, p, checks.MethodTLS, 1, func(ctx context.Context) finding {
		raw, f := d.dial(ctx, p.addrPort())
		if raw == nil {
			return f
		}
		defer raw.Close()
		name := p.Name
		if name == "" {
			name = p.Addr.Unmap().String()
		}
		conn, f := handshake(ctx, raw, name, "h2", "http/1.1")
		if conn == nil {
			return f
		}
		state := conn.ConnectionState()
		conn.Close()
		words, _ := d.certificate(&state, name, time.Now())
		return finding{Outcome: checks.Answered, detail: tls.VersionName(state.Version) + ", " + words}
	})
}

// handshake speaks TLS over a connection. Without one the finding says why: an alert is
// [checks.Answered], anything else [checks.Failing], for the host has answered before.
//
// Nothing of ours is sent, so old versions and weak ciphers do no harm here, and a host
// that knows nothing better is a host that answers.
func handshake(ctx context.Context, raw net.Conn, name string, protocols ...string) (*tls.Conn, finding) {
	conn := tls.Client(raw, &tls.Config{
		ServerName:         strings.TrimSuffix(name, "."), // no name is sent for an address
		InsecureSkipVerify: true,                          // looked at afterwards
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       everyCipher(),
		NextProtos:         protocols,
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, explainHandshake(ctx, err)
	}
	return conn, finding{}
}

func everyCipher() []uint16 {
	var ids []uint16
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, c := range list {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// explainHandshake tells what came instead of a handshake.
func explainHandshake(ctx context.Context, err error) finding {
	failing := func(words string) finding { return finding{Outcome: checks.Failing, detail: words} }
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // how crypto/tls marks an alert that was received
		words := strings.TrimPrefix(op.Err.Error(), "tls: ")
		return finding{Outcome: checks.Answered, detail: "TLS alert: " + checks.OneLine(words, 80)}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return failing("connected, but it does not speak TLS")
	}
	switch {
	case timeUp(ctx, err):
		return over(ctx, failing("connected, but no TLS handshake in time"))
	case hungUp(err):
		return failing("connected, but it hung up during the TLS handshake")
	case strings.Contains(err.Error(), "failed to parse certificate"):
		return finding{Outcome: checks.Answered, detail: "its certificate cannot be read"}
	}
	if _, ok := errors.AsType[*os.SyscallError](err); ok {
		return failing("connected, but the connection broke")
	}
	words := strings.TrimPrefix(err.Error(), "tls: ")
	return failing(fmt.Sprintf("its TLS handshake is wrong: %s", checks.OneLine(words, 80)))
}

// hungUp reports whether the other side ended a connection.
func hungUp(err error) bool {
	return isAny(err, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED)
}
