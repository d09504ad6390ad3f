// Package worldtest makes routing tables of the size of the world for tests and
// benchmarks. The prefixes are real where the list of them is at hand; everything else is
// synthetic, and to be called so: who originates a prefix, through whom, who sees it.
//
// Its shape is that of real tables. In the first 9,072 prefixes of a RouteViews table of
// 2014 with 31 full feeds 61 % of the prefixes have one pair of origin and upstream over all
// feeds, 17 % two, 8 % three, 4 % more than ten (IPv6, 2015, 27 feeds: 44, 21, 11 and 8 %);
// over 30 feeds of the whole table 32 % of all vectors of such pairs are distinct, and 54 % of
// the IPv6 ones. Networks with more than ten neighbours among the feeds are taken to
// be neighbours of the same part of however many feeds there are.
package worldtest
