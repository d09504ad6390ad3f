package reach

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"unicode"

	"isitdown/checks"
)

const (
	optedOut = "it asked not to be probed"

	maxOptOut  = 100_000 // entries of a list
	maxOptLine = 4096    // bytes of a line
	maxFaults  = 10      // faults of a list that are told
)

// OptOut are those who asked not to be probed. It does not change once it is read. A nil
// OptOut is an empty list.
type OptOut struct {
	prefixes map[netip.Prefix]bool
	lengths4 [33]bool // of the prefixes
	lengths6 [129]bool
	names    map[string]bool
}

// ParseOptOut reads a list of those who asked not to be probed. Each line is a prefix, an
// address, or the name of a host; a name stands for all names below it too ("example.org"
// and "*.example.org" are the same). After a # follows a reason or a remark; empty lines
// are skipped. What is none of these is an error that gives the number of its line; the
// list is then used by nobody.
func ParseOptOut(r io.Reader) (*OptOut, error) {
	o := &OptOut{prefixes: make(map[netip.Prefix]bool), names: make(map[string]bool)}
	var faults []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxOptLine)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		entry, _, _ := strings.Cut(text, "#")
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		if err := o.add(entry); err != nil && len(faults) < maxFaults {
			faults = append(faults, fmt.Errorf("line %d: %w", n, err))
		}
		if o.Len() > maxOptOut {
			return nil, fmt.Errorf("line %d: the list has more than %d entries: join prefixes that lie side by side", n, maxOptOut)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		faults = append(faults, fmt.Errorf("line %d is longer than %d bytes: is this the right file?", n+1, maxOptLine))
	} else if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading line %d: %w", n+1, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return o, nil
}

func (o *OptOut) add(entry string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
	t, err := checks.ParseTarget(name)
	switch {
	case len(strings.FieldsFunc(entry, parts)) != 1:
		return fmt.Errorf("%q is more than one word: write one prefix, address or host name a line, and remarks after #", checks.OneLine(entry, 80))
	case err != nil:
		return err
	case t.Kind() == checks.KindPrefix || t.Kind() == checks.KindAddress:
		if name != entry {
			return fmt.Errorf("%q begins with a star or a dot: write the address alone", checks.OneLine(entry, 80))
		}
		p := t.Prefix()
		o.prefixes[p] = true
		if p.Addr().Is4() {
			o.lengths4[p.Bits()] = true
		} else {
			o.lengths6[p.Bits()] = true
		}
		return nil
	case t.Kind() == checks.KindHost:
		o.names[t.Text()] = true
		return nil
	}
	return fmt.Errorf("%q is neither a prefix, nor an address, nor the name of a host: of a network write its prefixes, of a URL its host", checks.OneLine(entry, 80))
}

// parts are what stands between words.
func parts(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }

// Len gives how many prefixes, addresses and names are on the list.
func (o *OptOut) Len() int {
	if o == nil {
		return 0
	}
	return len(o.prefixes) + len(o.names)
}

func (o *OptOut) hasAddr(a netip.Addr) bool { return o.hasPrefix(netip.PrefixFrom(a, a.BitLen())) }

// hasPrefix reports whether all of p is on the list.
func (o *OptOut) hasPrefix(p netip.Prefix) bool {
	if o == nil {
		return false
	}
	lengths := o.lengths6[:]
	if p.Addr().Is4() {
		lengths = o.lengths4[:]
	}
	for bits := range p.Bits() + 1 {
		if lengths[bits] && o.prefixes[netip.PrefixFrom(p.Addr(), bits).Masked()] {
			return true
		}
	}
	return false
}

// hasName reports whether a name, or one above it, is on the list.
func (o *OptOut) hasName(host string) bool {
	if o == nil {
		return false
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	for more := true; more; _, name, more = strings.Cut(name, ".") {
		if o.names[name] {
			return true
		}
	}
	return false
}
