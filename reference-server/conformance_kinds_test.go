package refserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A kind is a server that the tests of conformance run against: ours, or one gunicorn.
type kind struct {
	name     string    // of the subtest, such as gunicorn-20.1.0
	gunicorn *gunicorn // nil: ours
}

func (k kind) String() string { return k.name }
func (k kind) ours() bool     { return k.gunicorn == nil }

// ours is the server that is tested.
func ours() kind { return kind{name: "hangtime"} }

// each runs the same test code against ours and every gunicorn, all at once: most of the time they wait.
func each(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	t.Parallel()
	atOnce(t, append([]kind{ours()}, gunicornKinds(t)...), test)
}

// atOnce runs a test for each kind beside the others, whatever -parallel says: together they count as one test there.
func atOnce(t *testing.T, kinds []kind, test func(t *testing.T, k kind)) {
	t.Helper()
	var all sync.WaitGroup
	for _, k := range kinds {
		all.Go(func() { t.Run(k.name, func(t *testing.T) { test(t, k) }) })
	}
	all.Wait()
}

// A gunicorn is one installation of it.
type gunicorn struct {
	version version
	command []string // that starts it
	env     []string
	python  string // the interpreter that finds it
	folder  string // its package's
}

// gunicornKinds are the gunicorns that ours is held beside: the distribution's, and today's.
func gunicornKinds(t testing.TB) []kind {
	t.Helper()
	found, err := installedGunicorns()
	if err != nil {
		t.Fatalf("%v: .ci/install-tools installs it", err)
	}
	var kinds []kind
	for _, g := range found {
		kinds = append(kinds, kind{name: "gunicorn-" + g.version.String(), gunicorn: g})
	}
	return kinds
}

// installedGunicorns asks two interpreters, once for all tests: the distribution's, and that of the virtual
// environment with the servers of realservers/python/requirements.txt.
var installedGunicorns = sync.OnceValues(func() ([]*gunicorn, error) {
	venv, err := exec.Command("../.ci/python-servers").Output()
	if err != nil {
		return nil, fmt.Errorf("find the Python servers of today: %w%s", err, saidByExit(err))
	}
	var found []*gunicorn
	for _, bin := range []struct{ folder, python string }{{"/usr/bin", "python3"},
		{strings.TrimSpace(string(venv)) + "/bin", "python"}} {
		g, err := installedGunicorn(filepath.Join(bin.folder, "gunicorn"), filepath.Join(bin.folder, bin.python))
		if err != nil {
			return nil, err
		}
		found = append(found, g)
	}
	return found, nil
})

func installedGunicorn(program, python string) (*gunicorn, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("no gunicorn: %w", err)
	}
	out, err := exec.Command(python, "-c", "import gunicorn, os; print(gunicorn.__version__, os.path.dirname(gunicorn.__file__))").Output()
	if err != nil {
		return nil, fmt.Errorf("ask %s for gunicorn's version: %w%s", python, err, saidByExit(err))
	}
	number, folder, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	v, err := parseVersion(number)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return &gunicorn{version: v, command: []string{program}, python: python, folder: folder}, nil
}

func saidByExit(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "\n" + strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}

// says is what its interpreter prints for a program.
func (g *gunicorn) says(t testing.TB, program string) string {
	t.Helper()
	out, err := exec.Command(g.python, "-c", program).Output()
	if err != nil {
		t.Fatalf("ask gunicorn %v: %v%s", g.version, err, saidByExit(err))
	}
	return string(out)
}

// forAnyUser is the same gunicorn where every user may read it. Root's home, with the virtual environment in it, is
// closed to the user that a worker becomes; gunicorn's package needs no other, so a copy of it runs on the
// distribution's Python, with the Flask there.
func (g *gunicorn) forAnyUser(t testing.TB) *gunicorn {
	t.Helper()
	if strings.HasPrefix(g.folder, "/usr/") {
		return g
	}
	dir := t.TempDir()
	openTo(t, dir)
	if err := os.CopyFS(filepath.Join(dir, "gunicorn"), os.DirFS(g.folder)); err != nil {
		t.Fatal(err)
	}
	copied := *g
	copied.command, copied.env = []string{"/usr/bin/python3", "-m", "gunicorn"}, []string{"PYTHONPATH=" + dir}
	return &copied
}

// A version is major, minor, patch.
type version [3]int

func (v version) String() string             { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }
func (v version) atLeast(other version) bool { return slices.Compare(v[:], other[:]) >= 0 }

func parseVersion(text string) (version, error) {
	var v version
	parts := strings.SplitN(text, ".", len(v))
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return v, fmt.Errorf("version %q: want numbers such as 20.1.0", text)
		}
		v[i] = n
	}
	return v, nil
}
