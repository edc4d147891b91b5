// Package bpf reads by programs in the kernel what /proc tells too slowly, or not at all: threads and sockets of many
// processes in one call, and who sent a signal. The programs read only; the kernel drops them with their descriptors,
// however this process ends.
package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Iterators read what /proc tells of the watched processes' threads and sockets in one system call each, by BPF
// iterators (Documentation/bpf/bpf_iterators.rst): for 64 workers of 4 threads about 300 calls less at each tick. The
// programs read only; they are made here from the kernel's own description of its types, and the kernel drops them
// with the descriptors, however this process ends. One goroutine may use them.
type Iterators struct {
	watched  *ebpf.Map // processes whose threads and sockets are told
	onThread *ebpf.Program
	onSocket *ebpf.Program
	onTasks  *link.Iter
	onFiles  *link.Iter
	names    bool // the rows of sockets have addresses
	buf      []byte
}

// A ThreadRow is a thread, and its account as in /proc/PID/task/TID/schedstat.
type ThreadRow struct {
	PID, TID int
	Account  proc.Schedstat
}

// A SocketRow is a descriptor of a process that is a socket.
type SocketRow struct {
	PID           int
	Inode         uint32
	Local, Remote netip.AddrPort // of a socket of the internet, since Linux 5.11; an IPv4 address of an IPv6 socket is mapped
}

const (
	threadRowSize = 32
	socketRowSize = 56
)

// OpenIterators needs CAP_BPF and CAP_PERFMON (root), Linux 5.9 and its types (CONFIG_DEBUG_INFO_BTF). It takes about 50 ms.
func OpenIterators() (_ *Iterators, err error) {
	if err := firstNamespace(); err != nil {
		return nil, err
	}
	it := &Iterators{buf: make([]byte, 64<<10)}
	defer func() {
		if err != nil {
			it.Close()
		}
	}()
	// The map comes first: it fails at once where the privilege is missing.
	if it.watched, err = watchedMap(); err != nil {
		return nil, err
	}
	types, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("read the kernel's types: %w", err)
	}
	at := offsets{types: types}
	onThread, onSocket, onNamed := it.threadProgram(&at), it.socketProgram(&at, false), it.socketProgram(&at, true)
	if at.err != nil {
		return nil, at.err
	}
	if it.onThread, it.onTasks, err = attach("task", onThread); err != nil {
		return nil, err
	}
	it.names = true
	if it.onSocket, it.onFiles, err = attach("task_file", onNamed); err != nil {
		it.names = false // before Linux 5.11
		it.onSocket, it.onFiles, err = attach("task_file", onSocket)
	}
	return it, err
}

// Names says whether the rows of sockets have addresses.
func (it *Iterators) Names() bool { return it.names }

func attach(to string, program asm.Instructions) (*ebpf.Program, *link.Iter, error) {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "hangtime_" + to, Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: to,
		Instructions: program, License: "GPL",
	})
	if err != nil {
		return nil, nil, fmt.Errorf("load the BPF iterator %s: %w", to, err)
	}
	l, err := link.AttachIter(link.IterOptions{Program: p})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("attach the BPF iterator %s: %w", to, err), p.Close())
	}
	return p, l, nil
}

// Close ends them.
func (it *Iterators) Close() {
	if it.onTasks != nil {
		_ = it.onTasks.Close()
	}
	if it.onFiles != nil {
		_ = it.onFiles.Close()
	}
	_ = it.onThread.Close() // nil ones are closed already
	_ = it.onSocket.Close()
	_ = it.watched.Close()
}

// prologue leaves the task in r7 and its process in r8, and goes to "out" where it is not watched.
func (it *Iterators) prologue(at *offsets) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R7, asm.R6, 8, asm.DWord), // struct bpf_iter__task, bpf_iter__task_file: .task
		asm.JEq.Imm(asm.R7, 0, "out"),             // the last call has none
		asm.LoadMem(asm.R8, asm.R7, at.of("task_struct", "tgid"), asm.Word),
		asm.StoreMem(asm.RFP, -40, asm.R8, asm.Word),
		asm.LoadMapPtr(asm.R1, it.watched.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -40),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
	}
}

// write hands over the row that ends at the stack's top.
func write(size int32) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, asm.R6, 0, asm.DWord), // .meta
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord), // struct bpf_iter_meta.seq
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -size),
		asm.Mov.Imm(asm.R3, size),
		asm.FnSeqWrite.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}
}

func (it *Iterators) threadProgram(at *offsets) asm.Instructions {
	put := func(to, field int16) asm.Instructions {
		return asm.Instructions{asm.LoadMem(asm.R1, asm.R7, field, asm.DWord), asm.StoreMem(asm.RFP, to, asm.R1, asm.DWord)}
	}
	return slices.Concat(it.prologue(at), asm.Instructions{
		asm.StoreMem(asm.RFP, -32, asm.R8, asm.Word),
		asm.LoadMem(asm.R1, asm.R7, at.of("task_struct", "pid"), asm.Word),
		asm.StoreMem(asm.RFP, -28, asm.R1, asm.Word),
	},
		put(-24, at.of("task_struct", "se", "sum_exec_runtime")),
		put(-16, at.of("task_struct", "sched_info", "run_delay")),
		put(-8, at.of("task_struct", "sched_info", "pcount")),
		write(threadRowSize))
}

