package jvm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A string and the array of its bytes may lie anywhere, also across the edge of a page.
func TestTextAnywhereInAPage(t *testing.T) {
	const stringClass, text = uint64(base), "timed-queue"
	for _, compressed := range []bool{true, false} {
		// What lies where: with compressed references they and the class take four bytes.
		value, coder, length, elements := 16, 28, 16, 24
		if compressed {
			value, coder, length, elements = 20, 16, 12, 16
		}
		for at := uint64(pageSize - 64); at <= pageSize+16; at += 8 {
			for name, place := range map[string][2]uint64{"string": {base + at, base + 3*pageSize},
				"array": {base + 3*pageSize, base + at}} {
				t.Run(fmt.Sprintf("compressed %v, %s at %d", compressed, name, at), func(t *testing.T) {
					memory := make([]byte, 5*pageSize)
					word := func(object uint64, offset int, n uint64) {
						if compressed {
							binary.NativeEndian.PutUint32(memory[object-base+uint64(offset):], uint32(n))
						} else {
							binary.NativeEndian.PutUint64(memory[object-base+uint64(offset):], n)
						}
					}
					object, array := place[0], place[1]
					word(object, 8, stringClass)
					word(object, value, array)
					word(array, 8, stringClass+8)
					binary.NativeEndian.PutUint32(memory[array-base+uint64(length):], uint32(len(text)))
					copy(memory[array-base+uint64(elements):], text)
					r := newReader(stacks.Process{}, jdk17())
					r.settings.compressedObjects, r.settings.compressedClasses = compressed, compressed
					*r.view = foreign.View{Reads: 100, Bytes: 1 << 20, Memory: func(at uint64, into []byte) error {
						if at < base || at+uint64(len(into)) > base+uint64(len(memory)) {
							return errors.New("not mapped")
						}
						copy(into, memory[at-base:])
						return nil
					}}
					r.classes.known[stringClass] = &class{name: "java.lang.String",
						fields: map[string]int{"value": value, "coder": coder}}
					if got := r.classes.text(object); got != text {
						t.Errorf("%q, want %q", got, text)
					}
				})
			}
		}
	}
}
