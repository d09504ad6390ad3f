package registry

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"isitdown/checks"
)

// apnicList is a small list in the format of the real ones.
const apnicList = `# CONDITIONS OF USE
2|apnic|20141224|6|19850701|20141223|+1000
apnic|*|asn|*|2|summary
apnic|*|ipv4|*|3|summary
apnic|*|ipv6|*|1|summary
apnic|KP|asn|131279|1|20091221|allocated
apnic|TO|asn|38198|2|20061024|allocated
apnic|KP|ipv4|175.45.176.0|1024|20091221|allocated
apnic|TO|ipv4|202.134.24.0|2048|20010215|assigned
apnic|TO|ipv4|203.0.113.3|765|20010215|allocated
apnic|TO|ipv6|2400:6400::|32|20130101|allocated
`

// load adds each text as a file "list-1", "list-2" ...
func load(t *testing.T, texts ...string) *Registry {
	t.Helper()
	var l Loader
	for i, text := range texts {
		if err := l.Add("list-"+string(rune('1'+i)), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := l.Registry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// footprint asks for what text says.
func footprint(t *testing.T, r *Registry, text string) checks.Footprint {
	t.Helper()
	target, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	fp, err := r.Footprint(target)
	if err != nil {
		t.Fatal(err)
	}
	return fp
}

func reasons(r *Registry) []string {
	var out []string
	for _, g := range r.Problems() {
		out = append(out, g.Reason)
	}
	return out
}

func prefixStrings(fp checks.Footprint) string {
	var out []string
	for _, p := range fp.Prefixes {
		out = append(out, p.String())
	}
	return strings.Join(out, " ")
}

func TestListRecords(t *testing.T) {
	const header = "2|apnic|20141224|1|19850701|20141223|+1000\n"
	const good = "apnic|KP|asn|131279|1|20091221|allocated\n"
	tests := []struct {
		name, row string
		country   string // to ask for
		want      string // its prefixes, or its networks when it has none
		bad       string // what the problem says
	}{
		{"IPv4 that is no CIDR", "apnic|TO|ipv4|10.0.0.3|765|20010215|assigned", "TO", "10.0.0.3/32 10.0.0.4/30 10.0.0.8/29 10.0.0.16/28 10.0.0.32/27 10.0.0.64/26 10.0.0.128/25 10.0.1.0/24 10.0.2.0/24", ""},
		{"last address of all", "apnic|TO|ipv4|255.255.255.255|1||allocated", "TO", "255.255.255.255/32", ""},
		{"all IPv4", "apnic|TO|ipv4|0.0.0.0|4294967296||allocated", "TO", "0.0.0.0/0", ""},
		{"IPv6 /64", "apnic|TO|ipv6|2001:7fa:0:1::|64|20010215|assigned", "TO", "2001:7fa:0:1::/64", ""},
		{"opaque id of delegated-extended", "apnic|TO|ipv4|10.0.0.0|256|20010215|allocated|A91F1A2E", "TO", "10.0.0.0/24", ""},
		{"more fields still", "apnic|TO|ipv4|10.0.0.0|256|20010215|allocated|A91F1A2E|e-stats|x", "TO", "10.0.0.0/24", ""},
		{"code in small letters", "apnic|to|ipv4|10.0.0.0|256|20010215|allocated", "TO", "10.0.0.0/24", ""},
		{"carriage return", "apnic|TO|ipv4|10.0.0.0|256|20010215|allocated\r", "TO", "10.0.0.0/24", ""},
		{"block of networks", "apnic|TO|asn|4294967294|2|20010215|allocated", "TO", "AS4294967294 AS4294967295", ""},
		{"asdot", "apnic|TO|asn|2.208|1|20080215|allocated", "TO", "AS131280", ""},
		{"blanks around fields", " apnic | TO|ipv4 |10.0.0.0| 256 |20010215| allocated ", "TO", "10.0.0.0/24", ""},
		{"left with IANA", "iana|ZZ|asn|402333|4294564962|20200101|ianapool|iana|iana", "TO", "", ""},
		{"reserved", "apnic|TO|ipv4|10.0.0.0|256|20010215|reserved", "TO", "", ""},
		{"available, no country", "apnic||ipv4|10.0.0.0|256||available", "TO", "", ""},
		{"status unknown", "apnic|TO|ipv4|10.0.0.0|256|20010215|allokated", "TO", "", `line 3: "allokated" is no status`},
		{"no status", "apnic|TO|ipv4|10.0.0.0|256|20010215", "TO", "", "line 3: 6 fields where a record has 7"},
		{"no country", "apnic||ipv4|10.0.0.0|256|20010215|allocated", "ZZ", "10.0.0.0/24", ""},
		{"no country code", "apnic|T0|ipv4|10.0.0.0|256|20010215|allocated", "TO", "", `line 3: "T0" is no country code`},
		{"registry unknown", "internic|TO|ipv4|10.0.0.0|256|20010215|allocated", "TO", "", `line 3: "internic" is no registry`},
		{"type unknown", "apnic|TO|ipv5|10.0.0.0|256|20010215|allocated", "TO", "", `line 3: "ipv5" is none of`},
		{"no addresses", "apnic|TO|ipv4|10.0.0.0|0|20010215|allocated", "TO", "", "line 3: "},
		{"beyond the last address", "apnic|TO|ipv4|255.255.255.0|257|20010215|allocated", "TO", "", "is no IPv4 range"},
		{"not four numbers", "apnic|TO|ipv4|10.0.0|256|20010215|allocated", "TO", "", "is no IPv4 range"},
		{"number over 255", "apnic|TO|ipv4|10.0.0.256|256|20010215|allocated", "TO", "", "is no IPv4 range"},
		{"negative", "apnic|TO|ipv4|10.0.0.0|-256|20010215|allocated", "TO", "", "is no IPv4 range"},
		{"IPv6 longer than /64", "apnic|TO|ipv6|2001:db8::|65|20010215|allocated", "TO", "", "is no IPv6 prefix of at most 64 bits"},
		{"IPv6 bits beyond the length", "apnic|TO|ipv6|2001:db8:1::|32|20010215|allocated", "TO", "", "bits set beyond its length"},
		{"IPv4 as IPv6", "apnic|TO|ipv6|10.0.0.0|24|20010215|allocated", "TO", "", "is no IPv6 prefix"},
		{"mapped IPv4", "apnic|TO|ipv6|::ffff:10.0.0.0|64|20010215|allocated", "TO", "", "is no IPv6 prefix"},
		{"networks beyond 32 bits", "apnic|TO|asn|4294967295|2|20010215|allocated", "TO", "", "are no AS numbers"},
		{"a block larger than any", "apnic|TO|asn|1|4294967295|20010215|allocated", "TO", "", "are no AS numbers"},
		{"line of no end", "apnic|TO|ipv4|" + strings.Repeat("1", 3*maxLine), "TO", "", "line 3: the line is too long"},
		{"a blank in the middle", "   \n\t\napnic|TO|ipv4|10.0.0.0|256|20010215|allocated", "TO", "10.0.0.0/24", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := load(t, header+good+tt.row+"\n")
			fp, err := r.Footprint(checks.Country(tt.country))
			got := prefixStrings(fp)
			if err == nil && got == "" {
				var list []string
				for _, a := range fp.Origins {
					list = append(list, a.String())
				}
				got = strings.Join(list, " ")
			}
			if got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			problems := strings.Join(reasons(r), "\n")
			if tt.bad == "" && problems != "" || !strings.Contains(problems, tt.bad) {
				t.Errorf("problems are %q, want %q", problems, tt.bad)
			}
		})
	}
}

func TestHeaderDates(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"serial is a day", "2|apnic|20141224|1|19850701|20141223|+1000", "2014-12-24"},
		{"serial is a time, as at the RIPE NCC", "2|ripencc|1404165599|1|19830705|20140630|+0200", "2014-06-30"},
		{"serial is a number", "2|lacnic|17|1|19870101|20140627|-0300", "2014-06-27"},
		{"version 2.3", "2.3|arin|20140630|1|19700101|20140630|-0400", "2014-06-30"},
		{"version 1", "1|apnic|20030701|1|19850701|20030630|+1000", "2003-07-01"},
		{"no day at all", "2|apnic||1|19850701||+1000", "0001-01-01"},
		{"a day that never was", "2|apnic|20140231|1|19850701|20140228|+1000", "2014-02-28"},
		{"combined", "2|nro|20140630|1|19830705|20140630|+0000", "2014-06-30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := load(t, tt.header+"\napnic|KP|asn|131279|1|20091221|allocated\n")
			lists := r.Lists()
			if len(lists) != 1 || lists[0].Records != 1 {
				t.Fatalf("got %+v, want one list with one record", lists)
			}
			if got := lists[0].Date.Format("2006-01-02"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestListThatIsNotWhole(t *testing.T) {
	compressed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	long := apnicList + strings.Repeat("apnic|TO|ipv4|10.0.0.0|256|20010215|allocated\n", 20000)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"whole", apnicList, nil},
		{"compressed", compressed(apnicList), nil},
		{"byte order mark", "\uFEFF" + strings.TrimPrefix(apnicList, "# CONDITIONS OF USE\n"), nil},
		{
			"cut between lines", apnicList[:strings.Index(apnicList, "apnic|TO|ipv4|203")],
			[]string{
				"list-1 of 2014-12-24: 2 of the 3 ipv4 records that its summary counts are there: the list is not whole",
				"list-1 of 2014-12-24: 0 of the 1 ipv6 records that its summary counts are there: the list is not whole",
			},
		},
		{
			"cut in a line", apnicList[:len(apnicList)-len("|20130101|allocated\n")],
			[]string{
				"list-1 of 2014-12-24: 1 line could not be read and is left out, the first is line 11: 5 fields where a record has 7",
				"list-1 of 2014-12-24: 0 of the 1 ipv6 records that its summary counts are there: the list is not whole",
			},
		},
		{
			"more than counted", apnicList + "apnic|TO|ipv6|2001:db8::|32|20130101|allocated\n",
			[]string{"list-1 of 2014-12-24: 2 ipv6 records, but its summary counts 1: the list is damaged"},
		},
		{"gzip cut off", compressed(long)[:1000], []string{"unexpected EOF"}},
		{"no header", "apnic|KP|asn|131279|1|20091221|allocated\n", []string{"list-1: no header with a date, so its age is not known"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := load(t, tt.text)
			got := reasons(r)
			if len(tt.want) == 1 && len(got) > 0 && strings.Contains(got[0], tt.want[0]) {
				got = tt.want
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("problems (-want +got)\n%s", d)
			}
			// What is whole is used, and the footprint repeats what is wrong.
			fp := footprint(t, r, "KP")
			if len(fp.Origins) != 1 || (len(fp.Notes) == 0) != (len(tt.want) == 0) {
				t.Errorf("got %v with notes %q", fp.Origins, fp.Notes)
			}
		})
	}
}

func TestNotAList(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "reading registry file a/b.txt: the file is empty"},
		{"comments", "# one\n\n#two\n", "nothing but comments"},
		{"routes", "; IP-ASN32-DAT file\n1.0.0.0/24\t15169\n", `neither RIR delegated statistics nor AS names nor overrides: it begins with "; IP-ASN32-DAT file"`},
		{"binary", "\x00\x01\xff\xfe", "neither"},
		{"a table of something else", "| a | b |\n| 1 | 2 |\n", "no record of delegated statistics in it (line 1: "},
		{"HTML", "<html>|</html>", "no record of delegated statistics"},
		{"gzip of nothing", "\x1f\x8b", "begins as gzip, but"},
		{"bzip2 of nothing", "BZh9", "unexpected EOF"},
		{"JSON array", "[1,2]", "neither"},
		{"other JSON", `{"data": {}}`, "begins as AS names in JSON, but"},
		{"JSON of strings", `{"status": "ok"}`, "no key of the JSON object is an AS number"},
		{"JSON cut off", `{"1": "LVLT-1`, "begins as AS names in JSON, but"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Loader
			err := l.Add("a/b.txt", strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, tt.want)
			}
		})
	}
}

