package archive

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"isitdown/checks"
)

// Scenario is a text of times and events, made into the routing data that route
// collectors would have recorded. docs/scenarios.md describes the text.
//
// What the events do not say is chosen from fixed rules and never at random: the
// same text gives the same bytes.
type Scenario struct {
	Name  string // of the file or of the embedded scenario
	Title string // Name where the text gives none
	// Notes are caveats to be printed with everything that is made from the
	// scenario; there is always one.
	Notes []string
	// Sources say who published the facts, and where.
	Sources []string
	// Watch are the targets as the text writes them; at least one.
	Watch      []string
	Start, End time.Time // UTC, whole microseconds

	limits     scenarioLimits
	collectors []string
	sessions   []vantage // in the order of the text
	voters     []checks.ASN
	transits   map[checks.ASN][]checks.ASN
	networks   []playedNetwork
	others     []otherNetwork
	ways       []way
	events     []event
	resources  []resource
	names      map[checks.ASN]string
}

// vantage is one session of a collector.
type vantage struct {
	collector int
	as        checks.ASN
	voter     int // index of the AS among all that have a session
}

// sessionAddr and collectorAddr are from the space for benchmarks (RFC 2544):
// nobody's.
func sessionAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte((i + 1) >> 8), byte(i + 1)})
}

func collectorAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 19, byte((i + 1) >> 8), byte(i + 1)})
}

// collectorAS is the local end of all sessions; it stands in no path.
const collectorAS checks.ASN = 64512

// playedNetwork is what events are about: prefixes that come and go together.
type playedNetwork struct {
	name     string
	prefixes []netip.Prefix // IPv4 before IPv6
	way      int            // as its line says; index in ways
}

// way is how a network is reached: the ASes between the vantage points' transit
// and the origin, in the order of an AS path, and the origin.
type way struct {
	via    []checks.ASN
	origin checks.ASN
}

// otherNetwork is one of the background: never touched by an event.
type otherNetwork struct {
	prefixes []netip.Prefix
	way      way
}

// The background has AS numbers that no registry ever handed out, and address
// space that is nobody's: the former class E (RFC 1112 section 4), and IPv6 space
// that IANA reserves. No real network is played by it.
const otherASFirst checks.ASN = 3_000_001

const otherBits4 = 22 // prefix length of each

var (
	otherSpace4 = netip.PrefixFrom(netip.AddrFrom4([4]byte{240}), 4)
	otherSpace6 = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x40}), 16)
)

func otherPrefix4(i int) netip.Prefix {
	n := i << (32 - otherBits4)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{240 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}), otherBits4)
}

func otherPrefix6(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0x40, 0, byte(i >> 8), byte(i)}), 32)
}

// resource is a row of a registry's list.
type resource struct {
	registry, country string
	prefix            netip.Prefix // invalid for an AS
	asn               checks.ASN
	date              time.Time
}

// scenarioLimits bound what a text may ask for.
type scenarioLimits struct {
	text     int // bytes
	messages int // routes of the tables at the start, and messages afterwards
	bytes    int // of all streams together
}

func defaultLimits() scenarioLimits {
	return scenarioLimits{text: 1 << 20, messages: 2_000_000, bytes: 256 << 20}
}

// Limits of what is declared. Real collectors have some 1,500 sessions together.
const (
	maxSessions      = 1000
	maxCollectors    = 100
	maxTransits      = 1000
	maxTransitDepth  = 8
	maxBehind        = 100
	maxNetworks      = 100
	maxPrefixes      = 5000 // of all networks together
	maxOthers        = 20000
	maxResources     = 10000
	maxVia           = 16
	backgroundFactor = 4 // background routes for each of the networks'
)

//go:embed scenarios
var embedded embed.FS

const scenarioSuffix = ".scenario"

// ErrNoScenario is wrapped by the error for a name that no embedded scenario has.
var ErrNoScenario = errors.New("no such scenario")

// Scenarios gives the names of the embedded scenarios, ascending.
func Scenarios() []string {
	files, _ := fs.Glob(embedded, "scenarios/*"+scenarioSuffix) // the pattern is good
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "scenarios/"), scenarioSuffix)
	}
	return files
}

// EmbeddedScenario gives a scenario that comes with the program.
func EmbeddedScenario(name string) (*Scenario, error) {
	f, err := embedded.Open("scenarios/" + name + scenarioSuffix)
	if err != nil {
		return nil, fmt.Errorf("%w %s: the program has %s; give the path of a file for your own",
			ErrNoScenario, quoteWord(name), strings.Join(Scenarios(), ", "))
	}
	defer f.Close()
	return ParseScenario(name, f)
}

// ParseScenario reads the text of a scenario. It is strict: an error names the
// line and says what to do. Once it is read, [Scenario.Streams] does not fail
// unless its data would be larger than 256 MiB.
func ParseScenario(name string, r io.Reader) (*Scenario, error) {
	return parseScenario(name, r, defaultLimits())
}

func parseScenario(name string, r io.Reader, limits scenarioLimits) (*Scenario, error) {
	text, err := io.ReadAll(io.LimitReader(r, int64(limits.text)+1))
	if err != nil {
		return nil, fmt.Errorf("reading scenario %s: %w", name, err)
	}
	if len(text) > limits.text {
		return nil, fmt.Errorf("reading scenario %s: it is longer than %d KiB", name, limits.text>>10)
	}
	p := newScenarioParser(name, limits)
	if err := p.parse(string(text)); err != nil {
		return nil, fmt.Errorf("reading scenario %s: %w", name, err)
	}
	return p.s, nil
}

// Collectors gives the names of the collectors, in the order of the text.
func (s *Scenario) Collectors() []string { return append([]string(nil), s.collectors...) }

// VantagePoints counts the ASes that have a session with a collector.
func (s *Scenario) VantagePoints() int { return len(s.voters) }

// hasIPv6 reports whether any network has an IPv6 prefix; then the background
// has one each as well.
func (s *Scenario) hasIPv6() bool {
	for _, n := range s.networks {
		if last := n.prefixes[len(n.prefixes)-1]; last.Addr().Is6() {
			return true
		}
	}
	return false
}