// socketProgram tells the sockets of the watched processes, and where they lead if named.
func (it *Iterators) socketProgram(at *offsets, named bool) asm.Instructions {
	const kind, socket = 0o170000, 0o140000 // S_IFMT, S_IFSOCK
	program := slices.Concat(it.prologue(at), asm.Instructions{
		asm.LoadMem(asm.R7, asm.R6, 24, asm.DWord), // struct bpf_iter__task_file.file
		asm.JEq.Imm(asm.R7, 0, "out"),
		asm.LoadMem(asm.R9, asm.R7, at.of("file", "f_inode"), asm.DWord),
		asm.LoadMem(asm.R1, asm.R9, at.of("inode", "i_mode"), asm.Half),
		asm.And.Imm(asm.R1, kind),
		asm.JNE.Imm(asm.R1, socket, "out"),
		asm.LoadMem(asm.R1, asm.R9, at.of("inode", "i_ino"), asm.DWord),
		asm.StoreMem(asm.RFP, -56, asm.R8, asm.DWord),
		asm.StoreMem(asm.RFP, -48, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.RFP, -40, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, -32, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, -24, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, -16, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, -8, asm.R1, asm.DWord),
	})
	if named {
		program = append(program, addresses(at)...)
	}
	end := write(socketRowSize)
	end[0] = end[0].WithSymbol("told")
	return append(program, end...)
}

// addresses completes the row of the file in r7 by both sides of its socket, as struct sock_common has them, and goes
// to "told".
func addresses(at *offsets) asm.Instructions {
	field := func(name string) int16 { return at.of("sock", "__sk_common", name) }
	put := func(to int16, from string, further int16, size asm.Size) asm.Instructions {
		return asm.Instructions{
			asm.LoadMem(asm.R2, asm.R7, field(from)+further, size), asm.StoreMem(asm.RFP, to, asm.R2, size),
		}
	}
	return slices.Concat(asm.Instructions{
		asm.Mov.Reg(asm.R1, asm.R7),
		asm.FnSockFromFile.Call(),
		asm.JEq.Imm(asm.R0, 0, "told"),
		asm.LoadMem(asm.R7, asm.R0, at.of("socket", "sk"), asm.DWord),
		asm.JEq.Imm(asm.R7, 0, "told"),
		asm.LoadMem(asm.R1, asm.R7, field("skc_family"), asm.Half),
		asm.StoreMem(asm.RFP, -40, asm.R1, asm.Half),
	},
		put(-38, "skc_num", 0, asm.Half), put(-36, "skc_dport", 0, asm.Half),
		asm.Instructions{asm.JEq.Imm(asm.R1, unix.AF_INET6, "v6"), asm.JNE.Imm(asm.R1, unix.AF_INET, "told")},
		put(-32, "skc_rcv_saddr", 0, asm.Word), put(-16, "skc_daddr", 0, asm.Word),
		asm.Instructions{asm.Ja.Label("told")},
		symbol("v6", put(-32, "skc_v6_rcv_saddr", 0, asm.DWord)), put(-24, "skc_v6_rcv_saddr", 8, asm.DWord),
		put(-16, "skc_v6_daddr", 0, asm.DWord), put(-8, "skc_v6_daddr", 8, asm.DWord))
}

func symbol(name string, at asm.Instructions) asm.Instructions {
	at[0] = at[0].WithSymbol(name)
	return at
}

// Watch adds a process; an error says that there are too many.
func (it *Iterators) Watch(pid int) error { return it.watched.Put(uint32(pid), uint32(1)) }

// Forget takes it out again.
func (it *Iterators) Forget(pid int) { _ = it.watched.Delete(uint32(pid)) }

// Threads appends the threads of the watched processes, by thread id.
func (it *Iterators) Threads(into []ThreadRow) ([]ThreadRow, error) {
	order := binary.NativeEndian
	err := it.rows(it.onTasks, threadRowSize, func(row []byte) {
		into = append(into, ThreadRow{
			PID: int(order.Uint32(row)), TID: int(order.Uint32(row[4:])),
			Account: proc.Schedstat{Ran: time.Duration(order.Uint64(row[8:])),
				Delay: time.Duration(order.Uint64(row[16:])), Runs: order.Uint64(row[24:])},
		})
	})
	return into, err
}

// Sockets appends the sockets of the watched processes.
func (it *Iterators) Sockets(into []SocketRow) ([]SocketRow, error) {
	err := it.rows(it.onFiles, socketRowSize, func(row []byte) { into = append(into, socketRow(row)) })
	return into, err
}

func socketRow(row []byte) SocketRow {
	order := binary.NativeEndian
	out := SocketRow{PID: int(order.Uint64(row)), Inode: uint32(order.Uint64(row[8:]))}
	local, remote := netip.Addr{}, netip.Addr{}
	switch order.Uint16(row[16:]) {
	case unix.AF_INET:
		local, remote = netip.AddrFrom4([4]byte(row[24:])), netip.AddrFrom4([4]byte(row[40:]))
	case unix.AF_INET6:
		local, remote = netip.AddrFrom16([16]byte(row[24:])), netip.AddrFrom16([16]byte(row[40:]))
	default:
		return out
	}
	out.Local = netip.AddrPortFrom(local, order.Uint16(row[18:])) // skc_num is the one in the machine's order
	out.Remote = netip.AddrPortFrom(remote, binary.BigEndian.Uint16(row[20:]))
	return out
}

// rows runs an iterator once.
func (it *Iterators) rows(on *link.Iter, size int, each func(row []byte)) error {
	file, err := on.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	return it.each(file, size, each)
}

// each hands over the rows that a file tells; one read may end in the middle of a row.
func (it *Iterators) each(file io.Reader, size int, each func(row []byte)) error {
	have := 0
	for {
		n, err := file.Read(it.buf[have:])
		have += max(n, 0)
		whole := have - have%size
		for row := range slices.Chunk(it.buf[:whole], size) {
			each(row)
		}
		have = copy(it.buf, it.buf[whole:have])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
