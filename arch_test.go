package hangtime_test

import (
	"go/parser"
	"go/token"
	"io/fs"
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
	"kernel":           {},
	"stacks":           {"kernel"},
	"history":          {},
	"scenarios":        {},
	"loadgen":          {"history", "scenarios", "words"},
	"faults":           {"history", "scenarios", "kernel"},
	"probe":            {"history", "scenarios", "kernel", "stacks", "words"},
	"run":              {"history", "scenarios", "loadgen", "faults", "probe", "kernel"},
	"metrics":          {"history"},
	"diagnose":         {"history", "metrics", "words"},
	"verdict":          {"history", "scenarios", "metrics", "diagnose", "words"},
	"report":           {"history", "scenarios", "metrics", "diagnose", "verdict", "words"},
	"tui":              {"history", "metrics", "diagnose", "verdict", "report", "words"},
	"reference-server": {},
	"cmd":              {"history", "scenarios", "loadgen", "faults", "probe", "run", "metrics", "diagnose", "verdict", "report", "tui", "reference-server", "words"},
}

// only says which rooms may import what lies outside.
var only = map[string][]string{
	"github.com/tsenart/vegeta": {"loadgen"},
	"charm.land/":               {"tui"},
	"github.com/spf13/":         {"cmd"},
	"golang.org/x/sys":          {"kernel", "probe", "faults", "reference-server", "run", "loadgen"},
}

// pure rooms fold a history: no file, no network, no process of their own.
var pure = []string{"metrics", "diagnose", "verdict", "report"}

func TestEachRoomImportsOnlyWhatItMay(t *testing.T) {
	for file, imports := range sources(t) {
		room, _, _ := strings.Cut(file, "/")
		allowed, known := rooms[room]
		if !known {
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
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[filepath.ToSlash(path)] = append(all[filepath.ToSlash(path)], name)
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
