package scenarios

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the expected texts anew")

// What a person is told about each way in which a file can be wrong: where, what, and what would be right.
func TestAWrongFileIsToldInOneClearSentence(t *testing.T) {
	const path = "testdata/wrong.txtar"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, ".told"); ok {
			answers[name] = string(f.Data)
		}
	}
	rewritten := &txtar.Archive{Comment: archive.Comment}
	n := 0
	for _, f := range archive.Files {
		name, ok := strings.CutSuffix(f.Name, ".yaml")
		if !ok {
			continue
		}
		n++
		_, err := Read(name+".yaml", f.Data)
		if err == nil {
			t.Errorf("%s: was read without a word", name)
			continue
		}
		told := err.Error() + "\n"
		rewritten.Files = append(rewritten.Files, f, txtar.File{Name: name + ".told", Data: []byte(told)})
		if !*update {
			if diff := cmp.Diff(answers[name], told); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d files", n)
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
