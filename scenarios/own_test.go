package scenarios

import (
	"os"
	"path/filepath"
	"testing"
)

// A copy is a scenario of one's own under a name that is free, and holds as what it was copied from does.
func TestACopyIsAScenarioOfOnesOwn(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	if files := OwnFiles(); len(files) != 0 {
		t.Errorf("before: %v", files)
	}
	for _, want := range []string{"log-contention-1", "log-contention-2"} {
		file, err := Copy("log-contention")
		if err != nil {
			t.Fatal(err)
		}
		if file != filepath.Join(config, "hangtime", "scenarios", want+".yaml") {
			t.Errorf("it stands at %s", file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := Read(file, text)
		if err != nil || doc.Scenario.Name != want {
			t.Errorf("%s: %v", file, err)
		}
	}
	if files := OwnFiles(); len(files) != 2 {
		t.Errorf("after: %v", files)
	}
	if _, err := Copy("no-such"); err == nil {
		t.Error("what is not built in was copied")
	}
}
