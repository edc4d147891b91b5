package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed library/*.yaml
var library embed.FS

// Names are those of the built-in scenarios, sorted.
func Names() []string {
	files, err := fs.Glob(library, "library/*.yaml")
	if err != nil {
		panic(err) // only a bad pattern can do this
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(f, "library/"), ".yaml")
	}
	return names
}

// Text is the file of a built-in scenario.
func Text(name string) ([]byte, error) {
	text, err := library.ReadFile("library/" + name + ".yaml")
	if err != nil {
		hint := "`hangtime scenarios list` shows them; a file of your own is given by its path, such as ./my.yaml"
		if near := nearest(name, Names()); near != "" {
			hint = fmt.Sprintf("did you mean %q? ", near) + hint
		}
		return nil, fmt.Errorf("no scenario %q is built in; %s", name, hint)
	}
	return text, nil
}
