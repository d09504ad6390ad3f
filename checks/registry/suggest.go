package registry

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"isitdown/checks"
)

// Suggestion is a target that may be meant by what was typed so far.
type Suggestion struct {
	Target checks.Target
	Name   string // "North Korea"; foreign text for a network
}

// Suggest gives at most so many targets that what was typed may be the beginning of:
// countries by code and by any word of their names, then networks by number and by any
// word of the names that the lists give them. It is quick enough for every key typed.
func (r *Registry) Suggest(typed string, most int) []Suggestion {
	list := suggestCountries(typed)
	if len(list) < most {
		list = append(list, r.suggestNetworks(typed, most-len(list))...)
	}
	return list[:min(len(list), most)]
}

// suggestCountries gives all countries, by name, where nothing was typed.
func suggestCountries(text string) []Suggestion {
	query, typed := words(text), strings.Fields(fold(text))
	type ranked struct {
		Suggestion
		rank int
	}
	var found []ranked
	for _, code := range codes() {
		name := CountryName(code)
		rank := cmp.Or(max(0, begins(words(name), query)), begins(words(name), typed)) // "st" may be "saint", and "states"
		if len(query) == 1 && strings.EqualFold(query[0], code) {
			rank = 0
		}
		if rank >= 0 {
			found = append(found, ranked{Suggestion{checks.Country(code), name}, rank})
		}
	}
	slices.SortFunc(found, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Name, b.Name)) })
	list := make([]Suggestion, len(found))
	for i, f := range found {
		list[i] = f.Suggestion
	}
	return list
}

// begins says where in a name the query stands as whole words, the last of which may
// be begun only: 1 at its start, 2 further on, -1 nowhere.
func begins(name, query []string) int {
	for at := 0; at+len(query) <= len(name); at++ {
		whole := len(query) == 0 || slices.Equal(name[at:at+len(query)-1], query[:len(query)-1])
		if whole && (len(query) == 0 || strings.HasPrefix(name[at+len(query)-1], query[len(query)-1])) {
			return min(1+at, 2)
		}
	}
	return -1
}

// suggestNetworks gives networks whose number, or a word of whose name, begins so, by
// number.
func (r *Registry) suggestNetworks(typed string, most int) []Suggestion {
	text := strings.ToLower(strings.TrimSpace(typed))
	number := strings.TrimPrefix(text, "as")
	if number == "" || strings.Trim(number, "0123456789") != "" {
		number = ""
	}
	var found []checks.ASN
	for a, n := range r.names {
		if number != "" && strings.HasPrefix(strconv.FormatUint(uint64(a), 10), number) || number == "" && text != "" && wordBegins(n.name, text) {
			found = append(found, a)
		}
	}
	slices.Sort(found)
	list := make([]Suggestion, 0, most)
	for _, a := range found[:min(len(found), most)] {
		list = append(list, Suggestion{checks.Network(a), r.names[a].name})
	}
	return list
}

// wordBegins reports whether text, in lower case, stands in a name where a word begins.
// Unlike words it makes nothing new: there are over a hundred thousand names.
func wordBegins(name, text string) bool {
	start := true
	for i := range len(name) {
		if start && len(name)-i >= len(text) && strings.EqualFold(name[i:i+len(text)], text) {
			return true
		}
		c := name[i] | 0x20
		start = (c < 'a' || c > 'z') && (c < '0' || c > '9') && c < 0x80
	}
	return false
}
