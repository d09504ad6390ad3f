package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"isitdown/bot"
)

// A running bot has its database to itself. Other commands reach it over a Unix
// socket beside the file, which only its owner can open.

// adminSocket is the path of that socket.
func adminSocket(db string) string { return db + ".sock" }

// listenAdmin opens the socket. The database is ours by then, so one that is there
// already was left by a process that ended without removing it.
func listenAdmin(db string) (net.Listener, error) {
	path := adminSocket(db)
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing a socket that was left over: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening beside the database: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("making the socket private: %w", err), l.Close())
	}
	return l, nil
}

// trailerWhole is set behind a backup that is whole.
const trailerWhole = "Isitdown-Whole"

// adminHandler serves what other commands ask of a running bot.
func adminHandler(store *bot.Store, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /alive", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Trailer", trailerWhole)
		n, err := store.Backup(w)
		if err != nil {
			log.Error("writing a backup", "err", err)
			return
		}
		w.Header().Set(trailerWhole, "yes")
		log.Info("a backup was written", "bytes", n)
	})
	return mux
}

// adminClient calls the bot that runs on a database.
func adminClient(db string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", adminSocket(db))
		},
	}}
}

// errNotRunning says that no bot has the database open.
var errNotRunning = errors.New("no isitdown serves this database")

// fetchBackup asks the bot that runs on a database for a copy.
func fetchBackup(ctx context.Context, db string, to io.Writer) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://isitdown/backup", nil)
	if err != nil {
		return 0, fmt.Errorf("asking for a backup: %w", err)
	}
	reply, err := adminClient(db).Do(r)
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return 0, errNotRunning
	}
	if err != nil {
		return 0, fmt.Errorf("asking the bot for a backup: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("asking the bot for a backup: it answers %s", reply.Status)
	}
	n, err := io.Copy(to, reply.Body)
	switch {
	case err != nil:
		return n, fmt.Errorf("taking in the backup: %w", err)
	case reply.Trailer.Get(trailerWhole) == "":
		return n, errors.New("taking in the backup: it is not whole; the log of the bot says why")
	}
	return n, nil
}

// backupCommand copies the database, while a bot uses it or not.
type backupCommand struct {
	File string `arg:"" help:"The copy to write. It must not exist."`
	DB   string `name:"db" placeholder:"FILE" help:"The database. Default: as in the settings."`
}

func (c *backupCommand) run(ctx context.Context, a *app) (int, error) {
	db, err := a.store(c.DB)
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(db); err != nil {
		return 0, fail(exitNoInput, "there is no database %s: name it with --db", db)
	}
	if _, err := os.Lstat(c.File); err == nil {
		return 0, fail(exitUsage, "%s exists already: give the backup a name of its own", c.File)
	}
	n, err := writeBackup(ctx, db, c.File)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(a.out, "wrote %s (%d bytes)\n", c.File, n)
	return 0, nil
}

// writeBackup writes the copy beside its place, so that what stands there is whole.
func writeBackup(ctx context.Context, db, file string) (n int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(file), ".isitdown-backup-*") // readable by its owner alone
	if err != nil {
		return 0, &failure{exitNoInput, fmt.Errorf("making the backup: %w", err)}
	}
	defer func() {
		if err != nil {
			part.Close() // perhaps once more
			os.Remove(part.Name())
		}
	}()
	n, err = fetchBackup(ctx, db, part)
	if errors.Is(err, errNotRunning) {
		n, err = copyClosed(db, part)
	}
	if err != nil {
		return 0, err
	}
	if err := part.Sync(); err != nil {
		return 0, fmt.Errorf("writing the backup: %w", err)
	}
	if err := errors.Join(part.Close(), os.Rename(part.Name(), file)); err != nil {
		return 0, fmt.Errorf("naming the backup: %w", err)
	}
	return n, nil
}

// copyClosed copies a database that nobody has open.
func copyClosed(db string, to io.Writer) (int64, error) {
	s, err := bot.OpenStore(db)
	if err != nil {
		return 0, &failure{exitData, err}
	}
	n, err := s.Backup(to)
	return n, errors.Join(err, s.Close())
}
