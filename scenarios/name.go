package scenarios

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostName bounds a name that becomes part of file names, in bytes: with what is put before and behind it, a file's
// name may have 255.
const mostName = 100

// fileName says whether a name can be that of a file or a folder, and of no other than itself.
func fileName(name string) bool {
	return name != "" && len(name) <= mostName && name != "." && name != ".." && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == '\\' || !strconv.IsGraphic(r) })
}

var notOfAName = regexp.MustCompile(`[^a-z0-9]+`)

// NameFor makes a scenario's name from the name of the file at path, without its extension: in lower case, with a dash
// for what a name cannot hold.
func NameFor(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Trim(notOfAName.ReplaceAllString(strings.ToLower(base), "-"), "-")
}
