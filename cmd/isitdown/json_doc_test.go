package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"isitdown/bot/chat"
)

// docs/json.md is the contract of --json: it names every field there is.
func TestJSONPageNamesEveryField(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, record := range []reflect.Type{
		reflect.TypeFor[chat.VerdictRecord](), reflect.TypeFor[chat.ChangeRecord](), reflect.TypeFor[chat.EndRecord](),
		reflect.TypeFor[chat.UpstreamsRecord](), reflect.TypeFor[chat.WorldRecord](), reflect.TypeFor[chat.WorldChangeRecord](),
	} {
		fields = jsonFields(record, fields)
	}
	if len(fields) < 50 {
		t.Fatalf("got fields %q, want all of them", fields)
	}
	for _, f := range fields {
		if !strings.Contains(string(page), "`"+f+"`") {
			t.Errorf("docs/json.md does not name `%s`", f)
		}
		if f != strings.ToLower(f) || strings.ContainsAny(f, "-. ") {
			t.Errorf("the field %s is not in snake_case", f)
		}
	}
}

// jsonFields adds the names of the fields of a record, and of those in it, that
// are not in list yet.
func jsonFields(t reflect.Type, list []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasSuffix(t.Name(), "Record") && t.PkgPath() == "time" {
		return list
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || options != "" {
			name = f.Name + " (without a plain json tag)"
		}
		if slices.Contains(list, name) {
			continue // also ends what holds itself
		}
		list = jsonFields(f.Type, append(list, name))
	}
	return list
}
