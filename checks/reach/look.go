package reach

import "context"

// Look has the own-network guard look now, whatever it found before, and gives what the
// monitor knows then: what a doctor asks.
func (m *Monitor) Look(ctx context.Context) State {
	if before, now, looked := m.guard.look(ctx, 0); looked {
		m.settle(before, now)
	}
	return m.State()
}
