package scenarios

import (
	"slices"
	"time"
)

// Load is what is sent to the server: open loop, each hit due at its own moment whether or not earlier ones were
// answered; or, with shape closed, users who each wait for their answer.
type Load struct {
	// Rate is hits a second: 200/s, 6000/m, or a plain number.
	Rate Rate `yaml:"rate" json:"rate,omitzero"`
	// Shape of the rate over time: constant; poisson, which is constant on the mean with random moments; ramp from
	// rate to `to`; step through `steps`; spike to `to` from `from` for `over`; sine around rate up to `to` with
	// period `over`; closed, `users` who wait for answers; replay of the access log `log`.
	Shape string `yaml:"shape,omitempty" json:"shape,omitempty" choice:"shape"`
	// To is the rate at the end of a ramp, on top of a spike or a sine.
	To Rate `yaml:"to,omitempty" json:"to,omitzero"`
	// From is when a ramp or spike begins.
	From time.Duration `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"type=string"`
	// Over is how long a ramp or spike takes, or the period of a sine.
	Over time.Duration `yaml:"over,omitempty" json:"over,omitempty" jsonschema:"type=string"`
	// Steps are rates one after the other; the last goes on.
	Steps []Step `yaml:"steps,omitempty" json:"steps,omitempty"`
	// Arrivals are the moments of the hits: even, or poisson, which is random with the same mean rate.
	Arrivals string `yaml:"arrivals,omitempty" json:"arrivals,omitempty" jsonschema:"enum=even,enum=poisson"`
	// Users send one hit after the other, each when the one before was answered and Think has passed (shape closed).
	Users int `yaml:"users,omitempty" json:"users,omitempty" jsonschema:"minimum=1,maximum=65536"`
	// Think is how long a user waits between an answer and the next hit; empty: not at all.
	Think time.Duration `yaml:"think,omitempty" json:"think,omitempty" jsonschema:"type=string"`
	// Log is the access log to send again (shape replay): Common or Combined format as gunicorn, nginx and Apache
	// write them, or JSON lines.
	Log string `yaml:"log,omitempty" json:"log,omitempty"`
	// Speed of the replay: 1 as it was, 10 ten times as fast; empty: 1.
	Speed float64 `yaml:"speed,omitempty" json:"speed,omitempty" jsonschema:"exclusiveMinimum=0,maximum=1000"`
	// Mix is several attacks at once, each with its own rate and shape or a share of Rate, and its own targets.
	Mix []Mix `yaml:"mix,omitempty" json:"mix,omitempty"`
	// Senders is how many hits may be in flight at once; what is due beyond that waits, and its wait is in its
	// response time.
	Senders int `yaml:"senders,omitempty" json:"senders,omitempty" jsonschema:"minimum=1,maximum=65536"`
	// Timeout of one hit, from when it was sent.
	Timeout time.Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"type=string"`
	// Targets are hit in turn, in the proportion of their weights.
	Targets []Target `yaml:"targets,omitempty" json:"targets,omitempty"`
	// TargetsFile has targets in one of vegeta's formats, http or json.
	TargetsFile string `yaml:"targets_file,omitempty" json:"targets_file,omitempty"`
	// UnixSocket is the path of the socket to connect to instead of the server's address.
	UnixSocket string `yaml:"unix_socket,omitempty" json:"unix_socket,omitempty"`
	// Ledger follows every accepted task (202 with an id) to its end by asking the server.
	Ledger *bool `yaml:"ledger,omitempty" json:"ledger,omitempty"`
}

// A Step is one rate for a time.
type Step struct {
	Rate Rate          `yaml:"rate" json:"rate,omitzero" jsonschema:"required"`
	For  time.Duration `yaml:"for,omitempty" json:"for,omitempty" jsonschema:"type=string"`
}

// A Mix is one of several attacks that go on at once.
type Mix struct {
	// Weight is its share of load.rate where it has no rate of its own; 0 is 1.
	Weight   int           `yaml:"weight,omitempty" json:"weight,omitempty" jsonschema:"minimum=0,maximum=1000000000"`
	Rate     Rate          `yaml:"rate,omitempty" json:"rate,omitzero"`
	Shape    string        `yaml:"shape,omitempty" json:"shape,omitempty" choice:"mixed-shape"`
	To       Rate          `yaml:"to,omitempty" json:"to,omitzero"`
	From     time.Duration `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"type=string"`
	Over     time.Duration `yaml:"over,omitempty" json:"over,omitempty" jsonschema:"type=string"`
	Steps    []Step        `yaml:"steps,omitempty" json:"steps,omitempty"`
	Arrivals string        `yaml:"arrivals,omitempty" json:"arrivals,omitempty" jsonschema:"enum=even,enum=poisson"`
	Targets  []Target      `yaml:"targets" json:"targets,omitempty"`
}

// A Target is one kind of hit.
type Target struct {
	Tag    string            `yaml:"tag,omitempty" json:"tag,omitempty"`
	Method string            `yaml:"method,omitempty" json:"method,omitempty"`
	Path   string            `yaml:"path" json:"path" jsonschema:"required"`
	Header map[string]string `yaml:"header,omitempty" json:"header,omitempty"`
	Body   string            `yaml:"body,omitempty" json:"body,omitempty"`
	// BodyFile is the file that has the body.
	BodyFile string `yaml:"body_file,omitempty" json:"body_file,omitempty"`
	// Template fills {{seq}}, {{counter}}, {{random MIN MAX}}, {{hex DIGITS}} and {{uuid}} into path, header and
	// body, anew for each hit.
	Template bool `yaml:"template,omitempty" json:"template,omitempty"`
	// Expect are the statuses that count as ok; empty: 200 to 399.
	Expect []int `yaml:"expect,omitempty" json:"expect,omitempty"`
	// Timeout of this target's hits, where it is not the load's.
	Timeout time.Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"type=string"`
	// Weight is its share; 0 is 1.
	Weight int `yaml:"weight,omitempty" json:"weight,omitempty" jsonschema:"minimum=0,maximum=1000000000"`
}

// StatusExpected says whether an HTTP status is one of those expected or, where none are named, from 200 to 399.
func StatusExpected(expect []int, status int) bool {
	if len(expect) == 0 {
		return status >= 200 && status < 400
	}
	return slices.Contains(expect, status)
}

// targets are all that are hit, those of a mix too.
func (l Load) targets() []Target {
	all := slices.Clone(l.Targets)
	for _, m := range l.Mix {
		all = append(all, m.Targets...)
	}
	return all
}
