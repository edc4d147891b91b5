package scenarios

import (
	"encoding/json"
	"fmt"
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
				return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
					Description: "a duration such as 500ms, 10s or 1m30s"}
			}
			return nil
		},
	}
	s := r.Reflect(&Scenario{})
	for _, of := range []any{Fault{}, Server{}, Queue{}, Load{}, Mix{}} { // the types with keys whose words are a table's
		typ := reflect.TypeOf(of)
		for _, field := range fields(typ) {
			if field.Tag.Get("choice") == "" {
				continue
			}
			p, ok := s.Definitions[typ.Name()].Properties.Get(yamlName(field))
			if !ok {
				return nil, fmt.Errorf("the schema of %s has no %s", typ.Name(), field.Name)
			}
			for _, word := range choices(field) {
				p.Enum = append(p.Enum, word)
			}
		}
	}
	s.Title = "a scenario of hangtime"
	return json.MarshalIndent(s, "", "  ")
}
