package python

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// FuzzMemory walks through memory that is nothing but noise: it must end, and say no nonsense of unbounded size.
func FuzzMemory(f *testing.F) {
	for seed := range uint64(8) {
		for _, minor := range []int{10, 11, 12, 13, 14} {
			f.Add(seed, minor, []byte{0})
		}
	}
	f.Add(uint64(1), 11, []byte("a list that leads back to its own beginning"))
	f.Fuzz(func(t *testing.T, seed uint64, minor int, patch []byte) {
		const start, size = 1 << 20, 1 << 16
		noise := rand.New(rand.NewPCG(seed, 1))
		memory := make([]byte, size)
		for i := 0; i < size; i += 8 { // words that mostly point into the memory itself
			w := noise.Uint64()
			if w%4 != 0 {
				w = start + w>>8%size&^7
			}
			binary.LittleEndian.PutUint64(memory[i:], w)
		}
		copy(memory[noise.IntN(size-1):], patch)
		r := noiseReader(t.TempDir(), start, func(address uint64, into []byte) error {
			if address < start || address-start >= size || uint64(len(into)) > size-(address-start) {
				return errors.New("not there")
			}
			copy(into, memory[address-start:])
			return nil
		})
		version := 0x0300 | minor&255
		if version >= 0x030d {
			copy(memory, cookie)
			binary.LittleEndian.PutUint64(memory[8:], uint64(version)<<16)
			binary.LittleEndian.PutUint64(memory[16:], 0)
			for i := 3; i < describedWords; i++ {
				binary.LittleEndian.PutUint64(memory[8*i:], noise.Uint64N(4096)&^7)
			}
		}
		var err error
		if r.runtime.layout, err = describe(r.runtime.process.Memory, start, uint32(version)<<16); err != nil {
			return
		}
		work, err := r.Look()
		if err != nil {
			return
		}
		for _, w := range work {
			if len(w.Frames) > maxFrames*2 {
				t.Errorf("%d frames", len(w.Frames))
			}
		}
	})
}

// noiseReader reads memory that no process has. Its proc file system has no process, so that every thread is believed.
func noiseReader(proc string, address uint64, read func(uint64, []byte) error) *Reader {
	finder := &Finder{spots: newSpotTable()}
	process := stacks.Process{Proc: proc, PID: 1, Memory: read}
	return newReader(newCPython(process, address, layout{}, finder.spots, &finder.pages), finder)
}

func FuzzLines(f *testing.F) {
	f.Add([]byte{0x80, 0, 1, 0xd8, 4, 2}, 1, 2)
	f.Fuzz(func(_ *testing.T, table []byte, first, at int) {
		line310(table, first, at)
		line311(table, first, at)
		depth311(table, at)
	})
}

// TestWhatChangesWhileItIsReadIsLeftOut reads real interpreters through a memory of which a part is wrong, as it is
// where the process goes on meanwhile: no look may fail on it, or grow.
func TestWhatChangesWhileItIsReadIsLeftOut(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, tasksProgram)
			noise := rand.New(rand.NewPCG(7, uint64(r.runtime.layout.version)))
			right, wrong := r.runtime.mem.read, 0
			r.runtime.mem.many = nil
			r.runtime.mem.read = func(address uint64, into []byte) error {
				if noise.IntN(50) == 0 {
					return errors.New("not there")
				}
				err := right(address, into)
				for range wrong {
					at := noise.IntN(len(into)) &^ 7
					switch noise.IntN(3) {
					case 0:
						into[at] ^= byte(1 << noise.IntN(8))
					case 1:
						clear(into[at:min(at+8, len(into))])
					case 2: // a pointer to something else that is there
						copy(into[at:min(at+8, len(into))], into[noise.IntN(len(into))&^7:])
					}
				}
				return err
			}
			told := 0
			for wrong = range 40 {
				for range 10 {
					work, err := r.Look()
					if err != nil {
						continue
					}
					told += len(work)
					if len(work) > maxThreads+maxTasks+maxGreenlets {
						t.Fatalf("%d pieces of work", len(work))
					}
					for _, w := range work {
						if len(w.Frames) > 2*maxFrames || len(w.Name) > maxText || len(w.Wait.Name) > maxText ||
							len(w.Request.Path) > maxText {
							t.Fatalf("%+v", w)
						}
					}
				}
			}
			if told == 0 {
				t.Error("no look told anything")
			}
		})
	}
}
