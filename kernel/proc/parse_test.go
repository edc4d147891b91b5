package proc

import (
	"os"
	"testing"
	"time"
)

// fuzzFile seeds with what this machine's kernel writes now, and with some of it cut off.
func fuzzFile(f *testing.F, path string, parse func([]byte)) {
	f.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		text = nil
	}
	for _, seed := range [][]byte{text, text[:len(text)/2], nil, []byte("\n\n \n"), []byte(": : : -> -> - 0:0")} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text []byte) { parse(text) })
}

func FuzzSchedstat(f *testing.F) {
	fuzzFile(f, "/proc/self/schedstat", func(text []byte) { _, _ = ParseSchedstat(text) })
}

func FuzzFileLimit(f *testing.F) {
	fuzzFile(f, "/proc/self/limits", func(text []byte) { ParseFileLimit(text) })
}

func FuzzStack(f *testing.F) {
	fuzzFile(f, "/proc/self/stack", func(text []byte) { ParseStack(text) })
}

func FuzzLockWaiters(f *testing.F) {
	f.Add([]byte("1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 2 fe:00:1 0 EOF\n"))
	f.Add([]byte("1: -> -> \n->"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, pid := range LockWaiters(text, nil) {
			if pid < 0 {
				t.Errorf("pid %d", pid)
			}
		}
	})
}

func FuzzChildren(f *testing.F) {
	f.Add([]byte("1 2 33333333333333333333 x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, pid := range ParseChildren(text, nil) {
			if pid <= 0 {
				t.Errorf("pid %d", pid)
			}
		}
	})
}

func TestOnlyThoseThatWaitAreTaken(t *testing.T) {
	text := "1: FLOCK  ADVISORY  WRITE 11 fe:00:1 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 12 fe:00:1 0 EOF\n1:     -> -> POSIX  ADVISORY  READ 13 fe:00:1 0 9\n2: POSIX  ADVISORY  WRITE 14 fe:00:1 0 EOF\n"
	got := LockWaiters([]byte(text), nil)
	if len(got) != 2 || got[0] != 12 || got[1] != 13 {
		t.Errorf("%v", got)
	}
}

func TestAPathLiesOnTheInnermostMount(t *testing.T) {
	all := ParseMounts([]byte("22 1 254:0 / / rw - ext4 /dev/root rw\n40 22 0:50 / /mnt/my\\040disk rw shared:1 - fuse.sshfs host:/x rw\n"))
	for path, want := range map[string]string{"/etc/passwd": "ext4", "/mnt/my disk/a": "fuse.sshfs",
		"/mnt/my disk": "fuse.sshfs", "/mnt/my disk2": "ext4"} {
		if m, ok := Under(all, path); !ok || m.Type != want {
			t.Errorf("%s lies on %+v", path, m)
		}
	}
	if len(all) != 2 || all[0].ID != 22 || all[0].Device != "fe:00" || all[1].Minor != 50 {
		t.Errorf("%+v", all)
	}
}

func TestAStatIsReadWhateverTheNameHolds(t *testing.T) {
	const rest = " S 1 2 3 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 4 0 12345 1000000 250 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 9"
	for _, name := range []string{"python3", "a b", "x) R 9 (y", "line\nbreak"} {
		got, err := ParseStat([]byte("42 (" + name + ")" + rest + "\n"))
		want := Stat{Comm: name, State: 'S', Parent: 1, Group: 2, Session: 3, CPU: 100 * time.Millisecond, Threads: 4,
			Start: 12345, RSS: 250, Processor: 1, Exit: 9}
		if err != nil || got != want {
			t.Errorf("%q: %+v (%v)", name, got, err)
		}
	}
}

func TestALockIsReadInEveryForm(t *testing.T) {
	for line, want := range map[string]Lock{
		"1: FLOCK  ADVISORY  WRITE 11274 fe:00:10013058 0 EOF": {Class: "FLOCK", Write: true, PID: 11274,
			Device: "fe:00", Inode: 10013058, To: EndOfFile},
		"1: -> FLOCK  ADVISORY  WRITE 10825 fe:00:10013058 0 EOF": {Waits: true, Class: "FLOCK", Write: true,
			PID: 10825, Device: "fe:00", Inode: 10013058, To: EndOfFile},
		"12:      -> -> POSIX  ADVISORY  READ  7 00:13:5 100 199": {Waits: true, Class: "POSIX", PID: 7,
			Device: "00:13", Inode: 5, From: 100, To: 199},
		"3: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 0": {Class: "OFDLCK", Write: true, PID: -1,
			Device: "fe:00", Inode: 77},
	} {
		if got, err := ParseLock(line); err != nil || got != want {
			t.Errorf("%s: %+v (%v)", line, got, err)
		}
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("1 (a) S 0 0"))
	f.Fuzz(func(_ *testing.T, line []byte) { _, _ = ParseStat(line) })
}

func FuzzLock(f *testing.F) {
	f.Add("1: -> FLOCK  ADVISORY  WRITE 10825 fe:00:10013058 0 EOF")
	f.Add("1: -> -> ")
	f.Fuzz(func(t *testing.T, line string) {
		if l, err := ParseLock(line); err == nil && l.Class == "" {
			t.Errorf("%q has no class", line)
		}
	})
}

func FuzzFDInfo(f *testing.F) {
	f.Add([]byte("pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t2057\ntfd:        5 events:       19 data:                5  pos:0 ino:2b sdev:9\ntfd:        6 events: 80000001 data: ffffffffffffffff  pos:0 ino:809 sdev:e\n"))
	f.Add([]byte("Pid:\t-1\nNSpid:\t-1\neventfd-count:                a\ninotify wd:1 ino:1 sdev:1\nclockid: 1\nticks: 2\nit_value: (0, 49406829)\nfuse_connection:\t41\n"))
	f.Add([]byte("pos:\t0\nflags:\t0100002\nmnt_id:\t29\nino:\t8\nlock:\t1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { ParseFDInfo(text) })
}

func FuzzCall(f *testing.F) {
	f.Add("73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe 0x7f")
	f.Add("-1 0x0 0x0")
	f.Add("running")
	f.Fuzz(func(_ *testing.T, text string) {
		if c, err := ParseCall(text); err == nil {
			c.Name()
			c.FileLockWait()
		}
	})
}

func FuzzExecStart(f *testing.F) {
	f.Add([]byte("se.exec_start                                :       1528661.542022\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, ok := ParseExecStart(text); ok && d < 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}

func FuzzMounts(f *testing.F) {
	fuzzFile(f, "/proc/self/mountinfo", func(text []byte) { Under(ParseMounts(text), "/a/b") })
}

func FuzzStatus(f *testing.F) {
	fuzzFile(f, "/proc/self/status", func(text []byte) { _, _ = ParseStatus(text) })
}
