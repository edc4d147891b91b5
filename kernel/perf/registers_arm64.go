package perf

// The registers that are asked for, by their numbers in <asm/perf_regs.h>: x29, sp and pc.
const (
	known     = true
	registers = 1<<29 | 1<<31 | 1<<32
)

// order is that in which the kernel writes them.
func (s *Sample) order() []*uint64 { return []*uint64{&s.FP, &s.SP, &s.PC} }
