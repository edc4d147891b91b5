package probe

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	fuzzFile(f, "/proc/self/schedstat", func(text []byte) { _, _ = parseSchedstat(text) })
}

func FuzzMounts(f *testing.F) {
	fuzzFile(f, "/proc/self/mountinfo", func(text []byte) {
		under(parseMounts(text), "/a/b")
		parseGroupMounts(text)
	})
}

func FuzzOverflows(f *testing.F) {
	fuzzFile(f, "/proc/self/net/netstat", func(text []byte) { parseOverflows(text) })
}

func FuzzFileLimit(f *testing.F) {
	fuzzFile(f, "/proc/self/limits", func(text []byte) { parseFileLimit(text) })
}

func FuzzStack(f *testing.F) {
	fuzzFile(f, "/proc/self/stack", func(text []byte) { parseStack(text) })
}

func FuzzGroup(f *testing.F) {
	f.Add([]byte("0::/user.slice/a.scope\n"), []byte("30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"))
	f.Add([]byte("4:memory:/a\n1:cpu,cpuacct:/b\n"), []byte("34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"))
	f.Fuzz(func(_ *testing.T, text, mounts []byte) {
		g := newGroups("/nowhere")
		g.mounts = parseGroupMounts(mounts)
		g.locate(text)
		number(text, "oom_kill")
	})
}

func FuzzLockWaiters(f *testing.F) {
	f.Add([]byte("1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 2 fe:00:1 0 EOF\n"))
	f.Add([]byte("1: -> -> \n->"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, pid := range lockWaiters(text, nil) {
			if pid < 0 {
				t.Errorf("pid %d", pid)
			}
		}
	})
}

func FuzzChildren(f *testing.F) {
	f.Add([]byte("1 2 33333333333333333333 x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, pid := range parseChildren(text, nil) {
			if pid <= 0 {
				t.Errorf("pid %d", pid)
			}
		}
	})
}

func FuzzUnixSocket(f *testing.F) {
	f.Add([]byte{1, 1, 10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 'a', 0})
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = parseUnix(body) })
}

func FuzzFlow(f *testing.F) {
	f.Add(make([]byte, messageSize))
	f.Fuzz(func(_ *testing.T, body []byte) {
		if flow, err := parseFlow(body, unix.IPPROTO_UDP); err == nil {
			_ = flow.local.String() + flow.remote.String() + socketState(flow.state)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255}, uint32(1))
	f.Fuzz(func(_ *testing.T, data []byte, seq uint32) {
		_, _ = parseAnswers(data, seq, func(body []byte) error { _, err := parseConnection(body); return err })
	})
}

func FuzzSelfDescribed(f *testing.F) {
	f.Add(make([]byte, 480))
	f.Fuzz(func(_ *testing.T, words []byte) {
		if len(words) >= 480 {
			_, _ = selfDescribed(words)
		}
	})
}

func TestOnlyThoseThatWaitAreTaken(t *testing.T) {
	text := "1: FLOCK  ADVISORY  WRITE 11 fe:00:1 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 12 fe:00:1 0 EOF\n1:     -> -> POSIX  ADVISORY  READ 13 fe:00:1 0 9\n2: POSIX  ADVISORY  WRITE 14 fe:00:1 0 EOF\n"
	got := lockWaiters([]byte(text), nil)
	if len(got) != 2 || got[0] != 12 || got[1] != 13 {
		t.Errorf("%v", got)
	}
}

func TestAPathLiesOnTheInnermostMount(t *testing.T) {
	all := parseMounts([]byte("22 1 254:0 / / rw - ext4 /dev/root rw\n40 22 0:50 / /mnt/my\\040disk rw shared:1 - fuse.sshfs host:/x rw\n"))
	for path, want := range map[string]string{"/etc/passwd": "ext4", "/mnt/my disk/a": "fuse.sshfs", "/mnt/my disk": "fuse.sshfs", "/mnt/my disk2": "ext4"} {
		if m, ok := under(all, path); !ok || m.kind != want {
			t.Errorf("%s lies on %+v", path, m)
		}
	}
	if all[22].device != "fe:00" || all[40].minor != 50 {
		t.Errorf("%+v", all)
	}
}

func TestAConnectionThatIsOverDoesNotLowerTheSum(t *testing.T) {
	source := &scripted{}
	c := openConnections(source)
	now := time.Now()
	look := func(found func(uint32, int)) { found(7, 42) }
	for i, step := range []struct {
		there []connection
		want  uint64
	}{
		{[]connection{{state: tcpEstablished, inode: 7, received: 1, sent: 100}}, 100},
		{[]connection{{state: tcpEstablished, inode: 7, received: 1, sent: 150}}, 150},
		{nil, 150},
	} {
		source.there = step.there
		if err := c.refresh(now.Add(time.Duration(i)*time.Second), true, true, look); err != nil {
			t.Fatal(err)
		}
		if got := c.of(42).answered; got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}

type scripted struct{ there []connection }

func (s *scripted) all(into []connection) ([]connection, error)     { return append(into, s.there...), nil }
func (s *scripted) some(into, _ []connection) ([]connection, error) { return s.all(into) }
func (s *scripted) close()                                          {}
