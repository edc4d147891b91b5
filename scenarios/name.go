package scenarios

import (
	"path/filepath"
	"regexp"
	"strings"
)

var notOfAName = regexp.MustCompile(`[^a-z0-9]+`)

// NameFor makes a scenario's name from the name of the file at path, without its extension: in lower case, with a dash
// for what a name cannot hold.
func NameFor(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Trim(notOfAName.ReplaceAllString(strings.ToLower(base), "-"), "-")
}
