//go:build !unix

package reach

import "time"

func processorTime() (time.Duration, bool) { return 0, false }
