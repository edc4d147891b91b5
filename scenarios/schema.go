package scenarios

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON Schema of a scenario file, for editors; scenarios/scenario.schema.json is this.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[time.Duration]() {
				return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`, Description: "a duration such as 500ms, 10s or 1m30s"}
			}
			return nil
		},
	}
	s := r.Reflect(&Scenario{})
	s.Title = "a scenario of hangtime"
	return json.MarshalIndent(s, "", "  ")
}
