package scenarios

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	referenceBegin = "<!-- The tables below are made from the types: go test ./scenarios -update -->\n"
	referenceEnd   = "<!-- The end of what is made. -->\n"
)

// Every key of a scenario is in docs/scenarios.md with what its type says of it, and the examples there are sound.
func TestTheFormatIsDocumented(t *testing.T) {
	const path = "../docs/scenarios.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), referenceBegin)
	_, tail, ok2 := strings.Cut(rest, referenceEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the tables", path)
	}
	want := head + referenceBegin + reference(t) + referenceEnd + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s is out of step with the types: run `go test ./scenarios -update`", path)
	}
	examples := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(examples) == 0 {
		t.Error("no example")
	}
	for _, m := range examples {
		if _, err := Read("docs/scenarios.md", []byte(m[1])); err != nil {
			t.Errorf("%v\n%s", err, m[1])
		}
	}
}

// parts are the types that a scenario is made of, with where they stand.
func parts() []struct {
	title string
	of    any
} {
	return []struct {
		title string
		of    any
	}{
		{"The scenario", Scenario{}}, {"`server`", Server{}}, {"`server.queue`", Queue{}}, {"`load`", Load{}}, {"`load.targets[]`", Target{}},
		{"`load.steps[]`", Step{}}, {"`load.mix[]`", Mix{}},
		{"`phases`", Phases{}}, {"`faults[]`", Fault{}}, {"`checks[]`", Check{}}, {"`variants[]`", Variant{}},
	}
}

func reference(t *testing.T) string {
	comments := fieldComments(t)
	defaults := map[string]reflect.Value{}
	d := Default()
	for key, v := range map[string]any{"Scenario": d, "Server": d.Server, "Load": d.Load, "Phases": d.Phases} {
		defaults[key] = reflect.ValueOf(v)
	}
	var b strings.Builder
	for _, p := range parts() {
		typ := reflect.TypeOf(p.of)
		fmt.Fprintf(&b, "\n### %s\n\n| key | takes | default | what |\n| --- | --- | --- | --- |\n", p.title)
		for _, f := range fields(typ) {
			name := yamlName(f)
			usual := ""
			if v, ok := defaults[typ.Name()]; ok && !v.FieldByIndex(f.Index).IsZero() && f.Type.Kind() != reflect.Struct {
				usual = "`" + fmt.Sprint(v.FieldByIndex(f.Index).Interface()) + "`"
			}
			owner := typ
			for _, i := range f.Index[:len(f.Index)-1] {
				owner = owner.Field(i).Type
			}
			said := comments[owner.Name()+"."+f.Name]
			if said == "" && typ.Name() == "Server" {
				said = "the reference server's option `--" + strings.ReplaceAll(name, "_", "-") +
					"` ([reference-server.md](reference-server.md))"
			}
			if said == "" && typ.Name() == "Phases" {
				said = map[string]string{"before": "load, and nothing is broken", "during": "load, and the faults",
					"after": "load, and nothing is broken any more: does it recover?"}[name]
			}
			if said == "" && (typ.Name() == "Mix" || typ.Name() == "Target" || typ.Name() == "Step") {
				said = map[string]string{
					"tag": "name of the target, in checks and figures", "method": "of HTTP; empty: GET",
					"path": "below the server's address, beginning with a slash", "header": "names and values",
					"body": "as it is sent",
					"rate": "hits a second", "for": "how long; empty: to the end", "targets": "as in `load`",
				}[name]
			}
			if said == "" && name == "upstream" {
				said = "see `listen`"
			}
			if said == "" && typ.Name() == "Mix" {
				said = "as in `load`"
			}
			if said == "" {
				t.Errorf("%s.%s has no comment", typ.Name(), f.Name)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, takes(f), usual, strings.ReplaceAll(said, "|", "\\|"))
		}
	}
	return b.String() + "\n"
}

// takes says what a key's value looks like.
func takes(f reflect.StructField) string {
	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	what := ""
	switch {
	case typ == reflect.TypeFor[time.Duration]():
		what = "duration"
	case typ == reflect.TypeFor[Rate]():
		what = "rate"
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct, typ.Kind() == reflect.Slice:
		what = "list"
	case typ.Kind() == reflect.Struct, typ.Kind() == reflect.Map:
		what = "keys and values"
	case typ.Kind() == reflect.Bool:
		what = "true or false"
	case typ.Kind() == reflect.String:
		what = "text"
	default:
		what = "number"
	}
	var words []string
	for _, word := range choices(f) {
		words = append(words, "`"+word+"`")
	}
	for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			what += ", required"
		case "minimum", "maximum", "exclusiveMinimum":
			what += fmt.Sprintf(", %s %s", map[string]string{"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above"}[name], value)
		}
	}
	if len(words) > 0 {
		what = strings.Replace(what, "text", strings.Join(words, " "), 1)
	}
	return what
}

// fieldComments are what the source says of each field.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			of, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range of.Fields.List {
				text := f.Doc.Text() + f.Comment.Text()
				for _, name := range f.Names {
					all[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(text), " ")
				}
			}
			return true
		})
	}
	return all
}
