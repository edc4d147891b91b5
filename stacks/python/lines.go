package python

// line310 finds the line of a bytecode offset in 3.10's table: pairs of how far the offset and the line go on (PEP 626).
func line310(table []byte, first, offset int) int {
	line, at := first, 0
	for i := 0; i+1 < len(table); i += 2 {
		step, delta := int(table[i]), int(int8(table[i+1]))
		if delta != -128 {
			line += delta
		}
		if offset >= at && offset < at+step {
			if delta == -128 {
				return first
			}
			return line
		}
		at += step
	}
	return first
}

// line311 finds the line of an instruction in the table of 3.11 and newer (Objects/locations.md): entries of one byte
// of code and length, and what the code asks for.
func line311(table []byte, first, instruction int) int {
	i, at, line := 0, 0, first
	number := func() int {
		n, shift := 0, 0
		for i < len(table) && shift < 36 {
			b := table[i]
			i++
			n |= int(b&63) << shift
			shift += 6
			if b&64 == 0 {
				break
			}
		}
		return n
	}
	signed := func() int {
		n := number()
		if n&1 == 1 {
			return -(n >> 1)
		}
		return n >> 1
	}
	for i < len(table) {
		head := table[i]
		i++
		code, length, none := head>>3&15, int(head&7)+1, false
		switch {
		case code == 15:
			none = true
		case code == 14:
			line += signed()
			number()
			number()
			number()
		case code == 13:
			line += signed()
		case code >= 10:
			line += int(code) - 10
			i += 2
		default:
			i++
		}
		if instruction >= at && instruction < at+length {
			if none {
				return first
			}
			return line
		}
		at += length
	}
	return first
}

// depth311 is how much of its stack a frame keeps whatever its instruction raises: the depth of the handler that the
// table of 3.11 and newer names (Objects/exception_handling_notes.txt). What a `with` must leave again is always
// below it. 0: there is no handler.
func depth311(table []byte, instruction int) int {
	i := 0
	number := func() int {
		n := 0
		for range 6 { // of six bits each, the highest first
			if i >= len(table) {
				return 0
			}
			b := table[i]
			i++
			n = n<<6 | int(b&63)
			if b&64 == 0 {
				break
			}
		}
		return n
	}
	for i < len(table) {
		start, length := number(), number()
		number() // where the handler is
		depth := number() >> 1
		if instruction >= start && instruction < start+length {
			return depth
		}
	}
	return 0
}