func TestLoadFiles(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "it is a directory, name the files in it") {
		t.Errorf("a directory: got %v", err)
	}
	if _, err := Load("no-such-file"); err == nil || !strings.Contains(err.Error(), "no-such-file") {
		t.Errorf("a missing file: got %v", err)
	}
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Footprint(checks.Country("KP"))
	if want := "what is registered to KP (North Korea) is not known, because no registry list was given: add the delegated statistics of apnic"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNewestListCounts(t *testing.T) {
	old := "2|apnic|20101217|1|19850701|20101216|+1000\napnic|KP|ipv4|10.9.0.0|256|20010101|allocated\n"
	combined := "2|nro|20141224|2|19850701|20141223|+0000\napnic|KP|ipv4|10.8.0.0|256|20010101|allocated|x|e-stats\nripencc|KP|ipv4|10.7.0.0|256|20010101|allocated|x|e-stats\niana|ZZ|ipv4|10.0.0.0|256||reserved|ietf|iana\n"
	undated := "apnic|KP|ipv4|10.6.0.0|256|20010101|allocated\n"
	tests := []struct {
		name  string
		texts []string
		want  string // prefixes of KP
		asOf  string
		say   string // the first sentence about choosing
	}{
		{"older second", []string{apnicList, old}, "175.45.176.0/22", "2014-12-24", "list-2 of 2010-12-17 is left out for apnic: list-1 of 2014-12-24 takes its place"},
		{"older first", []string{old, apnicList}, "175.45.176.0/22", "2014-12-24", "list-1 of 2010-12-17 is left out for apnic: list-2 of 2014-12-24 takes its place"},
		{"the registry's own before the combined one", []string{combined, apnicList}, "10.7.0.0/24 175.45.176.0/22", "2014-12-24", "list-1 of 2014-12-24 is left out for apnic: list-2 of 2014-12-24 takes its place"},
		{"in either order", []string{apnicList, combined}, "10.7.0.0/24 175.45.176.0/22", "2014-12-24", "list-2 of 2014-12-24 is left out for apnic"},
		{"undated is the oldest", []string{undated, old}, "10.9.0.0/24", "2010-12-17", "list-1 is left out for apnic"},
		{"two lists in one file", []string{old + apnicList}, "175.45.176.0/22", "2014-12-24", "list-1 of 2010-12-17 is left out for apnic"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := load(t, tt.texts...)
			fp := footprint(t, r, "KP")
			if got := prefixStrings(fp); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := fp.AsOf.Format("2006-01-02"); got != tt.asOf {
				t.Errorf("as of %s, want %s", got, tt.asOf)
			}
			if !strings.Contains(strings.Join(r.Choices(), "\n"), tt.say) {
				t.Errorf("choices are %q, want %q", r.Choices(), tt.say)
			}
		})
	}
}
