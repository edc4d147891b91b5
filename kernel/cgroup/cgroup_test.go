package cgroup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

const (
	unified = "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	split   = "33 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)

func TestAGroupIsFoundWhereItIsMounted(t *testing.T) {
	for _, row := range []struct {
		name, mounts, text string
		want               Group
	}{
		{"version 2", unified, "0::/user.slice/a.scope\n",
			Group{"/user.slice/a.scope", "/sys/fs/cgroup/user.slice/a.scope", "/sys/fs/cgroup/user.slice/a.scope",
				"/sys/fs/cgroup/user.slice/a.scope", true, "/user.slice/a.scope"}},
		{"the root of version 2 has no limits", unified, "0::/\n", Group{}},
		{"version 1", split, "4:memory:/a\n1:cpu,cpuacct:/b\n",
			Group{"/b", "/sys/fs/cgroup/cpu,cpuacct/b", "/sys/fs/cgroup/memory/a", "", false, ""}},
		{"a name with colons and blanks", unified, "0::/a: b:c\n",
			Group{"/a: b:c", "/sys/fs/cgroup/a: b:c", "/sys/fs/cgroup/a: b:c", "/sys/fs/cgroup/a: b:c", true, "/a: b:c"}},
		{"both: memory is version 1's", unified + split, "4:memory:/a\n0::/c\n",
			Group{"/c", "", "/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/c", false, "/c"}},
		{"a container's mount shows the group itself", "30 22 0:27 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			"0::/docker/x/y\n", Group{"/docker/x/y", "/sys/fs/cgroup/y", "/sys/fs/cgroup/y", "/sys/fs/cgroup/y", true,
				"/docker/x/y"}},
		{"the freezer of version 1 has groups of its own", unified +
			"36 30 0:33 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n", "5:freezer:/f\n0::/c\n",
			Group{"/c", "/sys/fs/cgroup/c", "/sys/fs/cgroup/c", "/sys/fs/cgroup/freezer/f", true, "/f"}},
		{"a neighbour whose name begins alike is not seen there",
			"30 22 0:27 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/xy\n", Group{}},
		{"a hierarchy without controllers", unified +
			"35 30 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n", "1:name=systemd:/a\n", Group{}},
	} {
		if got := Locate(ParseMemberships([]byte(row.text)),
			Hierarchies(proc.ParseMounts([]byte(row.mounts)))); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestAGroupsUsageIsRead(t *testing.T) {
	for _, row := range []struct {
		name    string
		unified bool
		files   map[string]string
		want    Usage
	}{
		{"version 2", true, map[string]string{
			"cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 3\nthrottled_usec 2000\n",
			"cpu.max":  "50000 100000\n", "memory.current": "4096\n", "memory.max": "8192\n",
			"memory.events": "low 0\noom 2\noom_kill 1\noom_group_kill 0\n", "cgroup.events": "populated 1\nfrozen 1\n",
		}, Usage{Quota: 0.5, Periods: 10, Throttled: 3, ThrottledFor: 2 * time.Millisecond, Memory: 4096,
			MemoryLimit: 8192, OOMKills: 1, Frozen: true}},
		{"version 2 without limits", true, map[string]string{"cpu.max": "max 100000\n", "memory.current": "1\n",
			"memory.max": "max\n"}, Usage{Memory: 1}},
		{"version 1", false, map[string]string{
			"cpu.stat": "nr_periods 10\nnr_throttled 3\nthrottled_time 2000000\n", "cpu.cfs_quota_us": "150000\n",
			"cpu.cfs_period_us": "100000\n", "memory.usage_in_bytes": "4096\n",
			"memory.limit_in_bytes": "8192\n", "memory.oom_control": "oom_kill_disable 1\nunder_oom 1\noom_kill 0\n",
			"freezer.state": "FREEZING\n",
		}, Usage{Quota: 1.5, Periods: 10, Throttled: 3, ThrottledFor: 2 * time.Millisecond, Memory: 4096,
			MemoryLimit: 8192, UnderOOM: true, Frozen: true}},
		{"version 1 without limits", false, map[string]string{"cpu.cfs_quota_us": "-1\n",
			"cpu.cfs_period_us": "100000\n", "memory.limit_in_bytes": "9223372036854771712\n"}, Usage{}},
		{"nothing there", true, nil, Usage{}},
	} {
		dir := t.TempDir()
		for name, text := range row.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := (Group{Path: "/a", CPU: dir, Memory: dir, Freezer: dir, Unified: row.unified}).Read(); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func FuzzGroup(f *testing.F) {
	f.Add([]byte("0::/user.slice/a.scope\n"), []byte(unified))
	f.Add([]byte("4:memory:/a\n1:cpu,cpuacct:/b\n"), []byte(split))
	f.Fuzz(func(t *testing.T, text, mounts []byte) {
		if g := Locate(ParseMemberships(text), Hierarchies(proc.ParseMounts(mounts))); (g.CPU != "" || g.Memory != "" ||
			g.Freezer != "") && g.Path == "" {
			t.Errorf("a group without a path: %+v", g)
		}
		number(text, "oom_kill")
	})
}
