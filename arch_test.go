package hangtime_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hangtime-dev/hangtime/"

// rooms says which of our own packages each room may import: data flows one way, and docs/design.md says why.
var rooms = map[string][]string{
	"words":            {},
	"input":            {},
	"kernel":           {},
	"stacks":           {"kernel", "words"},
	"history":          {"input"},
	"hdr":              {},
	"scenarios":        {"input"},
	"queues":           {},
	"databases":        {"history", "queues", "input", "words"},
	"loadgen":          {"input", "history", "hdr", "scenarios", "words"},
	"faults":           {"history", "scenarios", "kernel"},
	"probe":            {"input", "history", "scenarios", "kernel", "stacks", "words"},
	"run":              {"input", "history", "scenarios", "loadgen", "queues", "databases", "faults", "probe", "kernel"},
	"metrics":          {"history", "hdr"},
	"diagnose":         {"history", "metrics", "words"},
	"verdict":          {"history", "scenarios", "metrics", "diagnose", "words"},
	"report":           {"history", "scenarios", "metrics", "diagnose", "verdict", "words"},
	"tui":              {"input", "history", "metrics", "diagnose", "verdict", "report", "words"},
	"reproduce":        {"input", "history", "scenarios", "loadgen", "report"},
	"reference-server": {},
	"cmd": {"input", "history", "scenarios", "loadgen", "databases", "faults", "probe", "run", "metrics", "diagnose", "verdict",
		"report", "reproduce", "tui", "reference-server", "words"},
	"engines": {"reference-server", "cmd"},
}

// alone are the folders at the top that hold no room of the house: programs and files about it.
var alone = []string{"docs", "examples", "realservers", "release"}

// only says which rooms may import what lies outside.
var only = map[string][]string{
	"github.com/tsenart/vegeta": {"loadgen"},
	"charm.land/":               {"tui"},
	"github.com/sahilm/":        {"tui"},
	"github.com/spf13/":         {"cmd"},
	"github.com/cilium/ebpf":    {"kernel"},
	"github.com/jackc/pgx":      {"databases"},
	"github.com/go-sql-driver/": {"databases"},
	"github.com/moby/sys":       {"kernel"},
	"github.com/hanwen/go-fuse": {"faults"},
	"github.com/Shopify/":       {"faults"},
	"github.com/rs/zerolog":     {"faults"},
	"github.com/nats-io/":       {"reference-server"},
	"github.com/redis/":         {"engines"},
	"github.com/rabbitmq/":      {"engines"},
	"go.temporal.io/":           {"engines"},
	"google.golang.org/grpc":    {"engines"},
	"golang.org/x/sys":          {"kernel", "stacks", "probe", "faults", "reference-server", "run", "loadgen"},
	"golang.org/x/net/bpf":      {"kernel"},
}

// pure rooms fold a history: no file, no network, no process of their own, and no clock.
var pure = []string{"hdr", "metrics", "diagnose", "verdict", "report"}

// clocks are the functions of package time that say what time it is, or wait for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func TestEachRoomImportsOnlyWhatItMay(t *testing.T) {
	for file, imports := range sources(t) {
		room, _, inside := strings.Cut(file, "/")
		allowed, known := rooms[room]
		if !known {
			if !inside || !slices.Contains(alone, room) {
				t.Errorf("%s: %s is no room of the house: say in rooms what it may import", file, room)
			}
			continue
		}
		for _, path := range imports {
			if ours, ok := strings.CutPrefix(path, module); ok {
				other, _, _ := strings.Cut(ours, "/")
				if other != room && !slices.Contains(allowed, other) {
					t.Errorf("%s imports %s: %s may import %v only", file, other, room, allowed)
				}
			}
			for prefix, may := range only {
				if strings.HasPrefix(path, prefix) && !slices.Contains(may, room) {
					t.Errorf("%s imports %s: only %v may", file, path, may)
				}
			}
			if slices.Contains(pure, room) && (path == "os" || path == "net" || path == "net/http" || path == "os/exec") {
				t.Errorf("%s imports %s: %s is a pure fold", file, path, room)
			}
		}
	}
}

// Who does not use an engine has nothing of it: each is a module of its own, and the core's names none of their libraries.
func TestEnginesAreModulesOfTheirOwn(t *testing.T) {
	entries, err := os.ReadDir("engines")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		folder := filepath.Join("engines", entry.Name())
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "module " + module + filepath.ToSlash(folder) + "\n"; !strings.HasPrefix(string(text), want) {
			t.Errorf("%s/go.mod: want it to begin with %q", folder, want)
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for library, rooms := range only {
			if slices.Equal(rooms, []string{"engines"}) && strings.Contains(string(text), library) {
				t.Errorf("%s names %s, which only engines may use", file, library)
			}
		}
	}
}

// A pure fold has no clock: what time it was is in the history, and silence is a Tick.
func TestAPureRoomHasNoClock(t *testing.T) {
	files := token.NewFileSet()
	for file, imports := range sources(t) {
		room, _, _ := strings.Cut(file, "/")
		if !slices.Contains(pure, room) || !slices.Contains(imports, "time") {
			continue
		}
		parsed, err := parser.ParseFile(files, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := call.X.(*ast.Ident); ok && of.Name == "time" && slices.Contains(clocks, call.Sel.Name) {
					t.Errorf("%v: time.%s: %s is a pure fold", files.Position(call.Pos()), call.Sel.Name, room)
				}
			}
			return true
		})
	}
}

// sources are the imports of every file that is no test.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(path)
		all[file] = nil // of one that imports nothing
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[file] = append(all[file], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no source was found")
	}
	return all
}
