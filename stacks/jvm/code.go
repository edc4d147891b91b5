package jvm

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// A heap is a part of the code cache, where compiled methods and the virtual machine's own pieces of code are.
type heap struct {
	low, high uint64
	segments  uint64 // a byte for each segment: how far back its blob begins
	shift     uint
}

const (
	maxHeaps    = 8
	maxBackward = 4096 // steps to a blob's beginning, of up to 254 segments each
	free        = 0xff // of a segment: nothing is there
)

// A codeCache is where compiled methods are, and the virtual machine's own pieces of code.
type codeCache struct {
	heapLayout
	settings *settings
	view     *foreign.View
	heaps    []heap // of this look
}

// readHeaps lists the parts of the code cache. They may grow, but not move.
func (c *codeCache) readHeaps() {
	list := c.view.Block(c.settings.heaps, max(c.growableLength+4, c.growableData+8))
	count := min(int(list.Uint32(c.growableLength)), maxHeaps)
	var all []heap
	for i := range count {
		at := c.view.Word(list.Word(c.growableData) + uint64(8*i))
		memory := at + uint64(c.heapMemory)
		h := heap{
			low: c.view.Word(memory + uint64(c.low)), high: c.view.Word(memory + uint64(c.high)),
			segments: c.view.Word(at + uint64(c.heapSegments+c.low)),
			shift:    uint(c.view.Block(at+uint64(c.heapShift), 4).Uint32(0)),
		}
		if h.low != 0 && h.low < h.high && h.shift < 16 {
			all = append(all, h)
		}
	}
	c.heaps = all
}

// blobAt is the address of the piece of code that an address is in; 0: it is in none.
func (c *codeCache) blobAt(pc uint64) uint64 {
	for _, h := range c.heaps {
		if pc < h.low || pc >= h.high {
			continue
		}
		segment := (pc - h.low) >> h.shift
		for range maxBackward {
			back := uint64(c.view.Block(h.segments+segment, 1).Byte(0))
			switch {
			case back == free || back > segment:
				return 0
			case back == 0:
				return h.low + segment<<h.shift + uint64(c.blockHeader)
			}
			segment -= back
		}
	}
	return 0
}

// isCode says that an address is in the interpreter or among compiled code.
func (c *codeCache) isCode(pc uint64) bool {
	for _, h := range c.heaps {
		if pc >= h.low && pc < h.high {
			return true
		}
	}
	return false
}
