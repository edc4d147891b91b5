package report

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/hangtime-dev/hangtime/verdict"
)

// ResultSchema is the JSON Schema of result.json; docs/result.schema.json is this. A key that it does not name may come in the same version: readers must not
// mind it.
func ResultSchema() ([]byte, error) {
	r := jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true}
	s := r.Reflect(&Result{})
	s.ID = jsonschema.ID(fmt.Sprintf("urn:hangtime:result:v%d", ResultVersion))
	s.Title = "result.json of hangtime"
	s.Description = "What a run came to. Times are milliseconds on the run's clock. docs/metrics.md says what each figure means."
	for def, keys := range map[string]map[string]string{
		"Result": {
			"version": "grows when a reader of an older result.json would misread a newer one", "outcome": "fail beats unknown beats pass", "sentence": "what it comes to, in one line",
			"why": "what kept it from passing", "interrupted": "by what the run was ended early", "troubles": "what hangtime itself could not do or see", "seed": "of every random choice",
		},
		"ResultVariant":  {"expect": "what the scenario says that this variant does", "reason": "why it was cut short", "status": "answers by HTTP status", "errors": "failed hits by class", "notices": "what harmed the server and is no hang of a worker: connections dropped, a quota used up"},
		"ResultIncident": {"began_ms": "since when, by the evidence", "detected_ms": "when it was certain", "evidence": "numbers of the records in the recording on which it rests"},
		"ResultNotice":   {"from_ms": "when it was first seen", "to_ms": "and last", "evidence": "numbers of the records in the recording on which it rests"},
		"Check":          {"key": "where it stands in the scenario", "name": "the expression, or \"behaved as expected\"", "why": "of an unknown outcome"},
		"Figure":         {"value": "in unit; means nothing where known is false", "at_least": "value is a lower bound: the run ended first", "name": "as check expressions use it"},
	} {
		for key, text := range keys {
			p, ok := s.Definitions[def].Properties.Get(key)
			if !ok {
				return nil, fmt.Errorf("the schema of %s has no %s", def, key)
			}
			p.Description = text
		}
	}
	for _, def := range []string{"Result", "ResultVariant", "Check"} {
		p, _ := s.Definitions[def].Properties.Get("outcome")
		p.Enum = []any{verdict.Pass, verdict.Fail, verdict.Unknown}
	}
	version, _ := s.Definitions["Result"].Properties.Get("version")
	version.Const = ResultVersion
	return json.MarshalIndent(s, "", "  ")
}
