package ripestat

import (
	"context"
	"fmt"
	"time"

	"isitdown/checks"
)

// OriginValidity asks whether RPKI allows a route (RFC 6811), now. Reason says which ROA
// an invalid one runs into.
func (c *Client) OriginValidity(ctx context.Context, r checks.RouteOrigin) (checks.OriginValidity, error) {
	said, err := c.RPKI(ctx, r.Prefix, r.Origin)
	if err != nil {
		return checks.OriginValidity{}, err
	}
	v := checks.OriginValidity{Route: r, AsOf: time.Now().UTC(), Source: service}
	switch said.State {
	case "valid":
		v.State = checks.Valid
	case "invalid":
		v.State = checks.Invalid
	default: // RIPEstat's word where no ROA covers it
		v.State, v.Reason = checks.NotFound, "no ROA covers it"
		return v, nil
	}
	v.Reason = said.reason(r.Origin)
	return v, nil
}

// reason is the sentence for a state: the ROA of the route's own origin says most.
func (v *Validity) reason(origin checks.ASN) string {
	if len(v.ROAs) == 0 {
		return ""
	}
	said := v.ROAs[0]
	for _, r := range v.ROAs {
		if r.Origin == origin && (said.Origin != origin || r.MaxLength > said.MaxLength) {
			said = r
		}
	}
	switch {
	case v.State == "valid":
		return fmt.Sprintf("the ROA for %s of %s allows it", said.Prefix, said.Origin)
	case said.Origin == origin && origin != 0:
		return fmt.Sprintf("the ROA for %s of %s allows no longer prefix than /%d", said.Prefix, said.Origin, said.MaxLength)
	case said.Origin == 0:
		return fmt.Sprintf("the ROA for %s is of AS0: no network may announce it", said.Prefix)
	}
	return fmt.Sprintf("the ROA for %s is of %s, not of %s", said.Prefix, said.Origin, origin)
}
