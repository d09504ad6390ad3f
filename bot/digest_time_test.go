package bot

import (
	"slices"
	"testing"
	"time"
)

// A digest is due exactly once on every day that has its weekday, whatever the
// clocks do.
func TestDigestTimes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		plan     DigestPlan
		from, to string
		want     []string
	}{
		{
			"every day",
			DigestPlan{Hour: 8, Zone: "Asia/Seoul"},
			"2014-12-22T00:00Z", "2014-12-24T00:00Z",
			[]string{"2014-12-22T23:00Z", "2014-12-23T23:00Z"},
		},
		{
			"every week",
			DigestPlan{Weekly: true, Day: time.Monday, Hour: 8, Minute: 30, Zone: "Europe/Berlin"},
			"2014-12-22T08:00Z", "2015-01-06T00:00Z",
			[]string{"2014-12-29T07:30Z", "2015-01-05T07:30Z"},
		},
		{
			"a time left out",
			DigestPlan{Hour: 2, Minute: 30, Zone: "Europe/Berlin"},
			"2026-03-27T12:00Z", "2026-03-30T12:00Z",
			[]string{"2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"},
		},
		{
			"a time repeated",
			DigestPlan{Hour: 2, Minute: 30, Zone: "Europe/Berlin"},
			"2026-10-23T12:00Z", "2026-10-26T12:00Z",
			[]string{"2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"},
		},
		{
			"a midnight left out",
			DigestPlan{Zone: "America/Havana"},
			"2026-03-07T12:00Z", "2026-03-10T12:00Z",
			[]string{"2026-03-08T05:00Z", "2026-03-09T04:00Z", "2026-03-10T04:00Z"},
		},
		{
			"a midnight repeated",
			DigestPlan{Zone: "America/Havana"},
			"2026-10-31T12:00Z", "2026-11-02T12:00Z",
			[]string{"2026-11-01T04:00Z", "2026-11-02T05:00Z"},
		},
		{
			"a day left out",
			DigestPlan{Hour: 8, Zone: "Pacific/Apia"},
			"2011-12-29T00:00Z", "2012-01-01T00:00Z",
			[]string{"2011-12-29T18:00Z", "2011-12-30T18:00Z", "2011-12-31T18:00Z"},
		},
		{
			"a weekday left out",
			DigestPlan{Weekly: true, Day: time.Friday, Hour: 8, Zone: "Pacific/Apia"},
			"2011-12-24T00:00Z", "2012-01-07T00:00Z",
			[]string{"2011-12-30T18:00Z", "2012-01-05T18:00Z"},
		},
		{
			"half an hour of change",
			DigestPlan{Hour: 1, Minute: 45, Zone: "Australia/Lord_Howe"},
			"2026-04-04T00:00Z", "2026-04-06T00:00Z",
			[]string{"2026-04-04T14:45Z", "2026-04-05T15:15Z"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			end := moment(t, tt.to)
			for at := tt.plan.next(moment(t, tt.from)); at.Before(end); at = tt.plan.next(at) {
				got = append(got, at.UTC().Format("2006-01-02T15:04Z"))
				if last := tt.plan.last(at); !last.Equal(at) {
					t.Errorf("the last one due at %v is of %v", at, last)
				}
				if last := tt.plan.last(at.Add(-time.Second)); !last.Before(at) {
					t.Errorf("before %v, the last one due is of %v", at, last)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("due at %v, want %v", got, tt.want)
			}
		})
	}
}

// A year of digests in every zone that does something odd: as many as days.
func TestDigestOnceADay(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza", "America/Asuncion"} {
		for hour := range 24 {
			p := DigestPlan{Hour: hour, Minute: 30, Zone: zone}
			at := time.Date(2025, 6, 1, 0, 0, 0, 0, location(zone))
			end := at.AddDate(1, 0, 0)
			n := 0
			for at = p.next(at.Add(-time.Second)); at.Before(end); at = p.next(at) {
				n++
			}
			if n != 365 {
				t.Errorf("%s at %d:30: %d digests in a year, want 365", zone, hour, n)
			}
		}
	}
}

func TestDigestWindow(t *testing.T) {
	daily := DigestPlan{Hour: 8, Zone: "Asia/Seoul"}
	for _, tt := range []struct {
		name               string
		planned, delivered string
		now                string
		from, to           string // "": not due
		missed             int
	}{
		{"before the first", "2014-12-22T10:00Z", "", "2014-12-22T22:59Z", "", "", 0},
		{"the first", "2014-12-22T10:00Z", "", "2014-12-22T23:00Z", "2014-12-21T23:00Z", "2014-12-22T23:00Z", 0},
		{"already delivered", "2014-12-22T10:00Z", "2014-12-22T23:00Z", "2014-12-23T10:00Z", "", "", 0},
		{"the second", "2014-12-22T10:00Z", "2014-12-22T23:00Z", "2014-12-23T23:01Z", "2014-12-22T23:00Z", "2014-12-23T23:00Z", 0},
		{"after three days away", "2014-12-22T10:00Z", "2014-12-22T23:00Z", "2014-12-26T12:00Z", "2014-12-22T23:00Z", "2014-12-25T23:00Z", 2},
		{"asked for again later", "2014-12-25T10:00Z", "2014-12-22T23:00Z", "2014-12-25T23:00Z", "2014-12-22T23:00Z", "2014-12-25T23:00Z", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := daily
			p.At, p.Delivered = moment(t, tt.planned), moment(t, tt.delivered)
			from, to, missed, ok := p.window(moment(t, tt.now))
			if ok != (tt.to != "") || !from.Equal(moment(t, tt.from)) || !to.Equal(moment(t, tt.to)) || missed != tt.missed {
				t.Errorf("from %v to %v, %d missed, %v; want %s to %s, %d", from, to, missed, ok, tt.from, tt.to, tt.missed)
			}
		})
	}
}
