package perl

import (
	"regexp"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// versionFrom is behind which offset of the interpreter PL_patchlevel lies in all versions; where, each has its own.
const versionFrom = 1024

// maxInterpreter bounds how large an interpreter may be said to be; that of 5.36 has 3,768 bytes.
const maxInterpreter = 1 << 14

// written is how Perl has its version: perl_construct makes PL_patchlevel of it (perl.c).
var written = regexp.MustCompile(`^v(5\.\d+\.\d+)$`)

// findVersion looks in an interpreter for the value that is its version; empty: none is.
func findVersion(view *foreign.View, interpreter uint64, size int) string {
	if size > maxInterpreter {
		return ""
	}
	b := view.Block(interpreter, size)
	for i := versionFrom; i+8 <= len(b); i += 8 {
		if version := versionAt(view, b.Word(i)); version != "" {
			return version
		}
	}
	return ""
}

// versionAt is the version that a value is: "5.36.0". It is a string, or once the program has used $^V an object.
func versionAt(view *foreign.View, address uint64) string {
	if address%8 != 0 {
		return ""
	}
	v := valueAt(view, address)
	if v.flags&flagReference != 0 {
		v = members(view, v.referred(view), "original")["original"]
	}
	if v.kind() < kindText || v.kind() > kindMagic || v.flags&flagText == 0 {
		return ""
	}
	if m := written.FindStringSubmatch(v.text(view, 16)); m != nil {
		return m[1]
	}
	return ""
}
