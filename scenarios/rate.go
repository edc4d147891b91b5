package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// Rate is a number a second.
type Rate float64

// ParseRate reads "200/s", "6000/m", "3600/h" or a plain number a second; it must be above 0.
func ParseRate(text string) (Rate, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), "/")
	per, ok := map[string]float64{"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !ok || !(n > 0) || n > 1e9 {
		return 0, fmt.Errorf("rate %q: want a number a second such as 200/s, or 6000/m", text)
	}
	return Rate(n / per), nil
}

// String writes it as ParseRate reads it.
func (r Rate) String() string { return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s" }

// UnmarshalYAML reads a scalar.
func (r *Rate) UnmarshalYAML(decode func(any) error) error {
	var v any
	if err := decode(&v); err != nil {
		return err
	}
	parsed, err := ParseRate(fmt.Sprint(v))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (r Rate) MarshalYAML() (any, error) { return r.String(), nil }

// JSONSchema says what a rate looks like to an editor.
func (Rate) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		OneOf: []*jsonschema.Schema{
			{Type: "number"},
			{Type: "string", Pattern: `^[0-9.]+(/(s|m|min|h))?$`},
		},
		Description: "hits a second: 200/s, 6000/m, or a plain number",
	}
}
