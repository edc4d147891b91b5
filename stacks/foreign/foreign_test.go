package foreign

import (
	"errors"
	"strings"
	"testing"
)

// at is a process with these bytes at one address, and nothing else.
func at(base uint64, content []byte) *View {
	return &View{Reads: 100, Bytes: 1 << 16, Memory: func(address uint64, into []byte) error {
		if address < base || address+uint64(len(into)) > base+uint64(len(content)) {
			return errors.New("not mapped")
		}
		copy(into, content[address-base:])
		return nil
	}}
}

func TestWhatCannotBeReadIsZero(t *testing.T) {
	v := at(0x10000, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	for address, want := range map[uint64]uint64{0x10000: 0x0807060504030201, 0x10001: 0, 0: 0, 100: 0, 1 << 60: 0,
		^uint64(0): 0} {
		if got := v.Word(address); got != want {
			t.Errorf("word at %#x: %#x, want %#x", address, got, want)
		}
	}
	b := v.Block(0x10000, 8)
	if b.Word(1) != 0 || b.Word(-1) != 0 || b.Uint32(4) != 0x08070605 || b.Uint32(5) != 0 || b.Uint16(6) != 0x0807 ||
		b.Uint16(7) != 0 || b.Uint16(-1) != 0 || b.Byte(7) != 8 || b.Byte(8) != 0 || b.Byte(-1) != 0 {
		t.Error("a block gives what is not in it")
	}
}

func TestStrings(t *testing.T) {
	page := make([]byte, 4096)
	copy(page, strings.Repeat("a", 300)+"\x00"+"tab\t\x00"+"\xff\xfe\x00")
	copy(page[4090:], "end")          // a NUL follows
	page[4094], page[4095] = 'x', 'y' // none does, and the page ends
	v := at(0x10000, page)
	for name, got := range map[string]string{
		"over several pieces":         v.CString(0x10000, 400),
		"longer than most":            v.CString(0x10000, 299),
		"with a control character":    v.CString(0x10000+301, 400),
		"no UTF-8":                    v.CString(0x10000+306, 400),
		"right before the page's end": v.CString(0x10000+4090, 400),
		"over the page's end":         v.CString(0x10000+4094, 400),
		"of a length":                 v.Text(0x10000+4090, 3, 10),
		"of too great a length":       v.Text(0x10000+4090, 11, 10),
		"of a negative length":        v.Text(0x10000+4090, -1, 10),
	} {
		want := map[string]string{"over several pieces": strings.Repeat("a", 300), "right before the page's end": "end",
			"of a length": "end"}[name]
		if got != want {
			t.Errorf("a string %s: %q, want %q", name, got, want)
		}
	}
}

func TestBudget(t *testing.T) {
	v := at(0x10000, make([]byte, 64))
	v.Reads = 2
	if n := blocks(v); n != 2 || !v.Spent() {
		t.Errorf("two reads were allowed, and it was %d", n)
	}
	v.Reads, v.Bytes = 10, 20
	if n := blocks(v); n != 2 {
		t.Errorf("twenty bytes were allowed, and it was %d words of eight", n)
	}
}

// blocks are how many of five reads a view still does.
func blocks(v *View) (n int) {
	for range 5 {
		if v.Block(0x10000, 8) != nil {
			n++
		}
	}
	return n
}
