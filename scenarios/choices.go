package scenarios

import (
	"reflect"
	"strings"
)

// choices are the words that a key takes: those of a table of rows, where its field is tagged with the table's name
// (`choice:"fault"`), else those of its jsonschema tag. An editor with the schema, the judgement of a file and the
// manual all ask here.
func choices(field reflect.StructField) []string {
	var words []string
	switch field.Tag.Get("choice") {
	case "fault":
		for _, k := range FaultKinds() {
			words = append(words, k.Name)
		}
		return words
	case "server":
		for _, k := range ServerKinds() {
			words = append(words, k.Name)
		}
		return words
	case "tasks":
		for _, p := range TaskPlaces() {
			words = append(words, p.Name)
		}
		return words
	case "queue":
		return QueueSystems()
	case "shape":
		return ShapeNames()
	case "mixed-shape":
		for _, s := range Shapes() {
			if !s.Alone {
				words = append(words, s.Name)
			}
		}
		return words
	}
	for part := range strings.SplitSeq(field.Tag.Get("jsonschema"), ",") {
		if one, ok := strings.CutPrefix(part, "enum="); ok {
			words = append(words, one)
		}
	}
	return words
}
