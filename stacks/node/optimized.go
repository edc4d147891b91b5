package node

// What V8 has of optimized code to fall back from it (deoptimization-data.h): an array that begins with a head of its own,
// whose last two are how many places of two sorts there are, and then has three words of each: the bytecode, what was where,
// and the instruction at which a call goes on; -1 for a check.
const (
	leastHead, mostHead = 9, 16
	inlinedCount        = 1
	entryWords          = 3
	maxEntries          = 4 << 10
)

// optimizedOffset is the bytecode of an instruction of optimized code: for a call the one that is noted for it. Else it is
// the loop for whose sake it was compiled while the function ran, or that of the nearest call before it. Of a function into
// which others were put it is where the outermost is.
func (w *walker) optimizedOffset(c code, shared uint64, into int, calls bool) (offset int, known bool) {
	data := w.field(c.at, w.codeData)
	length, ok := small(w.field(data, arrayLength))
	if !ok || length < leastHead || length > maxEntries {
		return 0, false
	}
	words := w.view.Block(object(data)+arrayData, 8*length)
	head := headOf(words.Word, length)
	if head == 0 {
		return 0, false
	}
	best := -1
	for at := head; at+entryWords <= length; at += entryWords {
		switch pc := pcOf(words.Word, at); {
		case calls && pc == into:
			return w.entryOffset(words.Word, head, shared, at)
		case pc >= 0 && pc <= into && (best < 0 || pc > pcOf(words.Word, best)):
			best = at
		}
	}
	if loop := int(int32(w.view.Block(object(c.at)+uint64(w.codeLoop), 4).Uint32(0))); loop >= 0 {
		return loop, true
	}
	if best < 0 {
		return 0, false
	}
	return w.entryOffset(words.Word, head, shared, best)
}

// entryOffset is the bytecode of a place to fall back from.
func (w *walker) entryOffset(word func(int) uint64, head int, shared uint64, at int) (offset int, known bool) {
	if n, ok := small(word(8 * inlinedCount)); !ok || n != 0 {
		index, _ := small(word(8 * (at + 1)))
		return w.outermost(word, head, shared, index)
	}
	offset, known = small(word(8 * at))
	return offset, known && offset >= 0
}

func pcOf(word func(int) uint64, entry int) int {
	pc, _ := small(word(8 * (entry + 2)))
	return pc
}

// headOf is how many words the head has; 0: it has none that fits.
func headOf(word func(int) uint64, length int) int {
	for head := leastHead; head <= min(mostHead, length); head++ {
		one, fine := small(word(8 * (head - 2)))
		two, good := small(word(8 * (head - 1)))
		if fine && good && one >= 0 && two >= 0 && head+entryWords*(one+two) == length && length > head {
			return head
		}
	}
	return 0
}

// outermost is the bytecode at which the function itself is, by what V8 notes to make its frame anew
// (frame-translation-builder.h): numbers, the first of which are the kind of the note and three or four about it, and then
// for each function, the outermost first, a kind, the bytecode, and the number of the function among the constants. What is
// the same as before is left out: then it is there, so far back.
func (w *walker) outermost(word func(int) uint64, head int, shared uint64, index int) (offset int, known bool) {
	notes := w.bytes(word(0))
	for range 4 {
		if index < 0 || index >= len(notes) {
			return 0, false
		}
		rest := notes[index:]
		back, numbers := 0, make([]int, 0, 8)
		for range cap(numbers) {
			var n int
			if n, rest = unsigned(rest); rest == nil {
				break
			}
			numbers = append(numbers, n)
		}
		if len(numbers) > 1 {
			back = numbers[1]
		}
		for begin := 3; begin <= 5 && begin+2 < len(numbers); begin++ {
			if w.isConstant(word, head, signed(numbers[begin+2]), shared) {
				return signed(numbers[begin+1]), true
			}
		}
		if back == 0 {
			return 0, false
		}
		index -= back
	}
	return 0, false
}

// signed is a number whose lowest bit is its sign.
func signed(n int) int { return n>>1 ^ -(n & 1) }

// isConstant says whether a constant of optimized code is this object.
func (w *walker) isConstant(word func(int) uint64, head, number int, is uint64) bool {
	for at := 2; at < head; at++ {
		array := word(8 * at)
		if n, ok := small(w.field(array, arrayLength)); ok && number >= 0 && number < n && w.field(array, arrayData+8*number) == is {
			return true
		}
	}
	return false
}
