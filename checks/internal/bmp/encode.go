package bmp

import "encoding/binary"

// Append writes a message, for tests and for stations to be tried with. It writes
// what Decode reads: the fields that belong to m.Type.
func (m *Message) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, version, 0, 0, 0, 0, byte(m.Type))
	switch m.Type {
	case Initiation, Termination:
		dst = appendTLVs(dst, m.Info)
	case RouteMonitoring:
		dst = append(m.Peer.append(dst), m.BGP...)
	case StatisticsReport:
		dst = binary.BigEndian.AppendUint32(m.Peer.append(dst), uint32(len(m.Stats)))
		dst = appendStats(dst, m.Stats)
	case PeerDown:
		dst = append(m.Peer.append(dst), byte(m.Reason))
		switch m.Reason {
		case DownLocalEvent:
			dst = binary.BigEndian.AppendUint16(dst, m.Event)
		case DownLocalSystem:
			dst = appendTLVs(dst, m.Info)
		default:
			dst = append(dst, m.BGP...)
		}
	case PeerUp:
		dst = appendAddress(m.Peer.append(dst), m.Up.Local)
		dst = binary.BigEndian.AppendUint16(dst, m.Up.LocalPort)
		dst = binary.BigEndian.AppendUint16(dst, m.Up.RemotePort)
		dst = append(append(dst, m.Up.Sent...), m.Up.Received...)
		dst = appendTLVs(dst, m.Info)
	case RouteMirroring:
		dst = appendTLVs(m.Peer.append(dst), m.Info)
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start))
	return dst
}

func appendTLVs(dst []byte, list []TLV) []byte {
	for _, t := range list {
		dst = binary.BigEndian.AppendUint16(dst, t.Type)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(t.Value)))
		dst = append(dst, t.Value...)
	}
	return dst
}

// appendStats writes gauges and counters; which of them have four bytes is in the
// registry of RFC 7854: those below 7 and above 10 that we know.
func appendStats(dst []byte, list []Stat) []byte {
	for _, s := range list {
		var v []byte
		switch {
		case s.Family.AFI != 0:
			v = append(binary.BigEndian.AppendUint16(nil, s.Family.AFI), s.Family.SAFI)
			v = binary.BigEndian.AppendUint64(v, s.Value)
		case s.Type == 7, s.Type == 8:
			v = binary.BigEndian.AppendUint64(nil, s.Value)
		default:
			v = binary.BigEndian.AppendUint32(nil, uint32(s.Value))
		}
		dst = binary.BigEndian.AppendUint16(dst, s.Type)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(v)))
		dst = append(dst, v...)
	}
	return dst
}
