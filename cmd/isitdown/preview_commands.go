package main

import (
	"errors"
	"slices"
	"time"

	"isitdown/bot"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// commands is what the commands of /outages answer while North Korea is down.
func (g *gatherer) commands() []sample {
	opened, err := g.p.kp.find("KP-20141222-1", chat.Opened, false, 0)
	resolved, err2 := g.p.kp.find("KP-20141222-1", chat.Resolved, false, 0)
	if err = errors.Join(err, err2); err != nil {
		g.err = errors.Join(g.err, err)
		return nil
	}
	now := opened.notice.Verdict.At.Add(40 * time.Minute)
	caveats := append(slices.Clone(opened.notice.Caveats), invented)
	kp := subscribed(checks.Country("KP"), "North Korea", chat.LevelDegraded, now)
	open := []chat.Episode{{
		Subject: "North Korea (KP)", Incident: opened.notice.Incident, State: checks.Down, IPv4: checks.Count{Of: 4},
		Acknowledged: []string{"Ana (example)"},
	}}
	listing := chat.Listing{
		Channel: "#newsroom-asia", At: now, Open: open, Caveats: caveats,
		Digest: &chat.Plan{Hour: 8, Zone: "Asia/Seoul", By: "Ana (example)"},
	}
	listing.Subscriptions = []chat.Subscribed{kp, subscribed(checks.Country("XX"), "Ruritania", chat.LevelDown, now), subscribed(checks.Network(131279), "Star-KP", chat.LevelAny, now)}
	listing.Subscriptions[1].Quiet, listing.Subscriptions[1].Zone = chat.Hours{From: 22, To: 7}, "Asia/Seoul"
	listing.Subscriptions[2].MutedUntil, listing.Subscriptions[2].MuteReason = now.Add(6*time.Hour), "seen through KP"
	account := g.account("KP-20141222-1")
	first := chat.Confirmation{
		Subscription: kp, At: now, State: checks.Down, Open: open, Caveats: caveats,
		Lately: chat.Lately{From: time.Date(2014, 12, 21, 0, 0, 0, 0, time.UTC), To: now, Outages: 1, Unstable: 1},
	}
	_, refused := chat.ParseCommand("outages mute KP", now)
	history := chat.History{
		ID: "KP-20141222-1", Subject: "North Korea (KP)", Moments: resolved.life.Timeline, Notes: people(opened.notice.Verdict.At), Caveats: caveats,
	}
	return []sample{
		{name: "command-subscribe", title: "/outages subscribe KP", message: first.Message()},
		{name: "command-list", title: "/outages list", message: listing.Message()},
		{name: "command-now", title: "/outages now", message: chat.Current{At: now, Watched: 3, Open: open, Caveats: caveats}.Message()},
		{name: "command-why", title: "/outages why KP-20141222-1", message: account.Why()},
		{name: "command-details", title: "/outages details KP-20141222-1", message: account.Details()},
		{name: "command-timeline", title: "/outages timeline KP-20141222-1", message: history.Message()},
		{name: "command-help", title: "/outages help", message: chat.HelpOn("")},
		{name: "command-help-subscribe", title: "/outages help subscribe", message: chat.HelpOn("subscribe")},
		{name: "command-refused", title: "/outages mute KP: the duration is missing", message: chat.Refused(refused)},
	}
}

func subscribed(t checks.Target, name string, level chat.Level, now time.Time) chat.Subscribed {
	return chat.Subscribed{Target: t, Subject: chat.Subject(t, name), Level: level, By: "Ana (example)", At: now.AddDate(0, 0, -12)}
}

// account gives what was kept of an incident.
func (g *gatherer) account(id string) chat.Account {
	a := chat.Account{ID: id}
	for _, t := range g.p.kp.told {
		n := &t.notice
		if n.Incident.ID != id {
			continue
		}
		r := chat.ChangeJSON(*n)
		told := chat.Telling{At: n.Verdict.At, Kind: n.Kind, Revision: r.Revision, Quiet: n.Quiet, Verdict: r.Verdict, Facts: r.Facts}
		for _, p := range n.Verdict.Prefixes {
			told.Seen = append(told.Seen, chat.Sight{
				Check: "route", Source: n.Verdict.Vantage.Source, Prefix: p.Prefix, At: n.Verdict.Vantage.NewestAt, Seen: p.Seen, Asked: p.Of,
			})
		}
		a.Tellings = append(a.Tellings, told)
	}
	return a
}

// digests is a day with an outage and a day without.
func (g *gatherer) digests() []sample {
	resolved, err := g.p.kp.find("KP-20141222-1", chat.Resolved, false, 0)
	second, err2 := g.p.kp.find("KP-20141223-1", chat.Resolved, false, 0)
	zone, err3 := time.LoadLocation("Asia/Seoul")
	if err = errors.Join(err, err2, err3); err != nil {
		g.err = errors.Join(g.err, err)
		return nil
	}
	to := time.Date(2014, 12, 24, 8, 0, 0, 0, zone)
	subject := "North Korea (KP)"
	eventful := chat.Digest{
		Channel: "#newsroom-asia", From: to.AddDate(0, 0, -1), To: to, Zone: zone,
		Caveats:  append(slices.Clone(resolved.notice.Caveats), invented, "Graustark (XY) does not exist either, and the time without data is invented."),
		Outages:  []chat.Episode{{Subject: subject, Incident: resolved.notice.Incident}, {Subject: subject, Incident: second.notice.Incident}},
		NoOutage: []chat.Watched{{Subject: "Ruritania (XX)"}, {Subject: "Graustark (XY)", Unknown: 20 * time.Minute}},
		Blind:    []chat.Blind{{From: to.Add(-5 * time.Hour), To: to.Add(-5*time.Hour + 10*time.Minute), Why: "feed lost"}},
		Notes:    people(second.notice.Incident.Onset.Half),
	}
	to = time.Date(2026, 3, 5, 8, 0, 0, 0, zone)
	calm := chat.Digest{
		Channel: "#newsroom-asia", From: to.AddDate(0, 0, -1), To: to, Zone: zone,
		NoOutage: []chat.Watched{{Subject: "Ruritania (XX)"}}, Caveats: g.p.xx.end.Caveats,
	}
	return []sample{
		{name: "digest-outage", title: "A day with an outage", message: eventful.Message(), op: bot.Plain},
		{name: "digest-calm", title: "A day without", message: calm.Message(), op: bot.Plain},
	}
}
