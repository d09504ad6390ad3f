package reach

import (
	"slices"

	"isitdown/checks"
)

// gather collects what is to be saved of a target.
func (m *Monitor) gather(t *target) {
	for k, r := range t.history {
		m.unsaved = append(m.unsaved, r.take(t.f.Target, k)...)
	}
}

// save hands over what was learned since the last time. What cannot be saved waits for
// the next time, the newest maxUnsaved days of hosts at most.
func (m *Monitor) save() {
	m.mu.Lock()
	for _, t := range m.targets {
		m.gather(t)
	}
	list := m.unsaved
	m.unsaved = nil
	m.mu.Unlock()
	if len(list) == 0 || m.o.Save == nil {
		return
	}
	if err := m.o.Save(list); err != nil {
		m.o.Log.Warn("what hosts answered cannot be saved; it is kept for the next time", "error", err)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.unsaved = append(list, m.unsaved...)
		m.unsaved = m.unsaved[max(0, len(m.unsaved)-maxUnsaved):]
	}
}

// clone gives a copy that shares nothing.
func clone(r checks.Reach) checks.Reach {
	r.Hosts = slices.Clone(r.Hosts)
	for i := range r.Hosts {
		r.Hosts[i].Newest.Redirects = slices.Clone(r.Hosts[i].Newest.Redirects)
	}
	r.Votes = slices.Clone(r.Votes)
	return r
}
