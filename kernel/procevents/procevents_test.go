package procevents

import (
	"encoding/binary"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/kerneltest"
)

// procMessage is a message of the connector about four or six numbers.
func procMessage(what uint32, numbers ...uint32) []byte {
	m := make([]byte, eventData+24)
	binary.NativeEndian.PutUint32(m[eventWhat:], what)
	for i, v := range numbers {
		binary.NativeEndian.PutUint32(m[eventData+4*i:], v)
	}
	return m
}

func TestProcessEventsOfTheArbitersChildrenPass(t *testing.T) {
	const arbiter = 0x01020304 // tells one order of bytes from the other
	raw, err := ofParent(arbiter)
	if err != nil {
		t.Fatal(err)
	}
	var program []bpf.Instruction
	for _, one := range raw {
		program = append(program, bpf.RawInstruction{Op: one.Code, Jt: one.Jt, Jf: one.Jf, K: one.K}.Disassemble())
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		m      []byte
		passes bool
		want   event // of one that passes
	}{
		{"an answer", procMessage(eventNone), true, event{}},
		{"a child", procMessage(eventFork, arbiter, arbiter, 501, 501), true, event{pid: 501}},
		{"a child made by another thread", procMessage(eventFork, 7, arbiter, 501, 501), true, event{pid: 501}},
		{"a thread", procMessage(eventFork, arbiter, arbiter, 502, arbiter), false, event{}},
		{"a child of another", procMessage(eventFork, 9, 9, 501, 501), false, event{}},
		{"the end of a child", procMessage(eventExit, 501, 501, 7<<8, 17, arbiter, arbiter), true,
			event{pid: 501, ended: true, status: 7 << 8}},
		{"the end of a child's thread", procMessage(eventExit, 502, 501, 0, 17, arbiter, arbiter), false, event{}},
		{"the end of the arbiter", procMessage(eventExit, arbiter, arbiter, 9, 17, 1, 1), true,
			event{pid: arbiter, ended: true, status: 9}},
		{"the end of another's child", procMessage(eventExit, 501, 501, 0, 17, 9, 9), false, event{}},
		{"a new program", procMessage(2, 501, 501), false, event{}},
	} {
		n, err := vm.Run(row.m)
		if err != nil || n > 0 != row.passes {
			t.Errorf("%s: passes %v (%v), want %v", row.name, n > 0, err, row.passes)
		}
		if got, ok := parse(row.m); row.passes && (got != row.want || ok != (got.pid > 0)) {
			t.Errorf("%s: read as %+v, %v, want %+v", row.name, got, ok, row.want)
		}
	}
}

func FuzzProcEvent(f *testing.F) {
	f.Add(procMessage(eventFork, 1, 1, 2, 2))
	f.Add(procMessage(eventExit, 1, 1, 9, 17, 2, 2)[:40])
	f.Fuzz(func(t *testing.T, m []byte) {
		if ev, ok := parse(m); ok && ev.pid <= 0 {
			t.Errorf("an event of nobody: %+v", ev)
		}
	})
}

// The kernel tells of a child's birth and end. Where it does not, it is said why, and nothing depends on it.
func TestTheKernelTellsOfChildren(t *testing.T) {
	c, err := Open(os.Getpid())
	if err != nil {
		// Nothing shows whether the kernel was built with CONFIG_PROC_EVENTS; all that are shipped are.
		kerneltest.NotHad(t, err, "/proc/self")
		return
	}
	defer c.Close()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "exit 7")
	if err := cmd.Run(); err == nil {
		t.Fatal("it did not exit with 7")
	}
	pid := cmd.Process.Pid
	heard := false
	// The parent may be told of the end a moment before we are.
	for deadline := time.Now().Add(10 * time.Second); ; {
		heard = c.Hear(time.Now()) || heard
		if status, ok := c.Ended(pid); ok {
			if status != 7<<8 || !status.Exited() {
				t.Errorf("it ended with %#x, want exit code 7", status)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("its end was not heard of")
		}
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}, 1000)
	}
	if _, young := c.Born(pid); !heard || !young {
		t.Errorf("a birth was heard of: %v; %d is among %v: %v", heard, pid, c.born, young)
	}
	if _, again := c.Ended(pid); again {
		t.Error("an end is told twice")
	}
}
