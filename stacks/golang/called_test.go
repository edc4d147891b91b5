package golang

import "testing"

func TestACallIsOfTheFunctionThatItsInstructionNames(t *testing.T) {
	const back = base + 0x100
	for name, row := range map[string]struct {
		before []byte // the bytes of code before the address behind the call
		want   bool
	}{
		"a call of it":                  {[]byte{0xe8, 0x00, 0x01, 0, 0}, true},
		"a call of another function":    {[]byte{0xe8, 0x10, 0x01, 0, 0}, false},
		"a call of what a register has": {[]byte{0x90, 0x90, 0x90, 0xff, 0xd1}, true},
		"a call of what memory has":     {[]byte{0xff, 0x92, 0x30, 0, 0, 0}, true},
		"no call":                       {[]byte{0x90, 0x90, 0x90, 0x90, 0x90}, false},
		"a jump to what a register has": {[]byte{0x90, 0x90, 0x90, 0xff, 0xe1}, false},
	} {
		p := &picture{bytes: make([]byte, pageSize)}
		p.put(0x100-len(row.before), row.before...)
		f := &functions{image: newImage(p.memory)}
		if got := f.mayCall(back, back+0x100); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
