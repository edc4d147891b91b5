package python

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func TestTheVersionIsReadFromTheNamesOfFiles(t *testing.T) {
	for path, want := range map[string]uint32{
		"/usr/bin/python3.10":                                  0x030a0000,
		"/usr/lib/libpython3.11.so.1.0":                        0x030b0000,
		"/usr/lib/python3.9/lib-dynload/_x.cpython-39-x.so":    0x03090000,
		"/opt/python3.300/x":                                   0,
		"/usr/bin/python3":                                     0,
		"/usr/lib/uwsgi/plugins/python3_plugin.so":             0,
		"/usr/lib/x86_64-linux-gnu/libpython3.12d.so.1.0":      0x030c0000,
		"/usr/lib/python3/dist-packages/greenlet/_greenlet.so": 0,
	} {
		if got := versionIn(path); got != want {
			t.Errorf("%s: got %#x, want %#x", path, got, want)
		}
	}
}

func TestAProcessWithoutPythonHasNone(t *testing.T) {
	self := os.Getpid()
	_, err := Open(stacks.Process{Proc: "/proc", PID: self,
		Memory: func(address uint64, into []byte) error { return memory.Read(self, address, into) }})
	if !errors.Is(err, stacks.ErrNone) {
		t.Errorf("got %v", err)
	}
}

func TestTheSecondProcessOfAServerReadsNoFileAgain(t *testing.T) {
	exe := interpreters(t)[0]
	const program = `print("ready", flush=True); import time; time.sleep(3600)`
	var finder Finder
	first := launch(t, exec.Command(exe, "-c", program))
	open(t, &finder, first)
	if len(finder.images.known) == 0 {
		t.Fatal("nothing is kept of the first")
	}
	for key, found := range finder.images.known { // what is kept is believed: here that no file has an interpreter
		found.runtime = 0
		finder.images.known[key] = found
	}
	second := launch(t, exec.Command(exe, "-c", program))
	if _, err := finder.Open(stacks.Process{Proc: "/proc", PID: second}); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("got %v: the file was read again", err)
	}
}

func TestAFileIsNamedAsLibraryOrApplication(t *testing.T) {
	for file, want := range map[string]struct {
		place   string
		library bool
	}{
		"/usr/lib/python3.11/asyncio/tasks.py":                     {"asyncio/tasks.py", true},
		"/usr/lib/python3/dist-packages/gunicorn/arbiter.py":       {"gunicorn/arbiter.py", true},
		"/srv/venv/lib/python3.12/site-packages/uvicorn/server.py": {"uvicorn/server.py", true},
		"/srv/venv/lib64/python3.12/site-packages/x.py":            {"x.py", true},
		"<frozen runpy>":    {"<frozen runpy>", true},
		"/usr/bin/gunicorn": {"bin/gunicorn", true},
		"/srv/app/views.py": {"views.py", false},
		"<string>":          {"<string>", false},
		"/srv/lib/app.py":   {"app.py", false},
	} {
		if place, library := placeOf(file); place != want.place || library != want.library {
			t.Errorf("%s: got %q, %v", file, place, library)
		}
	}
}
