package python

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// generatedProgram calls the application's function through functions that libraries have compiled of text.
const generatedProgram = `
import threading
made = {}
for name, file in ("execute", "<string>"), ("wrap", "<sqlalchemy generated wrap()>"):
    exec(compile(f"def {name}(call): call()", file, "exec"), made)
def inner():
    print("ready", flush=True)
    threading.Event().wait()
def outer(): made["execute"](lambda: made["wrap"](inner))
outer()
`

func TestGeneratedFunctionsAreNotTheApplications(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.py")
	if err := os.WriteFile(file, []byte(generatedProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r := open(t, &finder, launch(t, exec.Command(exe, file)))
			eventually(t, r, func(work []stacks.Work) string {
				seen := map[string]bool{}
				for _, f := range work1(work, "MainThread").Frames {
					seen[f.Function] = f.Library
				}
				for name, library := range map[string]bool{"execute": true, "wrap": true, "inner": false, "outer": false} {
					if got, found := seen[name]; !found || got != library {
						return fmt.Sprintf("%s: found %v, a library's %v, want %v", name, found, got, library)
					}
				}
				return ""
			})
		})
	}
}
