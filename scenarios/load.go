package scenarios

import "time"

// Load is what is sent to the server: open loop, each hit due at its own moment whether or not earlier ones were answered.
type Load struct {
	// Rate is hits a second: 200/s, 6000/m, or a plain number.
	Rate Rate `yaml:"rate" json:"rate,omitzero"`
	// Shape of the rate over time.
	Shape string `yaml:"shape,omitempty" json:"shape,omitempty" jsonschema:"enum=constant,enum=poisson"`
	// Senders is how many hits may be in flight at once; what is due beyond that waits, and its wait is in its response time.
	Senders int `yaml:"senders,omitempty" json:"senders,omitempty" jsonschema:"minimum=1,maximum=65536"`
	// Timeout of one hit, from when it was sent.
	Timeout time.Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"type=string"`
	// Targets are hit in turn, in the proportion of their weights.
	Targets []Target `yaml:"targets" json:"targets,omitempty"`
	// Ledger follows every accepted task (202 with an id) to its end by asking the server.
	Ledger *bool `yaml:"ledger,omitempty" json:"ledger,omitempty"`
}

// A Target is one kind of hit.
type Target struct {
	Tag    string            `yaml:"tag,omitempty" json:"tag,omitempty"`
	Method string            `yaml:"method,omitempty" json:"method,omitempty"`
	Path   string            `yaml:"path" json:"path" jsonschema:"required"`
	Header map[string]string `yaml:"header,omitempty" json:"header,omitempty"`
	Body   string            `yaml:"body,omitempty" json:"body,omitempty"`
	// Expect are the statuses that count as ok; empty: 200 to 399.
	Expect []int `yaml:"expect,omitempty" json:"expect,omitempty"`
	// Weight is its share; 0 is 1.
	Weight int `yaml:"weight,omitempty" json:"weight,omitempty" jsonschema:"minimum=0"`
}
