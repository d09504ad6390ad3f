//go:build unix

package mrt

import (
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// uncheckedFiles are those of the decoder whose checks BenchmarkChecks takes out. The
// reader's stay: they say where the input ends.
var uncheckedFiles = []string{
	"bgp4mp.go", "record.go", "tabledump.go",
	"../bgp/aspath.go", "../bgp/attributes.go", "../bgp/nlri.go", "../bgp/update.go",
}

// BenchmarkChecks is what it costs that no input makes the decoder panic or believe what
// cannot be. It builds BenchmarkElements three times: as it is; without the compiler's
// bounds checks (-gcflags=-B); and without those and with every statement taken out of
// the source that returns an error, conditions included. They run in turns and must give
// the same elements; processor time in medians of five. checks-% is by how much the
// decoder is slower than the third, bounds-% than the second.
func BenchmarkChecks(b *testing.B) {
	realFolder(b)
	dir := b.TempDir()
	const flags = "-gcflags=isitdown/checks/internal/...=-B"
	builds := []string{
		buildTest(b, filepath.Join(dir, "checked")),
		buildTest(b, filepath.Join(dir, "unbounded"), flags),
		buildTest(b, filepath.Join(dir, "unchecked"), flags, "-overlay="+uncheckedOverlay(b, dir)),
	}
	times := make([]map[string][]float64, len(builds))
	sums := map[string]string{}
	for b.Loop() {
		for range benchRounds {
			for i, binary := range builds {
				if times[i] == nil {
					times[i] = map[string][]float64{}
				}
				runElements(b, binary, times[i], sums)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, name := range benchFiles {
		b.Run(name, func(b *testing.B) {
			for range b.N {
			}
			var at [3]float64
			for i := range builds {
				list := slices.Sorted(slices.Values(times[i][name]))
				at[i] = list[len(list)/2]
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(at[0], "cpu-ns/element")
			b.ReportMetric(at[2], "unchecked-cpu-ns/element")
			b.ReportMetric(100*(at[0]/at[1]-1), "bounds-%")
			b.ReportMetric(100*(at[0]/at[2]-1), "checks-%")
		})
	}
}

// buildTest builds the tests of this package.
func buildTest(tb testing.TB, binary string, flags ...string) string {
	args := slices.Concat([]string{"test", "-c", "-o", binary}, flags, []string{"."})
	if out, err := exec.CommandContext(tb.Context(), "go", args...).CombinedOutput(); err != nil {
		tb.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return binary
}

var elementsLine = regexp.MustCompile(`(?m)^BenchmarkElements/(\S+)\s.*?\s([0-9.e+]+) checksum\s+([0-9.]+) cpu-ns/element`)

// runElements runs BenchmarkElements of a build.
func runElements(tb testing.TB, binary string, times map[string][]float64, sums map[string]string) {
	cmd := exec.CommandContext(tb.Context(), binary, "-test.run=^$", "-test.bench=^BenchmarkElements$", "-test.benchtime=100ms", "-test.cpu=1")
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("running %s: %v\n%s", binary, err, out)
	}
	found := elementsLine.FindAllSubmatch(out, -1)
	if len(found) != len(benchFiles) {
		tb.Fatalf("running %s: %d results in\n%s", binary, len(found), out)
	}
	for _, m := range found {
		name, sum := string(m[1]), string(m[2])
		ns, err := strconv.ParseFloat(string(m[3]), 64)
		if err != nil {
			tb.Fatal(err)
		}
		times[name] = append(times[name], ns)
		if known, ok := sums[name]; ok && known != sum {
			tb.Fatalf("%s gives other elements of %s: checksum %s, not %s", filepath.Base(binary), name, sum, known)
		}
		sums[name] = sum
	}
}

// uncheckedOverlay writes the files without their checks into dir, and what tells the go
// command to take them.
func uncheckedOverlay(tb testing.TB, dir string) string {
	replace := map[string]string{}
	removed := 0
	for i, name := range uncheckedFiles {
		from, err := filepath.Abs(name)
		if err != nil {
			tb.Fatal(err)
		}
		to := filepath.Join(dir, strconv.Itoa(i)+".go")
		n, err := writeUnchecked(from, to)
		if err != nil {
			tb.Fatal(err)
		}
		replace[from] = to
		removed += n
	}
	if removed < 40 {
		tb.Fatalf("%d checks taken out: the decoder is no longer written as this expects", removed)
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// writeUnchecked copies a source file without its checks and says how many there were.
func writeUnchecked(from, to string) (removed int, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, from, nil, 0)
	if err != nil {
		return 0, err
	}
	ast.Inspect(f, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		}
		for i, s := range list {
			if check, ok := s.(*ast.IfStmt); ok && isCheck(check) {
				list[i] = withoutCheck(check)
				removed++
			}
		}
		return true
	})
	dropImports(f)
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	return removed, format.Node(out, fset, f)
}

// isCheck reports whether a statement does nothing but give up where something is wrong.
func isCheck(s *ast.IfStmt) bool {
	if s.Else != nil || len(s.Body.List) == 0 {
		return false
	}
	if cond, ok := s.Cond.(*ast.BinaryExpr); ok && cond.Op == token.NEQ {
		if x, ok := cond.X.(*ast.Ident); ok && (x.Name == "err" || x.Name == "reason") {
			return true
		}
	}
	last, ok := s.Body.List[len(s.Body.List)-1].(*ast.ReturnStmt)
	if !ok || len(last.Results) == 0 {
		return false
	}
	switch result := last.Results[len(last.Results)-1].(type) {
	case *ast.BasicLit:
		return result.Kind == token.STRING && result.Value != `""`
	case *ast.UnaryExpr:
		_, made := result.X.(*ast.CompositeLit)
		return made
	case *ast.CallExpr:
		switch fn := result.Fun.(type) {
		case *ast.Ident:
			return fn.Name == "damaged" || fn.Name == "bodyError"
		case *ast.SelectorExpr:
			return fn.Sel.Name == "stop" || fn.Sel.Name == "Sprintf"
		}
	}
	return false
}

// withoutCheck is what is left: what the condition is about, evaluated for nothing, which
// compilers leave out.
func withoutCheck(s *ast.IfStmt) ast.Stmt {
	nothing := func(n int) []ast.Expr { return slices.Repeat([]ast.Expr{ast.NewIdent("_")}, n) }
	if init, ok := s.Init.(*ast.AssignStmt); ok {
		if init.Tok == token.ASSIGN {
			return init
		}
		return &ast.AssignStmt{Lhs: nothing(len(init.Lhs)), Tok: token.ASSIGN, Rhs: init.Rhs}
	}
	return &ast.AssignStmt{Lhs: nothing(1), Tok: token.ASSIGN, Rhs: []ast.Expr{s.Cond}}
}

// dropImports makes imports blank that nothing needs any more.
func dropImports(f *ast.File) {
	used := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	for _, i := range f.Imports {
		if p := strings.Trim(i.Path.Value, `"`); !used[path.Base(p)] {
			i.Name = ast.NewIdent("_")
		}
	}
}
