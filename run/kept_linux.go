package run

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// keptRuns is how many runs of one scenario are kept, with their recordings; older ones are deleted.
const keptRuns = 5

// KeptFolder is a new folder for the recording of a run, and makes room for it. scenario is a name, or a file's path.
func KeptFolder(scenario string, now time.Time) (string, error) {
	state, err := faults.StateDir()
	if err != nil {
		return "", err
	}
	// What is older is deleted below: a name such as .. must not lead elsewhere.
	dir := filepath.Join(state, "runs", cmp.Or(scenarios.NameFor(scenario), "unnamed"))
	older, err := filepath.Glob(filepath.Join(dir, "20*")) // sorted, and so by time
	if err != nil {
		return "", err
	}
	for _, old := range older[:max(len(older)-keptRuns+1, 0)] {
		if err := os.RemoveAll(old); err != nil {
			return "", fmt.Errorf("delete the recording of an old run: %w", err)
		}
	}
	return filepath.Join(dir, now.UTC().Format("20060102T150405.000")), nil
}

// A LastVerdict is what the last run of a scenario came to.
type LastVerdict struct {
	Outcome string    `json:"outcome"`
	At      time.Time `json:"at"`
}

const verdictsFile = "last-verdicts.json"

// LastVerdicts has the last verdict by scenario. It is a convenience: a file that is missing or broken counts as empty.
func LastVerdicts() map[string]LastVerdict {
	all := map[string]LastVerdict{}
	dir, err := faults.StateDir()
	if err != nil {
		return all
	}
	text, err := os.ReadFile(filepath.Join(dir, verdictsFile))
	if err != nil || json.Unmarshal(text, &all) != nil {
		return map[string]LastVerdict{}
	}
	return all
}

// RememberVerdict keeps what a run of a scenario came to, for the home screen. The file is replaced as a whole, so that
// two runs cannot mix.
func RememberVerdict(scenario, outcome string, at time.Time) error {
	dir, err := faults.StateDir()
	if err != nil {
		return err
	}
	all := LastVerdicts()
	all[scenario] = LastVerdict{outcome, at}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, verdictsFile+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, verdictsFile))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
