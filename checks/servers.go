package checks

// RouteServer reports whether a is the AS of an Internet exchange or of its route
// servers. They hand routes on among the members and carry no traffic; most leave
// themselves out of the path, and where one does not, it stands between two ASes that are
// neighbours.
//
// The list is the line "IXP ASes" of CAIDA's AS Relationships of 2023-07-01
// (https://publicdata.caida.org/datasets/as-relationships/, the method in Luckie et al.,
// "AS Relationships, Customer Cones, and Validation", IMC 2013), and the route servers of
// AMS-IX (AS6777) and France-IX (AS51706) by what these publish. An operator adds others
// in [Rules].
func (a ASN) RouteServer() bool {
	switch a {
	case 1200, 4635, 5507, 6695, 7606, 8714, 9355, 9439, 9560, 9722, 9989, 11670, 15645, 17819, 18398,
		21371, 24029, 24115, 24990, 35054, 40633, 42476, 43100, 47886, 48850, 50384, 55818, 57463,
		6777, 51706:
		return true
	}
	return false
}
