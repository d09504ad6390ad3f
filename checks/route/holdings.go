package route

import "iter"

// holdings are what the sessions hold, or held, for one prefix. Of a thousand sessions
// a few hundred ever hold a given prefix, and only they take room.
type holdings struct {
	place    []uint16 // by session, in list and from 1; 0 for none. maxSessions fits.
	list     []hold
	sessions []uint16 // whose the list is
}

// of gives what session i holds, to be changed before the next call of it.
func (s *holdings) of(i int) *hold {
	if i >= len(s.place) {
		s.place = append(s.place, make([]uint16, i+1-len(s.place))...)
	}
	if s.place[i] == 0 {
		s.list, s.sessions = append(s.list, hold{}), append(s.sessions, uint16(i))
		s.place[i] = uint16(len(s.list))
	}
	return &s.list[s.place[i]-1]
}

// look gives what session i holds; zero where it never held anything.
func (s *holdings) look(i int) hold {
	if i >= len(s.place) || s.place[i] == 0 {
		return hold{}
	}
	return s.list[s.place[i]-1]
}

// all gives every session that holds, or held, something, in the order in which they
// first did.
func (s *holdings) all() iter.Seq2[int, *hold] {
	return func(yield func(int, *hold) bool) {
		for k := range s.list {
			if !yield(int(s.sessions[k]), &s.list[k]) {
				return
			}
		}
	}
}
