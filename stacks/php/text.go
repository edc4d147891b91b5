package php

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// Bounds of strings, in bytes.
const (
	maxName = 1024
	maxPath = 4096
)

// text is one of PHP's strings.
func text(view *foreign.View, address uint64, most int) string {
	if address == 0 {
		return ""
	}
	n := view.Word(address + stringLen)
	if n > uint64(most) {
		return ""
	}
	return view.Text(address+stringVal, int(n), most)
}
