package probe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A signalTap hears who sends which signal to the watched processes, by a BPF program at the tracepoint signal:signal_generate. No process can be asked for it afterwards.
// The kernel drops the program with the descriptors, however this process ends. One goroutine may use it.
type signalTap struct {
	watched *ebpf.Map
	heard   *ebpf.Map
	program *ebpf.Program
	on      link.Link
	reader  *ringbuf.Reader
	record  ringbuf.Record
}

// A heardSignal is one that was sent.
type heardSignal struct {
	pid    int // to whom
	signal unix.Signal
	sender int // 0: the kernel
	name   string
}

const (
	heardSize = 32
	heardMost = 1 << 16 // bytes of those not read yet; what comes when it is full is lost
	siKernel  = 0x80    // SI_KERNEL of <asm-generic/siginfo.h>
)

// signalEvent is where the kernel describes the tracepoint.
const signalEvent = "/sys/kernel/tracing/events/signal/signal_generate/format"

// openSignalTap needs CAP_BPF and CAP_PERFMON (root), tracefs, and Linux 5.8.
func openSignalTap() (_ *signalTap, err error) {
	if space, err := os.Readlink("/proc/self/ns/pid"); err != nil || space != firstNamespace {
		return nil, errors.New("not in the machine's first pid namespace")
	}
	t := &signalTap{}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.watched, err = watchedMap(); err != nil {
		return nil, err
	}
	text, err := proc.Read(signalEvent, proc.MaxRead)
	if err != nil {
		return nil, fmt.Errorf("read how the kernel tells of signals: %w", err)
	}
	program, err := t.instructions(text)
	if err != nil {
		return nil, err
	}
	if t.heard, err = ebpf.NewMap(&ebpf.MapSpec{Name: "hangtime_heard", Type: ebpf.RingBuf, MaxEntries: heardMost}); err != nil {
		return nil, fmt.Errorf("make a BPF ring: %w", err)
	}
	for i := range program {
		if program[i].Reference() == "heard" {
			if err := program[i].AssociateMap(t.heard); err != nil {
				return nil, err
			}
		}
	}
	t.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "hangtime_signals", Type: ebpf.TracePoint, Instructions: program, License: "GPL"})
	if err != nil {
		return nil, fmt.Errorf("load the BPF program for signals: %w", err)
	}
	if t.on, err = link.Tracepoint("signal", "signal_generate", t.program, nil); err != nil {
		return nil, fmt.Errorf("attach to signal:signal_generate: %w", err)
	}
	if t.reader, err = ringbuf.NewReader(t.heard); err != nil {
		return nil, err
	}
	t.reader.SetDeadline(time.Unix(1, 0)) // long past: a read never waits
	return t, nil
}

func watchedMap() (*ebpf.Map, error) {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: "hangtime_pids", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: maxWatched})
	if err != nil {
		return nil, fmt.Errorf("make a BPF map: %w", err)
	}
	return m, nil
}

func (t *signalTap) close() {
	if t.reader != nil {
		_ = t.reader.Close()
	}
	if t.on != nil {
		_ = t.on.Close()
	}
	_ = t.program.Close() // nil ones are closed already
	_ = t.heard.Close()
	_ = t.watched.Close()
}

func (t *signalTap) watch(pid int) { _ = t.watched.Put(uint32(pid), uint32(1)) } // one too many is not heard

func (t *signalTap) forget(pid int) { _ = t.watched.Delete(uint32(pid)) }

// instructions are the program, by the kernel's description of the event. It tells of signals to main threads: kill(2) sends to those.
func (t *signalTap) instructions(format []byte) (asm.Instructions, error) {
	field := map[string]int16{}
	for _, name := range []string{"sig", "code", "pid"} {
		at, ok := eventField(format, name)
		if !ok {
			return nil, fmt.Errorf("the kernel's signal_generate has no field %s of 4 bytes", name)
		}
		field[name] = at
	}
	return asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R1, asm.R6, field["pid"], asm.Word),
		asm.StoreMem(asm.RFP, -heardSize, asm.R1, asm.Word),
		asm.LoadMapPtr(asm.R1, t.watched.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -heardSize),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMem(asm.R1, asm.R6, field["sig"], asm.Word),
		asm.StoreMem(asm.RFP, -heardSize+4, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, field["code"], asm.Word),
		asm.StoreMem(asm.RFP, -heardSize+8, asm.R1, asm.Word),
		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, -heardSize+12, asm.R0, asm.Word),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, -16),
		asm.Mov.Imm(asm.R2, 16),
		asm.FnGetCurrentComm.Call(),
		asm.LoadMapPtr(asm.R1, 0).WithReference("heard"),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -heardSize),
		asm.Mov.Imm(asm.R3, heardSize),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}, nil
}

// eventField finds a field of 4 bytes in the description of a trace event: "field:int sig;	offset:8;	size:4;	signed:1;".
func eventField(format []byte, name string) (offset int16, ok bool) {
	for line := range bytes.Lines(format) {
		decl, rest, found := strings.Cut(strings.TrimSpace(string(line)), ";")
		if !found || !strings.HasPrefix(decl, "field:") || !strings.HasSuffix(decl, " "+name) {
			continue
		}
		var at, size int64
		for part := range strings.SplitSeq(rest, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), ":")
			switch n, err := strconv.ParseInt(value, 10, 15); {
			case err != nil:
			case key == "offset":
				at = n
			case key == "size":
				size = n
			}
		}
		return int16(at), at > 0 && size == 4
	}
	return 0, false
}

// heardSince appends the signals that were sent since the last call.
func (t *signalTap) heardSince(into []heardSignal) []heardSignal {
	for t.reader.AvailableBytes() > 0 {
		if t.reader.ReadInto(&t.record) != nil {
			break
		}
		if s, ok := parseHeard(t.record.RawSample); ok {
			into = append(into, s)
		}
	}
	return into
}

func parseHeard(row []byte) (heardSignal, bool) {
	if len(row) < heardSize {
		return heardSignal{}, false
	}
	order := binary.NativeEndian
	name, _, _ := bytes.Cut(row[16:heardSize], []byte{0})
	s := heardSignal{pid: int(order.Uint32(row)), signal: unix.Signal(order.Uint32(row[4:])), sender: int(order.Uint32(row[12:])), name: strings.ToValidUTF8(string(name), "?")}
	if order.Uint32(row[8:]) == siKernel {
		s.sender, s.name = 0, ""
	}
	return s, true
}

// fatal are the signals that end or stop a process; others are no news of its fate.
var fatal = []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGKILL, unix.SIGTERM, unix.SIGSTOP, unix.SIGTSTP, unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU}

// faulty are those that the kernel sends in a process's own name for what it did.
var faulty = []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU}

// hearSignals records the signals that were sent to workers, before their deaths are.
func (w *watcher) hearSignals() {
	if w.tap == nil {
		return
	}
	w.heard = w.tap.heardSince(w.heard[:0])
	for _, s := range w.heard {
		if !slices.Contains(fatal, s.signal) || s.sender == s.pid && slices.Contains(faulty, s.signal) {
			continue
		}
		from := history.Peer{PID: s.sender}
		switch {
		case s.sender == os.Getpid():
			from.Command = "hangtime"
		case s.sender != 0:
			if from.Command = w.proc.Command(s.sender); from.Command == "" {
				from.Command = s.name // it is gone by now
			}
		}
		w.rec.Record(history.SignalSeen{PID: s.pid, Signal: signalName(s.signal), Sender: from})
	}
}
