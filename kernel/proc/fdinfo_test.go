package proc

import (
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// opened makes a descriptor that the test closes at its end.
func opened(t *testing.T, what string) func(fd int, err error) int {
	return func(fd int, err error) int {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
}

// What the kernel of this machine writes of each kind of file is read.
func TestWhatTheKernelSaysOfADescriptorIsRead(t *testing.T) {
	const fs = FS("/proc")
	me := os.Getpid()
	look := func(fd int) FDInfo {
		t.Helper()
		info, err := fs.Descriptor(me, fd).Info()
		if err != nil {
			t.Fatal(err)
		}
		return info
	}

	event := opened(t, "an eventfd")(unix.Eventfd(17, unix.EFD_CLOEXEC))
	if got := look(event); got.Event != (EventFD{true, 17}) || got.PID != -1 || got.FUSE != -1 || got.Timer.Is {
		t.Errorf("an eventfd of 17: %+v", got)
	}

	epoll := opened(t, "an epoll instance")(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	if got := look(epoll); len(got.Epoll) != 0 {
		t.Errorf("an empty epoll instance: %+v", got.Epoll)
	}
	file := opened(t, "a pipe")(func() (int, error) {
		var p [2]int
		err := unix.Pipe2(p[:], unix.O_CLOEXEC)
		t.Cleanup(func() { unix.Close(p[1]) })
		return p[0], err
	}())
	for _, fd := range []int{event, file} {
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd,
			&unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			t.Fatal(err)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(file, &st); err != nil {
		t.Fatal(err)
	}
	// The file's device number as the kernel itself has it: 12 bits of major, 20 of minor.
	want := EpollWatch{FD: file, Inode: st.Ino, Device: uint64(unix.Major(st.Dev))<<20 | uint64(unix.Minor(st.Dev))}
	got := look(epoll)
	i := slices.IndexFunc(got.Epoll, func(w EpollWatch) bool { return w.FD == file })
	if len(got.Epoll) != 2 || i < 0 || got.Cut {
		t.Fatalf("an epoll instance of two: %+v", got)
	}
	if one := got.Epoll[i]; one.Events&unix.EPOLLIN == 0 || one.Inode != want.Inode || one.Device != want.Device {
		t.Errorf("it watches %+v, want %+v", one, want)
	}

	pidfd := opened(t, "a pidfd")(unix.PidfdOpen(me, 0))
	if got := look(pidfd); got.PID != me {
		t.Errorf("a pidfd of %d: %+v", me, got)
	}

	notify := opened(t, "an inotify instance")(unix.InotifyInit1(unix.IN_CLOEXEC))
	if _, err := unix.InotifyAddWatch(notify, t.TempDir(), unix.IN_CREATE); err != nil {
		t.Fatal(err)
	}
	if got := look(notify); got.Inotify != 1 {
		t.Errorf("an inotify instance of one watch: %+v", got)
	}

	timer := opened(t, "a timerfd")(unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC))
	if err := unix.TimerfdSettime(timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(time.Hour))},
		nil); err != nil {
		t.Fatal(err)
	}
	if got := look(timer).Timer; !got.Is || got.Ticks != 0 || got.Left < 59*time.Minute || got.Left > time.Hour {
		t.Errorf("a timerfd of an hour: %+v", got)
	}
}

func TestALockOfThisProcessIsReadOfItsDescriptor(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/lock")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	info, err := FS("/proc").Descriptor(os.Getpid(), int(file.Fd())).Info()
	if err != nil || len(info.Locks) != 1 {
		t.Fatalf("%+v (%v)", info, err)
	}
	all, err := FS("/proc").Locks()
	if err != nil || !slices.Contains(all, info.Locks[0]) {
		t.Errorf("%+v is not among the locks of the machine %+v (%v)", info.Locks[0], all, err)
	}
	mounts, err := FS("/proc").Mounts(os.Getpid())
	i := slices.IndexFunc(mounts, func(m Mount) bool { return m.ID == info.Mount })
	if err != nil || i < 0 || mounts[i].Device != info.Locks[0].Device {
		t.Errorf("mount %d is not one of device %s: %+v (%v)", info.Mount, info.Locks[0].Device, mounts, err)
	}
}
