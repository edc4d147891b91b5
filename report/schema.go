package report

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/invopop/jsonschema"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/verdict"
)

// ResultSchema is the JSON Schema of result.json; docs/result.schema.json is this. A key that it does not name may
// come in the same version: readers must not mind it.
func ResultSchema() ([]byte, error) {
	return schema{
		of: &Result{}, name: "result", version: ResultVersion, title: "result.json of hangtime",
		description: "What a run came to. Keys that end in _seconds are seconds on the run's clock; figures and checks carry their unit. docs/metrics.md says what each figure means.",
		keys: withIncident(map[string]map[string]string{
			"Result": {
				"version": versionText, "outcome": "fail beats unknown beats pass",
				"sentence": "what it comes to, in one line",
				"why":      "what kept it from passing", "interrupted": "by what the run was ended early",
				"troubles": "what hangtime itself could not do or see", "seed": "of every random choice",
			},
			"ResultVariant": {"expect": "what the scenario says that this variant does",
				"reason": "why it was cut short", "status": "answers by HTTP status", "errors": "failed hits by class",
				"notices": "what harmed the server and is no hang of a worker: connections dropped, a quota used up"},
			"ResultNotice": {"from_seconds": "when it was first seen", "to_seconds": "and last"},
			"Check": {"key": "where it stands in the scenario",
				"name": "the expression, or \"behaved as expected\"", "why": "of an unknown outcome"},
			"Figure": {"value": "in unit; means nothing where known is false",
				"at_least": "value is a lower bound: the run ended first", "name": "as check expressions use it"},
		}),
		outcomes: []string{"Result", "ResultVariant", "Check"},
	}.write()
}

// LookSchema is the JSON Schema of what `hangtime diagnose --json` prints; docs/look.schema.json is this. The same
// holds for keys that it does not name.
func LookSchema() ([]byte, error) {
	return schema{
		of: &Look{}, name: "look", version: LookVersion, title: "what hangtime diagnose --json prints",
		description: "One look at a running server. Keys that end in _seconds are seconds. docs/diagnosis.md says more.",
		keys: withIncident(map[string]map[string]string{
			"Look": {
				"version": versionText, "healthy": "no worker hangs, as far as could be seen",
				"blind":  "too little may be read to call it healthy",
				"unseen": "what may not be read, and what would allow it", "time": "when, on the wall clock",
			},
			"Worker": {"worker": "its place, from 1", "for_seconds": "how long it has been in that state",
				"inside":         "requests that it accepted and has not answered",
				"oldest_seconds": "age of the oldest of these", "cpu_share": "of one processor, over the last second",
				"label": "what is the matter with it although it does not hang"},
			"Thread": {"state": "the letter of /proc/PID/stat", "still_seconds": "since it last ran",
				"idle": "it waits for work"},
			"Stack":   {"frames": "innermost first"},
			"Server":  {"pid": "of the arbiter"},
			"Backlog": {"waiting": "connections that no worker has accepted", "limit": "how many may wait"},
		}),
	}.write()
}

const versionText = "grows when a reader of an older one would misread a newer one"

// incidentKeys are those of an incident, which both have.
var incidentKeys = map[string]map[string]string{
	"Incident": {
		"since": "on the wall clock, by the evidence", "detected": "when it was certain, on the wall clock",
		"began_seconds":    "since when, by the evidence",
		"detected_seconds": "when it was certain", "fault": "what hangtime did that led to it",
	},
	"Cause": {"kind": "docs/diagnosis.md says which evidence tells it",
		"evidence": "numbers of the records in the recording on which it rests", "holders": "who holds what is waited for"},
}

// A schema is what the reflected types do not say themselves.
type schema struct {
	of                       any
	name, title, description string
	version                  int
	keys                     map[string]map[string]string // by type and key: what it means
	outcomes                 []string                     // types with an outcome
}

func (s schema) write() ([]byte, error) {
	r := jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true}
	out := r.Reflect(s.of)
	out.ID = jsonschema.ID(fmt.Sprintf("urn:hangtime:%s:v%d", s.name, s.version))
	out.Title, out.Description = s.title, s.description
	property := func(def, key string) (*jsonschema.Schema, error) {
		if d := out.Definitions[def]; d != nil {
			if p, ok := d.Properties.Get(key); ok {
				return p, nil
			}
		}
		return nil, fmt.Errorf("the schema of %s has no %s", def, key)
	}
	for def, keys := range s.keys {
		for key, text := range keys {
			p, err := property(def, key)
			if err != nil {
				return nil, err
			}
			p.Description = text
			if key == "version" {
				p.Const = s.version
			}
		}
	}
	for _, def := range s.outcomes {
		p, err := property(def, "outcome")
		if err != nil {
			return nil, err
		}
		p.Enum = []any{verdict.Pass, verdict.Fail, verdict.Unknown}
	}
	p, err := property("Cause", "confidence")
	if err != nil {
		return nil, err
	}
	p.Enum = []any{diagnose.Proven, diagnose.Likely, diagnose.Guess}
	return json.MarshalIndent(out, "", "  ")
}

// withIncident adds the keys of an incident.
func withIncident(keys map[string]map[string]string) map[string]map[string]string {
	maps.Copy(keys, incidentKeys)
	return keys
}
