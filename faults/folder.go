package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// folderPrefix marks the folders that hangtime makes for its runs: no other is ever removed.
const folderPrefix = "hangtime-run-"

// undoFolder removes the folder of a run.
var undoFolder = mendedBy("remove-folder", mending{
	says:     func(u undo) string { return "remove " + u.Path },
	mend:     func(u undo) error { return removeFolder(u.Path) },
	survives: true,
})

func removeFolder(path string) error {
	if !filepath.IsAbs(path) || !strings.HasPrefix(filepath.Base(path), folderPrefix) {
		return fmt.Errorf("%s is not a run's folder: not removed", path)
	}
	// Something that is just ending may still put a file there: it is tried until the folder stays away.
	var err error
	for deadline := time.Now().Add(removeLimit); time.Now().Before(deadline); time.Sleep(step) {
		if err = os.RemoveAll(path); err == nil {
			return nil
		}
	}
	return err
}
