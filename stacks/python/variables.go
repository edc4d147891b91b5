package python

// variable is the value of a frame's local variable; 0: it has none of this name, or no value yet.
func (u *unwinder) variable(f stackFrame, name string) uint64 {
	found := uint64(0)
	for i, other := range f.code.names {
		if other == name {
			if value := u.variableAt(f, i); value != 0 {
				found = value
			}
		}
	}
	return found
}

// variableAt is the value of the local variable at a place, taken out of its cell where closures share it.
func (u *unwinder) variableAt(f stackFrame, place int) uint64 {
	value := u.mem.word(f.at+u.layout.frame.locals+8*uint64(place)) &^ 7
	if value != 0 && u.objects.typeOf(value).name == "cell" {
		const content = 16 // ob_ref
		return u.mem.word(value + content)
	}
	return value
}

// globals is the dict of the module that a frame runs in.
func (u *unwinder) globals(f stackFrame) uint64 { return u.mem.word(f.at+u.layout.frame.globals) &^ 7 }

// own is the object whose method a frame runs; 0: it is no method.
func (u *unwinder) own(f stackFrame) uint64 {
	if f.code.own < 0 {
		return 0
	}
	if own := u.variableAt(f, f.code.own); own != 0 {
		return own
	}
	return u.variable(f, "self") // 3.10 keeps arguments that closures share in another place
}

// kept is the part of a frame's stack that certainly is in use, the bottom first: what it must undo whatever its
// instruction raises.
func (u *unwinder) kept(f stackFrame) []uint64 {
	if u.layout.version != 0x030a {
		return u.stack(f, depth311(f.code.handlers, f.instruction))
	}
	blocks := int(int32(u.mem.half(f.at + frame310Block)))
	const most = 20 // CO_MAXBLOCKS
	if blocks < 1 || blocks > most {
		return nil
	}
	return u.stack(f, int(int32(u.mem.half(f.at+frame310Blocks+uint64(blocks-1)*frame310BlockSize+frame310BlockLevel))))
}

// stack is the lowest part of a frame's stack; above what is in use there are remains, so each value must prove itself.
func (u *unwinder) stack(f stackFrame, depth int) []uint64 {
	base := f.at + u.layout.frame.locals + 8*uint64(len(f.code.names))
	if u.layout.version == 0x030a {
		base = u.mem.word(f.at + frame310Stack)
	}
	depth = min(depth, f.code.stack)
	var out []uint64
	for i := range depth {
		out = append(out, u.mem.word(base+8*uint64(i))&^7)
	}
	return out
}
