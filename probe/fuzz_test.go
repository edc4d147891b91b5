package probe

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func FuzzGroup(f *testing.F) {
	f.Add([]byte("0::/user.slice/a.scope\n"), []byte("30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"))
	f.Add([]byte("4:memory:/a\n1:cpu,cpuacct:/b\n"), []byte("34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"))
	f.Fuzz(func(_ *testing.T, text, mounts []byte) {
		g := newGroups("/nowhere")
		g.mounts = groupMounts(proc.ParseMounts(mounts))
		g.locate(text)
		number(text, "oom_kill")
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
