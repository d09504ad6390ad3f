package bot

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"isitdown/checks"
)

// filled gives a value in which every field that there is, exported or not, holds
// something else than zero. Nothing that is added to a type is forgotten here.
func filled(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2014, 12, 22, 10, 0, *n, *n*1000, time.UTC)))
		return
	case reflect.TypeFor[checks.Target]():
		v.Set(reflect.ValueOf(checks.Network(checks.ASN(*n))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if !f.CanSet() { // not exported
				f = reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
			}
			filled(t, f, n)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]checks.Upstream]() && *n > 1000 {
			return // upstreams behind upstreams behind upstreams
		}
		*n += 300
		s := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range s.Len() {
			filled(t, s.Index(i), n)
		}
		v.Set(s)
		*n -= 300
	case reflect.Array:
		for i := range v.Len() {
			filled(t, v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if _, ok := v.Interface().(fmt.Stringer); ok {
			v.SetInt(1) // every enumeration has a second word
			return
		}
		v.SetInt(int64(*n))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	default:
		t.Fatalf("no idea how to fill a %v", v.Type())
	}
}

func TestLifeRoundTrip(t *testing.T) {
	s := newStore(t)
	var want Life
	n := 0
	filled(t, reflect.ValueOf(&want).Elem(), &n)
	var got Life
	update(t, s, func(tx *Tx) error { return tx.PutLife(want) })
	view(t, s, func(tx *Tx) (err error) {
		got, _, err = tx.Life(want.Target)
		return err
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a life came back as\n%+v\nwant\n%+v", got, want)
	}
}
