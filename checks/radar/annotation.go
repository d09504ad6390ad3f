package radar

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"isitdown/checks"
)

// answer is the body of GET radar/annotations/outages, as far as it is used: the
// cause, the description and the linked page are not even read.
type answer struct {
	Success *bool `json:"success"`
	Errors  []struct {
		Message string `json:"message"`
	} `json:"errors"`
	Result *struct {
		Annotations *[]annotation `json:"annotations"`
	} `json:"result"`
}

type annotation struct {
	ASNs      []checks.ASN `json:"asns"`
	Locations []string     `json:"locations"` // ISO 3166
	EventType string       `json:"eventType"` // OUTAGE, and others that are not asked for
	Outage    struct {
		Type string `json:"outageType"` // NATIONWIDE, REGIONAL, NETWORK, PLATFORM
	} `json:"outage"`
	StartDate moment `json:"startDate"`
	EndDate   moment `json:"endDate"` // zero while it lasts
}

// moment is a date and time as Radar writes it: RFC 3339, or the same without a
// zone, which is UTC. Null and "" are none.
type moment struct{ time.Time }

// UnmarshalJSON reads a moment.
func (m *moment) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	m.Time = time.Time{}
	if s == nil || *s == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, *s); err == nil {
			m.Time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("%.40q is no moment", *s)
}

// check says what is wrong with an answer.
func (a *answer) check() error {
	switch {
	case a.Success == nil:
		return errors.New("it does not say whether it succeeded")
	case !*a.Success:
		if len(a.Errors) > 0 {
			return fmt.Errorf("it says %.100q", a.Errors[0].Message)
		}
		return errors.New("it says that it did not succeed")
	case a.Result == nil || a.Result.Annotations == nil:
		return errors.New("no list of annotations")
	}
	for _, x := range *a.Result.Annotations {
		if x.StartDate.IsZero() {
			return errors.New("an annotation without a beginning")
		}
	}
	return nil
}

const (
	maxClaims = 3
	// recent is how long an annotation is told of after its end.
	recent = 24 * time.Hour
	// center is where a person sees the annotations.
	center = "https://radar.cloudflare.com/outage-center"
)

// claims words the annotations of a target that last at a moment, or ended in the
// day before.
func (a *answer) claims(t checks.Target, at time.Time) []checks.Claim {
	list := slices.Clone(*a.Result.Annotations)
	list = slices.DeleteFunc(list, func(x annotation) bool {
		over := !x.EndDate.IsZero() && x.EndDate.Before(at.Add(-recent))
		other := x.EventType != "" && x.EventType != "OUTAGE"
		return other || over || x.StartDate.After(at) || !x.about(t)
	})
	slices.SortStableFunc(list, func(x, y annotation) int { return y.StartDate.Compare(x.StartDate.Time) })
	var claims []checks.Claim
	for _, x := range list[:min(len(list), maxClaims)] {
		claims = append(claims, x.claim(t, at))
	}
	return claims
}

// about reports whether an annotation names the target.
func (x *annotation) about(t checks.Target) bool {
	if t.Kind() == checks.KindASN {
		return slices.Contains(x.ASNs, t.ASN())
	}
	return slices.ContainsFunc(x.Locations, func(s string) bool { return strings.EqualFold(s, t.Text()) })
}

func (x *annotation) claim(t checks.Target, at time.Time) checks.Claim {
	c := checks.Claim{Service: Service, Link: center, Rests: Rests}
	c.Text = "an annotation of " + x.extent() + ", from " + dated(x.StartDate.Time)
	lasts := x.EndDate.IsZero() || !x.EndDate.Before(at)
	switch {
	case x.EndDate.IsZero():
		c.Text += ", with no end so far"
	default:
		c.Text += " to " + dated(x.EndDate.Time)
	}
	// That of a region, or of some network in a country, is no loss of the country.
	if lasts && (t.Kind() == checks.KindASN || x.Outage.Type == "NATIONWIDE") {
		c.Loss = new(true)
	}
	return c
}

// extent says of what the outage is, in words of ours.
func (x *annotation) extent() string {
	text := "an outage"
	switch x.Outage.Type {
	case "NATIONWIDE":
		text = "a nationwide outage"
	case "REGIONAL":
		text = "an outage of a region"
	case "NETWORK":
		text = "an outage of a network"
	case "PLATFORM":
		text = "an outage of a platform"
	}
	if len(x.ASNs) > 0 {
		text += " (" + networks(x.ASNs) + ")"
	}
	return text
}

// networks lists some AS numbers.
func networks(list []checks.ASN) string {
	const most = 3
	var parts []string
	for _, a := range list[:min(len(list), most)] {
		parts = append(parts, a.String())
	}
	text := strings.Join(parts, ", ")
	if n := len(list) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// dated writes a moment: "22 Dec 2014 16:15 UTC".
func dated(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }
