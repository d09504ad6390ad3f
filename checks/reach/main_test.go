package reach

import (
	"testing"

	"isitdown/checks/netlab"
)

// The tests run in a network of their own where there can be one.
func TestMain(m *testing.M) { netlab.Main(m) }
