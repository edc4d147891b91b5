package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hangtime-dev/hangtime/words"
)

var (
	inputs  = flag.Int("inputs", 81, "how many bad inputs TestNoInputIsTooBad makes; `make prove-inputs` makes 1,000")
	bounded = flag.Bool("inputs-bounded", false, "and each has to end within 2 s of processor time, which other programs do not lengthen")
)

// inputSeed is that of all inputs: the same numbers make the same inputs everywhere.
const inputSeed = 20261128

// Bounds of what hangtime may take for an input that it refuses.
const (
	inputTime   = 2 * time.Second  // of a processor
	inputHangs  = 30 * time.Second // on any machine
	inputMemory = 500 << 20
)

// A badInput is a command line, the files that it names, and the exit codes that are right for it.
type badInput struct {
	files map[string]string // by name
	setup func(t *testing.T, dir string)
	args  []string
	codes []int
}

// Whatever hangtime is given, it ends soon, in bounded memory, with the right exit code and in plain sentences, and
// writes nothing.
func TestNoInputIsTooBad(t *testing.T) {
	kinds := inputKinds()
	names := slices.Sorted(maps.Keys(kinds))
	if len(names) < 25 {
		t.Fatalf("%d kinds of inputs, want at least 25", len(names))
	}
	byKind := map[string]int{}
	slowest, dearest, largest := time.Duration(0), time.Duration(0), int64(0)
	for n := range *inputs {
		name := names[n%len(names)]
		in := kinds[name](rand.New(rand.NewPCG(inputSeed, uint64(n))))
		t.Run(name+"/"+strconv.Itoa(n), func(t *testing.T) {
			took, used, memory := in.try(t)
			slowest, dearest, largest = max(slowest, took), max(dearest, used), max(largest, memory)
		})
		byKind[name]++
	}
	t.Logf("%d inputs of %d kinds: at most %v, %v of a processor and %d MiB", *inputs, len(byKind), slowest.Round(time.Millisecond),
		dearest.Round(time.Millisecond), largest>>20)
}

// try gives one to the real hangtime, in a folder of its own.
func (in badInput) try(t *testing.T) (took, used time.Duration, memory int64) {
	box := t.TempDir()
	dir := filepath.Join(box, "here")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range in.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if in.setup != nil {
		in.setup(t, dir)
	}
	before := everything(t, box)
	ctx, stop := context.WithTimeout(t.Context(), inputHangs)
	defer stop()
	cmd := exec.CommandContext(ctx, binary, in.args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "HOME="+box, "XDG_STATE_HOME="+box, "XDG_CONFIG_HOME="+box, "TMPDIR="+box)
	began := time.Now()
	err := cmd.Run()
	took = time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	used = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if of, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && of.Maxrss > ours(t) {
		memory = of.Maxrss << 10
	}
	said := stderr.String()
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(in.codes, code) {
		t.Errorf("%q: exit code %d, want one of %v\n%.2000s%.2000s", short(in.args), code, in.codes, said, stdout.String())
	}
	if *bounded && used > inputTime {
		t.Errorf("%q: took %v of a processor, want at most %v", short(in.args), used, inputTime)
	}
	if memory > inputMemory {
		t.Errorf("%q: took %d MiB, want at most %d", short(in.args), memory>>20, inputMemory>>20)
	}
	if cmd.ProcessState.ExitCode() == exitUsage {
		plainSentences(t, said)
	}
	if after := everything(t, box); !slices.Equal(before, after) {
		t.Errorf("%q: wrote something: before %q, after %q", short(in.args), before, after)
	}
	return took, used, memory
}

// ours is the most memory that this process has had, in KiB. A child shares it until it becomes another program, and has
// that in its own account (getrusage(2)): only what is beyond it is known to be its own.
func ours(t *testing.T) int64 {
	t.Helper()
	var of syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &of); err != nil {
		t.Fatal(err)
	}
	return of.Maxrss
}

// plainSentences judges what was said of an input: few lines, none of them long, and nothing in them that acts on a
// terminal or is a programmer's.
func plainSentences(t *testing.T, said string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	if len(lines) > words.MostErrors+1 {
		t.Errorf("%d lines, want at most %d", len(lines), words.MostErrors+1)
	}
	for _, line := range lines {
		switch {
		case !strings.HasPrefix(line, "hangtime: ") || len(line) < 20:
			t.Errorf("%q says nothing", line)
		case len(line) >= words.MostErrorLine:
			t.Errorf("a line of %d bytes, want at most %d: %.100q", len(line)+1, words.MostErrorLine, line)
		case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
			t.Errorf("%q is not printable", line)
		}
		for _, inside := range []string{"panic", "goroutine", "runtime error", "interface {}", "map[string]", "*ast.", "%!"} {
			if strings.Contains(line, inside) {
				t.Errorf("%q has %q in it", line, inside)
			}
		}
	}
}

// everything is what is in a folder, with sizes.
func everything(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size := int64(0)
		if info.Mode().IsRegular() {
			size = info.Size()
		}
		all = append(all, path+" "+strconv.FormatInt(size, 10))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// short is a command line for a message.
func short(args []string) string {
	line := strings.Join(args, " ")
	return line[:min(len(line), 200)]
}
