package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What may import what. Packages are named by their path below the module; a
// star stands for one element. Whatever is not here is not allowed: a new
// package has to find its place in this list first.
//
// The program may import everything; a package may not import the program. A
// check never sees another check, nor the bot; they meet in package checks. A
// platform never sees the bot, nor another platform.
var arrows = map[string][]string{
	"cmd/isitdown":      {"*", "*/*", "*/*/*"},
	"bot":               {"bot/chat", "bot/chart", "checks"},
	"bot/chat":          {"checks"},
	"bot/chart":         {},
	"bot/chattest":      {"bot/chat"},
	"bot/slack":         {"bot/chat", "checks"},
	"bot/discord":       {"bot/chat", "checks"},
	"bot/terminal":      {"bot/chat", "checks"},
	"checks":            {},
	"checks/*":          {"checks", "checks/internal/*"},
	"checks/lab":        {"checks", "checks/internal/*", "checks/reach", "checks/route", "checks/route/*"}, // every feed at once
	"checks/internal/*": {"checks", "checks/internal/*"},
	"checks/route/*":    {"checks", "checks/internal/*", "checks/route"}, // one feed each

	"checks/route/worldtest": {"checks", "checks/internal/*", "checks/route", "checks/route/rislivetest"},
}

// homes are the packages that may import an outside module: one each, so that
// it can be replaced in one place. docs/dependencies.md says why we have it.
var homes = map[string]string{
	"charm.land/bubbletea/v2":                  "cmd/isitdown",
	"github.com/alecthomas/kong":               "cmd/isitdown",
	"github.com/biter777/countries":            "checks/registry",
	"github.com/bwmarrin/discordgo":            "bot/discord",
	"github.com/coder/websocket":               "checks/route/rislive",
	"github.com/failsafe-go/failsafe-go":       "checks/internal/web",
	"github.com/gaissmai/bart":                 "checks/internal/table",
	"github.com/klauspost/compress":            "checks/internal/mrt",
	"github.com/mattn/go-runewidth":            "bot/chat",
	"github.com/miekg/dns":                     "checks/reach",
	"github.com/pelletier/go-toml/v2":          "cmd/isitdown",
	"github.com/prometheus-community/pro-bing": "checks/reach",
	"github.com/prometheus/client_golang":      "cmd/isitdown",
	"github.com/santhosh-tekuri/jsonschema/v6": "bot/chattest",
	"github.com/slack-go/slack":                "bot/slack",
	"go.etcd.io/bbolt":                         "bot",
	"golang.org/x/sys":                         "checks/internal/errqueue",
	"golang.org/x/term":                        "cmd/isitdown",
	"golang.org/x/text":                        "checks/registry",
	"golang.org/x/time":                        "bot",
	"gonum.org/v1/plot":                        "bot/chart",
}

// testOnly are the modules that any test may import and nothing else.
var testOnly = []string{"github.com/google/go-cmp", "github.com/osrg/gobgp/v4", "github.com/rogpeppe/go-internal", "pgregory.net/rapid"}

// testSupport starts what tests talk to; no program has it in it.
var testSupport = []string{"bot/chattest", "checks/lab", "checks/labtest", "checks/netlab", "checks/internal/topology", "checks/internal/webtest", "checks/route/rislivetest", "checks/route/worldtest"}

// vague are names that say nothing about what a package is for.
var vague = []string{"common", "config", "helper", "helpers", "misc", "model", "models", "shared", "types", "util", "utils"}

// private are calls that only the program may make: it alone reads the
// environment and the command line, and decides when to end.
var private = []string{"os.Exit", "os.Getenv", "os.LookupEnv", "os.Environ", "log.Fatal", "log.Fatalf", "log.Fatalln"}

// impure are what the pure core may not touch, packages and calls.
var impure = []string{"os", "net", "net/http", "io/fs", "path/filepath", "log", "log/slog", "time.Now", "time.Since", "time.Until"}

const (
	module     = "isitdown"
	moduleRoot = "../.."
)

