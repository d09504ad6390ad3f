package worldtest

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoList says that the list of real prefixes is not at hand.
var ErrNoList = errors.New("the list of real prefixes in the test data of github.com/gaissmai/bart is not there")

// Prefixes gives so many of the 1,062,046 real prefixes of that list, spread over it: IPv4
// before IPv6, ascending. The error is ErrNoList, or says what is wrong with it.
func Prefixes(n int) ([]netip.Prefix, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gaissmai/bart").Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoList, err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "internal", "tests", "testdata", "prefixes.txt.gz"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoList, err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("reading the list of real prefixes: %w", err)
	}
	all := make([]netip.Prefix, 0, 1_062_046)
	for lines := bufio.NewScanner(unzipped); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return nil, fmt.Errorf("reading the list of real prefixes: %w", err)
			}
			break
		}
		p, err := netip.ParsePrefix(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("reading the list of real prefixes: %w", err)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return spread(slices.Compact(all), n), nil
}

// spread gives n of the list, as far as it has them, at equal distances.
func spread(all []netip.Prefix, n int) []netip.Prefix {
	if n <= 0 || n >= len(all) {
		return all
	}
	list := make([]netip.Prefix, n)
	for i := range list {
		list[i] = all[i*len(all)/n]
	}
	return list
}
