package perf

// The registers that are asked for, by their numbers in <asm/perf_regs.h>: bp, sp and ip.
const (
	known     = true
	registers = 1<<6 | 1<<7 | 1<<8
)

// order is that in which the kernel writes them.
func (s *Sample) order() []*uint64 { return []*uint64{&s.FP, &s.SP, &s.PC} }
