package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// longestTime bounds every duration of a scenario: beyond it, sums of moments would overflow one day.
const longestTime = 24 * time.Hour

// limits of a number, by its field's jsonschema tag; ok is false where it has none.
func limits(field reflect.StructField) (least, most float64, ok bool) {
	least, most = math.Inf(-1), math.Inf(1)
	for part := range strings.SplitSeq(field.Tag.Get("jsonschema"), ",") {
		name, text, _ := strings.Cut(part, "=")
		n, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
		case name == "minimum":
			least, ok = n, true
		case name == "exclusiveMinimum":
			least, ok = math.Nextafter(n, n+1), true
		case name == "maximum":
			most, ok = n, true
		}
	}
	return least, most, ok
}

// wantLimits says which numbers a field takes: 1 to 256.
func wantLimits(field reflect.StructField) string {
	least, most, _ := limits(field)
	from, to := strconv.FormatFloat(least, 'f', -1, 64), strconv.FormatFloat(most, 'f', -1, 64)
	above := strings.Contains(field.Tag.Get("jsonschema"), "exclusiveMinimum")
	switch {
	case above && math.IsInf(most, 1):
		return "want above 0"
	case above:
		return "want above 0 and at most " + to
	case math.IsInf(most, 1):
		return "want at least " + from
	case math.IsInf(least, -1):
		return "want at most " + to
	}
	return "want " + from + " to " + to
}

// limits judges a number as it is written: that of a decoded scenario is 0 also where nothing was written.
func (c *treeCheck) limits(node ast.Node, field reflect.StructField, key string) {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		node = anchor.Value
	}
	least, most, ok := limits(field)
	text := node.GetToken().Value
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if whole, wrong := strconv.ParseInt(text, 0, 64); wrong == nil {
		n, err = float64(whole), nil
	}
	if ok && err == nil && !(n >= least && n <= most) {
		c.problem(node, key, fmt.Sprintf("%s is out of range", text), wantLimits(field))
	}
}
