package bpf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Signals hears who sends which signal to the watched processes, by a BPF program at the tracepoint
// signal:signal_generate. No process can be asked for it afterwards. The kernel drops the program with the
// descriptors, however this process ends. One goroutine may use it.
type Signals struct {
	watched *ebpf.Map
	heard   *ebpf.Map
	program *ebpf.Program
	on      link.Link
	reader  *ringbuf.Reader
	record  ringbuf.Record
}

// A Signal is one that was sent.
type Signal struct {
	PID    int // to whom
	Number unix.Signal
	Sender int    // 0: the kernel
	Name   string // of the sender
}

const (
	heardSize = 32
	heardMost = 1 << 16 // bytes of those not read yet; what comes when it is full is lost
	siKernel  = 0x80    // SI_KERNEL of <asm-generic/siginfo.h>
)

// SignalFormat is where the kernel describes the tracepoint.
const SignalFormat = "/sys/kernel/tracing/events/signal/signal_generate/format"

// OpenSignals needs CAP_BPF and CAP_PERFMON (root), tracefs, and Linux 5.8.
func OpenSignals() (_ *Signals, err error) {
	if err := firstNamespace(); err != nil {
		return nil, err
	}
	t := &Signals{}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	if t.watched, err = watchedMap(); err != nil {
		return nil, err
	}
	text, err := proc.Read(SignalFormat, proc.MaxRead)
	if err != nil {
		return nil, fmt.Errorf("read how the kernel tells of signals: %w", err)
	}
	program, err := t.instructions(text)
	if err != nil {
		return nil, err
	}
	if t.heard, err = ebpf.NewMap(&ebpf.MapSpec{Name: "hangtime_heard", Type: ebpf.RingBuf,
		MaxEntries: heardMost}); err != nil {
		return nil, fmt.Errorf("make a BPF ring: %w", err)
	}
	for i := range program {
		if program[i].Reference() == "heard" {
			if err := program[i].AssociateMap(t.heard); err != nil {
				return nil, err
			}
		}
	}
	t.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "hangtime_signals", Type: ebpf.TracePoint,
		Instructions: program, License: "GPL"})
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

// Close ends it.
func (t *Signals) Close() {
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

// Watch adds a process.
func (t *Signals) Watch(pid int) { _ = t.watched.Put(uint32(pid), uint32(1)) } // one too many is not heard

// Forget takes it out again.
func (t *Signals) Forget(pid int) { _ = t.watched.Delete(uint32(pid)) }

// instructions are the program, by the kernel's description of the event. It tells of signals to main threads:
// kill(2) sends to those.
func (t *Signals) instructions(format []byte) (asm.Instructions, error) {
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

// eventField finds a field of 4 bytes in the description of a trace event: "field:int
// sig;	offset:8;	size:4;	signed:1;".
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

// Since appends the signals that were sent since the last call.
func (t *Signals) Since(into []Signal) []Signal {
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

func parseHeard(row []byte) (Signal, bool) {
	if len(row) < heardSize {
		return Signal{}, false
	}
	order := binary.NativeEndian
	name, _, _ := bytes.Cut(row[16:heardSize], []byte{0})
	s := Signal{PID: int(order.Uint32(row)), Number: unix.Signal(order.Uint32(row[4:])),
		Sender: int(order.Uint32(row[12:])), Name: strings.ToValidUTF8(string(name), "?")}
	if order.Uint32(row[8:]) == siKernel {
		s.Sender, s.Name = 0, ""
	}
	return s, true
}
