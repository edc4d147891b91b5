package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hangtime-dev/hangtime/verdict"
)

const (
	schemaFile     = "../docs/result.schema.json"
	lookSchemaFile = "../docs/look.schema.json"
)

func TestTheCommittedSchemasAreThoseOfTheCode(t *testing.T) {
	for file, write := range map[string]func() ([]byte, error){schemaFile: ResultSchema, lookSchemaFile: LookSchema} {
		got, err := write()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs; where a reader would misread the new one, its version must grow:\n%s",
				filepath.Base(file), diff)
		}
	}
}

func TestALookIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(lookSchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, look := range map[string]Look{"a hang": hungLook(), "nothing": NewLookBuilder().Look(Watched{})} {
		var out bytes.Buffer
		if err := look.JSON(&out); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&out)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		v.(map[string]any)["version"] = LookVersion + 1
		if schema.Validate(v) == nil {
			t.Errorf("%s of another version is found valid", name)
		}
	}
}

func TestEveryResultIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	valid := func(change func(*Report, map[string]any)) error {
		r := wholeReport(t)
		change(r, nil)
		var out bytes.Buffer
		if err := r.JSON(&out); err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		change(r, v)
		return schema.Validate(any(v))
	}
	for name, change := range map[string]func(*Report, map[string]any){
		"a whole run": func(*Report, map[string]any) {},
		"nothing":     func(r *Report, _ map[string]any) { *r = Report{Verdict: verdict.Of(nil, 1, false, "")} },
		"interrupted": func(r *Report, _ map[string]any) {
			r.Interrupted, r.Troubles = "SIGINT", []string{"disk full"}
		},
		"an open incident":  func(r *Report, _ map[string]any) { r.Variants[0].Incidents[0].Victims[0].To = -1 },
		"a key of tomorrow": func(_ *Report, v map[string]any) { set(v, "tomorrow", 1) },
	} {
		if err := valid(change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*Report, map[string]any){
		"another version":     func(_ *Report, v map[string]any) { set(v, "version", ResultVersion+1) },
		"an unknown outcome":  func(_ *Report, v map[string]any) { set(v, "outcome", "fine") },
		"variants of no kind": func(_ *Report, v map[string]any) { set(v, "variants", "none") },
	} {
		if err := valid(change); err == nil {
			t.Errorf("%s is found valid", name)
		}
	}
}

// set changes a decoded result; before there is one it does nothing.
func set(v map[string]any, key string, value any) {
	if v != nil {
		v[key] = value
	}
}
