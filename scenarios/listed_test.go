package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEachBuiltInScenarioIsInOneGroup(t *testing.T) {
	var grouped []string
	for _, group := range Groups() {
		grouped = append(grouped, group.Names...)
	}
	slices.Sort(grouped)
	if !slices.Equal(grouped, Names()) {
		t.Errorf("in groups: %q, built in: %q", grouped, Names())
	}
}

func TestTheListHasOnesOwnAtItsEnd(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	dir := filepath.Join(config, "hangtime", "scenarios")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte("name: mine\nload: {rate: fast}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	all := List()
	if first := all[0]; first.Name != "log-contention" || first.Group != "start here" || first.Title == "" || first.Takes == 0 ||
		len(first.Variants) != 2 || first.Problem != "" {
		t.Errorf("the first is %+v", first)
	}
	if last := all[len(all)-1]; last.Name != "mine" || last.Group != "yours" || last.Problem == "" || last.File == "" {
		t.Errorf("the last is %+v", last)
	}
}
