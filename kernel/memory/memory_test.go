package memory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The test binary is also the process that is read.
const roleEnv = "HANGTIME_MEMORY_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		patient()
		return
	}
	os.Exit(m.Run())
}

// patient maps two pages, gives the second back, and says where the first is. It begins with a counter, and is filled
// with sevens.
func patient() {
	size := os.Getpagesize()
	address, _, errno := unix.Syscall6(unix.SYS_MMAP, 0, uintptr(2*size), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uintptr(0), 0)
	if errno != 0 {
		panic(errno)
	}
	// Filled by the kernel: from where Go may write, to where it has no pointer.
	page := bytes.Repeat([]byte{7}, size)
	binary.NativeEndian.PutUint64(page, 0x1122334455667788)
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		panic(err)
	}
	if _, err := unix.Write(p[1], page); err != nil {
		panic(err)
	}
	if n, _, errno := unix.Syscall(unix.SYS_READ, uintptr(p[0]), address, uintptr(size)); errno != 0 || int(n) != size {
		panic(fmt.Sprint(n, errno))
	}
	if _, _, errno := unix.Syscall(unix.SYS_MUNMAP, address+uintptr(size), uintptr(size), 0); errno != 0 {
		panic(errno)
	}
	fmt.Println(address)
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the test ends
}

func TestTheMemoryOfAnotherProcessIsReadWholeOrNotAtAll(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=patient")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = cmd.Wait()
	}()
	var address uint64
	if _, err := fmt.Fscan(out, &address); err != nil {
		t.Fatal(err)
	}
	size := uint64(os.Getpagesize())
	pid := cmd.Process.Pid
	page := make([]byte, size)
	if err := Read(pid, address, page); err != nil || binary.NativeEndian.Uint64(page) != 0x1122334455667788 ||
		!bytes.Equal(page[8:], bytes.Repeat([]byte{7}, int(size)-8)) {
		t.Errorf("the page reads as %x… (%v)", page[:16], err)
	}
	for _, row := range []struct {
		name    string
		address uint64
		length  int
		want    error
	}{
		{"nothing", 0, 0, nil},
		{"up to the end", address + size - 8, 8, nil},
		{"beyond the end", address + size - 8, 16, ErrShort},
		{"behind the end", address + size, 8, unix.EFAULT},
		{"no address", 0, 8, unix.EFAULT},
		{"the kernel's", 1<<63 + 1, 8, unix.EFAULT},
	} {
		if err := Read(pid, row.address, make([]byte, row.length)); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	// The one that is missing, or reaches out of what is there, leaves out none of the others.
	pieces := []Piece{
		{Address: address, Into: make([]byte, 8)}, {Address: address + size, Into: make([]byte, 8)},
		{Address: address + size - 8, Into: make([]byte, 16)}, {Address: address + 8, Into: make([]byte, 8)},
		{Address: 0, Into: make([]byte, 8)},
	}
	ReadPieces(pid, pieces)
	for i, there := range []bool{true, false, false, true, false} {
		if pieces[i].There != there {
			t.Errorf("piece %d is there: %v, want %v", i, pieces[i].There, there)
		}
	}
	if binary.NativeEndian.Uint64(pieces[0].Into) != 0x1122334455667788 || !bytes.Equal(pieces[3].Into, bytes.Repeat([]byte{7}, 8)) {
		t.Errorf("the pieces read as %x and %x", pieces[0].Into, pieces[3].Into)
	}
}
