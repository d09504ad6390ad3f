package registry

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// codeAlias gives the ISO code for the two that EU usage writes otherwise, the
// United Kingdom and Greece; any other stays as it is.
func codeAlias(code string) string {
	switch code {
	case "UK":
		return "GB"
	case "EL":
		return "GR"
	}
	return code
}

// asked are names, as keys, that fit more than one place, or none exactly: the
// answer is a question. Former states are here by name and by code.
func asked(key string) []string {
	switch key {
	case "korea", "corea", "coree":
		return []string{"KP", "KR"}
	case "congo", "kongo":
		return []string{"CD", "CG"}
	case "virginislands", "virginisles":
		return []string{"VG", "VI"}
	case "america", "states", "unitedstate":
		return []string{"US"}
	case "guiana", "guayana":
		return []string{"GF", "GY"}
	case "saintmartin", "saintmaarten":
		return []string{"MF", "SX"}
	case "england", "scotland", "wales", "northernireland", "ulster":
		return []string{"GB"}
	case "papua":
		return []string{"PG", "ID"}
	case "timor":
		return []string{"TL", "ID"}
	case "gaza", "gazastrip", "westbank":
		return []string{"PS"}
	case "samoaislands":
		return []string{"AS", "WS"}
	case "roc":
		return []string{"TW", "CG"}
	case "yugoslavia", "yu", "serbiamontenegro", "cs":
		return []string{"RS", "ME", "HR", "SI", "BA", "MK"}
	case "czechoslovakia":
		return []string{"CZ", "SK"}
	case "ussr", "sovietunion", "su":
		return []string{"RU"}
	case "netherlandsantilles", "an":
		return []string{"CW", "SX", "BQ"}
	case "eastgermany", "gdr", "ddr", "dd":
		return []string{"DE"}
	case "tp":
		return []string{"TL"}
	case "zr":
		return []string{"CD"}
	case "bu":
		return []string{"MM"}
	}
	return nil
}

// key brings a name into the form in which names are compared: no case, accents,
// punctuation or spaces, "saint" for "st", and without the words and, of and the.
func key(name string) string { return strings.Join(words(name), "") }

// words gives the parts of a key. Of a name that has nothing else, and, of and
// the are kept.
func words(name string) []string {
	all := strings.Fields(fold(name))
	var out []string
	for _, w := range all {
		switch w {
		case "and", "of", "the":
			continue
		case "st":
			w = "saint"
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// fold lowers case, strips accents and other marks of Latin, Greek and Cyrillic
// letters, drops apostrophes and full stops, and turns other punctuation into
// spaces. Vowel signs of other scripts are kept: they are letters there.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case r >= 0x300 && r <= 0x36f: // combining marks
		case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´' || r == '.' || r >= 0x2b0 && r <= 0x2ff:
		case r == '&':
			b.WriteString(" and ")
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			b.WriteString(foldLetter(r))
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// foldLetter lowers a letter, and writes those that have no decomposition as
// people without the keyboard for them do.
func foldLetter(r rune) string {
	switch r = unicode.ToLower(r); r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return string(r)
}

// nameIndex maps keys to codes. A key that fits two places holds both.
type nameIndex map[string][]string

func (x nameIndex) add(name, code string) {
	k := key(name)
	if k != "" && !slices.Contains(x[k], code) {
		x[k] = append(x[k], code)
	}
}

// names is the index of first resort: codes of two and three letters, the names
// of countries.txt and the formal ones in English.
var names = sync.OnceValue(func() nameIndex {
	x := nameIndex{}
	for code, p := range places() {
		x.add(code, code)
		x.add(p.name, code)
		for _, alias := range p.aliases {
			x.add(alias, code)
			// "Islamic Republic of Iran" stands in lists as "Iran, Islamic Republic of".
			if form, ok := strings.CutSuffix(key(alias), key(p.name)); ok {
				x.add(key(p.name)+form, code)
			}
		}
		if region, err := language.ParseRegion(code); err == nil {
			x.add(region.ISO3(), code)
		}
	}
	// What this list has under a name already stays as it is: the formal names
	// of others only add to it.
	formal := nameIndex{}
	for code := range places() {
		name := countries.ByName(code).String()
		short, rest, bracketed := strings.Cut(strings.TrimSuffix(name, ")"), "(")
		formal.add(short, code)
		if bracketed {
			formal.add(rest+" "+short, code)
			formal.add(short+" "+rest, code)
		}
	}
	for k, codes := range formal {
		if _, ok := x[k]; !ok && len(codes) == 1 && asked(k) == nil {
			x[k] = codes
		}
	}
	return x
})

// foreignNames is the index of second resort: the names of all countries in
// every language that x/text has them in. It takes 0.1 s to make, so it is not
// made before it is asked.
var foreignNames = sync.OnceValue(func() nameIndex {
	x := nameIndex{}
	regions := map[string]language.Region{}
	for code := range places() {
		if r, err := language.ParseRegion(code); err == nil {
			regions[code] = r
		}
	}
	for _, tag := range display.Supported.Tags() {
		namer := display.Regions(tag)
		if namer == nil {
			continue
		}
		for code, region := range regions {
			name := namer.Name(region)
			// Short Latin names ("Cad", "Ira", "Nga") would pass for codes.
			if k := key(name); len(k) > 3 {
				x.add(name, code)
			}
		}
	}
	return x
})
