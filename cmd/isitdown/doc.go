// Command isitdown says whether a country, network, prefix or host is announced
// and answering, from recorded routing data, in words that can be published.
//
//	isitdown check TARGET... --routes FILE... [--registry FILE...] [--at TIME] [--json]
//	isitdown replay SCENARIO|FILE... [--watch TARGET] [--registry FILE...] [--json]
//	isitdown version
//	isitdown help [COMMAND]
//
// # A tour of the code
//
// Data goes one way. Package checks/route/archive reads recordings with the
// decoders in checks/internal/mrt and checks/internal/bgp and emits
// route.Update values. A route.RIB takes them in, and a route.Watch keeps the
// history of one target, whose footprint package checks/registry found in the
// lists of the registries. Watch.Observe gives observations; checks.Assess, a
// pure function, makes them a verdict; bot.Life, another, makes verdicts changes
// of an incident; package bot/chat words them; bot/terminal shows them. This
// package reads the command line and the configuration, and wires the rest.
package main
