package scenarios

import (
	"reflect"
	"strings"
)

// yamlName is the key of a field.
func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// join is the key of what is called name below key.
func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// steps splits "faults[0].for" into faults, 0, for.
func steps(key string) []string {
	return strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}