func TestArrows(t *testing.T) {
	dependencies, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(moduleRoot, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != moduleRoot && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		files++
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(moduleRoot, name)
		if err != nil {
			return err
		}
		for _, complaint := range inspect(t, filepath.ToSlash(rel), src) {
			t.Errorf("%s: %s", rel, complaint)
		}
		for _, p := range imports(t, src) {
			if m := outside(p); m != "" && !strings.Contains(string(dependencies), m) {
				t.Errorf("%s imports %s: docs/dependencies.md does not say why", rel, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("looked at %d files: is %s the root of the module?", files, moduleRoot)
	}
}

// inspect says which rules a file breaks; name is its path below the module.
func inspect(t *testing.T, name string, src []byte) (complaints []string) {
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	from, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := rule(from); !ok {
		complain("package %s has no place in the design: add it to the arrows first", from)
	}
	if slices.Contains(vague, f.Name.Name) || slices.Contains(vague, path.Base(from)) {
		complain("the name of package %s says nothing: name it after what it holds", f.Name.Name)
	}
	for _, to := range imports(t, src) {
		switch local, ours := strings.CutPrefix(to, module+"/"); {
		case slices.Contains(testSupport, local) && ours && from != local:
			if !test && !slices.Contains(testSupport, from) {
				complain("%s must not import %s: it is for tests", from, local)
			}
		case ours && local != from && !allowed(from, local):
			complain("%s must not import %s", from, local)
		case !ours && outside(to) != "" && !housed(from, to, test):
			complain("%s must not import %s: an outside module has one home", from, to)
		case !test && to == "flag" && !isProgram(from) && !slices.Contains(testSupport, from), !test && from == "checks" && slices.Contains(impure, to):
			complain("%s must not import %s", from, to)
		}
	}
	if test {
		return complaints
	}
	for call := range calls(f) {
		if !isProgram(from) && !slices.Contains(testSupport, from) && slices.Contains(private, call) || from == "checks" && slices.Contains(impure, call) {
			complain("%s must not use %s", from, call)
		}
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			complain("there is an init function: let the program call what has to be called")
		}
	}
	return complaints
}

func isProgram(pkg string) bool { return strings.HasPrefix(pkg, "cmd/") }

// rule finds what pkg may import: under its own name, or under the pattern that
// fits it.
func rule(pkg string) (to []string, ok bool) {
	if to, ok = arrows[pkg]; ok {
		return to, true
	}
	for _, pattern := range slices.Sorted(maps.Keys(arrows)) {
		if ok, _ := path.Match(pattern, pkg); ok {
			return arrows[pattern], true
		}
	}
	return nil, false
}

func allowed(from, to string) bool {
	list, _ := rule(from)
	return !isProgram(to) && slices.ContainsFunc(list, func(pattern string) bool {
		ok, _ := path.Match(pattern, to)
		return ok
	})
}

// outside gives the module of an import that is neither ours nor the standard
// library's: the one in our lists, or the first three elements of the path.
func outside(imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return ""
	}
	for _, m := range slices.Concat(slices.Collect(maps.Keys(homes)), testOnly) {
		if imported == m || strings.HasPrefix(imported, m+"/") {
			return m
		}
	}
	return strings.Join(strings.SplitN(imported, "/", 4)[:min(3, strings.Count(imported, "/")+1)], "/")
}

func housed(from, imported string, test bool) bool {
	m := outside(imported)
	return homes[m] == from || test && slices.Contains(testOnly, m)
}

func imports(t *testing.T, src []byte) (list []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// calls gives what a file uses of other packages: "os.Exit".
func calls(f *ast.File) map[string]bool {
	found := make(map[string]bool)
	for n := range ast.Preorder(f) {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				found[x.Name+"."+s.Sel.Name] = true
			}
		}
	}
	return found
}

