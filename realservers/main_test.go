//go:build realservers

package realservers

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the real hangtime, built once for all cases.
var binary string

// atOnce is how many cases run beside each other: they mostly wait. With more, two processors are so busy at times
// that hangtime cannot be sure of what it sees.
const atOnce = "10"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keeperArgument {
		os.Exit(keep())
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	// Debian's servers are where only root looks by itself.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "hangtime-real-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "hangtime")
	build := exec.Command("go", "build", "-o", binary, "../cmd/hangtime")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build hangtime: %w\n%s", err, out)
	}
	venv, err := exec.Command("../.ci/python-servers").Output()
	if err != nil {
		return 1, fmt.Errorf("find the Python servers: %w%s", err, saidByExit(err))
	}
	pypi.folder = string(bytes.TrimSpace(venv)) + "/bin/"
	if _, err := os.Stat(pypi.folder + "python"); err != nil {
		return 1, fmt.Errorf("%w: .ci/install-tools installs them", err)
	}
	code := m.Run()
	return code, sharedDatabase.close()
}

func saidByExit(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "\n" + strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}
