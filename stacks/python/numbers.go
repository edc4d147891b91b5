package python

// number reads an int that fits (Include/cpython/longintrepr.h).
func (o *objectReader) number(object uint64) (n int, ok bool) {
	if !o.typeOf(object).has(isLong) {
		return 0, false
	}
	size := int64(o.mem.word(object + 16))
	digits, negative := size, false
	if o.layout.version >= 0x030c {
		digits, negative = size>>3, size&3 == 2
	} else if size < 0 {
		digits, negative = -size, true
	}
	if digits < 0 || digits > 3 {
		return 0, false
	}
	value := uint64(0)
	for i := digits - 1; i >= 0; i-- {
		value = value<<30 | uint64(o.mem.half(object+24+4*uint64(i)))
	}
	if negative {
		return -int(value), true
	}
	return int(value), true
}