// The rules can fail.
func TestArrowsRefuse(t *testing.T) {
	tests := []struct{ file, src, say string }{
		{"checks/x.go", `import "isitdown/bot"`, "checks must not import bot"},
		{"checks/x_test.go", `import "isitdown/checks/route"`, "checks must not import checks/route"},
		{"checks/x.go", `import "github.com/gaissmai/bart"`, "one home"},
		{"checks/x.go", `import "net/http"`, "must not import net/http"},
		{"checks/x.go", `import "time"; var now = time.Now()`, "must not use time.Now"},
		{"checks/rpki/x.go", `import "isitdown/checks/route"`, "must not import checks/route"},
		{"checks/route/x.go", `import "isitdown/checks/route/archive"`, "must not import checks/route/archive"},
		{"checks/route/bmp/x.go", `import "isitdown/checks/route/archive"`, "must not import checks/route/archive"},
		{"checks/route/x.go", `import "isitdown/bot/chat"`, "must not import bot/chat"},
		{"checks/internal/bgp/x.go", `import "isitdown/checks/route"`, "must not import checks/route"},
		{"bot/slack/x.go", `import "isitdown/bot/chattest"`, "it is for tests"},
		{"bot/x.go", `import "isitdown/bot/slack"`, "bot must not import bot/slack"},
		{"bot/x.go", `import "isitdown/checks/route"`, "bot must not import checks/route"},
		{"bot/x.go", `import "github.com/slack-go/slack"`, "one home"},
		{"bot/slack/x.go", `import "isitdown/bot"`, "must not import bot"},
		{"bot/slack/x.go", `import "isitdown/bot/discord"`, "must not import bot/discord"},
		{"bot/slack/x.go", `import "go.etcd.io/bbolt"`, "one home"},
		{"bot/chat/x.go", `import "isitdown/cmd/isitdown"`, "must not import cmd/isitdown"},
		{"bot/chat/x.go", `import "flag"`, "must not import flag"},
		{"bot/chat/x.go", `import "os"; func f() { os.Exit(1) }`, "must not use os.Exit"},
		{"bot/chat/x.go", `import "os"; var home = os.Getenv("HOME")`, "must not use os.Getenv"},
		{"bot/chat/x.go", `func init() {}`, "init function"},
		{"bot/x.go", `import "github.com/google/go-cmp/cmp"`, "one home"},
		{"cmd/isitdown/x.go", `import "example.com/some/thing/else"`, "one home"},
		{"cmd/isitdown/x.go", `import "go.etcd.io/bbolt"`, "one home"},
		{"cmd/other/x.go", `import "isitdown/cmd/isitdown"`, "no place in the design"},
		{"util/x.go", ``, "no place in the design"},
		{"checks/util/x.go", ``, "says nothing"},
		{"x.go", ``, "no place in the design"},
	}
	for _, tt := range tests {
		got := inspect(t, tt.file, []byte("package "+path.Base(path.Dir("/m/"+tt.file))+"\n"+tt.src))
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.say) }) {
			t.Errorf("%s with %s: got complaints %q, want one with %q", tt.file, tt.src, got, tt.say)
		}
	}
	for file, src := range map[string]string{
		"cmd/isitdown/x.go":               `import ("os"; "isitdown/checks/route/archive"; "isitdown/bot/slack"; "github.com/alecthomas/kong"); func f() { os.Exit(1) }`,
		"checks/route/archive/x.go":       `import ("isitdown/checks"; "isitdown/checks/route"; "isitdown/checks/internal/mrt")`,
		"checks/internal/table/x_test.go": `import ("os"; "github.com/google/go-cmp/cmp"; "github.com/gaissmai/bart"); var d = os.Getenv("D")`,
		"checks/x.go":                     `import ("net/netip"; "net/url"; "time"); var d time.Duration`,
		"bot/slack/x_test.go":             `import "isitdown/bot/chattest"`,
		"bot/x.go":                        `import ("isitdown/bot/chart"; "go.etcd.io/bbolt")`,
	} {
		if got := inspect(t, file, []byte("package "+path.Base(path.Dir(file))+"\n"+src)); len(got) > 0 {
			t.Errorf("%s with %s: got complaints %q, want none", file, src, got)
		}
	}
}
