// Package perf looks at where a thread is while it runs its own code, by the kernel's performance events: the registers
// and the end of the stack at one moment. The thread is not stopped, and nothing is sent to it.
package perf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Sample is a thread at one moment in its own code.
type Sample struct {
	PC, SP, FP uint64 // instruction pointer, stack pointer, frame pointer
	Stack      []byte // what was on the stack then, from SP outwards; shorter where the stack ends
}

// ErrAsleep says that a thread did not run its own code in the time.
var ErrAsleep = errors.New("it did not run its own code in that time")

const (
	every     = 200 * time.Microsecond // of processor time: when the first sample comes
	stackSize = 16 << 10               // bytes of the stack: the calls that go on are near its end
	pages     = 8                      // of the ring, a power of two: it holds one sample at least
	ringSize  = pages * pageSize
	pageSize  = 4096
)

// Take waits until a thread runs its own code, for no longer than a time, and tells where it was then. Of a thread that is
// in the kernel or sleeps there is none: ErrAsleep. It needs the right to trace the process (ptrace(2)), and
// kernel.perf_event_paranoid of at most 2 or CAP_PERFMON, else it is unix.EACCES or unix.EPERM (perf_event_open(2)).
func Take(tid int, within time.Duration) (Sample, error) {
	if !known {
		return Sample{}, unix.ENOSYS
	}
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Sample: uint64(every.Nanoseconds()),
		Sample_type: unix.PERF_SAMPLE_REGS_USER | unix.PERF_SAMPLE_STACK_USER, Sample_regs_user: registers,
		Sample_stack_user: stackSize, Wakeup: 1, Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv,
	}
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return Sample{}, fmt.Errorf("open a performance event of thread %d: %w", tid, err)
	}
	defer unix.Close(fd)
	// Only in a ring that could be written to does the kernel leave what was not taken yet.
	ring, err := unix.Mmap(fd, 0, pageSize+ringSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return Sample{}, fmt.Errorf("map the performance events of thread %d: %w", tid, err)
	}
	defer func() { _ = unix.Munmap(ring) }()
	for end := time.Now().Add(within); ; {
		left := time.Until(end)
		if left <= 0 {
			return Sample{}, ErrAsleep
		}
		wait := unix.NsecToTimespec(left.Nanoseconds())
		n, err := unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, &wait, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return Sample{}, fmt.Errorf("wait for a performance event of thread %d: %w", tid, err)
		}
		if n <= 0 {
			continue
		}
		_ = unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_DISABLE, 0)
		s, err := parse(ring[pageSize:], headOf(ring))
		if err != nil {
			return Sample{}, fmt.Errorf("read a performance event of thread %d: %w", tid, err)
		}
		return s, nil
	}
}

// headOf is how much the kernel has written, data_head of struct perf_event_mmap_page.
func headOf(ring []byte) uint64 { return binary.NativeEndian.Uint64(ring[1024:]) }

// errNone says that there is no sample in what the kernel wrote.
var errNone = errors.New("there is no sample of a program of 64 bits")

// parse is the first sample in a ring of which so much is written; it is read before the ring goes round.
func parse(ring []byte, head uint64) (Sample, error) {
	order := binary.NativeEndian
	for rest := ring[:min(head, uint64(len(ring)))]; len(rest) >= 8; {
		kind, size := order.Uint32(rest), int(order.Uint16(rest[6:]))
		if size < 8 || size > len(rest) {
			break
		}
		if kind == unix.PERF_RECORD_SAMPLE {
			if s, ok := parseSample(rest[8:size]); ok {
				return s, nil
			}
		}
		rest = rest[size:]
	}
	return Sample{}, errNone
}

// parseSample reads what PERF_SAMPLE_REGS_USER and PERF_SAMPLE_STACK_USER write, in this order.
func parseSample(b []byte) (Sample, bool) {
	order := binary.NativeEndian
	n := 8 * (1 + bits.OnesCount64(registers))
	if len(b) < n || order.Uint64(b) != unix.PERF_SAMPLE_REGS_ABI_64 {
		return Sample{}, false
	}
	var s Sample
	values := b[8:]
	for _, into := range s.order() {
		*into, values = order.Uint64(values), values[8:]
	}
	if b = b[n:]; len(b) < 8 {
		return s, true
	}
	size := order.Uint64(b)
	if b = b[8:]; size == 0 || len(b) < 8 || size > uint64(len(b)-8) {
		return s, true
	}
	s.Stack = append([]byte(nil), b[:min(order.Uint64(b[size:]), size)]...)
	return s, true
}
