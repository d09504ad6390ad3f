// Command isitdown says whether a country, network, prefix or host is announced
// and answering, from public sources, own routers or recorded routing data, in words that
// can be published: once, or as a bot in Slack, in Discord and on a terminal.
//
//	isitdown [serve] [--routes FILE... | --rehearse SCENARIO|FILE... [--speed N|max]] [--db FILE]
//	isitdown check TARGET... [--routes FILE... | --collector NAME...] [--registry FILE...] [--at TIME] [--no-probe] [--json]
//	isitdown replay SCENARIO|FILE...|--collector NAME... [--from TIME] [--at TIME] [--watch TARGET] [--registry FILE...] [--json]
//	isitdown upstreams TARGET... [--routes FILE... | --collector NAME...] [--registry FILE...] [--at TIME] [--json]
//	isitdown world [--routes FILE... [--at TIME]] [--registry FILE...] [--countries] [--networks] [--top N] [--once] [--json [--watch]]
//	isitdown mrt FILE... [--prefix PREFIX] [--peer PEER] [--origin AS] [--kind KINDS] [--count] [--json]
//	isitdown preview [--out DIR] [--no-shots]
//	isitdown manifest slack|discord
//	isitdown doctor
//	isitdown backup FILE
//	isitdown version
//	isitdown help [COMMAND]
//
// With --offline, or ISITDOWN_OFFLINE=1, nobody is asked over the network.
//
// # A tour of the code
//
// Data goes one way. Package checks/route/archive reads recordings with the
// decoders in checks/internal/mrt and checks/internal/bgp and emits
// route.Update values. A route.RIB takes them in, and a route.Watch keeps the
// history of one target, whose footprint package checks/registry found in the
// lists of the registries. Watch.Observe gives observations; checks.Assess, a
// pure function, makes them a verdict; bot.Life, another, makes verdicts changes
// of an incident; package bot/chat words them; bot/terminal shows them.
//
// The bot is the same with a memory. A bot.Bot follows what channels subscribed
// to, and writes what there is to say into the outbox of its bot.Store, in the
// transaction that notes why. A bot.Outbox sends it, through bot/slack,
// bot/discord or bot/terminal, which also take in what people ask.
//
// Live, the same updates come from checks/route/rislive, bmp and session, and from the lookups of
// checks/route/ripestat; checks/route/live joins them for each target. What checks/ioda
// and checks/globalping say stands beside the verdict. Whether hosts answer is what checks/reach
// finds: of what is followed in the rounds of its Monitor, for questions at once.
//
// The whole world is a world.State of checks/route/world: it takes in the same updates, counts every country and
// network as they come, and a bot.Bot follows what it shows to be down where a channel wants that. globe.go
// starts, feeds and keeps it, and world_*.go show it in the terminal.
//
// This package reads the command line, the settings and the environment, and wires
// the rest. In it, serve.go makes the bot, server.go is the order in which it ends, watchroom.go where
// its facts come from, live.go the facts of the present, watchroom_probe.go what probes add to them and probing_make.go what
// sends those, once.go one answer from lookups,
// mrt.go the decoder as a tool,
// collectors.go answers from recordings that are fetched, follower.go whole tables of public collectors,
// rehearse.go a recording with its own clock.
//
// Tests alone use the packages whose names end in test, checks/lab and checks/netlab. netlab makes
// networks, links and faults inside a sandbox; labtest starts routing daemons and servers; lab
// makes an Internet of both, breaks it, and records what each feed delivers and probes find.
// lab_*_test.go here plays that to the program and judges what it says; docs/lab.md.
package main
