package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// registries are those that hand out addresses, as their lists name them.
var registries = [...]string{"afrinic", "apnic", "arin", "lacnic", "ripencc"}

// registered reads REGISTRY COUNTRY PREFIX|AS DATE.
func (p *scenarioParser) registered() error {
	registry, err := p.next("a registry")
	if err != nil {
		return err
	}
	if !slices.Contains(registries[:], registry) {
		return fmt.Errorf("%s is no registry: name one of %s", quoteWord(registry), strings.Join(registries[:], ", "))
	}
	country, err := p.next("a country code")
	if err != nil {
		return err
	}
	if t := checks.Country(country); t.Text() != country || country == "" {
		return fmt.Errorf("%s is no country code: write two capital letters, as in KP", quoteWord(country))
	}
	r := resource{registry: registry, country: country}
	what, err := p.next("a prefix or an AS number")
	if err != nil {
		return err
	}
	if strings.Contains(what, "/") {
		r.prefix, err = parseCIDR(what)
		if err == nil && r.prefix.Addr().Is6() && r.prefix.Bits() > 64 {
			err = fmt.Errorf("%v is longer than the /64 that registries hand out at most", r.prefix)
		}
	} else {
		r.asn, err = parseAS(what)
	}
	if err != nil {
		return err
	}
	day, err := p.next("a date")
	if err != nil {
		return err
	}
	if r.date, err = time.Parse(time.DateOnly, day); err != nil || r.date.Year() < minYear {
		return fmt.Errorf("%s is no date: write it as 2009-12-21", quoteWord(day))
	}
	if len(p.s.resources) >= maxResources {
		return fmt.Errorf("there are more than %d registered lines", maxResources)
	}
	p.s.resources = append(p.s.resources, r)
	return nil
}

// Delegated gives the registered lines as delegated statistics, the format in
// which the registries publish them, one list a registry, dated the first day of
// the scenario. It is empty where there are no such lines.
func (s *Scenario) Delegated() []byte {
	var b bytes.Buffer
	for _, registry := range registries {
		var rows []string
		count := map[string]int{}
		for _, r := range s.resources {
			if r.registry == registry {
				kind, row := r.row()
				count[kind]++
				rows = append(rows, row)
			}
		}
		if len(rows) == 0 {
			continue
		}
		day := s.Start.Format("20060102")
		fmt.Fprintf(&b, "2|%s|%s|%d|19830101|%s|+0000\n", registry, day, len(rows), day)
		for _, kind := range [...]string{"asn", "ipv4", "ipv6"} {
			fmt.Fprintf(&b, "%s|*|%s|*|%d|summary\n", registry, kind, count[kind])
		}
		b.WriteString(strings.Join(rows, ""))
	}
	return b.Bytes()
}

// row gives the kind of a resource and its line in a list.
func (r *resource) row() (kind, row string) {
	var start string
	var value int
	switch {
	case !r.prefix.IsValid():
		kind, start, value = "asn", fmt.Sprint(uint32(r.asn)), 1
	case r.prefix.Addr().Is4():
		kind, start, value = "ipv4", r.prefix.Addr().String(), 1<<(32-r.prefix.Bits())
	default:
		kind, start, value = "ipv6", r.prefix.Addr().String(), r.prefix.Bits()
	}
	return kind, fmt.Sprintf("%s|%s|%s|%s|%d|%s|allocated\n", r.registry, r.country, kind, start, value, r.date.Format("20060102"))
}

// ASNames gives the names of the as lines as the JSON that lists of AS names
// have: {"4837":"China Unicom"}. It is empty where there are no such lines.
func (s *Scenario) ASNames() []byte {
	if len(s.names) == 0 {
		return nil
	}
	b, err := json.Marshal(s.names)
	if err != nil { // numbers and texts can always be written
		panic("writing AS names: " + err.Error())
	}
	return b
}
