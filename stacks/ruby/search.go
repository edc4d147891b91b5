package ruby

import (
	"debug/elf"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// maxVariables bounds what is searched of one segment.
const maxVariables = 4 << 20

// writable is where a file's own variables are in the process: its writable segments.
func writable(object *symbols.Object) (all [][2]uint64) {
	for _, p := range object.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W != 0 {
			start := object.Bias + p.Vaddr&^7
			all = append(all, [2]uint64{start, start + min(p.Memsz, maxVariables)})
		}
	}
	return all
}

// search goes through variables word by word, and is given size bytes from each on, until one is it; 0: none is.
func search(view memory, variables [][2]uint64, size int, is func(at uint64, b foreign.Block) bool) uint64 {
	const piece = 1 << 16
	for _, part := range variables {
		for at := part[0]; at < part[1] && !view.Spent(); at += piece {
			b := view.Block(at, int(min(part[1]-at, piece+uint64(size))))
			for i := 0; i+size <= len(b); i += 8 {
				if is(at+uint64(i), b[i:]) {
					return at + uint64(i)
				}
			}
		}
	}
	return 0
}

// pointer says that a word may be the address of something of the program's.
func pointer(word uint64) bool { return word&7 == 0 && word >= 1<<16 && word>>48 == 0 }

// findVM looks for ruby_current_vm_ptr: what it points to was allocated, so it lies outside the file, and has a main
// ractor and a main thread, which point back to it and to each other.
func findVM(view memory, variables [][2]uint64) uint64 {
	low, high := ^uint64(0), uint64(0)
	for _, part := range variables {
		low, high = min(low, part[0]), max(high, part[1])
	}
	low -= min(low, maxVariables) // its code and constants lie before its variables
	tried := map[uint64]bool{}
	return search(view, variables, 8, func(_ uint64, b foreign.Block) bool {
		vm := b.Word(0)
		if !pointer(vm) || vm >= low && vm < high || tried[vm] {
			return false
		}
		tried[vm] = true
		heads := view.Block(vm+vmMain, 16)
		ractor, thread := heads.Word(0), heads.Word(8)
		if !pointer(ractor) || !pointer(thread) {
			return false
		}
		back := view.Block(thread+threadRactor, 16)
		return back.Word(0) == ractor && back.Word(8) == vm && view.Word(ractor+uint64(view.layout.ractor.main)) == thread
	})
}

// findSymbols looks for the table of symbols (ruby_global_symbols): it is the one whose names of operators are right,
// for their numbers are those of their characters.
func findSymbols(view memory, variables [][2]uint64) uint64 {
	return search(view, variables, symbolsSize, func(at uint64, b foreign.Block) bool {
		last := b.Word(0) & (1<<32 - 1)
		if last < 1000 || last > 1<<28 || !pointer(b.Word(8)) || !pointer(b.Word(symbolsIDs)) {
			return false
		}
		return serial(view, at, '+') == "+" && serial(view, at, '<') == "<" && serial(view, at, '!') == "!"
	})
}
