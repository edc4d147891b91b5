package probe

import (
	"bufio"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// stuck is a Python program of which two threads stand at known lines while a third holds the interpreter's lock.
const stuck = `
import threading, time

class Café:
    def wait(self):
        time.sleep(
            3600)

def outer():
    Café().wait()

threading.Thread(target=outer, name="one", daemon=True).start()
lock = threading.Lock()
lock.acquire()
def never():

    lock.acquire()
threading.Thread(target=never, name="two", daemon=True).start()
time.sleep(0.2)
print("ready", flush=True)
while True:
    pass
`

func TestThePythonStackNamesFunctionFileLineAndWhoHoldsTheLock(t *testing.T) {
	interpreters, _ := filepath.Glob("/usr/bin/python3.[0-9]*")
	home, _ := os.UserHomeDir()
	more, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3.[0-9]*")) // where a person has more than the system's
	tested := 0
	for _, exe := range append(interpreters, more...) {
		name := filepath.Base(exe)
		if minor := versionInName(exe) >> 16 & 255; strings.Contains(name, "-") || minor < 10 || minor > 14 {
			continue
		}
		tested++
		t.Run(exe, func(t *testing.T) {
			cmd := exec.Command(exe, "-c", stuck)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("%q (%v)", line, err)
			}
			py, err := openPython("/proc", cmd.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			main, one, two := "", "", ""
			for try := 0; try < 100 && main == ""; try++ { // the lock is handed over now and then
				for _, s := range py.stacks() {
					text := strings.Join(s.frames, " < ")
					switch {
					case s.tid == cmd.Process.Pid && s.holds:
						main = text
					case strings.Contains(text, "outer"):
						one = text
					case strings.Contains(text, "never"):
						two = text
					}
				}
			}
			if !strings.HasPrefix(main, "<module> (<string>:2") {
				t.Errorf("the main thread, which holds the lock, is at %q", main)
			}
			if !strings.HasPrefix(one, "Café.wait (<string>:6) < outer (<string>:10) < Thread.run (threading.py:") && !strings.HasPrefix(one, "wait (<string>:6) < outer (<string>:10) < run (threading.py:") {
				t.Errorf("the first thread is at %q", one)
			}
			if !strings.HasPrefix(two, "never (<string>:17) < ") {
				t.Errorf("the second thread is at %q", two)
			}
		})
	}
	if tested == 0 {
		t.Fatal("no Python 3.10 to 3.14 is installed")
	}
}

// FuzzPythonMemory walks through memory that is nothing but noise: it must end, and say no nonsense of unbounded size.
func FuzzPythonMemory(f *testing.F) {
	for seed := range uint64(8) {
		for _, minor := range []int{10, 11, 12, 13, 14} {
			f.Add(seed, minor, []byte{0})
		}
	}
	f.Add(uint64(1), 11, []byte("a list that leads back to its own beginning"))
	f.Fuzz(func(t *testing.T, seed uint64, minor int, patch []byte) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		const size = 1 << 14
		memory := make([]byte, size)
		for i := 0; i < size; i += 8 { // words that mostly point into the memory itself
			w := rnd.Uint64()
			if w%4 != 0 {
				w = w>>8%size&^7 + 8
			}
			binary.LittleEndian.PutUint64(memory[i:], w)
		}
		copy(memory[rnd.IntN(size-1):], patch)
		py := &python{runtime: 8, mem: func(address uint64, into []byte) error {
			if address == 0 || address >= size || uint64(len(into)) > size-address {
				return errors.New("not there")
			}
			copy(into, memory[address:])
			return nil
		}}
		l, known := layouts[0x0300|minor&255]
		if !known {
			copy(memory[8:], pyCookie)
			binary.LittleEndian.PutUint64(memory[16:], uint64(0x0300|minor&255)<<16)
			var err error
			if l, err = py.describe(0); err != nil {
				return
			}
		}
		py.layout = l
		stacks := py.stacks()
		if len(stacks) > pyThreads {
			t.Errorf("%d threads", len(stacks))
		}
		for _, s := range stacks {
			if len(s.frames) > pyFrames {
				t.Errorf("%d frames", len(s.frames))
			}
		}
	})
}

func FuzzPythonLines(f *testing.F) {
	f.Add([]byte{0x80, 0, 1, 0xd8, 4, 2}, 1, 2)
	f.Fuzz(func(_ *testing.T, table []byte, first, at int) {
		line310(table, first, at)
		line311(table, first, at)
	})
}
