package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// Rate is a number a second.
type Rate float64

// The rates that can be asked for, in hits a second: the moments of slower and faster ones are no whole nanoseconds
// any more, or beyond all times.
const (
	leastRate = 0.0001 // one in three hours
	mostRate  = 1_000_000
)

var errRateRange = fmt.Errorf("is out of range; want %v/s to %d/s", leastRate, mostRate)

// ParseRate reads "200/s", "6000/m", "3600/h" or a plain number a second, from one in three hours to a million a second.
func ParseRate(text string) (Rate, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), "/")
	per, ok := map[string]float64{"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !ok || !(n > 0) {
		return 0, fmt.Errorf("rate %q: want a number a second such as 200/s, or 6000/m", text)
	}
	if n /= per; n < leastRate || n > mostRate {
		return 0, fmt.Errorf("rate %q %w", text, errRateRange)
	}
	return Rate(n), nil
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
