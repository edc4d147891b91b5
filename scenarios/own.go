package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OwnDir is where scenarios of one's own are: $XDG_CONFIG_HOME/hangtime/scenarios. It may not exist yet.
func OwnDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("where to keep scenarios of your own: set XDG_CONFIG_HOME: %w", err)
	}
	return filepath.Join(dir, "hangtime", "scenarios"), nil
}

// OwnFiles are the files of one's own scenarios.
func OwnFiles() []string {
	dir, err := OwnDir()
	if err != nil {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml")) // an error is a malformed pattern
	return slices.Clip(files)
}

// Copy makes a scenario of one's own from a built-in one, with a name that is free.
func Copy(name string) (string, error) {
	text, err := Text(name)
	if err != nil {
		return "", err
	}
	dir, err := OwnDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder for scenarios of your own: %w", err)
	}
	for n := 1; ; n++ {
		own := fmt.Sprintf("%s-%d", name, n)
		file := filepath.Join(dir, own+".yaml")
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("copy the scenario: %w", err)
		}
		_, err = f.WriteString(strings.Replace(string(text), "\nname: "+name+"\n", "\nname: "+own+"\n", 1))
		return file, errors.Join(err, f.Close())
	}
}
