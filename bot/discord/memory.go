package discord

import "sync"

// memory remembers the newest of what it was given, from one id to another.
type memory struct {
	mu       sync.Mutex
	new, old map[string]string
}

// generation is how many entries a memory keeps before it forgets those that were
// not asked for since as many others came.
const generation = 4096

func (m *memory) get(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.new[key]; ok {
		return v, true
	}
	v, ok := m.old[key]
	if ok {
		m.put(key, v)
	}
	return v, ok
}

// set reports whether the key is new.
func (m *memory) set(key, value string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, young := m.new[key]
	_, old := m.old[key]
	m.put(key, value)
	return !young && !old
}

func (m *memory) put(key, value string) {
	if len(m.new) >= generation || m.new == nil {
		m.old, m.new = m.new, make(map[string]string)
	}
	m.new[key] = value
}

func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.new, key)
	delete(m.old, key)
}
