package history

import (
	"fmt"
	"os"
	"path/filepath"
)

// Recordings are the recordings that a path names: the file itself, or all of a folder and of the folders in it, two
// levels down.
func Recordings(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	for _, pattern := range []string{"*" + Extension, "*/*" + Extension, "*/*/*" + Extension} {
		found, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no recording (*%s)", path, Extension)
	}
	return files, nil
}
