package rpki

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"isitdown/checks"
)

// What the validators write, cut to two VRPs each: rpki-client 9 (-j), routinator 0.14
// (json and jsonext), and one that gives no time.
const (
	fromClient = `{
	"metadata": {
		"buildmachine": "rpki.example.net",
		"buildtime": "2025-03-18T09:40:00Z",
		"elapsedtime": "433",
		"roas": 2, "certificates": 40000, "manifests": 40000
	},

	"roas": [
		{ "asn": 13335, "prefix": "1.0.0.0/24", "maxLength": 24, "ta": "apnic", "expires": 1742378400 },
		{ "asn": 63949, "prefix": "2400:8900::/31", "maxLength": 48, "ta": "apnic", "expires": 1742378400 }
	],

	"bgpsec_keys": [{ "asn": 15562, "ski": "5D4250E2D81D4448D8A29EFCE91D29FF075EC9E2", "pubkey": "MFkw", "ta": "ripe", "expires": 1742378400 }],
	"aspas": [{ "customer_asid": 15562, "expires": 1742378400, "providers": [2914, 8283] }]
}
`
	fromRoutinator = `{
  "metadata": {"generated": 1742290800, "generatedTime": "2025-03-18T09:40:00Z"},
  "roas": [
    { "asn": "AS13335", "prefix": "1.0.0.0/24", "maxLength": 24, "ta": "apnic" },
    { "asn": "AS63949", "prefix": "2400:8900::/31", "maxLength": 48, "ta": "apnic" }
  ],
  "routerKeys": [], "aspas": []
}`
	fromRoutinatorExtended = `{
  "metadata": {"generated": 1742290800},
  "roas": [
    { "asn": "AS13335", "prefix": "1.0.0.0/24", "maxLength": 24, "source": [{ "type": "roa", "uri": "rsync://rpki.example.net/r.roa", "tal": "apnic",
      "validity": { "notBefore": "2025-01-01T00:00:00Z", "notAfter": "2026-01-01T00:00:00Z" } }, {"type": "exception", "path": "x"}] },
    { "asn": "AS63949", "prefix": "2400:8900::/31", "maxLength": 48, "source": [] }
  ]
}`
	undated = `{"roas":[{"asn":"63949","prefix":"2400:8900::/31","maxLength":48},{"prefix":"1.0.0.0/24","asn":13335}]}`
)

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func TestLoad(t *testing.T) {
	built := time.Date(2025, 3, 18, 9, 40, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		text string
		asOf time.Time
	}{
		"rpki-client":         {fromClient, built},
		"routinator":          {fromRoutinator, built},
		"routinator jsonext":  {fromRoutinatorExtended, built},
		"gzip":                {zipped(fromClient), built},
		"byte order mark":     {"\ufeff" + fromRoutinator, built},
		"metadata at the end": {`{"roas":[{"asn":13335,"prefix":"1.0.0.0/24","maxLength":24},{"asn":63949,"prefix":"2400:8900::/31","maxLength":48}],"metadata":{"buildtime":"2025-03-18T09:40:00Z"}}`, built},
		"said twice":          {`{"roas":[{"asn":13335,"prefix":"1.0.0.0/24","maxLength":24},{"asn":13335,"prefix":"1.0.0.0/24","maxLength":24,"ta":"other"},{"asn":63949,"prefix":"2400:8900::/31","maxLength":48}]}`, time.Time{}},
		"no time":             {undated, time.Time{}},
		"a time that is none": {`{"metadata":{"buildtime":"yesterday","generated":-1},` + undated[1:], time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(strings.NewReader(tt.text), "vrps.json")
			if err != nil {
				t.Fatal(err)
			}
			if s.Len() != 2 || !s.AsOf.Equal(tt.asOf) || s.Undated != tt.asOf.IsZero() {
				t.Errorf("got %d VRPs of %v (undated %v), want 2 of %v", s.Len(), s.AsOf, s.Undated, tt.asOf)
			}
			for r, want := range map[checks.RouteOrigin]checks.Validity{
				route("1.0.0.0/24", 13335):       checks.Valid,
				route("1.0.0.0/25", 13335):       checks.Invalid,
				route("2400:8900:1::/48", 63949): checks.Valid,
				route("2400:8902::/32", 63949):   checks.NotFound,
			} {
				if got := s.Validate(r); got.State != want {
					t.Errorf("%v of %v: got %v, want %v", r.Prefix, r.Origin, got.State, want)
				}
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	one := func(entry string) string { return `{"roas":[` + entry + `]}` }
	tests := map[string]struct{ text, say string }{
		"nothing":            {"", "the file is empty"},
		"white space":        {"  \n", "at byte "},
		"a table dump":       {"\x00\x00\x00\x00MRT", "no JSON object"},
		"a list":             {`[{"asn":1}]`, "no JSON object"},
		"csv":                {"ASN,IP Prefix,Max Length,Trust Anchor\n", "no JSON object"},
		"another object":     {`{"answer":42}`, "it holds no VRPs"},
		"no VRPs":            {`{"roas":[]}`, "it holds no VRPs"},
		"roas are no list":   {`{"roas":{"asn":1}}`, `"roas" is no list`},
		"roas are null":      {`{"roas":null}`, `"roas" is no list`},
		"breaks off":         {fromClient[:500], "it breaks off"},
		"gzip breaks off":    {zipped(fromClient)[:200], "it breaks off"},
		"gzip in name alone": {"\x1f\x8bxxxxxxxxxxxxxxx", "it begins as gzip"},
		"no end":             {strings.TrimRight(fromClient, "}\n"), "it breaks off"},
		"too deep":           {`{"roas":[],"x":` + strings.Repeat("[", 1<<20), "it nests deeper than 1000"},
		"something follows":  {fromClient + "{}", "something follows"},
		"a comma too many":   {`{"roas":[{"asn":1,"prefix":"10.0.0.0/8","maxLength":8},]}`, "at byte 5"},
		"host bits":          {one(`{"asn":1,"prefix":"10.0.0.1/8","maxLength":8}`), "10.0.0.1/8 has bits set behind its length"},
		"too short":          {one(`{"asn":1,"prefix":"10.0.0.0/8","maxLength":7}`), "the VRP for 10.0.0.0/8 cannot have the maxLength 7"},
		"too long":           {one(`{"asn":1,"prefix":"10.0.0.0/8","maxLength":33}`), "maxLength 33"},
		"too long for IPv6":  {one(`{"asn":1,"prefix":"2001:db8::/32","maxLength":129}`), "maxLength 129"},
		"negative":           {one(`{"asn":1,"prefix":"10.0.0.0/8","maxLength":-2}`), "maxLength -2"},
		"half a length":      {one(`{"asn":1,"prefix":"10.0.0.0/8","maxLength":8.5}`), "maxLength cannot be a JSON number 8.5"},
		"no prefix":          {one(`{"asn":1}`), `"" is no prefix`},
		"an address":         {one(`{"asn":1,"prefix":"10.0.0.1"}`), `"10.0.0.1" is no prefix`},
		"a zone":             {one(`{"asn":1,"prefix":"fe80::%eth0/64"}`), "is no prefix"},
		"no asn":             {one(`{"prefix":"10.0.0.0/8"}`), "the VRP for 10.0.0.0/8 has no asn"},
		"asn is null":        {one(`{"asn":null,"prefix":"10.0.0.0/8"}`), `"null" is no AS number`},
		"asn too large":      {one(`{"asn":4294967296,"prefix":"10.0.0.0/8"}`), `"4294967296" is no AS number`},
		"asn is a word":      {one(`{"asn":"AS-SET","prefix":"10.0.0.0/8"}`), "is no AS number"},
		"asn is nothing":     {one(`{"asn":"AS","prefix":"10.0.0.0/8"}`), "is no AS number"},
		"no entry":           {one(`17`), "cannot be a JSON number"},
		"metadata is text":   {`{"metadata":"x",` + undated[1:], "cannot be a JSON string"},
		"foreign text":       {one(`{"asn":1,"prefix":"\u001b[2J\u202e` + strings.Repeat("x", 500) + `"}`), `x…" is no prefix`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Load(strings.NewReader(tt.text), "vrps.json")
			if err == nil {
				t.Fatalf("got %d VRPs, want an error", s.Len())
			}
			if got := err.Error(); !strings.HasPrefix(got, "reading VRP file vrps.json: ") || !strings.Contains(got, tt.say) || strings.ContainsAny(got, "\n\x1b\u202e") || len(got) > 300 {
				t.Errorf("got %q, want one line with %q", got, tt.say)
			}
		})
	}
}

// A value that never ends takes no more memory than is allowed for one.
func TestLoadBoundsAValue(t *testing.T) {
	for _, head := range []string{`{"roas":[{"prefix":"`, `{"other":{"x":"`, `{"`, `{"metadata":{"x":"`} {
		_, err := Load(io.MultiReader(strings.NewReader(head), endless{}), "x")
		if err == nil || !strings.Contains(err.Error(), "one value in it is larger than 1024 KiB") {
			t.Errorf("%s: got %v", head, err)
		}
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

// What is not needed may be as large as it likes.
func TestLoadSkips(t *testing.T) {
	keys := strings.Repeat(`{"a":[1,"x",null,{"b":[]}]},`, 100_000)
	s, err := Load(strings.NewReader(`{"aspas":[`+keys+`{}],`+undated[1:]), "x")
	if err != nil || s.Len() != 2 {
		t.Errorf("got %v, %v: want 2 VRPs", s, err)
	}
}

func TestLoadPassesErrorsOn(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := Load(io.MultiReader(strings.NewReader(fromClient[:300]), failing{broken}), "x")
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want what reading failed with", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none.json")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "rpki-client or routinator") {
		t.Errorf("got %v for a file that is not there", err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("got %v for a directory", err)
	}
	name := filepath.Join(dir, "vrps.json")
	changed := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{undated: changed, fromClient: time.Date(2025, 3, 18, 9, 40, 0, 0, time.UTC)} {
		if err := errors.Join(os.WriteFile(name, []byte(text), 0o600), os.Chtimes(name, changed, changed)); err != nil {
			t.Fatal(err)
		}
		s, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if !s.AsOf.Equal(want) || s.Undated != (text == undated) || s.Name != "vrps.json" {
			t.Errorf("got %s of %v (undated %v), want vrps.json of %v", s.Name, s.AsOf, s.Undated, want)
		}
	}
}
