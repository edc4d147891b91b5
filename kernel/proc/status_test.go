package proc

import (
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const someStatus = `Name:	gunicorn
Umask:	0022
State:	S (sleeping)
Tgid:	4242
Ngid:	0
Pid:	4243
PPid:	17
TracerPid:	99
Uid:	1000	1001	1002	1003
Gid:	100	101	102	103
NSpid:	4243	12	1
Threads:	3
ShdPnd:	0000000000004000
SigBlk:	0000000000000004
SigIgn:	0000000000001000
SigCgt:	0000000180004002
CapEff:	0000000000200000
Seccomp:	2
`

func TestAStatusIsRead(t *testing.T) {
	got, err := ParseStatus([]byte(someStatus))
	want := Status{
		TGID: 4242, Parent: 17, Tracer: 99, Threads: 3, UID: IDs{1000, 1001, 1002, 1003}, GID: IDs{100, 101, 102, 103},
		NSPID:   []int{4243, 12, 1},
		Pending: 0x4000, Blocked: 4, Ignored: 0x1000, Caught: 0x180004002, Seccomp: 2, CapEff: 1 << unix.CAP_SYS_ADMIN,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v)\nwant %+v", got, err, want)
	}
	if !got.Pending.Has(int(unix.SIGTERM)) || got.Pending.Has(int(unix.SIGKILL)) || got.Pending.Has(0) ||
		got.Pending.Has(65) {
		t.Errorf("pending are %b", got.Pending)
	}
	for name, text := range map[string]string{
		"empty":             "",
		"a user too few":    "Tgid:\t1\nUid:\t1\t2\t3\n",
		"a mask of letters": "Tgid:\t1\nSigCgt:\txyz\n",
		"a user too large":  "Tgid:\t1\nUid:\t1\t2\t3\t4294967296\n",
	} {
		if got, err := ParseStatus([]byte(text)); err == nil {
			t.Errorf("%s reads as %+v", name, got)
		}
	}
}

func TestTheStatusOfThisProcessIsWhatItKnowsOfItself(t *testing.T) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGUSR2)
	defer signal.Stop(caught)
	got, err := FS("/proc").Status(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if got.TGID != os.Getpid() || got.Parent != os.Getppid() || int(got.UID.Real) != os.Getuid() ||
		int(got.UID.Effective) != os.Geteuid() || int(got.GID.Effective) != os.Getegid() {
		t.Errorf("%+v", got)
	}
	if !got.Caught.Has(int(syscall.SIGUSR2)) || len(got.NSPID) == 0 || got.NSPID[0] != os.Getpid() {
		t.Errorf("%+v", got)
	}
}

func TestTheNamespacesOfThisProcess(t *testing.T) {
	for _, kind := range []string{"net", "pid", "mnt"} {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FS("/proc").Namespace(os.Getpid(), kind)
		if want := kind + ":[" + strconv.FormatUint(got, 10) + "]"; err != nil || link != want {
			t.Errorf("%s reads as %s (%v)", link, want, err)
		}
	}
}

func TestWhoIsHere(t *testing.T) {
	const fs = FS("/proc")
	pids, err := fs.PIDs()
	if err != nil || !slices.Contains(pids, os.Getpid()) {
		t.Errorf("%d is not among the processes %v (%v)", os.Getpid(), pids, err)
	}
	tids, err := fs.Threads(os.Getpid())
	if err != nil || !slices.Contains(tids, os.Getpid()) {
		t.Errorf("%d is not among the threads %v (%v)", os.Getpid(), tids, err)
	}
	children, err := fs.Children(os.Getppid())
	if err != nil || !slices.Contains(children, os.Getpid()) {
		t.Errorf("%d is not among its parent's children %v (%v)", os.Getpid(), children, err)
	}
	scanned, err := fs.childrenByScan(os.Getppid())
	if err != nil || !slices.Contains(scanned, os.Getpid()) {
		t.Errorf("%d is not among its parent's children by stat %v (%v)", os.Getpid(), scanned, err)
	}
}
