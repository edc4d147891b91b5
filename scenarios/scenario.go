package scenarios

import "time"

// A Scenario is one experiment: a server, a load, faults, and the variants (the guide's bad and good setting) that
// are compared under them.
type Scenario struct {
	// Name is how it is called on the command line: lower case, digits and hyphens.
	Name string `yaml:"name" json:"name" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]*$"`
	// Title is one line: what it shows.
	Title string `yaml:"title" json:"title,omitempty"`
	// Watch tells a person what to look at while it runs.
	Watch string `yaml:"watch,omitempty" json:"watch,omitempty"`
	// Guide is the claim of the guide that it tests.
	Guide string `yaml:"guide,omitempty" json:"guide,omitempty"`
	// Reports are public reports of the hang that it reproduces, as URLs.
	Reports []string `yaml:"reports,omitempty" json:"reports,omitempty"`
	// Seed of every random choice; 0 picks one and prints it.
	Seed uint64 `yaml:"seed,omitempty" json:"seed,omitempty"`
	// HangAfter is the age from which on work counts as a hang although nobody is seen to wait behind it; before that
	// it is slow.
	HangAfter time.Duration `yaml:"hang_after,omitempty" json:"hang_after,omitempty" jsonschema:"type=string"`
	// Server is what is put under load.
	Server Server `yaml:"server" json:"server,omitzero"`
	// Load is what is sent to it.
	Load Load `yaml:"load" json:"load,omitzero"`
	// Phases are how long it is watched before, during and after the fault.
	Phases Phases `yaml:"phases" json:"phases,omitzero"`
	// Faults are what is broken, and when.
	Faults []Fault `yaml:"faults,omitempty" json:"faults,omitempty"`
	// Checks are judged for every variant, beside what its expect asks.
	Checks []Check `yaml:"checks,omitempty" json:"checks,omitempty"`
	// Variants are run one after the other, each on a fresh server.
	Variants []Variant `yaml:"variants,omitempty" json:"variants,omitempty"`
	// Quick are keys to change under --quick, such as shorter phases.
	Quick map[string]any `yaml:"quick,omitempty" json:"quick,omitempty"`
}

// Phases of a variant.
type Phases struct {
	Before time.Duration `yaml:"before" json:"before,omitempty" jsonschema:"type=string"`
	During time.Duration `yaml:"during" json:"during,omitempty" jsonschema:"type=string"`
	After  time.Duration `yaml:"after" json:"after,omitempty" jsonschema:"type=string"`
}

// Total is the time of all phases.
func (p Phases) Total() time.Duration { return p.Before + p.During + p.After }

// A Variant is one setting of the scenario.
type Variant struct {
	// Name is short: shared, per-pid.
	Name string `yaml:"name" json:"name" jsonschema:"required"`
	// Expect is what the world does when the scenario is right about it.
	Expect Expect `yaml:"expect" json:"expect" jsonschema:"required,enum=hang,enum=crash,enum=healthy,enum=any"`
	// Cause is the cause that at least one incident must have where a hang or crash is expected, such as file-lock.
	Cause string `yaml:"cause,omitempty" json:"cause,omitempty"`
	// Says is one line on what this setting is.
	Says string `yaml:"says,omitempty" json:"says,omitempty"`
	// Set changes keys of the scenario for this variant: {"server.logging": "shared-lock"}.
	Set map[string]any `yaml:"set,omitempty" json:"set,omitempty"`
	// Checks are judged for this variant only.
	Checks []Check `yaml:"checks,omitempty" json:"checks,omitempty"`
}

// Expect is what a variant's world is expected to do.
type Expect string

// The outcomes a variant can expect.
const (
	Hang    Expect = "hang"    // at least one worker hangs
	Crash   Expect = "crash"   // at least one worker dies
	Healthy Expect = "healthy" // no incident at all
	Any     Expect = "any"     // only the checks count
)
