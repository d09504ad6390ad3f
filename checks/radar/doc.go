// Package radar asks Cloudflare Radar which outages its people have annotated for
// a country or a network, around any moment since there are annotations.
//
// What it gives are claims that there is an annotation: of what extent, from when to
// when, and where to read it. It promises that no cause is repeated, that an
// annotation of a region or of somebody else's network is no loss of the target, and
// that the token it needs is shown nowhere.
//
// It leaves out causes, descriptions and linked pages, which are others' words,
// and Radar's traffic. That there is no annotation is no claim: somebody has to write
// one first. The data is licensed CC BY-NC 4.0, for non-commercial use; docs/radar.md
// has the terms.
//
// The shapes are those of
// https://developers.cloudflare.com/api/resources/radar/subresources/annotations/.
package radar
