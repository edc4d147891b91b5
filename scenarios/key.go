package scenarios

import (
	"reflect"
	"slices"
	"strings"
)

// fields are the fields of a struct and of those embedded in it, in the order in which they are declared: the keys of
// one mapping.
func fields(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Anonymous })
}

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
