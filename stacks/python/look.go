//go:build ignore

// Look prints what a CPython process does: go run stacks/python/look.go PID [LOOKS]. With a number of looks it also
// prints what one costs.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/python"
)

func main() {
	if err := printLook(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func printLook(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want a process id, and maybe a number of looks")
	}
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	began := time.Now()
	reader, err := python.Open(stacks.Process{
		Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) },
		Pieces: func(all []memory.Piece) { memory.ReadPieces(pid, all) },
	})
	if err != nil {
		return err
	}
	opened := time.Since(began)
	work, err := reader.Look()
	if err != nil {
		return err
	}
	for _, w := range work {
		fmt.Printf("%s %d %q id=%#x lock=%v idle=%v pool=%v queued=%d boots=%v turn=%v helper=%v ends=%v\n  wait %+v\n  request %+v\n", w.Kind, w.TID,
			w.Name, w.ID, w.Lock, w.Idle, w.Pool, w.Queued, w.Boots, w.Turn, w.Helper, w.Ends, w.Wait, w.Request)
		for _, f := range w.Frames {
			mark := "*"
			if f.Library {
				mark = " "
			}
			fmt.Printf("  %s %s (%s:%d)\n", mark, f.Function, f.File, f.Line)
		}
	}
	if len(args) < 2 {
		return nil
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 1 {
		return fmt.Errorf("number of looks %q: want one from 1", args[1])
	}
	before, began := processorTime(), time.Now()
	for range n {
		if _, err := reader.Look(); err != nil {
			return err
		}
	}
	fmt.Printf("open %v; %d pieces of work; a look takes %v of processor time, %v in all\n", opened, len(work),
		(processorTime()-before)/time.Duration(n), time.Since(began)/time.Duration(n))
	return nil
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
