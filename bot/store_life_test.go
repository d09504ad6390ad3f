package bot

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"isitdown/bot/chart"
	"isitdown/bot/chat"
	"isitdown/checks"
)

// filler makes values in which every field that there is, exported or not, holds
// something else than zero. Nothing that is added to a type is forgotten by it.
type filler struct {
	t *testing.T
	n int // makes each value another
}

// fill fills v. A type that holds itself ends at the third level.
func (f *filler) fill(v reflect.Value, within ...reflect.Type) {
	f.t.Helper()
	f.n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2014, 12, 22, 10, 0, f.n, f.n*1000, time.UTC)))
		return
	case reflect.TypeFor[checks.Target]():
		v.Set(reflect.ValueOf(checks.Network(checks.ASN(f.n))))
		return
	case reflect.TypeFor[netip.Prefix]():
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(f.n), 0}), 24)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		levels := 0
		for _, t := range within {
			if t == v.Type() {
				levels++
			}
		}
		if levels == 2 {
			return
		}
		within = append(within[:len(within):len(within)], v.Type())
		for _, field := range v.Fields() {
			if !field.CanSet() { // not exported
				field = reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
			}
			f.fill(field, within...)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), within...)
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range list.Len() {
			f.fill(list.Index(i), within...)
		}
		if list.Index(0).Kind() != reflect.Struct || !list.Index(0).IsZero() {
			v.Set(list)
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), within...)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if _, ok := v.Interface().(fmt.Stringer); ok && v.Type() != reflect.TypeFor[time.Duration]() {
			v.SetInt(1) // every enumeration has a second word
			return
		}
		v.SetInt(int64(f.n))
	case reflect.Uint8:
		v.SetUint(uint64(f.n % 256))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n))
	case reflect.Float64:
		v.SetFloat(float64(f.n) / 8)
	default:
		f.t.Fatalf("no idea how to fill a %v", v.Type())
	}
}

// fullOf gives a value of T with nothing in it that is zero.
func fullOf[T any](t *testing.T) (v T) {
	t.Helper()
	f := filler{t: t}
	f.fill(reflect.ValueOf(&v).Elem())
	return v
}

// roundTrip writes a full T and reads it back.
func roundTrip[T any](t *testing.T, put func(tx *Tx, v T) error, get func(tx *Tx, v T) (T, error)) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		s := newStore(t)
		want := fullOf[T](t)
		update(t, s, func(tx *Tx) error { return put(tx, want) })
		view(t, s, func(tx *Tx) error {
			got, err := get(tx, want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("it came back as\n%+v\nwant\n%+v", got, want)
			}
			return err
		})
	})
}

// first makes of a list, and of a find, what roundTrip wants.
func first[T any](list []T, err error) (v T, _ error) {
	if err != nil || len(list) == 0 {
		return v, err
	}
	return list[0], nil
}

func found[T any](v T, ok bool, err error) (T, error) {
	if err == nil && !ok {
		err = fmt.Errorf("there is no %T", v)
	}
	return v, err
}

// All that goes in comes out again: no field is forgotten, not even one that will be
// added tomorrow.
func TestRoundTrip(t *testing.T) {
	roundTrip(t, (*Tx).PutLife, func(tx *Tx, v Life) (Life, error) { return found(tx.Life(v.Target)) })
	roundTrip(t, (*Tx).PutIncident, func(tx *Tx, v Incident) (Incident, error) { return found(tx.Incident(v.ID)) })
	roundTrip(t, (*Tx).PutSubscription, func(tx *Tx, v Subscription) (Subscription, error) {
		return found(tx.Subscription(v.Channel, v.Target))
	})
	roundTrip(t, (*Tx).PutDigestPlan, func(tx *Tx, v DigestPlan) (DigestPlan, error) { return found(tx.DigestPlan(v.Channel)) })
	roundTrip(t, (*Tx).PutThread, func(tx *Tx, v Thread) (Thread, error) { return found(tx.Thread(v.Channel, v.Incident)) })
	roundTrip(t, (*Tx).PutTenant, func(tx *Tx, v Tenant) (Tenant, error) { return found(tx.Tenant(v.Platform, v.ID)) })
	roundTrip(t, (*Tx).AppendAudit, func(tx *Tx, v Audit) (Audit, error) { return first(tx.Audit(v.Channel, 0)) })
	roundTrip(t, (*Tx).AppendEvidence, func(tx *Tx, v Evidence) (Evidence, error) {
		got, err := first(tx.Evidence(v.Incident))
		got.Seq = v.Seq // the store's own
		return got, err
	})
	roundTrip(t, func(tx *Tx, n chat.Note) error { return tx.AppendNote(newsroom, "KP-1", n) }, func(tx *Tx, v chat.Note) (chat.Note, error) {
		got, err := first(tx.Notes(newsroom, "KP-1"))
		got.Incident = v.Incident // all are of one
		return got, err
	})
	roundTrip(t, (*Tx).putNew, func(tx *Tx, v Delivery) (Delivery, error) {
		got, err := found(tx.Delivery(v.Key))
		// Progress begins anew; TestProgressRoundTrip is about it.
		got.State, got.Attempts, got.NotBefore, got.Unsure, got.Doubts, got.Tried = v.State, v.Attempts, v.NotBefore, v.Unsure, v.Doubts, v.Tried
		got.Heir, got.Short, got.Problem, got.Trouble, got.Posted, got.SentAt = v.Heir, v.Short, v.Problem, v.Trouble, v.Posted, v.SentAt
		return got, err
	})
}

func TestProgressRoundTrip(t *testing.T) {
	s := newStore(t)
	want := fullOf[Delivery](t)
	want.Chart = (*chart.Data)(nil)
	update(t, s, func(tx *Tx) error {
		if err := tx.putNew(want); err != nil {
			return err
		}
		return tx.putProgress(want)
	})
	view(t, s, func(tx *Tx) error {
		got, err := found(tx.Delivery(want.Key))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("it came back as\n%+v\nwant\n%+v", got, want)
		}
		return err
	})
}

// A baseline's paths with AS_SETs, prepends and a route of the vantage point's own.
func TestBaselineRoundTrip(t *testing.T) {
	want := fullOf[checks.Baseline](t)
	want.Prefixes = append(want.Prefixes, checks.BaselinePrefix{
		Prefix: netip.MustParsePrefix("2001:db8::/32"), Origins: []checks.ASN{1, 2},
		Paths: []checks.PathSeen{
			{Path: checks.MakePath(3356, 4837, 4837, 131279), Peers: []checks.ASN{3356}},
			{Path: checks.Path{{3356}, {64500, 64501}}, Peers: []checks.ASN{7, 4294967295}},
			{Path: checks.Path{{3356}, {64500, 64501}}, Peers: []checks.ASN{8}},
			{Peers: []checks.ASN{9}},
		},
	})
	s := newStore(t)
	update(t, s, func(tx *Tx) error { return tx.PutBaseline(checks.Country("KP"), want) })
	view(t, s, func(tx *Tx) error {
		got, err := found(tx.Baseline(checks.Country("KP")))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("it came back as\n%+v\nwant\n%+v", got, want)
		}
		return err
	})
}
