package lab

import (
	"context"
	"io"

	"isitdown/checks/route"
	"isitdown/checks/route/rislive"
	"isitdown/checks/route/rislivetest"
)

// RISLive is the client of RIS Live at a WebSocket that says what RIS Live would of what a
// collector (BIRD) hears. Restart cuts the WebSocket. After a hole the stream does not say
// the tables again: the archive of the collector has them ([Moment.Tables]).
func (i *Internet) RISLive() *Feed {
	i.t.Helper()
	f := &Feed{Name: "ris-live", Collector: "rrc00"}
	server := &rislivetest.Server{Collectors: []string{f.Collector}}
	client := rislive.New(rislive.Options{URL: server.Start(i.t), App: "isitdown-lab"})
	client.Watch([]rislive.Filter{{}})
	i.t.Cleanup(background(func(ctx context.Context) {
		if err := client.Run(ctx, f.hear); err != nil {
			i.t.Error(err)
		}
	}))
	whole := func() bool {
		s := client.Status()
		return !s.Connected.IsZero() && s.Wanted == 1 && s.Served == 1
	}
	f.await(i.t, "the stream is served", whole)

	bird, archive, caughtUp := i.stream(server, f.Collector, collectorRISLive)
	f.recorded = archive
	f.Reset = func() { bird.reset(f) }
	f.Restart = func() {
		holes := f.count(route.Lost)
		server.CutAll()
		f.await(i.t, "the stream is cut", func() bool { return f.count(route.Lost) > holes })
		alive := f.count(route.Alive)
		f.await(i.t, "the stream is back", func() bool { return whole() && f.count(route.Alive) > alive })
		caughtUp()
		f.resume()
	}
	return f
}

// stream has a server of RIS Live say what a collector hears, and follows what that keeps.
func (i *Internet) stream(server *rislivetest.Server, name string, number int) (bird *collector, archive *Feed, caughtUp func()) {
	i.t.Helper()
	bird = i.collector(number)
	archive = &Feed{Name: "the archive of " + name, Collector: name}
	caughtUp = archive.followMRT(i.t, bird.file)
	followFile(i.t, bird.file, func(r io.Reader) error {
		for m, err := range rislivetest.Convert(r, rislivetest.Form{Collector: name, Keepalives: true}) {
			if err != nil {
				return err
			}
			server.Deliver(m)
		}
		return nil
	})
	return bird, archive, caughtUp
}

// Stream has a server of RIS Live say what a collector of a name like "rrc00" hears, for a
// client of one's own. The feed is the collector itself, which holds the routes whether
// anybody listens to the stream or not; it is no feed to be recorded, and has no Restart.
func (i *Internet) Stream(server *rislivetest.Server, name string) *Feed {
	i.t.Helper()
	bird, archive, _ := i.stream(server, name, collectorStream)
	archive.Reset = func() { bird.reset(archive) }
	archive.await(i.t, "two sessions", func() bool { return archive.Up() == 2 })
	return archive
}
